/**
 * Which models run here: those of the configuration, or those that the cloud wants, as long as
 * they pass their trial and do not fail soon after. Pure; the state is kept by who calls, before
 * what it says is done: an end that nobody asked for is counted against what was being tried.
 */
import { canonicalJson } from '@fieldloop/core';
import type { DesiredModels, ModelFault, ModelRef, ModelState } from '@fieldloop/proto';
import { maxRuleCrashes, maxTrials, ruleCrashesWithinMs } from '../limits.ts';

/** What is to run together; no models means those of the configuration alone. */
export interface ModelSet {
  readonly models: Readonly<Record<string, ModelRef>>;
  readonly release?: string | undefined;
  readonly rollout?: string | undefined;
  readonly attempt?: number | undefined;
}

export interface FailedSet {
  readonly set: ModelSet;
  readonly fault: ModelFault;
}

export interface ShadowSet {
  readonly models: Readonly<Record<string, ModelRef>>;
  readonly rollout?: string | undefined;
}

export interface ChosenModels {
  readonly active: ModelSet;
  /** What ran before `active`; it comes back when `active` fails. */
  readonly previous?: ModelSet | undefined;
  /** False until `active` was watched for its soak. */
  readonly isProven: boolean;
  /** Unix milliseconds of ends that nobody asked for since `active` was chosen. */
  readonly crashes: readonly number[];
  /** Fetched and tried out, to become `active`. */
  readonly wanted?: ModelSet | undefined;
  /** `wanted` is being tried out. */
  readonly isTrying: boolean;
  /** Ends that nobody asked for while it was. */
  readonly trials: number;
  /** It never ran. */
  readonly rejected?: FailedSet | undefined;
  /** It ran, failed, and what ran before took its place. */
  readonly returned?: FailedSet | undefined;
  readonly shadow?: ShadowSet | undefined;
  readonly shadowCrashes: number;
  readonly shadowFault?: ModelFault | undefined;
  /** The process has not ended, or did not say goodbye. */
  readonly isRunning: boolean;
}

const noModels: ModelSet = { models: {} };

export const ownModels: ChosenModels = {
  active: noModels,
  isProven: true,
  crashes: [],
  isTrying: false,
  trials: 0,
  shadowCrashes: 0,
  isRunning: false,
};

/** The same bytes under the same names, whoever asks for them. */
export function isSameModels(a: ModelSet, b: ModelSet): boolean {
  return keyOf(a.models) === keyOf(b.models);
}

const keyOf = (models: ModelSet['models']): string => canonicalJson(models);

/** The same bytes asked for by the same try: what failed is not tried again. */
function isSameTry(a: ModelSet, b: ModelSet): boolean {
  return isSameModels(a, b) && a.rollout === b.rollout && a.attempt === b.attempt;
}

/** What the cloud wants. */
export function wish(before: ChosenModels, desired: DesiredModels): ChosenModels {
  const { release, rollout, attempt, models = {} } = desired;
  const set: ModelSet = { models, release, rollout, attempt };
  const state = wishShadow(before, desired.shadow);
  const failed = state.rejected ?? state.returned;
  if (failed !== undefined && isSameTry(failed.set, set)) return idle(state);
  if (isSameModels(state.active, set)) {
    return { ...idle(state), active: set, rejected: undefined, returned: undefined };
  }
  if (state.wanted !== undefined && isSameModels(state.wanted, set)) {
    return { ...state, wanted: set };
  }
  return { ...idle(state), wanted: set, rejected: undefined, returned: undefined };
}

const idle = (state: ChosenModels): ChosenModels => ({
  ...state,
  wanted: undefined,
  isTrying: false,
  trials: 0,
});

function wishShadow(state: ChosenModels, wanted: DesiredModels['shadow']): ChosenModels {
  const { shadow } = state;
  if (wanted === undefined) {
    return { ...state, shadow: undefined, shadowFault: undefined, shadowCrashes: 0 };
  }
  if (shadow !== undefined && keyOf(shadow.models) === keyOf(wanted.models)) {
    return { ...state, shadow: wanted };
  }
  return { ...state, shadow: wanted, shadowFault: undefined, shadowCrashes: 0 };
}

