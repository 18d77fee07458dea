/**
 * Goal: slots that no worker was there for are made up for as their schedule says, each once; runs
 * that lead to one another stop at the sixteenth with an alert.
 * Method: schedules and triggers on a real SQLite file with a clock that is moved by hand.
 */
import { silentLog } from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { Db } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import { startRun } from '../../store/run-queue.ts';
import { sqliteWorld } from '../../store/sqlite.sample.ts';
import { maxCauses, maxMissedSlots } from '../limits.ts';
import { slotsOf } from './cron.ts';
import { type DispatchDeps, dispatchSome } from './dispatch.ts';
import { fireDue } from './schedule.ts';
import { type ScheduleTrigger, type Trigger, workflow } from './workflow.ts';

const hourly = (missed: ScheduleTrigger['missed']): ScheduleTrigger => ({
  name: 'each-hour',
  version: 1,
  cron: '0 * * * *',
  zone: 'UTC',
  missed,
  start: (slotAt) => ({ input: { slotAt }, subject: new Date(slotAt).toISOString() }),
});

function deps(db: Db, trigger: Trigger, now: () => number): DispatchDeps {
  const made = workflow({
    name: 'made',
    version: 1,
    deps: () => ({}),
    body: async () => await Promise.resolve({ kind: 'done' }),
    triggers: [trigger],
  });
  return {
    read: db,
    write: db,
    clock: { now, monotonicMs: now, sleep: async () => await Promise.resolve() },
    ids: systemIds,
    log: silentLog,
    workflows: [made],
    onRuns: () => undefined,
  };
}

const subjects = async (db: Db): Promise<readonly string[]> =>
  (await db.selectFrom('run').select('subject').orderBy('subject').execute()).map((row) =>
    row.subject.slice(11, 16),
  );

test.each([
  ['all', ['01:00', '02:00', '03:00'], '03:10'],
  ['one', ['03:00'], '03:10'],
  ['skip', [], '03:10'],
  ['skip', ['03:00'], '03:00'],
] as const)('missed: %s starts %j at %s', async (missed, started, back) => {
  await using store = await sqliteWorld();
  const day = '2026-05-04T';
  let now = Date.parse(`${day}00:30:00Z`);
  const trigger = hourly(missed);
  const made = deps(store.db, trigger, () => now);
  const [first] = made.workflows;
  if (first === undefined) throw new Error('no workflow');
  const scheduled = { workflow: first, trigger, slots: slotsOf(trigger.cron, trigger.zone) };
  await fireDue(made, scheduled);
  expect(await subjects(store.db)).toEqual([]);
  now = Date.parse(`${day}${back}:30Z`);
  await fireDue(made, scheduled);
  await fireDue(made, scheduled);
  expect(await subjects(store.db)).toEqual(started);
});

test('after a year away no more slots are made up for than the limit', async () => {
  await using store = await sqliteWorld();
  let now = Date.parse('2025-01-01T00:00:30Z');
  const trigger = hourly('all');
  const made = deps(store.db, trigger, () => now);
  const [first] = made.workflows;
  if (first === undefined) throw new Error('no workflow');
  const scheduled = { workflow: first, trigger, slots: slotsOf(trigger.cron, trigger.zone) };
  await fireDue(made, scheduled);
  now += 10 * 86_400_000;
  await fireDue(made, scheduled);
  expect(await subjects(store.db)).toHaveLength(maxMissedSlots);
});

test.each([
  [maxCauses - 2, 'started'],
  [maxCauses - 1, 'loop'],
])('a run behind %i others leads to another one: %s', async (before, said) => {
  await using store = await sqliteWorld();
  const { db } = store;
  const again: Trigger = {
    name: 'again',
    version: 1,
    on: ['run.ended'],
    match: ({ subject }) => ({ input: {}, subject: 's', cause: subject }),
  };
  const made = deps(db, again, () => 1000);
  await db.insertInto('setting').values({ name: 'workflow_dispatch', value: '0' }).execute();
  await db.transaction().execute(async (trx) => {
    const cause = Array.from({ length: before }, (_, n) => `run_${n}`);
    const last = { id: 'run_last', workflow: 'made', workflowVersion: 1, subject: 's', input: {} };
    await startRun(trx, { ...last, actor: 'again@1', cause, at: 1 });
    await putOutbox(trx, { kind: 'run.ended', subject: 'run_last', at: 1, body: {} });
  });
  while (await dispatchSome(made));
  const row = await db
    .selectFrom('dispatch')
    .select(['outcome', 'reason'])
    .executeTakeFirstOrThrow();
  expect(row.reason ?? row.outcome).toBe(said);
  const alerts = await db
    .selectFrom('outbox')
    .select('subject')
    .where('kind', '=', 'dispatch.stopped')
    .execute();
  expect(alerts).toHaveLength(said === 'loop' ? 1 : 0);
});
