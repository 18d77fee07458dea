/**
 * Which of two scores ranks failures better, when units of one group are alike: groups are drawn
 * again with replacement (Efron 1979; clusters after Field & Welsh 2007), both scores on the same
 * draw, so that what they share cancels.
 */
import type { Random } from '@fieldloop/core';
import { auroc, orderOf } from './ranking.ts';
import type { Figure } from './rate.ts';

export interface Paired {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  /** 1 when the unit failed, else 0. */
  readonly failed: ArrayLike<number>;
  /** The group of each unit, 0 to groups - 1. */
  readonly group: Int32Array;
}

/** Draws of the interval. */
export const bootstrapDraws = 2_000;

/** AUROC of `a` minus AUROC of `b`, with the 2.5 and 97.5 percentiles of seeded draws. */
export function pairedAuroc(
  { a, b, failed, group }: Paired,
  random: Random,
  draws = bootstrapDraws,
): Figure | undefined {
  const value = auroc({ scores: a, failed }) - auroc({ scores: b, failed });
  if (Number.isNaN(value)) return undefined;
  const groups = group.reduce((most, g) => Math.max(most, g), -1) + 1;
  const orders = [orderOf(a), orderOf(b)] as const;
  const times = new Uint32Array(groups);
  const found: number[] = [];
  for (let n = 0; n < draws; n += 1) {
    times.fill(0);
    for (let g = 0; g < groups; g += 1) {
      const drawn = random.integer(groups);
      times[drawn] = (times[drawn] as number) + 1;
    }
    const one = weightedAuroc({ scores: a, order: orders[0], failed, group, times });
    const other = weightedAuroc({ scores: b, order: orders[1], failed, group, times });
    // A draw without failures, or with nothing else, ranks nothing.
    if (!Number.isNaN(one - other)) found.push(one - other);
  }
  const sorted = Float64Array.from(found).sort();
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), n: failed.length };
}

interface Weighted {
  readonly scores: ArrayLike<number>;
  readonly order: Uint32Array;
  readonly failed: ArrayLike<number>;
  readonly group: Int32Array;
  readonly times: Uint32Array;
}

/** AUROC where each unit counts as often as its group was drawn, in one walk over sorted units. */
function weightedAuroc({ scores, order, failed, group, times }: Weighted): number {
  let goodBelow = 0;
  let bad = 0;
  let wins = 0;
  for (let from = 0; from < order.length; ) {
    const value = scores[order[from] as number];
    let to = from;
    let badHere = 0;
    let goodHere = 0;
    for (; to < order.length && scores[order[to] as number] === value; to += 1) {
      const unit = order[to] as number;
      const weight = times[group[unit] as number] as number;
      if (failed[unit] === 1) badHere += weight;
      else goodHere += weight;
    }
    wins += badHere * (goodBelow + goodHere / 2);
    goodBelow += goodHere;
    bad += badHere;
    from = to;
  }
  return wins / (bad * goodBelow);
}

/** By linear interpolation between order statistics. */
export function quantile(sorted: Float64Array, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (at - below) * (high - low);
}
