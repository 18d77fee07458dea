/**
 * Two models on the same units. Every test here is paired: the units that both get right or both
 * get wrong say nothing of which is better.
 */
import type { Random } from '@fieldloop/core';
import { studentT } from '../estimate/quantile.ts';

export interface JudgedPair {
  /** Units of one group, such as a session, are alike: they are drawn together. */
  readonly group: string;
  /** Whether the model before, and the candidate, were right. */
  readonly before: boolean;
  readonly after: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  readonly n: number;
  readonly groups: number;
  /** Accuracy of the candidate less that of the model before. */
  readonly difference: number;
  /** One-sided 95 % bounds, by bootstrap over groups. */
  readonly bounds: Interval;
  /** Units that the candidate alone gets wrong, and that it alone gets right. */
  readonly lost: number;
  readonly won: number;
  /** McNemar's exact two-sided p. */
  readonly p: number;
}

export const bootstrapDraws = 2000;

/** Same pairs and the same random numbers: the same bounds. */
export function comparePairs(pairs: readonly JudgedPair[], random: Random): Comparison {
  const n = pairs.length;
  const lost = pairs.filter(({ before, after }) => before && !after).length;
  const won = pairs.filter(({ before, after }) => !before && after).length;
  const groups = new Map<string, { n: number; sum: number }>();
  for (const { group, before, after } of pairs) {
    const known = groups.get(group) ?? { n: 0, sum: 0 };
    groups.set(group, {
      n: known.n + 1,
      sum: known.sum + Number(after) - Number(before),
    });
  }
  return {
    n,
    groups: groups.size,
    difference: n === 0 ? 0 : (won - lost) / n,
    bounds: bootstrapBounds([...groups.values()], random),
    lost,
    won,
    p: mcnemarExact(lost, won),
  };
}

/**
 * Block bootstrap of a ratio of sums: the 5th and the 95th of a hundred of its draws. Draws of few
 * blocks lie too close together: what they are away from the ratio is stretched as Student's t asks.
 */
export function bootstrapBounds(
  blocks: readonly { readonly n: number; readonly sum: number }[],
  random: Random,
  draws = bootstrapDraws,
): Interval {
  // One block alone tells nothing of how blocks differ.
  if (blocks.length < 2) return { low: -1, high: 1 };
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    let n = 0;
    let sum = 0;
    for (let i = 0; i < blocks.length; i += 1) {
      const block = blocks[random.integer(blocks.length)];
      n += block?.n ?? 0;
      sum += block?.sum ?? 0;
    }
    means[draw] = sum / n;
  }
  means.sort();
  const total = (of: 'n' | 'sum'): number => blocks.reduce((sum, block) => sum + block[of], 0);
  const ratio = total('sum') / total('n');
  const stretch = stretchOf(blocks.length);
  const at = (share: number): number => {
    const drawn = means[Math.round(share * (draws - 1))] ?? 0;
    return Math.max(-1, Math.min(1, ratio + stretch * (drawn - ratio)));
  };
  return { low: at(0.05), high: at(0.95) };
}

/** By how much a one-sided 95 % bound by t over blocks is wider than that of a normal. */
const stretchOf = (blocks: number): number =>
  (studentT(0.9, blocks - 1) / normal95) * Math.sqrt(blocks / (blocks - 1));

/** McNemar 1947, exact: two-sided p of `lost` and `won` being draws of a fair coin. */
export function mcnemarExact(lost: number, won: number): number {
  const n = lost + won;
  const least = Math.min(lost, won);
  let p = 0;
  // ln of the binomial term, from one to the next.
  let term = n * Math.log(0.5);
  for (let k = 0; k <= least; k += 1) {
    p += Math.exp(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * p);
}

/** McNemar's p of `lost` being the larger part by chance: for "worse" alone. */
export function mcnemarWorse(lost: number, won: number): number {
  const n = lost + won;
  let p = 0;
  let term = n * Math.log(0.5);
  for (let k = 0; k <= won; k += 1) {
    p += Math.exp(term);
    term += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, p);
}

/** Holm 1979: p values such that all claims together are wrong at most as often as one may be. */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, at) => ({ p, at })).toSorted((a, b) => a.p - b.p);
  const adjusted = ps.slice();
  let most = 0;
  order.forEach(({ p, at }, rank) => {
    most = Math.max(most, Math.min(1, p * (ps.length - rank)));
    adjusted[at] = most;
  });
  return adjusted;
}

const normal95 = 1.645;
const normal80 = 0.8416;

/**
 * How many times as many groups would tell in 80 of 100 cases that a true value so far `away` from
 * its limit is on this side, when these groups leave it a standard error of `error`.
 */
export const timesNeeded = (error: number, away: number): number =>
  (((normal95 + normal80) * error) / away) ** 2;

/** The standard error that bounds at this number of groups were made of. */
export const errorOfBounds = ({ low, high }: Interval, groups: number): number =>
  ((high - low) / (2 * normal95 * stretchOf(groups))) * Math.sqrt(groups / (groups - 1));

/**
 * Units that a test set needs so that a candidate whose true difference is `difference` passes
 * "lower 95 % bound above -margin" in 80 of 100 cases, if units are unlike each other; undefined
 * when no number is enough.
 */
export function unitsNeeded(of: {
  /** Share of units on which the two disagree. */
  readonly discordance: number;
  readonly difference: number;
  readonly margin: number;
}): number | undefined {
  const room = of.difference + of.margin;
  if (room <= 0) return undefined;
  const variance = Math.max(0, of.discordance - of.difference ** 2);
  return Math.ceil(variance * ((normal95 + normal80) / room) ** 2);
}
