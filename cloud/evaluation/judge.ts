/** From what the laboratory read to figures, cases and gates. Pure. */
import { seededRandom } from '@fieldloop/core';
import {
  classMetrics,
  compareCalibration,
  comparePairs,
  confusion,
  isRight,
  type Judged,
  type JudgedTwice,
  judgeGates,
  metricsOf,
  reliability,
} from '@fieldloop/learning';
import {
  type CaseOutcome,
  type EvaluationInput,
  type EvaluationResult,
  fixOf,
  type TestCase,
} from './evaluation.ts';

/** Of one model: probabilities of each unit and of each frame of each case. */
export interface Readings {
  readonly classes: readonly string[];
  /** Undefined where the unit could not be read. */
  readonly units: readonly (Float64Array | undefined)[];
  /** Class of each frame; undefined where nothing could be read. */
  readonly cases: readonly (readonly string[] | undefined)[];
  readonly notFinite: number;
}

/** Gates that the machine has a part in are left out; `differences` are those to the one before. */
export function judgeReadings(
  input: EvaluationInput,
  candidate: Readings,
  of: {
    readonly before: Readings | undefined;
    readonly differences: readonly string[];
    readonly latencyMs: number;
  },
): {
  readonly result: EvaluationResult;
  readonly machineGates: EvaluationResult['gates'];
} {
  const { before, differences, latencyMs } = of;
  const after = judged(input, candidate);
  const was = before === undefined ? undefined : judged(input, before);
  const pairs = pairsOf(input, after, was);
  const known = after.filter((unit) => unit !== undefined);
  const metrics = metricsOf(known);
  // Only units that both read are compared.
  const shared = (was ?? []).filter((unit, i) => unit !== undefined && after[i] !== undefined);
  const beforeMetrics = was === undefined ? undefined : metricsOf(shared as Judged[]);
  const random = seededRandom(`${input.datasetVersion} ${input.candidate.onnx}`);
  const comparison = pairs === undefined ? undefined : comparePairs([...pairs.values()], random);
  const calibration =
    was === undefined
      ? undefined
      : compareCalibration(twice(input, after, was), random.fork('calibration'));
  const slices = input.slices.map((slice) => sliceOf(slice, after, pairs));
  const cases = casesOf(input.cases, candidate, before);
  const gates = judgeGates(
    {
      metrics,
      comparison,
      calibration,
      slices: slices.map(({ kind, name, n, difference, lost, won }) => ({
        kind,
        name,
        comparison: {
          n: pairs === undefined ? 0 : n,
          difference: difference ?? 0,
          lost: lost ?? 0,
          won: won ?? 0,
        },
      })),
      cases,
      clusters: input.clusters,
      latencyMs,
      sizeBytes: input.candidate.sizeBytes,
      notFinite: candidate.notFinite,
      unread: after.length - known.length,
      differences,
    },
    input.limits,
  );
  const { classes } = candidate;
  const result: EvaluationResult = {
    metrics,
    before: beforeMetrics ?? null,
    comparison: comparison ?? null,
    calibration: calibration ?? null,
    classes: classMetrics(known, classes.length).map((of, i) => ({
      name: classes[i] ?? '',
      ...of,
    })),
    confusion: confusion(known, classes.length),
    reliability: reliability(known),
    slices,
    cases,
    unread: after.length - known.length,
    notFinite: candidate.notFinite,
    gates: gates.filter(({ name }) => name !== 'latency'),
  };
  return {
    result: rounded(result),
    machineGates: gates.filter(({ name }) => name === 'latency'),
  };
}

/** A unit whose class the model does not have is wrong, whatever it says. */
function judged(input: EvaluationInput, of: Readings): readonly (Judged | undefined)[] {
  return input.units.map((unit, i) => {
    const probabilities = of.units[i];
    if (probabilities === undefined) return undefined;
    return { probabilities, truth: of.classes.indexOf(unit.class) };
  });
}

type Pairs = ReadonlyMap<number, { readonly group: string; before: boolean; after: boolean }>;

function pairsOf(
  input: EvaluationInput,
  after: readonly (Judged | undefined)[],
  was: readonly (Judged | undefined)[] | undefined,
): Pairs | undefined {
  if (was === undefined) return undefined;
  const pairs = new Map<number, { group: string; before: boolean; after: boolean }>();
  input.units.forEach(({ group }, i) => {
    const [one, other] = [was[i], after[i]];
    if (one === undefined || other === undefined) return;
    pairs.set(i, { group, before: isRight(one), after: isRight(other) });
  });
  return pairs;
}

function twice(
  input: EvaluationInput,
  after: readonly (Judged | undefined)[],
  was: readonly (Judged | undefined)[],
): readonly JudgedTwice[] {
  return input.units.flatMap(({ group }, i) => {
    const [one, other] = [was[i], after[i]];
    return one === undefined || other === undefined ? [] : [{ group, before: one, after: other }];
  });
}

function sliceOf(
  { kind, name, units }: EvaluationInput['slices'][number],
  after: readonly (Judged | undefined)[],
  pairs: Pairs | undefined,
): EvaluationResult['slices'][number] {
  const known = units.map((i) => after[i]).filter((unit) => unit !== undefined);
  const accuracy = known.length === 0 ? 0 : known.filter(isRight).length / known.length;
  if (pairs === undefined) {
    return { kind, name, n: known.length, accuracy, difference: null, lost: null, won: null };
  }
  const own = units.map((i) => pairs.get(i)).filter((pair) => pair !== undefined);
  const lost = own.filter((pair) => pair.before && !pair.after).length;
  const won = own.filter((pair) => !pair.before && pair.after).length;
  const difference = own.length === 0 ? 0 : (won - lost) / own.length;
  return { kind, name, n: own.length, accuracy, difference, lost, won };
}

function casesOf(
  cases: readonly TestCase[],
  candidate: Readings,
  before: Readings | undefined,
): readonly CaseOutcome[] {
  const plain = cases.map((one, i) => {
    const share = shareOf(candidate.cases[i], one.class);
    const earlier = shareOf(before?.cases[i], one.class);
    return {
      id: one.id,
      failure: one.failure,
      heldOut: one.heldOut,
      ...(one.cluster === null ? {} : { cluster: one.cluster }),
      ...(share === undefined ? {} : { share, isRight: share >= one.share }),
      wasRight: one.wasRight || (earlier !== undefined && earlier >= one.share),
    };
  });
  return plain.map((one) => {
    const fix = fixOf(one, plain);
    return fix === undefined ? one : { ...one, fix };
  });
}

function shareOf(frames: readonly string[] | undefined, wanted: string): number | undefined {
  if (frames === undefined || frames.length === 0) return undefined;
  return frames.filter((name) => name === wanted).length / frames.length;
}

const decimals = 1e6;

/** To six decimals: what the last bits of a sum are is no news. NaN, of no units, becomes null. */
function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === 'number' && !Number.isInteger(one) && Number.isFinite(one)
        ? Math.round(one * decimals) / decimals
        : one,
    ),
  ) as T;
}
