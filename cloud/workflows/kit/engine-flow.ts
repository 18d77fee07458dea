/**
 * Flow on rows. A body runs from its start in every turn; what is recorded comes back at once, the
 * first step that is not is made. The rows alone say how far a run is.
 */
import type { Json } from '@fieldloop/core';
import { runRow, putStep, putWait, type StepChange, within } from './turn.ts';
import { startRun } from '../../store/run-queue.ts';
import { childSliceMs, effectMs } from '../limits.ts';
import { abortOf, handedAbort } from './aborts.ts';
import type { Advance } from './advance.ts';
import { attempt, demandGoing, left, twice } from './attempts.ts';
import type {
  Aborted,
  Effect,
  EffectContext,
  Flow,
  Must,
  MustPolicy,
  Pending,
  Result,
  StepFault,
  Watched,
  WatchLimits,
} from './flow.ts';
import { pending } from './flow.ts';
import { escalationOptions, escalationSpec, waitAtGate } from './gates.ts';
import { defaultAttempts, stepFault } from './step-fault.ts';
import { recorded } from './values.ts';
import { watchDelayMs } from './waits.ts';

export function engineFlow(on: Advance): Flow {
  const names = new Set<string>();
  const enter = async (name: string): Promise<void> => {
    if (names.has(name)) throw twice(name);
    names.add(name);
    if (outputOf(on, name) === undefined) await demandGoing(on, name);
  };
  return {
    run: on.turn.run.id,
    async act<T extends Json>(step: string, effect: Effect<T>, policy?: { attempts?: number }) {
      await enter(step);
      const known = outputOf(on, step);
      if (known !== undefined) return known as Result<T>;
      const key = `${on.turn.run.id}/${step}`;
      const attempts = policy?.attempts ?? defaultAttempts;
      const result = await attempt(on, { step, kind: 'act', key, effect, attempts });
      return await record(on, { name: step, kind: 'act', key }, result);
    },
    async must(step, effect, policy) {
      await enter(step);
      return await must(on, step, { effect, policy: policy ?? {} });
    },
    async gate(name, spec) {
      await enter(name);
      return await waitAtGate(on, name, { spec, stand: 'waiting' });
    },
    async watch(name, look, limits) {
      await enter(name);
      return await watch(on, name, { look, limits });
    },
    async child<O extends Json>(name: string, workflow: string, input: Json) {
      await enter(name);
      return (await child(on, name, { workflow, input })) as O;
    },
  };
}

function outputOf(on: Advance, name: string): Json | undefined {
  const row = on.turn.steps.get(name);
  return row?.state === 'done' && row.output !== null
    ? (JSON.parse(row.output) as Json)
    : undefined;
}

/** The step is over; whoever recorded it first is right. */
async function record<T extends object>(
  on: Advance,
  step: Pick<StepChange, 'name' | 'kind' | 'key'>,
  outcome: T,
): Promise<T> {
  const { turn } = on;
  const attempts = Number(turn.steps.get(step.name)?.attempts ?? 0n);
  await within(on.write, turn, async (trx, run) => {
    const at = on.clock.now();
    const output = recorded(outcome as unknown as Json, step.name);
    await putStep(trx, turn, { ...step, state: 'done', attempts, worker: on.node, output, at });
    if (run.throws !== 0n) {
      await trx.updateTable('run').set({ throws: 0 }).where('id', '=', run.id).execute();
    }
  });
  return outputOf(on, step.name) as unknown as T;
}

