/**
 * What is to be done about the process of a training, from what is seen of it. Pure, and the same
 * for a process that we started and for one that a worker before us left behind.
 */
import type { ProblemCode } from './training.ts';

export interface Seen {
  readonly attempt: number;
  /**
   * `none`: nobody began this attempt. `starting`: its pid is not known yet. `gone`: it ended, or
   * its pid belongs to another process now.
   */
  readonly process: 'none' | 'starting' | 'alive' | 'gone';
  /** Since it last said that it lives, or since it began. */
  readonly silentMs: number;
  /** Known only of a process that we started: null for one that a signal ended. */
  readonly exit?: number | null | undefined;
  readonly hasResult: boolean;
  readonly stopAsked: boolean;
  readonly isLate: boolean;
  /** Since it was asked to end. */
  readonly endingMs?: number | undefined;
}

export interface PlanLimits {
  readonly beatMs: number;
  readonly killMs: number;
  readonly attempts: number;
}

export type Action =
  | { readonly kind: 'wait' | 'term' | 'kill' | 'check' | 'stopped' }
  | { readonly kind: 'start'; readonly attempt: number }
  | { readonly kind: 'fail'; readonly code: ProblemCode; readonly message: string };

/** The exit code that asks for another attempt. */
export const exitRetry = 75;

export function nextAction(seen: Seen, limits: PlanLimits): Action {
  switch (seen.process) {
    case 'none':
      if (seen.stopAsked) return { kind: 'stopped' };
      if (seen.isLate) return late;
      return { kind: 'start', attempt: Math.max(1, seen.attempt) };
    case 'starting':
      return seen.silentMs > limits.beatMs
        ? again(seen, limits, 'did not begin')
        : { kind: 'wait' };
    case 'alive':
      return ending(seen, limits);
    case 'gone':
      return ended(seen, limits);
    default:
      throw new TypeError(`process ${String(seen.process)}`);
  }
}

function ending(seen: Seen, { beatMs, killMs }: PlanLimits): Action {
  if (seen.endingMs !== undefined) return { kind: seen.endingMs > killMs ? 'kill' : 'wait' };
  const isHung = seen.silentMs > beatMs;
  return { kind: seen.stopAsked || seen.isLate || isHung ? 'term' : 'wait' };
}

function ended(seen: Seen, limits: PlanLimits): Action {
  const { exit, hasResult } = seen;
  if (seen.stopAsked) return { kind: 'stopped' };
  if (hasResult && (exit === 0 || exit === undefined)) return { kind: 'check' };
  if (seen.isLate) return late;
  if (exit === 0) {
    const message = 'the trainer ended without a result.json';
    return { kind: 'fail', code: 'result_missing', message };
  }
  if (typeof exit === 'number' && exit !== exitRetry) {
    return {
      kind: 'fail',
      code: 'trainer_crashed',
      message: `the trainer ended with exit ${exit}`,
    };
  }
  return again(seen, limits, exit === exitRetry ? 'asked to be begun again' : 'was ended');
}

const late: Action = {
  kind: 'fail',
  code: 'deadline',
  message: 'the deadline passed before the trainer was done',
};

function again(seen: Seen, limits: PlanLimits, what: string): Action {
  if (seen.attempt < limits.attempts) return { kind: 'start', attempt: seen.attempt + 1 };
  const isHung = seen.endingMs !== undefined || what === 'did not begin';
  return {
    kind: 'fail',
    code: isHung ? 'trainer_hung' : 'gave_up',
    message: isHung
      ? `the trainer said nothing for ${limits.beatMs / 1000} s, ${seen.attempt} times`
      : `the trainer ${what}, ${seen.attempt} times`,
  };
}
