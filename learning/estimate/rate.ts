/**
 * Rates of a population from units that were drawn with known probabilities. Each function says
 * what it assumes of the draw; a wrong choice here covers the truth half as often as it says.
 */
import { studentT, z95 } from './quantile.ts';

/** A figure with its 95 % interval and the number of units behind it. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** A unit that was drawn and judged. */
export interface DrawnUnit {
  /** 1 or 0: whether it failed; any number in [0, 1] for a share. */
  readonly value: number;
  /** Probability with which it was drawn, 0 < π <= 1. */
  readonly propensity: number;
  /** Units of one cluster were drawn together, such as the frames of a clip. */
  readonly cluster: string;
}

/** Wilson's interval (1927) of k among n; `z` is a quantile of the normal or of Student's t. */
export function wilson(k: number, n: number, z = z95): Figure {
  if (n <= 0) return { value: Number.NaN, low: 0, high: 1, n: 0 };
  const p = k / n;
  const square = z * z;
  const centre = (p + square / (2 * n)) / (1 + square / n);
  const half = (z / (1 + square / n)) * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n));
  return { value: p, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n };
}

/** Horvitz & Thompson (1952): the total of a population, unbiased whatever the propensities. */
export const horvitzThompson = (units: readonly DrawnUnit[]): number =>
  units.reduce((sum, { value, propensity }) => sum + value / propensity, 0);

/** Hájek (1971): `Σ f/π / Σ 1/π`, the rate; NaN of nothing. */
export function hajek(units: readonly DrawnUnit[]): number {
  const size = units.reduce((sum, { propensity }) => sum + 1 / propensity, 0);
  return size === 0 ? Number.NaN : horvitzThompson(units) / size;
}

/**
 * The rate of the population with its interval. Units drawn one by one with one propensity: Wilson
 * at n. Otherwise Hájek's rate, its variance s² from the clusters by linearisation (for clips of one
 * size and one propensity that is the variance of clip rates over the clips), and Wilson at
 * n_eff = p(1 - p)/s², at most n, with Student's t of clusters - 1 degrees.
 */
export function drawnRate(units: readonly DrawnUnit[]): Figure {
  const n = units.length;
  const clusters = new Set(units.map(({ cluster }) => cluster)).size;
  const first = units[0]?.propensity;
  if (n === 0 || first === undefined) return wilson(0, 0);
  const rate = hajek(units);
  if (clusters === n && units.every(({ propensity }) => propensity === first)) {
    return { ...wilson(rate * n, n), value: rate };
  }
  if (clusters < 2) return { value: rate, low: 0, high: 1, n };
  const variance = clusterVariance(units, rate);
  const binomial = rate * (1 - rate);
  // Clusters that all agree say nothing of the spread between units: each counts once.
  const size = variance > 0 && binomial > 0 ? Math.min(n, binomial / variance) : clusters;
  const found = wilson(rate * size, size, studentT(0.95, clusters - 1));
  return { value: rate, low: found.low, high: found.high, n };
}

function clusterVariance(units: readonly DrawnUnit[], rate: number): number {
  const sums = new Map<string, number>();
  let size = 0;
  for (const { value, propensity, cluster } of units) {
    size += 1 / propensity;
    sums.set(cluster, (sums.get(cluster) ?? 0) + (value - rate) / propensity);
  }
  const squares = [...sums.values()].reduce((sum, part) => sum + part * part, 0);
  return ((sums.size / (sums.size - 1)) * squares) / (size * size);
}

/**
 * Chosen units that were all labelled, and audit units drawn from the rest: the first part is known
 * and has no interval, `w_A p_A + (1 - w_A) p_B`. `whole` counts all units of the population.
 */
export function censusAndAudit(
  chosen: { readonly failed: number; readonly n: number },
  audit: readonly DrawnUnit[],
  whole: number,
): Figure {
  const share = whole === 0 ? 0 : chosen.n / whole;
  const rest = drawnRate(audit);
  const known = chosen.n === 0 ? 0 : share * (chosen.failed / chosen.n);
  if (share === 1) return { value: known, low: known, high: known, n: chosen.n };
  const n = chosen.n + rest.n;
  return {
    value: known + (1 - share) * rest.value,
    low: known + (1 - share) * rest.low,
    high: known + (1 - share) * rest.high,
    n,
  };
}

/** k failures among n labels. */
export interface Tally {
  readonly failed: number;
  readonly n: number;
}

/**
 * How many times more failures a label of a lane finds than one of the audit lane, with the log
 * interval of Katz et al. (1978). Undefined while either found none: a ratio says nothing then.
 */
export function captureLift(lane: Tally, audit: Tally): Figure | undefined {
  if (lane.failed === 0 || audit.failed === 0) return undefined;
  const value = lane.failed / lane.n / (audit.failed / audit.n);
  const spread =
    (1 - lane.failed / lane.n) / lane.failed + (1 - audit.failed / audit.n) / audit.failed;
  const half = z95 * Math.sqrt(spread);
  return {
    value,
    low: Math.exp(Math.log(value) - half),
    high: Math.exp(Math.log(value) + half),
    n: lane.n + audit.n,
  };
}