async function must<T extends Json>(
  on: Advance,
  step: string,
  wish: { readonly effect: Effect<T>; readonly policy: MustPolicy },
): Promise<Must<T>> {
  const { effect, policy } = wish;
  const { run } = on.turn;
  const attempts = policy.attempts ?? defaultAttempts;
  let key = `${run.id}/${step}`;
  let changed: Json | undefined;
  for (let time = 1; ; time += 1) {
    const name = time === 1 ? step : `${step}#${time}`;
    const known = outputOf(on, name);
    if (known !== undefined) return known as Must<T>;
    if (on.turn.steps.get(name)?.state !== 'failed') {
      const abort = await heardAbort(on, { name, kind: 'must', key });
      if (abort !== undefined) return abort;
      const result = await attempt(on, {
        step: name,
        kind: 'must',
        key,
        effect,
        attempts,
        changed,
      });
      const kind = { name, kind: 'must', key } as const;
      if (result.ok) return await record<Must<T>>(on, kind, { kind: 'done', value: result.value });
      await failed(on, kind, result.fault);
    }
    const fault = faultOf(on, name);
    const spec = escalationSpec(on, step, {
      fault,
      isSkippable: policy.skippable === true,
      isChangeable: policy.changeable === true,
      who: policy.who,
    });
    const decision = await waitAtGate(on, `${name}/escalation`, { spec, stand: 'parked' });
    if (decision.kind === 'aborted') return decision;
    if (decision.kind !== 'decided') {
      return { kind: 'aborted', by: 'nobody', reason: `the escalation was ${decision.kind}` };
    }
    const by = decision.by.join(', ');
    const { reason } = decision;
    if (decision.option === escalationOptions.abort) return { kind: 'aborted', by, reason };
    if (decision.option === escalationOptions.skip) return { kind: 'skipped', by, reason };
    if (decision.option === escalationOptions.changed) {
      // Another input is another effect; the same input keeps its key and is done once.
      key = `${run.id}/${step}~${time + 1}`;
      changed = decision.changed;
    }
  }
}

/** The abort, recorded as what became of this step; undefined when there is none. */
async function heardAbort(
  on: Advance,
  step: Pick<StepChange, 'name' | 'kind' | 'key'>,
): Promise<Aborted | undefined> {
  // A row behind the copy of this turn is heard of at the next step.
  const fresh = await runRow(on.write, on.turn.run.id);
  if (fresh === undefined || abortOf(fresh) === undefined) return undefined;
  return await within(on.write, on.turn, async (trx, run) => {
    const abort = await handedAbort(trx, run, step.name);
    if (abort === undefined) return undefined;
    const attempts = Number(on.turn.steps.get(step.name)?.attempts ?? 0n);
    const at = on.clock.now();
    const output = { ...abort };
    await putStep(trx, on.turn, { ...step, state: 'done', attempts, worker: on.node, output, at });
    return abort;
  });
}

async function failed(
  on: Advance,
  step: Pick<StepChange, 'name' | 'kind' | 'key'>,
  fault: StepFault,
): Promise<void> {
  await within(on.write, on.turn, async (trx) => {
    const attempts = Number(on.turn.steps.get(step.name)?.attempts ?? 0n);
    const at = on.clock.now();
    const change = { ...step, attempts, worker: on.node, fault: { ...fault }, at };
    await putStep(trx, on.turn, { ...change, state: 'failed' });
  });
}

function faultOf(on: Advance, name: string): StepFault {
  const text = on.turn.steps.get(name)?.fault;
  if (text === undefined || text === null) throw new Error(`${name} did not fail`);
  return JSON.parse(text) as StepFault;
}

