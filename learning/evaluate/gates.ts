/**
 * Whether a candidate may go on, with a reason a gate. Nothing passes by silence: what cannot be
 * told is inconclusive and goes to a person with its numbers.
 */
import type { Calibration } from './calibration.ts';
import {
  type Comparison,
  errorOfBounds,
  holm,
  mcnemarWorse,
  timesNeeded,
  unitsNeeded,
} from './compare.ts';
import type { Metrics } from './metrics.ts';

export const outcomes = ['pass', 'fail', 'inconclusive'] as const;
export type Outcome = (typeof outcomes)[number];

export interface Gate {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

export interface SliceResult {
  /** `site`, `class`, `query`. */
  readonly kind: string;
  readonly name: string;
  readonly comparison: Pick<Comparison, 'n' | 'difference' | 'lost' | 'won'>;
}

export interface CaseResult {
  readonly id: string;
  readonly cluster?: string | undefined;
  /** Absent: its clip cannot be read any more. */
  readonly isRight?: boolean | undefined;
  /** The model before gets it right, or an accepted version once did. */
  readonly wasRight: boolean;
}

export interface GateFacts {
  readonly metrics: Metrics;
  /** With the model before on the same units; both are absent for a first version. */
  readonly comparison?: Comparison | undefined;
  readonly calibration?: Calibration | undefined;
  readonly slices: readonly SliceResult[];
  readonly cases: readonly CaseResult[];
  /** Clusters that the candidate was trained for: every case of theirs must be right. */
  readonly clusters: readonly string[];
  /** 99th of 100 runs of one unit, ms, on the machine that measured. */
  readonly latencyMs: number;
  readonly sizeBytes: number;
  /** Units whose logits were not finite, and units that could not be read. */
  readonly notFinite: number;
  readonly unread: number;
  /** What is not like the model before: shapes, classes. */
  readonly differences: readonly string[];
}

export interface GateLimits {
  readonly latencyMs: number;
  readonly sizeBytes: number;
  /** Accuracy that a candidate may lose at most. */
  readonly margin: number;
  /** Calibration error that a candidate may gain at most, and what must be there to judge it. */
  readonly ece: number;
  readonly calibrationUnits: number;
  readonly calibrationGroups: number;
  /** A slice with fewer units is not judged. */
  readonly sliceUnits: number;
  readonly alpha: number;
}

export const usualLimits: GateLimits = {
  latencyMs: 50,
  sizeBytes: 64 * 1024 * 1024,
  margin: 0.02,
  ece: 0.02,
  calibrationUnits: 100,
  calibrationGroups: 10,
  sliceUnits: 50,
  alpha: 0.05,
};

export function judgeGates(facts: GateFacts, limits: GateLimits = usualLimits): readonly Gate[] {
  return [
    shapeGate(facts),
    finiteGate(facts),
    overallGate(facts, limits),
    sliceGate(facts, limits),
    regressionGate(facts),
    ...calibrationGate(facts, limits),
    fixed('latency', { value: facts.latencyMs, most: limits.latencyMs, unit: 'ms' }),
    fixed('size', { value: facts.sizeBytes, most: limits.sizeBytes, unit: 'bytes' }),
  ];
}

/** One that fails decides; then one that cannot tell. */
export function outcomeOf(gates: readonly Gate[]): Outcome {
  if (gates.some(({ outcome }) => outcome === 'fail')) return 'fail';
  return gates.some(({ outcome }) => outcome === 'inconclusive') ? 'inconclusive' : 'pass';
}

function shapeGate({ differences }: GateFacts): Gate {
  const name = 'shapes';
  if (differences.length === 0) return { name, outcome: 'pass', reason: 'as the model before' };
  return { name, outcome: 'fail', reason: differences.join('; ') };
}

function finiteGate({ notFinite, unread, metrics }: GateFacts): Gate {
  const name = 'readable';
  if (notFinite > 0) {
    return { name, outcome: 'fail', reason: `${notFinite} units gave numbers that are not finite` };
  }
  if (unread === 0) return { name, outcome: 'pass', reason: `all ${metrics.n} units were read` };
  const reason = `${unread} of ${metrics.n + unread} units could not be read`;
  return { name, outcome: 'inconclusive', reason };
}

function overallGate({ metrics, comparison }: GateFacts, { margin }: GateLimits): Gate {
  const name = 'overall';
  if (metrics.n === 0) {
    return { name, outcome: 'inconclusive', reason: 'the frozen test split has no units' };
  }
  if (comparison === undefined) {
    const reason = `accuracy ${number(metrics.accuracy)} of ${metrics.n}; there is no model before`;
    return { name, outcome: 'inconclusive', reason };
  }
  const { difference, bounds, n, lost, won } = comparison;
  const told =
    `accuracy ${signed(difference)} (${signed(bounds.low)} to ${signed(bounds.high)}), ` +
    `n ${n} in ${comparison.groups} groups, lost ${lost}, won ${won}`;
  if (bounds.high < 0) return { name, outcome: 'fail', reason: `${told}: worse` };
  if (bounds.low > -margin) return { name, outcome: 'pass', reason: told };
  return { name, outcome: 'inconclusive', reason: `${told}: ${whatWouldTell(comparison, margin)}` };
}

/** Sessions, drives: what it takes until chance between them can be told from a difference. */
const fewGroups = 5;

function whatWouldTell(of: Comparison, margin: number): string {
  const { bounds, difference, n, groups, lost, won } = of;
  const needed = unitsNeeded({ discordance: (lost + won) / n, difference, margin });
  if (needed === undefined) return `no number of units would show it to be within ${margin}`;
  if (groups < 2) {
    return `units of one group are alike; ${needed} units in ${fewGroups} groups or more might tell`;
  }
  const times = timesNeeded(errorOfBounds(bounds, groups), difference + margin);
  return wouldTell({ units: Math.max(needed, Math.ceil(n * times)), n, groups });
}

/** Groups in proportion to units: as many units of one group as there are now. */
function wouldTell(of: {
  readonly units: number;
  readonly n: number;
  readonly groups: number;
}): string {
  const groups = Math.max(fewGroups, Math.ceil((of.units * of.groups) / of.n));
  return `about ${of.units} units in ${groups} groups would tell`;
}

function sliceGate({ slices, comparison }: GateFacts, limits: GateLimits): Gate {
  const name = 'slices';
  const judged = slices.filter(({ comparison: of }) => of.n >= limits.sliceUnits);
  if (comparison === undefined || judged.length === 0) {
    const reason = `no slice has ${limits.sliceUnits} units of both models`;
    return { name, outcome: 'pass', reason };
  }
  const ps = holm(judged.map(({ comparison: { lost, won } }) => mcnemarWorse(lost, won)));
  const worse = judged.flatMap((slice, i) => {
    const p = ps[i] ?? 1;
    if (p >= limits.alpha) return [];
    const { difference, n } = slice.comparison;
    return [`${slice.kind} ${slice.name} ${signed(difference)} (n ${n}, p ${p.toPrecision(2)})`];
  });
  return worse.length === 0
    ? { name, outcome: 'pass', reason: `none of ${judged.length} is worse (Holm)` }
    : { name, outcome: 'fail', reason: `worse: ${worse.join(', ')}` };
}

function regressionGate({ cases, clusters }: GateFacts): Gate {
  const name = 'regression';
  const broken = cases.filter(({ isRight, wasRight }) => isRight === false && wasRight);
  if (broken.length > 0) {
    return { name, outcome: 'fail', reason: `breaks ${listed(broken)} that were right` };
  }
  const started = cases.filter(
    ({ cluster, isRight }) =>
      cluster !== undefined && clusters.includes(cluster) && isRight === false,
  );
  if (started.length > 0) {
    const reason = `${listed(started)} of the cluster it was trained for stays wrong`;
    return { name, outcome: 'fail', reason };
  }
  const unread = cases.filter(({ isRight }) => isRight === undefined);
  if (unread.length > 0) {
    return { name, outcome: 'inconclusive', reason: `${listed(unread)} could not be read` };
  }
  const right = cases.filter(({ isRight }) => isRight === true).length;
  return { name, outcome: 'pass', reason: `${right} of ${cases.length} cases right, none broken` };
}

function calibrationGate({ calibration }: GateFacts, limits: GateLimits): readonly Gate[] {
  if (calibration === undefined) return [];
  const name = 'calibration';
  const { n, groups, difference, bounds, error, before, after } = calibration;
  const told =
    `error ${after.toFixed(3)} against ${before.toFixed(3)}: ${signed(difference)} ` +
    `(${signed(bounds.low)} to ${signed(bounds.high)}), at most ${signed(limits.ece)}, ` +
    `n ${n} in ${groups} groups`;
  const { calibrationUnits, calibrationGroups } = limits;
  if (n < calibrationUnits || groups < calibrationGroups) {
    const reason = `${told}: not judged below ${calibrationUnits} units in ${calibrationGroups} groups`;
    return [{ name, outcome: 'inconclusive', reason }];
  }
  if (bounds.high <= limits.ece) return [{ name, outcome: 'pass', reason: told }];
  if (bounds.low > limits.ece) return [{ name, outcome: 'fail', reason: `${told}: worse` }];
  const units = Math.ceil(n * timesNeeded(error, difference - limits.ece));
  const reason = `${told}: ${units > manyUnits ? 'too near the limit' : wouldTell({ units, n, groups })}`;
  return [{ name, outcome: 'inconclusive', reason }];
}

/** Nobody labels as many to learn on which side of a limit a figure lies. */
const manyUnits = 100_000;

function fixed(
  name: string,
  { value, most, unit }: { readonly value: number; readonly most: number; readonly unit: string },
): Gate {
  const reason = `${number(value)} ${unit}, at most ${number(most)} ${unit}`;
  return { name, outcome: value <= most ? 'pass' : 'fail', reason };
}

const shown = 5;

function listed(cases: readonly CaseResult[]): string {
  const ids = cases.slice(0, shown).map(({ id }) => id);
  const more = cases.length > shown ? ` and ${cases.length - shown} more` : '';
  return `${ids.join(', ')}${more}`;
}

const number = (value: number): string => String(Number(value.toPrecision(4)));
const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
