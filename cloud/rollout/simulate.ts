/**
 * A rollout of the judge's stages over a fleet that only exists as rates: what a plan can see is
 * forecast with it, and what the judge promises is proven with it. Pure; the seed is the caller's.
 */
import type { Random } from '@fieldloop/core';
import {
  type EventMetric,
  type Evidence,
  judge,
  type JudgeLimits,
  noEvidence,
  offsetOf,
  weigh,
} from './judge.ts';

export interface SimulatedFleet {
  readonly control: number;
  /** Canaries of each judged stage; each holds those before it. */
  readonly stages: readonly number[];
  /** Events of a device and hour. */
  readonly rate: number;
  /** Factor on the canaries' rate: 1 is the null. */
  readonly factor: number;
  /** Variance of the devices' gamma frailty. */
  readonly frailty: number;
  /** Swing of the day: .6 is ±60 %. */
  readonly swing: number;
  readonly baselineHours: number;
  /** A stage that is not shown calm goes on after this. */
  readonly stageHours: number;
  readonly bakeHours: number;
  readonly margin: number;
  readonly calmMargin: number;
  /** Of the metric; the rest stays without a change. */
  readonly weight: number;
  readonly limits: JudgeLimits;
  /** Events of one device and hour that count. */
  readonly cap: number;
}

export interface SimulatedEnd {
  readonly halted: boolean;
  readonly hours: number;
  /** Canaries that had the release when it ended. */
  readonly exposed: number;
}

export function simulate(fleet: SimulatedFleet, random: Random): SimulatedEnd {
  const { control, stages, limits } = fleet;
  const most = Math.max(...stages);
  const rates = drawRates(fleet, control + most, random);
  const weights = rates.map((rate) =>
    offsetOf(poisson(rate * fleet.baselineHours, random), fleet.rate * fleet.baselineHours),
  );
  const metric: EventMetric = {
    name: 'm',
    kind: 'event',
    weight: fleet.weight,
    margin: fleet.margin,
    calmMargin: fleet.calmMargin,
  };
  // The other metrics see nothing: an e-value of 1 for the rest of the weight.
  const rest: EventMetric = { name: 'rest', kind: 'event', weight: 1 - fleet.weight, margin: 1.1 };
  const metrics = [metric, rest];
  let evidence: Evidence = noEvidence;
  let hours = 0;
  for (const canaries of stages) {
    const inStage = openStage(fleet, { canaries, rates, weights });
    for (let hour = 1; hour <= fleet.stageHours; hour += 1) {
      hours += 1;
      const arms = { canary: canaries, control };
      evidence = weigh(evidence, metrics, {
        counts: { m: inStage(hours, random) },
        heard: arms,
        assigned: arms,
        planned: canaries / (canaries + control),
      });
      const { outcome } = judge(evidence, metrics, limits);
      if (outcome === 'regressed') return { halted: true, hours, exposed: canaries };
      if (outcome === 'non_inferior' && hour >= fleet.bakeHours) break;
    }
  }
  return { halted: false, hours, exposed: most };
}

/** Devices with more events by nature: gamma with mean 1. */
function drawRates(fleet: SimulatedFleet, count: number, random: Random): readonly number[] {
  const { rate, frailty } = fleet;
  return Array.from({ length: count }, () =>
    frailty === 0 ? rate : rate * frailty * gamma(1 / frailty, random),
  );
}

/**
 * Events of one hour. The fleet's events are one Poisson process whose points fall on devices by
 * their rates, which is the same as one process a device and much quicker to draw.
 */
function openStage(
  fleet: SimulatedFleet,
  stage: {
    readonly canaries: number;
    readonly rates: readonly number[];
    readonly weights: readonly number[];
  },
): (
  hour: number,
  random: Random,
) => { readonly k: number; readonly x: number; readonly p: number } {
  const { control, factor, swing, cap } = fleet;
  const devices = control + stage.canaries;
  const sums: number[] = [];
  let total = 0;
  let [canaryWeight, allWeight] = [0, 0];
  for (let i = 0; i < devices; i += 1) {
    const isCanary = i >= control;
    total += (stage.rates[i] ?? 0) * (isCanary ? factor : 1);
    sums.push(total);
    const weight = stage.weights[i] ?? 1;
    allWeight += weight;
    if (isCanary) canaryWeight += weight;
  }
  return (hour, random) => {
    const now = total * (1 + swing * Math.sin((2 * Math.PI * hour) / 24));
    const seen = new Map<number, number>();
    let [k, x] = [0, 0];
    for (let left = poisson(now, random); left > 0; left -= 1) {
      const device = indexOf(sums, random.next() * total);
      const count = (seen.get(device) ?? 0) + 1;
      seen.set(device, count);
      if (count > cap) continue;
      k += 1;
      if (device >= control) x += 1;
    }
    return { k, x, p: canaryWeight / allWeight };
  };
}

/** The first place whose sum is over `value`. */
function indexOf(sums: readonly number[], value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Knuth's products for small means; large ones are sums of small ones. */
function poisson(mean: number, random: Random): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 16) {
    const limit = Math.exp(-Math.min(left, 16));
    for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  }
  return count;
}

/** Marsaglia & Tsang 2000, shape of at least 1; smaller ones by their boost. */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return d * v;
    }
  }
}

export interface Forecast {
  /** Share of runs that end halted. */
  readonly halted: number;
  /** Of those: hours until the halt, and devices that had the release. */
  readonly medianHours: number;
  readonly meanExposed: number;
  readonly p95Exposed: number;
}

/** What `runs` rollouts come to. */
export function forecastOf(fleet: SimulatedFleet, runs: number, random: Random): Forecast {
  const ends = Array.from({ length: runs }, () => simulate(fleet, random));
  const halted = ends.filter((end) => end.halted);
  const sorted = (of: (end: SimulatedEnd) => number): readonly number[] =>
    halted.map(of).toSorted((a, b) => a - b);
  const at = (list: readonly number[], share: number): number =>
    list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
  const exposed = sorted((end) => end.exposed);
  return {
    halted: halted.length / Math.max(1, runs),
    medianHours: at(
      sorted((end) => end.hours),
      0.5,
    ),
    meanExposed: exposed.reduce((sum, one) => sum + one, 0) / Math.max(1, exposed.length),
    p95Exposed: at(exposed, 0.95),
  };
}

/** The fleet of the published figures: 200 devices, four stages, hourly looks. */
export const proofFleet: Omit<SimulatedFleet, 'factor' | 'weight'> = {
  control: 40,
  stages: [8, 24, 80, 160],
  rate: 0.01,
  frailty: 0.5,
  swing: 0.6,
  baselineHours: 336,
  stageHours: 72,
  bakeHours: 24,
  margin: 1.1,
  calmMargin: 2,
  limits: { alpha: 0.05, beta: 0.05 },
  cap: 1,
};
