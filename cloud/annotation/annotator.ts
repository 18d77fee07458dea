/** Who answers tasks: what they are given, and when they are given nothing for a while. Pure. */
import { Fault, sha256Hex } from '@fieldloop/core';
import { iou, match, temporalIou } from '@fieldloop/learning';
import { goldFloor, goldMatches, goldOverlap, goldWindow } from '../annotation-limits.ts';
import type { ClassValue, LabelValue } from './annotation.ts';

export const annotatorStates = ['active', 'paused'] as const;
export type AnnotatorState = (typeof annotatorStates)[number];

export interface Annotator {
  readonly id: string;
  readonly name: string;
  /** Names of ontologies; empty: all. */
  readonly skills: readonly string[];
  /** Sites whose clips they may see; empty: all. */
  readonly sites: readonly string[];
  readonly senior: boolean;
  readonly state: AnnotatorState;
  readonly pausedReason?: string;
  readonly goldShare: number;
  /** Tasks and gold questions that they were given. */
  readonly given: number;
  readonly goldGiven: number;
  /** The last good mark: what they said before it is trusted. */
  readonly goodAt: number;
  /** Gold answers since then count. */
  readonly judgedAt: number;
  /** They asked for a task; to within an hour. */
  readonly seenAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** Fault `forbidden` while an annotator is paused. */
export function demandActive({ state, pausedReason }: Annotator): void {
  if (state === 'active') return;
  throw new Fault('forbidden', `you are given no tasks for now: ${pausedReason ?? 'paused'}`, {
    remedy: 'Read the guide again, and ask an engineer for `fieldloop annotators resume`.',
  });
}

/**
 * Whether the next thing given is a gold question: one in each `1 / share`, at a place that nobody
 * can tell without the annotator's id and the count.
 */
export function isGoldTurn({ id, given, goldShare }: Annotator): boolean {
  if (goldShare <= 0) return false;
  const size = Math.round(1 / goldShare);
  const draw = sha256Hex(`gold ${id} ${Math.floor(given / size)}`).slice(0, 12);
  return given % size === Number.parseInt(draw, 16) % size;
}

/** Their answers to gold questions, the last ones first. */
export function goldScore(correct: readonly boolean[]): {
  readonly share: number;
  readonly isBelow: boolean;
} {
  const last = correct.slice(0, goldWindow);
  // What was not asked yet counts as right: below the floor it is only when nothing can save it.
  const wrong = last.filter((one) => !one).length;
  const share = 1 - wrong / goldWindow;
  return { share, isBelow: share < goldFloor };
}

/** Whether an answer is that of a gold question. */
export function isCorrect(gold: LabelValue, answer: LabelValue): boolean {
  if (gold.class !== undefined) return gold.class === answer.class;
  if (gold.text !== undefined) return gold.text.trim() === answer.text?.trim();
  const pairs =
    gold.boxes === undefined
      ? overlaps(gold.segments ?? [], answer.segments ?? [], (a, b) =>
          temporalIou(relative(a), relative(b)),
        )
      : overlaps(gold.boxes, answer.boxes ?? [], iou);
  const drawn = (gold.boxes ?? gold.segments ?? []).length;
  const total = drawn + (answer.boxes ?? answer.segments ?? []).length;
  return total === 0 || (2 * pairs) / total >= goldMatches;
}

function overlaps<T extends ClassValue>(
  gold: readonly T[],
  answer: readonly T[],
  by: (a: T, b: T) => number,
): number {
  const values = gold.map((a) => answer.map((b) => (a.class === b.class ? by(a, b) : 0)));
  return match(values, goldOverlap).length;
}

/** Milliseconds in a double: the overlap of segments that people draw needs no more. */
const relative = (of: { readonly startNs: string; readonly endNs: string }) => ({
  start: Number(of.startNs) / 1e6,
  end: Number(of.endNs) / 1e6,
});
