/**
 * Which rules run here: those of the configuration, or those that the cloud wants, as long as they
 * can be read and do not make the agent crash. Pure; the state is kept by who calls.
 */
import type { DesiredRules, RejectedRules, RuleProblem, RuleRef } from '@fieldloop/proto';
import { maxRuleCrashes, ruleCrashesWithinMs } from '../limits.ts';

export interface ChosenRules {
  /** Absent: the rules of the configuration. */
  readonly active?: RuleRef | undefined;
  /** What ran before `active`; null: the rules of the configuration. */
  readonly previous?: RuleRef | null | undefined;
  /** False until `active` ran for a while without a crash. */
  readonly isProven: boolean;
  /** Unix milliseconds of ends that nobody asked for since `active` was chosen. */
  readonly crashes: readonly number[];
  /** The process that chose or started with `active` has not ended, or did not say goodbye. */
  readonly isRunning: boolean;
  readonly shadow?: RuleRef | undefined;
  readonly rejected?: RejectedRules | undefined;
  /** A set that was taken back; it is not tried again. */
  readonly returned?: ReturnedRules | undefined;
}

export interface ReturnedRules {
  readonly digest: string;
  readonly publication: string;
  readonly reason: string;
}

export const ownRules: ChosenRules = { isProven: true, crashes: [], isRunning: false };

/** Gives what is wrong with a set, or nothing. */
export type Judge = (ref: RuleRef) => readonly RuleProblem[];

/** What the cloud wants, as far as it can be had. */
export function wish(state: ChosenRules, desired: DesiredRules, judge: Judge): ChosenRules {
  const shadow = wishShadow(state, desired.shadow, judge);
  const active = wishActive({ ...state, ...shadow }, desired.active, judge);
  // One is told of, and the one that was to run is the graver.
  return { ...active, rejected: active.rejected ?? shadow.rejected };
}

function wishActive(before: ChosenRules, ref: RuleRef | undefined, judge: Judge): ChosenRules {
  const state = { ...before, rejected: undefined };
  if (ref === undefined) {
    if (state.active === undefined) return { ...state, returned: undefined };
    return fresh(state, undefined);
  }
  if (state.active?.digest === ref.digest) return { ...state, active: ref };
  const { returned } = state;
  if (returned?.digest === ref.digest && returned.publication === ref.publication) return state;
  const problems = judge(ref);
  if (problems.length > 0) return { ...state, rejected: rejection(ref, 'active', problems) };
  return fresh(state, ref);
}

/** It has all to prove: what ran before stays at hand. */
function fresh(state: ChosenRules, active: RuleRef | undefined): ChosenRules {
  const previous = state.active ?? null;
  const isProven = active === undefined;
  return {
    ...state,
    active,
    previous,
    isProven,
    crashes: [],
    isRunning: true,
    returned: undefined,
  };
}

function wishShadow(
  state: ChosenRules,
  ref: RuleRef | undefined,
  judge: Judge,
): Pick<ChosenRules, 'shadow' | 'rejected'> {
  if (ref === undefined || state.shadow?.digest === ref.digest) return { shadow: ref };
  const problems = judge(ref);
  if (problems.length === 0) return { shadow: ref };
  return { shadow: undefined, rejected: rejection(ref, 'shadow', problems) };
}

function rejection(
  { digest, publication }: RuleRef,
  role: RejectedRules['role'],
  problems: readonly RuleProblem[],
): RejectedRules {
  return { digest, publication, role, problems: [...problems] };
}

/** The process starts with these rules: an end that nobody asked for counts against them. */
export function started(state: ChosenRules, nowMs: number): ChosenRules {
  const after = state.isRunning ? crashed(state, nowMs, 'the agent ended by itself') : state;
  return { ...after, isRunning: after.active !== undefined };
}

/** The agent or its data thread died; after too many deaths the rules are taken back. */
export function crashed(state: ChosenRules, nowMs: number, why: string): ChosenRules {
  const { active, isProven, previous } = state;
  if (active === undefined || isProven) return state;
  const recent = state.crashes.filter((at) => nowMs - at < ruleCrashesWithinMs);
  const crashes = [...recent, nowMs];
  if (crashes.length < maxRuleCrashes) return { ...state, crashes };
  const { digest, publication } = active;
  const reason = `${why} ${crashes.length} times soon after these rules came`;
  return {
    ...state,
    active: previous ?? undefined,
    previous: undefined,
    isProven: true,
    crashes: [],
    // A shadow may be what crashed: it goes with the set that it came beside.
    shadow: undefined,
    returned: { digest, publication, reason },
  };
}

/** The process ends because it was asked to. */
export const stopped = (state: ChosenRules): ChosenRules => ({ ...state, isRunning: false });

export const proven = (state: ChosenRules): ChosenRules =>
  state.isProven ? state : { ...state, isProven: true, crashes: [] };
