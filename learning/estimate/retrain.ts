/**
 * What labels of one lane taught more than as many of another: the difference of two accuracies on
 * the same frozen test, over several seeds. Groups of units and seeds are both drawn again with
 * replacement (Owen 2007, the pigeonhole bootstrap): a lucky seed and a lucky group both count.
 */
import type { Random } from '@fieldloop/core';
import { bootstrapDraws, quantile } from './paired-bootstrap.ts';
import type { Figure } from './rate.ts';

export interface Retrained {
  /** A model for each seed: 1 for each unit that it got right, else 0. */
  readonly lane: readonly Uint8Array[];
  /** With the same seeds in the same order. */
  readonly audit: readonly Uint8Array[];
  /** The group of each unit, 0 to groups - 1. */
  readonly group: Int32Array;
}

/** Undefined without units, without seeds, or with one group alone: nothing says how sure it is. */
export function retrainValue(
  { lane, audit, group }: Retrained,
  random: Random,
  draws = bootstrapDraws,
): Figure | undefined {
  const groups = group.reduce((most, g) => Math.max(most, g), -1) + 1;
  if (groups < 2 || lane.length === 0 || lane.length !== audit.length) return undefined;
  const sizes = new Float64Array(groups);
  for (const g of group) sizes[g] = (sizes[g] as number) + 1;
  const gains = lane.map((right, seed) => gainOf(right, audit[seed] ?? right, { group, groups }));
  const sum = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
  const value = sum(gains.map(sum)) / (gains.length * group.length);
  const found = Float64Array.from({ length: draws }, () => {
    let [gain, size] = [0, 0];
    const own = gains.map(() => gains[random.integer(gains.length)] as Float64Array);
    for (let n = 0; n < groups; n += 1) {
      const g = random.integer(groups);
      size += sizes[g] as number;
      for (const one of own) gain += one[g] as number;
    }
    return gain / (size * own.length);
  }).sort();
  return { value, low: quantile(found, 0.025), high: quantile(found, 0.975), n: group.length };
}

/** Units of each group that the one got right and the other wrong, less those the other way. */
function gainOf(
  one: Uint8Array,
  other: Uint8Array,
  { group, groups }: { readonly group: Int32Array; readonly groups: number },
): Float64Array {
  const gain = new Float64Array(groups);
  group.forEach((g, unit) => {
    gain[g] = (gain[g] as number) + (one[unit] as number) - (other[unit] as number);
  });
  return gain;
}
