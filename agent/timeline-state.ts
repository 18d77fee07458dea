/**
 * What a timeline is at a mark of its source, so that a later process goes on as if nothing had
 * happened: the rules, the clips that are open, and what the window cannot read again.
 */
import type { Json } from '@fieldloop/core';
import type { LatchedMessage } from '@fieldloop/recording';
import type { PlanState } from './clip/plan.ts';
import type { ScoreRecord } from './score/scoring.ts';
import type { NewestTime } from './source/clock-steps.ts';
import { taggedJson, untaggedJson } from './tagged-json.ts';
import type { FirstMessage } from './window/entry.ts';
import type { Window } from './window/window.ts';

export interface TimelineState {
  /** Jumps of log time that the engine met, and those that began another timeline. */
  readonly engineEpoch: number;
  readonly laneEpoch: number;
  /** Of the lane. */
  readonly newest: readonly NewestTime[];
  readonly plan: PlanState;
  readonly scores: readonly ScoreRecord[];
  readonly heldFromNs: bigint | undefined;
  /** Of the oldest block in the window. */
  readonly first: FirstMessage | undefined;
  readonly isWhole: boolean;
  readonly latched: readonly LatchedMessage[];
}

export interface SavedTimeline extends TimelineState {
  readonly engine: Json;
}

export function stateJson({ engine, ...state }: SavedTimeline): Json {
  return { engine, timeline: taggedJson(state) };
}

/** Undefined for a document of another kind. */
export function stateOf(json: Json): SavedTimeline | undefined {
  const { engine, timeline } = json as { readonly engine?: Json; readonly timeline?: Json };
  if (engine === undefined || timeline === undefined) return undefined;
  return { ...(untaggedJson(timeline) as TimelineState), engine };
}

/** What of the window goes into the state. */
export function windowState(
  window: Window,
): Pick<TimelineState, 'heldFromNs' | 'isWhole' | 'first' | 'latched'> {
  const { heldFromNs, isWhole, oldest } = window;
  return { heldFromNs, isWhole, first: oldest?.first, latched: [...window.latched()] };
}
