/**
 * Two models on the same units. Every test here is paired: the units that both get right or both
 * get wrong say nothing of which is better.
 */
import type { Random } from '@fieldloop/core';

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

/** Block bootstrap of a ratio of sums: the 5th and the 95th of a hundred of its draws. */
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
  const at = (share: number): number => means[Math.round(share * (draws - 1))] ?? 0;
  return { low: at(0.05), high: at(0.95) };
}

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
 * Units that a test set needs so that a candidate whose true difference is `difference` passes
 * "lower 95 % bound above -margin" in 80 of 100 cases; undefined when no number is enough.
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
