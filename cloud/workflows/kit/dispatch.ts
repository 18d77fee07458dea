/**
 * From what happens to runs: rows of the outbox in their order, each matched against the triggers.
 * Decision, run and how far we are commit together, so a worker may die anywhere and several may
 * work at once: write transactions are serial.
 */
import { type Clock, type Ids, type Json, type Log } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import { startRun, wakeWaiters } from '../../store/run-queue.ts';
import { outboxAfter, outboxEnd, type OutboxItem } from '../../store/tail.ts';
import { openLoop } from '../../store/work.ts';
import { maxCauses, wakePollMs } from '../limits.ts';
import type { EventTrigger, Match, Start, Trigger, Workflow } from './workflow.ts';

export interface DispatchDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly workflows: readonly Workflow[];
  /** There are runs to begin. */
  readonly onRuns: () => void;
}

const settingName = 'workflow_dispatch';

export async function openDispatch(deps: DispatchDeps): Promise<AsyncDisposable> {
  await firstPosition(deps.write);
  return openLoop(deps, { name: 'dispatch', everyMs: wakePollMs }, async (signal) => {
    let more = true;
    while (more && !signal.aborted) more = await dispatchSome(deps);
  });
}

/** What was in the outbox before there were workflows starts none. */
async function firstPosition(write: Db): Promise<void> {
  await write.transaction().execute(async (trx) => {
    if ((await position(trx)) === undefined) await putPosition(trx, await outboxEnd(trx));
  });
}

/** True when there may be more. */
export async function dispatchSome(deps: DispatchDeps): Promise<boolean> {
  const known = await position(deps.read);
  if (known !== undefined && (await outboxAfter(deps.read, known)).length === 0) return false;
  const started = await deps.write.transaction().execute(async (trx) => {
    const from = await position(trx);
    if (from === undefined) return 0;
    const items = await outboxAfter(trx, from);
    let runs = 0;
    for (const item of items) runs += await dispatchOne(trx, deps, item);
    const last = items.at(-1);
    if (last !== undefined) await putPosition(trx, last.seq);
    return runs;
  });
  if (started > 0) deps.onRuns();
  return true;
}

/** How many runs there are to look at because of it. */
async function dispatchOne(trx: Db, deps: DispatchDeps, item: OutboxItem): Promise<number> {
  let runs = await wakeWaiters(trx, item, deps.clock.now());
  for (const workflow of deps.workflows) {
    for (const trigger of workflow.triggers) {
      if (!('on' in trigger) || !listens(trigger, item)) continue;
      const match = await matched(deps, trigger, { item, trx });
      if (match === undefined) continue;
      const key = 'skip' in match ? `${item.seq}` : (match.key ?? `${item.seq}`);
      const event = { key, seq: item.seq, actor: `${trigger.name}@${trigger.version}` };
      if ((await dispatch(trx, deps, { workflow, trigger, match, event })) !== undefined) runs += 1;
    }
  }
  return runs;
}

const listens = (trigger: EventTrigger, item: OutboxItem): boolean =>
  trigger.on.some((kind) => kind === item.kind);

/** A condition that fails is a bug of the trigger: it must not keep back what comes behind it. */
async function matched(
  deps: DispatchDeps,
  trigger: EventTrigger,
  on: { readonly item: OutboxItem; readonly trx: Db },
): Promise<Match> {
  try {
    return await trigger.match(on.item, on.trx);
  } catch (error) {
    const { seq, kind } = on.item;
    deps.log.error('a trigger failed', { trigger: trigger.name, seq, kind, cause: error });
    return { skip: `the condition failed: ${error instanceof Error ? error.message : 'unknown'}` };
  }
}

export interface Dispatching {
  readonly workflow: Workflow;
  readonly trigger: Trigger;
  readonly match: NonNullable<Match>;
  readonly event: { readonly key: string; readonly seq?: bigint; readonly actor: string };
}

