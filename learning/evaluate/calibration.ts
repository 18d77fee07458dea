/**
 * Whether the probabilities of a candidate mean less than those of the model before. The plain
 * expected calibration error of few units is mostly noise, and more of it where a model is unsure:
 * it flatters the surer one. So the error is taken over bins of equal mass, its noise is taken off
 * in squares (Kumar, Liang & Ma 2019), and the difference of two models on the same units gets an
 * interval by drawing groups again.
 */
import type { Random } from '@fieldloop/core';
import { studentT } from '../estimate/quantile.ts';
import { topIndex } from '../scores.ts';
import { bootstrapDraws, type Interval } from './compare.ts';
import { calibrationBins, isRight, type Judged } from './metrics.ts';

export interface JudgedTwice {
  /** Units of one group, such as a session, are alike: they are drawn together. */
  readonly group: string;
  readonly before: Judged;
  readonly after: Judged;
}

export interface Calibration {
  readonly n: number;
  readonly groups: number;
  /** Of equal mass, so that none is empty. */
  readonly bins: number;
  /** Expected calibration error without its noise, of the model before and of the candidate. */
  readonly before: number;
  readonly after: number;
  readonly difference: number;
  /** Of the difference, standard error and two-sided 95 % interval. */
  readonly error: number;
  readonly bounds: Interval;
}

/** A bin of fewer units says little of how often they are right. */
const leastPerBin = 20;

/** Undefined for no units. Same pairs and the same random numbers: the same interval. */
export function compareCalibration(
  pairs: readonly JudgedTwice[],
  random: Random,
  draws = bootstrapDraws,
): Calibration | undefined {
  const n = pairs.length;
  if (n === 0) return undefined;
  const bins = Math.max(1, Math.min(calibrationBins, Math.floor(n / leastPerBin)));
  const places = new Map<string, number>();
  const group = pairs.map(({ group: name }) => {
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  const groups = places.size;
  const sizes = new Float64Array(groups);
  for (const place of group) sizes[place] = (sizes[place] ?? 0) + 1;
  const of = { bins, group, groups };
  const gaps = [
    gapsOf(
      pairs.map(({ before }) => before),
      of,
    ),
    gapsOf(
      pairs.map(({ after }) => after),
      of,
    ),
  ] as const;
  const drawn = [new Float64Array(draws), new Float64Array(draws)] as const;
  const times = new Float64Array(groups);
  for (let draw = 0; draw < draws; draw += 1) {
    times.fill(0);
    for (let g = 0; g < groups; g += 1) {
      const at = random.integer(groups);
      times[at] = (times[at] ?? 0) + 1;
    }
    drawn[0][draw] = errorOf(gaps[0], times, sizes);
    drawn[1][draw] = errorOf(gaps[1], times, sizes);
  }
  times.fill(1);
  const before = withoutNoise(errorOf(gaps[0], times, sizes), drawn[0]);
  const after = withoutNoise(errorOf(gaps[1], times, sizes), drawn[1]);
  const difference = after - before;
  const same = { n, groups, bins, before, after, difference };
  // One group alone tells nothing of how groups differ.
  if (groups < 2) return { ...same, error: 1, bounds: { low: -1, high: 1 } };
  const spread = deviation(drawn[1].map((value, i) => value - (drawn[0][i] ?? 0)));
  const error = spread * Math.sqrt(groups / (groups - 1));
  const half = studentT(0.95, groups - 1) * error;
  const bounds = { low: Math.max(-1, difference - half), high: Math.min(1, difference + half) };
  return { ...same, error, bounds };
}

/** `[group * bins + bin]`: how many more were right than the probabilities said. */
interface Gaps {
  readonly bins: number;
  readonly sums: Float64Array;
}

function gapsOf(
  units: readonly Judged[],
  of: { readonly bins: number; readonly group: readonly number[]; readonly groups: number },
): Gaps {
  const { bins, group, groups } = of;
  const sure = units.map(({ probabilities }) => probabilities[topIndex(probabilities)] ?? 0);
  const order = units.map((_, i) => i).toSorted((a, b) => (sure[a] ?? 0) - (sure[b] ?? 0));
  const sums = new Float64Array(groups * bins);
  let bin = 0;
  let last = -1;
  order.forEach((i, rank) => {
    const unit = units[i];
    const confidence = sure[i] ?? 0;
    // Units of equal confidence stay together.
    if (confidence !== last) bin = Math.floor((rank * bins) / units.length);
    last = confidence;
    if (unit === undefined) return;
    const at = (group[i] ?? 0) * bins + bin;
    sums[at] = (sums[at] ?? 0) + Number(isRight(unit)) - confidence;
  });
  return { bins, sums };
}

/** The plain error when each group counts as often as it was drawn. */
function errorOf({ bins, sums }: Gaps, times: Float64Array, sizes: Float64Array): number {
  const total = new Float64Array(bins);
  let n = 0;
  times.forEach((count, g) => {
    if (count === 0) return;
    n += count * (sizes[g] ?? 0);
    for (let bin = 0; bin < bins; bin += 1) {
      total[bin] = (total[bin] ?? 0) + count * (sums[g * bins + bin] ?? 0);
    }
  });
  return total.reduce((sum, gap) => sum + Math.abs(gap), 0) / n;
}

/** Drawing again adds as much noise once more as there is: so much is taken off the square. */
function withoutNoise(plain: number, drawn: Float64Array): number {
  const square = drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length;
  return Math.sqrt(Math.max(0, 2 * plain * plain - square));
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(square / (values.length - 1));
}