/** `wanted` is loaded and tried out from now on. */
export const trying = (state: ChosenModels): ChosenModels => ({ ...state, isTrying: true });

/** `wanted` passed its trial: it runs, and what ran stays at hand. */
export function accepted(state: ChosenModels): ChosenModels {
  const { wanted } = state;
  if (wanted === undefined) return state;
  return {
    ...idle(state),
    active: wanted,
    previous: state.active,
    // The models of the configuration have nothing to prove: there is nothing behind them.
    isProven: Object.keys(wanted.models).length === 0,
    crashes: [],
  };
}

export function rejected(state: ChosenModels, fault: ModelFault): ChosenModels {
  const { wanted } = state;
  if (wanted === undefined) return state;
  return { ...idle(state), rejected: { set: wanted, fault: bounded(fault) } };
}

/** `active` failed: what ran before runs again. */
export function returned(state: ChosenModels, fault: ModelFault): ChosenModels {
  if (Object.keys(state.active.models).length === 0) return state;
  return {
    ...state,
    active: state.previous ?? noModels,
    previous: undefined,
    isProven: true,
    crashes: [],
    returned: { set: state.active, fault: bounded(fault) },
  };
}

/** The wire takes 512 characters. */
const bounded = ({ code, message }: ModelFault): ModelFault => ({
  code,
  message: message.slice(0, 400),
});

export const proven = (state: ChosenModels): ChosenModels => ({
  ...state,
  isProven: true,
  crashes: [],
});

export const shadowFailed = (state: ChosenModels, fault: ModelFault): ChosenModels => ({
  ...state,
  shadowFault: bounded(fault),
});

/** The process starts: an end that nobody asked for counts against what was on trial. */
export function started(state: ChosenModels, nowMs: number): ChosenModels {
  const after = state.isRunning ? ended(state, nowMs) : state;
  return { ...after, isRunning: true };
}

const endedByItself = 'the agent ended by itself';

function ended(before: ChosenModels, nowMs: number): ChosenModels {
  const state = shadowEnded(crashed(before, nowMs, endedByItself));
  if (!state.isTrying) return state;
  const trials = state.trials + 1;
  if (trials < maxTrials) return { ...state, trials };
  const message = `${endedByItself} ${trials} times while it tried the models out`;
  return rejected(state, { code: 'internal', message });
}

function shadowEnded(state: ChosenModels): ChosenModels {
  if (state.shadow === undefined || state.shadowFault !== undefined) return state;
  const shadowCrashes = state.shadowCrashes + 1;
  if (shadowCrashes < maxTrials) return { ...state, shadowCrashes };
  const message = `${endedByItself} ${shadowCrashes} times beside these models`;
  return { ...state, shadowCrashes, shadowFault: { code: 'internal', message } };
}

/** The agent or the scoring thread died; after too many deaths what ran before comes back. */
export function crashed(state: ChosenModels, nowMs: number, why: string): ChosenModels {
  if (state.isProven) return state;
  const recent = state.crashes.filter((at) => nowMs - at < ruleCrashesWithinMs);
  const crashes = [...recent, nowMs];
  if (crashes.length < maxRuleCrashes) return { ...state, crashes };
  const message = `${why} ${crashes.length} times soon after these models came`;
  return returned(state, { code: 'internal', message });
}

/** The process ends because it was asked to. */
export const stopped = (state: ChosenModels): ChosenModels => ({ ...state, isRunning: false });

/** What is told of the state, and of which set it speaks. */
export function stateOf(state: ChosenModels): {
  readonly state: ModelState;
  readonly set: ModelSet;
  readonly fault?: ModelFault | undefined;
} {
  const { wanted, rejected, returned, active, isTrying } = state;
  if (wanted !== undefined) return { state: isTrying ? 'checking' : 'downloading', set: wanted };
  if (rejected !== undefined) return { state: 'rejected', ...rejected };
  if (returned !== undefined) return { state: 'rolled_back', ...returned };
  const isOwn = Object.keys(active.models).length === 0;
  return { state: isOwn ? 'idle' : 'running', set: active };
}