async function watch<T extends Json>(
  on: Advance,
  name: string,
  wish: {
    readonly look: (e: EffectContext) => Promise<T | Pending>;
    readonly limits: WatchLimits;
  },
): Promise<Watched<T>> {
  const { turn, clock } = on;
  const known = outputOf(on, name);
  if (known !== undefined) return known as Watched<T>;
  const key = `${turn.run.id}/${name}`;
  const step = { name, kind: 'watch', key } as const;
  const abort = await heardAbort(on, step);
  if (abort !== undefined) return abort;
  const n = Number(turn.steps.get(name)?.attempts ?? 0n) + 1;
  const change = { ...step, attempts: n, worker: on.node } as const;
  await within(on.write, turn, async (trx) => {
    await putStep(trx, turn, { ...change, state: 'running', at: clock.now() });
    // Written before the look: what happens meanwhile wakes the run as well.
    for (const { kind, subject = '' } of wish.limits.on ?? []) {
      await trx
        .insertInto('wait_on')
        .values({ run_id: turn.run.id, kind, subject })
        .onConflict((conflict) => conflict.columns(['run_id', 'kind', 'subject']).doNothing())
        .execute();
    }
  });
  await on.boundary('before', name);
  const seen = await looked(
    wish.look,
    { key, run: turn.run.id, attempt: n, signal: AbortSignal.timeout(effectMs) },
    name,
  );
  await on.boundary('after', name);
  if (seen.value !== pending) {
    return await record<Watched<T>>(on, step, { kind: 'seen', value: seen.value });
  }
  const at = clock.now();
  const deadline = Number(turn.steps.get(name)?.started_at ?? at) + wish.limits.withinMs;
  if (at >= deadline) return await record<Watched<T>>(on, step, { kind: 'expired' });
  const until = Math.min(at + watchDelayMs(n, wish.limits.everyMs), deadline);
  await within(on.write, turn, async (trx, run) => {
    const { fault } = seen;
    await putStep(trx, turn, {
      ...change,
      state: 'running',
      at,
      ...(fault && { fault: { ...fault } }),
    });
    const trouble = fault === undefined ? {} : { trouble: fault.message };
    await putWait(trx, run, { state: 'waiting', kind: 'event', what: name, until, ...trouble }, at);
  });
  return await left(on, name);
}

/** A look that fails saw nothing; why is shown with the run. */
async function looked<T extends Json>(
  look: (e: EffectContext) => Promise<T | Pending>,
  e: EffectContext,
  name: string,
): Promise<{ readonly value: T | Pending; readonly fault?: StepFault }> {
  try {
    const value = await look(e);
    return { value: value === pending ? pending : recorded(value, name) };
  } catch (error) {
    return { value: pending, fault: stepFault(error, e.attempt) };
  }
}

async function child(
  on: Advance,
  name: string,
  wish: { readonly workflow: string; readonly input: Json },
): Promise<Json> {
  const { turn, clock } = on;
  const known = outputOf(on, name);
  if (known !== undefined) return known;
  const key = `${turn.run.id}/${name}`;
  const step = { name, kind: 'child', key, attempts: 1, worker: on.node } as const;
  await on.boundary('before', name);
  const outcome = await within(on.write, turn, async (trx, run) => {
    const at = clock.now();
    const made = await trx
      .selectFrom('run')
      .select(['id', 'outcome'])
      .where('parent_id', '=', run.id)
      .where('parent_step', '=', name)
      .executeTakeFirst();
    if (made?.outcome !== undefined && made.outcome !== null) {
      const output = JSON.parse(made.outcome) as Json;
      await putStep(trx, turn, { ...step, state: 'done', output, at });
      return { output };
    }
    const id =
      made?.id ??
      (await startRun(trx, {
        id: on.ids.ulid('run'),
        workflow: wish.workflow,
        workflowVersion: on.versionOf(wish.workflow),
        subject: run.subject,
        input: wish.input,
        actor: run.actor,
        parent: { run: run.id, step: name },
        cause: [...(JSON.parse(run.cause) as string[]), run.id],
        at,
      }));
    // An abort that came just before goes on to the child: it does nothing that was not asked for.
    if (made === undefined && abortOf(run) !== undefined) {
      const { abort_by, abort_reason } = run;
      await trx.updateTable('run').set({ abort_by, abort_reason }).where('id', '=', id).execute();
    }
    await putStep(trx, turn, { ...step, state: 'running', at });
    const until = at + childSliceMs;
    await putWait(trx, run, { state: 'waiting', kind: 'event', what: `${name}: ${id}`, until }, at);
    return undefined;
  });
  return outcome === undefined ? await left(on, name) : outcome.output;
}
