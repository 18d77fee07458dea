/**
 * Tasks: one moment that people are asked about, and where it stands. Pure.
 *
 * open > leased > submitted > needs_more | adjudication | resolved, and void from any but resolved.
 */
import { Fault } from '@fieldloop/core';
import { leastPeople, maxWaitingDays } from '../annotation-limits.ts';

export const taskTypes = ['classification', 'boxes', 'segments', 'text'] as const;
export type TaskType = (typeof taskTypes)[number];

export const taskStates = [
  'open',
  'leased',
  'submitted',
  'needs_more',
  'adjudication',
  'resolved',
  'void',
] as const;
export type TaskState = (typeof taskStates)[number];

/** Why a task comes before a senior. */
export const raisings = ['most_people', 'skipped', 'nobody_left'] as const;
export type Raising = (typeof raisings)[number];

/** How much a machine's proposal is trusted: taken, shown, or hidden. */
export const bands = ['accept', 'assist', 'blind'] as const;
export type Band = (typeof bands)[number];

/**
 * Where a task stands in line. Fresh ones nobody has touched, so that the first of them is anybody's;
 * in the others an annotator may have had a hand.
 */
export const queues = {
  none: 0,
  fresh: 1,
  started: 2,
  /** Their waiting counts no more. */
  aged: 3,
  adjudication: 4,
  /** For the worker. */
  consensus: 5,
} as const;
export type Queue = (typeof queues)[keyof typeof queues];

/** What decides where a task stands. */
export interface Standing {
  readonly state: TaskState;
  /** People wanted, whose answers are here, and who are at it. */
  readonly wanted: number;
  readonly people: number;
  readonly leases: number;
  /** Somebody skipped it, or answered. */
  readonly touched: boolean;
  readonly aged: boolean;
}

/** The state of a task that is neither over nor before a senior. */
export function stateOf(
  of: Omit<Standing, 'state' | 'touched' | 'aged'>,
  more: boolean,
): TaskState {
  if (of.people >= of.wanted) return 'submitted';
  if (of.people + of.leases >= of.wanted) return 'leased';
  return more ? 'needs_more' : 'open';
}

export function queueOf({ state, touched, aged }: Standing): Queue {
  switch (state) {
    case 'open':
    case 'needs_more':
      if (aged) return queues.aged;
      return touched ? queues.started : queues.fresh;
    case 'adjudication':
      return queues.adjudication;
    case 'submitted':
      return queues.consensus;
    case 'leased':
    case 'resolved':
    case 'void':
      return queues.none;
    default:
      throw new TypeError(`a task that is ${String(state)}`);
  }
}

const dayMs = 86_400_000;

/**
 * The order of one queue: priority and a point for each day of waiting. The days of all grow alike,
 * so the order holds without anybody counting them; `aged` ones have all the points they can get.
 */
export const rankOf = (priority: number, createdAt: number, aged: boolean): number =>
  Math.round((priority + (aged ? maxWaitingDays : 0)) * dayMs) - (aged ? 0 : createdAt);

/** What a rank means at this moment: comparable between queues. */
export const pointsOf = (rank: number, queue: Queue, now: number): number =>
  (queue === queues.aged ? rank : rank + now) / dayMs;

export const isAged = (createdAt: number, now: number): boolean =>
  now - createdAt >= maxWaitingDays * dayMs;

/** Before this a task was opened that is aged now. */
export const agedBefore = (now: number): number => now - maxWaitingDays * dayMs;

export const isOver = (state: TaskState): boolean => state === 'resolved' || state === 'void';

/** The place of a task: its unit, or the range of its clip. */
export const placeOf = (of: {
  readonly unitId?: string | undefined;
  readonly clipId: string;
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}): string => of.unitId ?? `${of.clipId} ${of.topic} ${of.startNs} ${of.endNs}`;

export function demandLive(task: { readonly id: string; readonly state: TaskState }): void {
  if (!isOver(task.state)) return;
  throw new Fault('conflict', `${task.id} is ${task.state}`, {
    remedy: 'Take the next one with `fieldloop tasks next`.',
  });
}

const modelPrefix = 'model:';

export const annotatorOfModel = (sha256: string): string => modelPrefix + sha256;

/** The hash of a model that answers. */
export const modelOf = (annotator: string): string => annotator.slice(modelPrefix.length);

export const isModel = (annotator: string): boolean => annotator.startsWith(modelPrefix);

/** Of a text the second person sees what the first one wrote; elsewhere people answer blind. */
export const firstWanted = (type: TaskType): number => (type === 'text' ? 1 : leastPeople);
