/**
 * An evaluation: what a model version says of the frozen test split and of the regression set,
 * beside what the version before it says. `input` is everything that decides; the same input gives
 * the same result and the same hash.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import type {
  Calibration,
  CaseResult,
  Comparison,
  Gate,
  GateLimits,
  Metrics,
  Outcome,
} from '@fieldloop/learning';

export interface EvaluatedModel {
  readonly id: string;
  readonly onnx: string;
  readonly document: string;
  readonly sizeBytes: number;
}

export interface TestUnit {
  readonly item: string;
  readonly clip: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly class: string;
  readonly group: string;
}

export interface TestCase {
  readonly id: string;
  readonly failure: string;
  readonly clip: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly class: string;
  readonly share: number;
  readonly heldOut: boolean;
  readonly cluster: string | null;
  /** An accepted version of this model once got it right. */
  readonly wasRight: boolean;
}

export interface Slice {
  readonly kind: string;
  readonly name: string;
  /** Places in the list of units. */
  readonly units: readonly number[];
}

export interface EvaluationInput {
  readonly code: typeof evaluationCode;
  readonly model: string;
  readonly candidate: EvaluatedModel;
  readonly against: EvaluatedModel | null;
  readonly datasetVersion: string;
  readonly units: readonly TestUnit[];
  readonly cases: readonly TestCase[];
  readonly slices: readonly Slice[];
  /** Clusters of failures that the candidate was trained for. */
  readonly clusters: readonly string[];
  readonly limits: GateLimits;
}

/** The rules by which figures are made. Other rules are another number. */
export const evaluationCode = 'evaluation/2';

export interface CaseOutcome extends CaseResult {
  readonly failure: string;
  readonly heldOut: boolean;
  /** Share of its frames that are right; absent when none could be read. */
  readonly share?: number | undefined;
  /** `generalised`: cases of its cluster that were held out from training are right too. */
  readonly fix?: 'memorised' | 'generalised' | undefined;
}

export interface EvaluationResult {
  readonly metrics: Metrics;
  readonly before: Metrics | null;
  readonly comparison: Comparison | null;
  readonly calibration: Calibration | null;
  readonly classes: readonly {
    readonly name: string;
    readonly n: number;
    readonly precision: number | null;
    readonly recall: number | null;
    readonly f1: number | null;
  }[];
  /** `[truth][answer]` */
  readonly confusion: readonly (readonly number[])[];
  readonly reliability: readonly {
    readonly n: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
  readonly slices: readonly {
    readonly kind: string;
    readonly name: string;
    readonly n: number;
    readonly accuracy: number;
    readonly difference: number | null;
    readonly lost: number | null;
    readonly won: number | null;
  }[];
  readonly cases: readonly CaseOutcome[];
  readonly unread: number;
  readonly notFinite: number;
  /** All but those that depend on the machine. */
  readonly gates: readonly Gate[];
}

/** What depends on the machine. */
export interface Measured {
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly memoryBytes: number;
  readonly sizeBytes: number;
  readonly machine: string;
  readonly runtime: string;
  readonly gates: readonly Gate[];
}

export interface Evaluation {
  readonly id: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly against?: string;
  readonly datasetVersion: string;
  readonly regressionSha256: string;
  readonly input: EvaluationInput;
  readonly result: EvaluationResult;
  /** Of input and result. */
  readonly sha256: string;
  readonly measured: Measured;
  readonly outcome: Outcome;
  readonly createdBy: string;
  readonly createdAt: number;
}

export const regressionHash = (cases: readonly TestCase[]): string =>
  sha256Hex(canonicalJson(cases as unknown as Json));

export const evaluationHash = (input: EvaluationInput, result: EvaluationResult): string =>
  sha256Hex(canonicalJson({ input, result } as unknown as Json));

/**
 * `memorised`: the case alone is right. `generalised`: cases of its cluster that never trained are
 * right as well, or it never trained itself. Undefined while it is wrong.
 */
export function fixOf(
  own: Pick<CaseOutcome, 'id' | 'isRight' | 'cluster' | 'heldOut'>,
  all: readonly Pick<CaseOutcome, 'id' | 'isRight' | 'cluster' | 'heldOut'>[],
): 'memorised' | 'generalised' | undefined {
  if (own.isRight !== true) return undefined;
  if (own.heldOut) return 'generalised';
  const siblings = all.filter(
    (one) => one.heldOut && one.cluster !== undefined && one.cluster === own.cluster,
  );
  const allRight = siblings.length > 0 && siblings.every(({ isRight }) => isRight === true);
  return allRight ? 'generalised' : 'memorised';
}

export function unknownEvaluation(id: string): Fault {
  return new Fault('not_found', `there is no evaluation "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop evaluations list`.',
  });
}
