/** Between the main thread and the one that does the sums of triage. */
import type { FaultWords } from '../store/fault-words.ts';
import type { Plan, PlanRules, PlanUnits } from './plan.ts';
import type { MeasuredScorer } from './triage.ts';
import type { CloudScores, CloudScoring } from './scoring.ts';

export interface PlanCalls {
  readonly plan: {
    readonly input: {
      readonly units: PlanUnits;
      readonly rules: PlanRules;
      readonly scoring: CloudScoring;
      /** A scorer of the cloud whose values replace those of `units`. */
      readonly holder?: 'novelty' | 'failure' | undefined;
    };
    readonly output: { readonly plan: Plan; readonly scores: CloudScores };
  };
  readonly measure: {
    readonly input: {
      /** 1 where the label says that the model was wrong. */
      readonly failed: Uint8Array;
      /** Session of each unit: moments of one are alike. */
      readonly group: Int32Array;
      /** NaN where a unit has no such score. */
      readonly scores: Readonly<Record<string, Float64Array>>;
      readonly seed: string;
    };
    readonly output: readonly MeasuredScorer[];
  };
  readonly train: {
    readonly input: {
      readonly width: number;
      readonly inputs: Float32Array;
      readonly failed: Uint8Array;
      readonly sessions: readonly string[];
      readonly seed: string;
    };
    /** Undefined with too few sessions to judge it by. */
    readonly output: { readonly text: string; readonly auroc: number } | undefined;
  };
}

export type PlanCallName = keyof PlanCalls;

export interface ToPlanner {
  readonly name: PlanCallName;
  readonly input: PlanCalls[PlanCallName]['input'];
}

export type FromPlanner =
  | { readonly kind: 'done'; readonly output: PlanCalls[PlanCallName]['output'] }
  | { readonly kind: 'failed'; readonly fault: FaultWords };
