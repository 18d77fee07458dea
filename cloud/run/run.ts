/** A run: one execution of a workflow, from its trigger to a named end. */
import { Fault, type Json } from '@fieldloop/core';

export const runStates = [
  'running',
  'waiting',
  'retrying',
  'parked',
  'stuck',
  'blocked',
  'ended',
] as const;
export type RunState = (typeof runStates)[number];

export const waitingKinds = ['gate', 'event', 'time'] as const;
export type WaitingKind = (typeof waitingKinds)[number];

export const stepKinds = ['act', 'must', 'gate', 'watch', 'child'] as const;
export type StepKind = (typeof stepKinds)[number];

export const stepStates = ['running', 'retrying', 'done', 'failed'] as const;
export type StepState = (typeof stepStates)[number];

export interface Run {
  readonly id: string;
  readonly workflow: string;
  readonly workflowVersion: number;
  /** What it is about. */
  readonly subject: string;
  readonly parentId?: string;
  readonly parentStep?: string;
  readonly trigger?: string;
  readonly event?: string;
  readonly actor: string;
  readonly cause: readonly string[];
  readonly input: Json;
  readonly inputDigest: string;
  readonly state: RunState;
  readonly waitingFor?: {
    readonly kind: WaitingKind;
    readonly what: string;
    readonly since: number;
    readonly until?: number;
  };
  readonly outcome?: Json;
  readonly trouble?: string;
  readonly abort?: { readonly by: string; readonly reason: string; readonly step?: string };
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly version: number;
}

export interface RunStep {
  readonly n: number;
  readonly name: string;
  readonly kind: StepKind;
  readonly state: StepState;
  readonly attempts: number;
  readonly key: string;
  readonly output?: Json;
  readonly fault?: Json;
  readonly worker?: string;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly nextAt?: number;
}

/** Fault `conflict` for a run that is over. */
export function demandLive(run: Run): void {
  if (run.state !== 'ended') return;
  throw new Fault('conflict', `the run ${run.id} has ended`, {
    remedy: 'Start another one with `fieldloop runs start`.',
  });
}

/** The word that a run's outcome begins with, for lists: `status` or `kind` of its value. */
export function outcomeWord(outcome: Json | undefined): string | undefined {
  if (outcome === undefined || outcome === null || typeof outcome !== 'object') return undefined;
  const { status, kind } = outcome as { readonly status?: unknown; readonly kind?: unknown };
  if (typeof status === 'string') return status;
  return typeof kind === 'string' ? kind : undefined;
}
