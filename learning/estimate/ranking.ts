/**
 * How well a score tells failures from the rest: AUROC by mean ranks (ties count half), its
 * covariance after DeLong et al. (1988) by midranks (Sun & Xu 2014), and the area under the
 * risk-coverage curve.
 */
import { normalTail, z95 } from './quantile.ts';
import type { Figure } from './rate.ts';

/** Scores of n units, and for each 1 when it failed, else 0. */
export interface Ranked {
  readonly scores: ArrayLike<number>;
  readonly failed: ArrayLike<number>;
}

/** Chance that a failure scores above a success; NaN unless there are both. */
export function auroc({ scores, failed }: Ranked): number {
  const ranks = midranks(scores);
  let bad = 0;
  let sum = 0;
  for (let i = 0; i < failed.length; i += 1) {
    if (failed[i] !== 1) continue;
    bad += 1;
    sum += ranks[i] as number;
  }
  const good = failed.length - bad;
  return bad === 0 || good === 0 ? Number.NaN : (sum - (bad * (bad + 1)) / 2) / (bad * good);
}

/** Ranks from 1; equal values share the mean of theirs. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = orderOf(values);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    const value = values[order[from] as number];
    while (to < order.length && values[order[to] as number] === value) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i] as number] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Indices by ascending value; equal ones keep their order. */
export function orderOf(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  return order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
}

export interface Compared {
  readonly difference: Figure;
  /** Two-sided p of no difference. */
  readonly p: number;
}

/** AUROC of `a` minus that of `b` on the same units, with DeLong's interval. */
export function compareAuroc(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  failed: ArrayLike<number>,
): Compared | undefined {
  const first = placements(a, failed);
  const second = placements(b, failed);
  const [bad, good] = [first.bad.length, first.good.length];
  if (bad < 2 || good < 2) return undefined;
  const gap = (x: Float64Array, y: Float64Array): Float64Array => x.map((v, i) => v - (y[i] ?? 0));
  const ofBad = gap(first.bad, second.bad);
  const ofGood = gap(first.good, second.good);
  const value = mean(ofBad);
  const error = Math.sqrt(variance(ofBad) / bad + variance(ofGood) / good);
  const half = z95 * error;
  const figure = { value, low: value - half, high: value + half, n: failed.length };
  const p = error === 0 ? (value === 0 ? 1 : 0) : 2 * normalTail(Math.abs(value) / error);
  return { difference: figure, p };
}

interface Placements {
  readonly bad: Float64Array;
  readonly good: Float64Array;
}

/** For each failure the share of successes below it, for each success the failures above it. */
function placements(scores: ArrayLike<number>, failed: ArrayLike<number>): Placements {
  const all = midranks(scores);
  const pick = (wanted: number): number[] =>
    Array.from({ length: failed.length }, (_, i) => i).filter((i) => failed[i] === wanted);
  const of = (indices: readonly number[]) => midranks(indices.map((i) => scores[i] as number));
  const bad = pick(1);
  const good = pick(0);
  const badRanks = of(bad);
  const goodRanks = of(good);
  return {
    bad: Float64Array.from(bad, (i, n) => ((all[i] ?? 0) - (badRanks[n] ?? 0)) / good.length),
    good: Float64Array.from(good, (i, n) => 1 - ((all[i] ?? 0) - (goodRanks[n] ?? 0)) / bad.length),
  };
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function variance(values: Float64Array): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/**
 * Area under the risk-coverage curve (Geifman & El-Yaniv 2017): the mean over k of the share of
 * errors among the k most confident units. Equal scores are taken in the mean over their orders.
 */
export function aurc({ scores, failed }: Ranked): number {
  const order = orderOf(scores);
  let errors = 0;
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    const value = scores[order[from] as number];
    while (to < order.length && scores[order[to] as number] === value) to += 1;
    let more = 0;
    for (let i = from; i < to; i += 1) more += failed[order[i] as number] as number;
    for (let i = from; i < to; i += 1) {
      sum += (errors + (more * (i - from + 1)) / (to - from)) / (i + 1);
    }
    errors += more;
    from = to;
  }
  return order.length === 0 ? Number.NaN : sum / order.length;
}