/** Starts a run, or says why not; the same trigger and key are answered once. */
export async function dispatch(
  trx: Db,
  deps: Pick<DispatchDeps, 'clock' | 'ids'>,
  wish: Dispatching,
): Promise<string | undefined> {
  const { workflow, trigger, match, event } = wish;
  const at = deps.clock.now();
  const known = await trx
    .selectFrom('dispatch')
    .select('run_id')
    .where('trigger', '=', trigger.name)
    .where('key', '=', event.key)
    .executeTakeFirst();
  if (known !== undefined) return undefined;
  const row = {
    trigger: trigger.name,
    key: event.key,
    workflow: workflow.name,
    event_seq: event.seq ?? null,
    at,
  };
  const skip = async (reason: string, subject: string): Promise<undefined> => {
    await trx
      .insertInto('dispatch')
      .values({ ...row, subject, outcome: 'skipped', reason })
      .execute();
    return undefined;
  };
  if ('skip' in match) return await skip(match.skip, '');
  const cause = await causeOf(trx, match);
  const against = await whyNotNow(trx, { trigger, start: match, cause, at });
  if (against === 'loop') {
    const body = { trigger: trigger.name, event: event.key };
    await putOutbox(trx, { kind: 'dispatch.stopped', subject: trigger.name, at, body });
  }
  if (against !== undefined) return await skip(against, match.subject);
  const input = checked(workflow, match.input);
  if ('fault' in input) return await skip(input.fault, match.subject);
  const id = await startRun(trx, {
    id: deps.ids.ulid('run'),
    workflow: workflow.name,
    workflowVersion: workflow.version,
    subject: match.subject,
    input: input.value,
    actor: event.actor,
    trigger: trigger.name,
    event: event.key,
    cause,
    at,
  });
  const started = { ...row, subject: match.subject, outcome: 'started', run_id: id };
  await trx.insertInto('dispatch').values(started).execute();
  return id;
}

function checked(
  workflow: Workflow,
  input: Json,
): { readonly value: Json } | { readonly fault: string } {
  try {
    return { value: workflow.check(input) };
  } catch (error) {
    return { fault: `the input is refused: ${error instanceof Error ? error.message : 'unknown'}` };
  }
}

/** Runs that led here, oldest first. */
async function causeOf(trx: Db, start: Start): Promise<readonly string[]> {
  if (start.cause === undefined) return [];
  const row = await trx
    .selectFrom('run')
    .select('cause')
    .where('id', '=', start.cause)
    .executeTakeFirst();
  return row === undefined ? [] : [...(JSON.parse(row.cause) as string[]), start.cause];
}

async function whyNotNow(
  trx: Db,
  of: {
    readonly trigger: Trigger;
    readonly start: Start;
    readonly cause: readonly string[];
    readonly at: number;
  },
): Promise<string | undefined> {
  const { trigger, start, at } = of;
  if (of.cause.length >= maxCauses) return 'loop';
  const steered = await trx
    .selectFrom('schedule')
    .select('is_enabled')
    .where('trigger', '=', trigger.name)
    .executeTakeFirst();
  if (steered?.is_enabled === 0n) return 'disabled';
  const open = trx
    .selectFrom('run')
    .select('id')
    .where('trigger', '=', trigger.name)
    .where('state', '!=', 'ended');
  if (trigger.onePerSubject === true) {
    const same = await open.where('subject', '=', start.subject).limit(1).executeTakeFirst();
    if (same !== undefined) return `running already: ${same.id}`;
  }
  if (trigger.limit !== undefined) {
    const some = await open.limit(trigger.limit).execute();
    if (some.length >= trigger.limit) return `limit: ${trigger.limit} runs are open`;
  }
  if (trigger.cooldownMs === undefined) return undefined;
  const last = await trx
    .selectFrom('dispatch')
    .select('at')
    .where('trigger', '=', trigger.name)
    .where('subject', '=', start.subject)
    .where('outcome', '=', 'started')
    .orderBy('at', 'desc')
    .limit(1)
    .executeTakeFirst();
  const until = Number(last?.at ?? 0) + trigger.cooldownMs;
  return last !== undefined && at < until
    ? `cooldown until ${new Date(until).toISOString()}`
    : undefined;
}

async function position(db: Db): Promise<bigint | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  return row === undefined ? undefined : BigInt(row.value);
}

async function putPosition(trx: Db, seq: bigint): Promise<void> {
  const value = String(seq);
  await trx
    .insertInto('setting')
    .values({ name: settingName, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
