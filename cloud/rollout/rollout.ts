/** Rollouts: what they and their devices can be, and which way leads where. Pure. */
import { Fault, type Json } from '@fieldloop/core';
import type { RolloutPlan } from './document.ts';
import type { Evidence } from './judge.ts';

export type { RolloutPlan } from './document.ts';

export const rolloutStates = [
  'waiting_approval',
  'scheduled',
  'running',
  'paused',
  'held',
  'halted',
  'rolling_back',
  'rolled_back',
  'rollback_incomplete',
  'completed',
  'denied',
  'expired',
  'cancelled',
  'superseded',
] as const;
export type RolloutState = (typeof rolloutStates)[number];

export const rolloutPhases = ['none', 'releasing', 'baking', 'deciding'] as const;
export type RolloutPhase = (typeof rolloutPhases)[number];

/** `frozen` is in, and not yet its stage's turn; `eligible` waits for a place, or to be online. */
export const targetStates = [
  'frozen',
  'eligible',
  'offered',
  'in_progress',
  'committed',
  'rejected',
  'failed',
  'rolled_back',
  'silent',
  'expired',
  'removed',
  'rollback_pending',
] as const;
export type TargetState = (typeof targetStates)[number];

export const liveStates = [
  'waiting_approval',
  'scheduled',
  'running',
  'paused',
  'held',
  'halted',
  'rolling_back',
] as const;

/** A device is in one of these at most. */
export const isLive = (state: RolloutState): boolean => liveStates.some((one) => one === state);

/** Gates that people answered, in order: `stage/1/human` promote. */
export interface Answer {
  readonly stage: number;
  readonly gate: 'human' | 'inconclusive';
  readonly option: 'promote' | 'rollback' | 'hold';
  readonly by: string;
}

export interface Rollout {
  readonly id: string;
  readonly releaseId: string;
  readonly release: string;
  readonly releaseDigest: string;
  readonly plan: RolloutPlan;
  readonly planDigest: string;
  readonly urgency: 'normal' | 'emergency';
  readonly state: RolloutState;
  /** Index, -1 before the first. */
  readonly stage: number;
  readonly phase: RolloutPhase;
  readonly stageAt: number;
  readonly bakeAt?: number;
  readonly haltRequested: boolean;
  readonly reason?: string;
  readonly answers: readonly Answer[];
  readonly evidence: Evidence;
  readonly judgedN: number;
  readonly judgedAt: number;
  readonly runId?: string;
  readonly createdBy: string;
  readonly createdPerson?: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface TargetFault {
  readonly code: string;
  readonly message: string;
}

export interface Target {
  readonly rolloutId: string;
  readonly deviceId: string;
  readonly device: string;
  readonly site: string;
  readonly stratum: string;
  readonly arm: 'treatment' | 'control' | 'excluded';
  readonly stage: number;
  readonly shadow: boolean;
  readonly position: number;
  readonly why?: string;
  readonly offsets: Readonly<Record<string, number>>;
  readonly state: TargetState;
  readonly role: 'none' | 'shadow' | 'active';
  readonly attempt: number;
  readonly changedAt: number;
  readonly offeredAt?: number;
  readonly activatedAt?: number;
  readonly reportAt: number;
  readonly fault?: TargetFault;
  readonly told: Readonly<Record<string, Json>>;
  readonly version: number;
}

/** States out of which nothing more comes by itself. */
export const isSettled = (state: TargetState): boolean =>
  state !== 'frozen' && state !== 'eligible' && state !== 'offered' && state !== 'in_progress';

/** What a person may ask of a rollout, and from where. */
export const verbs = {
  pause: ['running', 'held'],
  resume: ['paused', 'held', 'halted'],
  halt: ['running', 'paused', 'held', 'scheduled'],
  abort: ['waiting_approval', 'scheduled', 'running', 'paused', 'held', 'halted'],
  rollback: ['running', 'paused', 'held', 'halted', 'completed'],
  promote: ['held'],
  supersede: ['waiting_approval', 'scheduled', 'running', 'paused', 'held', 'halted'],
} as const satisfies Readonly<Record<string, readonly RolloutState[]>>;
export type RolloutVerb = keyof typeof verbs;

/** Fault `conflict` unless the verb has a meaning where the rollout is. */
export function demandVerb(rollout: Pick<Rollout, 'id' | 'state'>, verb: RolloutVerb): void {
  const from: readonly RolloutState[] = verbs[verb];
  if (from.includes(rollout.state)) return;
  throw new Fault('conflict', `${rollout.id} is ${rollout.state}: ${verb} means nothing there`, {
    place: '/state',
    remedy: `It works where a rollout is ${from.join(', ').replaceAll('_', ' ')}.`,
  });
}
