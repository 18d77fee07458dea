/**
 * Trainings: one process that makes a model version of a dataset version. What decides the weights
 * is in its job key, so that the same work is the same training however often it is asked for.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';

export const trainingStates = [
  'queued',
  'running',
  'checking',
  'done',
  'failed',
  'stopped',
] as const;
export type TrainingState = (typeof trainingStates)[number];

export const activeStates: readonly TrainingState[] = ['queued', 'running', 'checking'];

/** Why a training ended with nothing. */
export const problemCodes = [
  'bundle_unavailable',
  'start_failed',
  'trainer_crashed',
  'trainer_hung',
  'deadline',
  'gave_up',
  'result_missing',
  'result_invalid',
  'hash_differs',
  'onnx_broken',
  'shape_changed',
  'classes_changed',
  'not_finite',
  'differs_from_trainer',
  'metric_differs',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

export interface TrainingProblem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
  /** The end of what the trainer said on stderr. */
  readonly stderr?: string | undefined;
}

export interface TrainingProgress {
  readonly step: number;
  readonly of: number;
  readonly loss?: number | undefined;
  readonly metric?: number | undefined;
}

export type Config = Readonly<Record<string, Json>>;

export interface Training {
  readonly id: string;
  readonly model: string;
  readonly datasetVersion: string;
  readonly base?: string;
  readonly config: Config;
  readonly seed: number;
  readonly trainer: string;
  readonly jobKey: string;
  /** Other shapes or classes than the base are wanted. */
  readonly breaking: boolean;
  readonly policy?: string;
  readonly reason?: string;
  readonly state: TrainingState;
  /** 0 before the first. */
  readonly attempt: number;
  readonly stopAsked: boolean;
  readonly progress?: TrainingProgress;
  readonly problem?: TrainingProblem;
  readonly modelVersion?: string;
  readonly deadlineAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const builtinTrainer = 'builtin';

/** The recipe of the built-in trainer when nobody says another. */
export const usualConfig = {
  kind: 'mlp',
  hidden: [32],
  epochs: 60,
  batch: 32,
  learningRate: 0.003,
  weightDecay: 0,
  scheduler: 'constant',
  warmStart: false,
  standardise: false,
} as const;

export type JobFacts = Pick<
  Training,
  'model' | 'datasetVersion' | 'base' | 'config' | 'seed' | 'trainer' | 'breaking'
>;

/** SHA-256 of everything that decides the weights. */
export function jobKeyOf(facts: JobFacts): string {
  const { model, datasetVersion, base = null, config, seed, trainer, breaking } = facts;
  return sha256Hex(canonicalJson({ model, datasetVersion, base, config, seed, trainer, breaking }));
}

export const isActive = ({ state }: Pick<Training, 'state'>): boolean =>
  activeStates.includes(state);

export function unknownTraining(id: string): Fault {
  return new Fault('not_found', `there is no training "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop trainings list`.',
  });
}
