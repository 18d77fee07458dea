/** How good a classifier is on labelled units. Probabilities are rows of one number a class. */
import { topIndex } from '../scores.ts';

export interface Judged {
  /** One a class, in the order of the classes. */
  readonly probabilities: ArrayLike<number>;
  /** Index of the class that is right. */
  readonly truth: number;
}

export interface Metrics {
  readonly n: number;
  readonly accuracy: number;
  /** Mean of the F1 of the classes that occur, as truth or as answer. */
  readonly macroF1: number;
  /** Mean -ln p of the truth, in nats. */
  readonly nll: number;
  /** Expected calibration error over 15 equal bins (Guo et al. 2017). */
  readonly ece: number;
}

export interface ClassMetrics {
  readonly n: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

export interface ReliabilityBin {
  readonly n: number;
  /** Means over the bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

export const calibrationBins = 15;

export const isRight = ({ probabilities, truth }: Judged): boolean =>
  topIndex(probabilities) === truth;

/** Of no units all are NaN but `n`. */
export function metricsOf(units: readonly Judged[]): Metrics {
  const n = units.length;
  return {
    n,
    accuracy: units.filter(isRight).length / n,
    macroF1: macroF1(units),
    nll: meanNll(units),
    ece: expectedError(reliability(units), n),
  };
}

/** A probability of 0 counts as this: a single answer does not make the mean infinite. */
const leastProbability = 1e-12;

function meanNll(units: readonly Judged[]): number {
  let sum = 0;
  for (const { probabilities, truth } of units) {
    sum -= Math.log(Math.max(probabilities[truth] ?? 0, leastProbability));
  }
  return sum / units.length;
}

/** `[truth][answer]` */
export function confusion(units: readonly Judged[], classes: number): readonly number[][] {
  const table = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (const { probabilities, truth } of units) {
    const row = table[truth];
    const answer = topIndex(probabilities);
    if (row !== undefined) row[answer] = (row[answer] ?? 0) + 1;
  }
  return table;
}

/** One entry a class; null where nothing can be said. */
export function classMetrics(units: readonly Judged[], classes: number): readonly ClassMetrics[] {
  const table = confusion(units, classes);
  return table.map((row, k) => {
    const hit = row[k] ?? 0;
    const n = row.reduce((sum, count) => sum + count, 0);
    const answered = table.reduce((sum, other) => sum + (other[k] ?? 0), 0);
    return {
      n,
      precision: answered === 0 ? null : hit / answered,
      recall: n === 0 ? null : hit / n,
      f1: n + answered === 0 ? null : (2 * hit) / (n + answered),
    };
  });
}

function macroF1(units: readonly Judged[]): number {
  const each = classMetrics(units, units[0]?.probabilities.length ?? 0)
    .map(({ f1 }) => f1)
    .filter((f1) => f1 !== null);
  return each.reduce((sum, f1) => sum + f1, 0) / each.length;
}

/** The reliability diagram: units by the probability of their answer, equal bins from 0 to 1. */
export function reliability(units: readonly Judged[]): readonly ReliabilityBin[] {
  const bins = Array.from({ length: calibrationBins }, () => ({ n: 0, confidence: 0, right: 0 }));
  for (const unit of units) {
    const confidence = unit.probabilities[topIndex(unit.probabilities)] ?? 0;
    const at = Math.min(calibrationBins - 1, Math.floor(confidence * calibrationBins));
    const bin = bins[at];
    if (bin === undefined) continue;
    bin.n += 1;
    bin.confidence += confidence;
    bin.right += Number(isRight(unit));
  }
  return bins.map(({ n, confidence, right }) => ({
    n,
    confidence: n === 0 ? 0 : confidence / n,
    accuracy: n === 0 ? 0 : right / n,
  }));
}

function expectedError(bins: readonly ReliabilityBin[], n: number): number {
  if (n === 0) return Number.NaN;
  return bins.reduce((sum, bin) => sum + (bin.n / n) * Math.abs(bin.accuracy - bin.confidence), 0);
}
