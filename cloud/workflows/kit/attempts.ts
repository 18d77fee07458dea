/** One effect with its attempts: each is written down before it is made. */
import { Fault, type Json } from '@fieldloop/core';
import type { StepKind } from '../../run/run.ts';
import { effectMs, maxLost } from '../limits.ts';
import type { Effect, Result, StepFault } from './flow.ts';
import { isSpent, stepFault } from './step-fault.ts';
import type { Advance } from './advance.ts';
import { putStep, putWait, type StepChange, type StepRow, within } from './turn.ts';
import { recorded } from './values.ts';
import { retryDelayMs } from './waits.ts';

export interface Attempted<T extends Json> {
  readonly step: string;
  readonly kind: StepKind;
  readonly key: string;
  readonly effect: Effect<T>;
  readonly attempts: number;
  readonly changed?: Json | undefined;
}

/** The run stands still; the worker asks the engine when to go on. */
export class Parked extends Error {
  constructor() {
    super('the run waits');
    this.name = 'Parked';
  }
}

/** Gives a value, or a fault when the policy is spent; parks between two attempts. */
export async function attempt<T extends Json>(on: Advance, wish: Attempted<T>): Promise<Result<T>> {
  const { turn, clock } = on;
  const { step, kind, key } = wish;
  const row = turn.steps.get(step);
  // An attempt that nobody ended took its worker with it: it is made again, but not for ever.
  const lost = row?.state === 'running' ? lostOf(row) + 1 : 0;
  const n = Number(row?.attempts ?? 0n) + (lost > 0 ? 0 : 1);
  if (lost > maxLost) return { ok: false, fault: lostFault(n) };
  const nextAt = row?.next_at ?? null;
  if (row?.state === 'retrying' && nextAt !== null && clock.now() < Number(nextAt)) {
    return await park(on, { state: 'retrying', what: step, until: Number(nextAt) });
  }
  const change = { name: step, kind, key, attempts: n, worker: on.node } as const;
  await within(on.write, turn, async (trx) => {
    const fault = lost === 0 ? {} : { fault: { lost } };
    await putStep(trx, turn, { ...change, ...fault, state: 'running', at: clock.now() });
  });
  await on.boundary('before', step);
  const signal = AbortSignal.timeout(effectMs);
  const outcome = await tried(step, async () => {
    const { changed } = wish;
    const said = changed === undefined ? {} : { changed };
    return await wish.effect({ key, run: turn.run.id, attempt: n, signal, ...said });
  });
  await on.boundary('after', step);
  if (outcome.ok) return outcome;
  if (on.stop.aborted) return await stopped(on, change);
  if (isSpent(outcome.error, n, wish.attempts)) {
    return { ok: false, fault: stepFault(outcome.error, n) };
  }
  const at = clock.now();
  const until = at + retryDelayMs(key, n);
  const fault = stepFault(outcome.error, n);
  await within(on.write, turn, async (trx, run) => {
    await putStep(trx, turn, {
      ...change,
      state: 'retrying',
      fault: { ...fault },
      nextAt: until,
      at,
    });
    const trouble = fault.message;
    await putWait(trx, run, { state: 'retrying', kind: 'time', what: step, until, trouble }, at);
  });
  return await left(on, step);
}

function lostOf(row: StepRow): number {
  const { lost } = JSON.parse(row.fault ?? '{}') as { readonly lost?: number };
  return lost ?? 0;
}

type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

async function tried<T extends Json>(step: string, effect: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: recorded(await effect(), step) };
  } catch (error) {
    return { ok: false, error };
  }
}

const lostFault = (attempts: number): StepFault => ({
  code: 'internal',
  message: 'the worker ended each time while this step ran',
  remedy: 'Look at the logs of the workers at the times of its attempts.',
  attempts,
});

/** The attempt does not count: another worker makes it at once. */
async function stopped(
  on: Advance,
  change: Pick<StepChange, 'name' | 'kind' | 'key' | 'attempts' | 'worker'>,
): Promise<never> {
  const at = on.clock.now();
  await within(on.write, on.turn, async (trx, run) => {
    const attempts = change.attempts - 1;
    await putStep(trx, on.turn, { ...change, attempts, state: 'retrying', nextAt: at, at });
    await putWait(trx, run, { state: 'retrying', kind: 'time', what: change.name, until: at }, at);
  });
  return await left(on, change.name);
}

/** Fault `cancelled` at the door of a step when the worker stops. */
export async function demandGoing(on: Advance, step: string): Promise<void> {
  if (!on.stop.aborted) return;
  await park(on, { state: 'waiting', what: 'a worker', until: on.clock.now(), step });
}

export async function park(
  on: Advance,
  wait: {
    readonly state: 'waiting' | 'retrying';
    readonly what: string;
    readonly until: number;
    readonly step?: string;
  },
): Promise<never> {
  const { state, what, until } = wait;
  const at = on.clock.now();
  await within(on.write, on.turn, async (trx, run) => {
    await putWait(trx, run, { state, kind: 'time', what, until }, at);
  });
  return await left(on, wait.step ?? what);
}

/** What follows a wait that was written down. */
export async function left(on: Advance, step: string): Promise<never> {
  await on.boundary('park', step);
  throw new Parked();
}

/** A bug of a body: the same name for two steps. */
export const twice = (name: string): Fault =>
  new Fault('internal', `two steps of this run are named ${name}`, {
    remedy: 'Name the steps of a loop by their item.',
  });
