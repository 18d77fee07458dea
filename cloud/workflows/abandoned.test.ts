/**
 * Goal: what a run had in its hands when it was lost, ended or got stuck is held for a person or
 * has a run again; nothing of it goes on unattended, and what people have already is left to them.
 * Method: rows of rollouts, trainings and cases whose runs are taken away; a rollout is played on
 * the real engine with its runs lost in the middle.
 */
import { type Clock, silentLog } from '@fieldloop/core';
import { systemIds as ids } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openFleet, samplePlan, sampleWatch } from '../rollout/rollout.sample.ts';
import { doVerb, settlePlan } from '../rollout/acts.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { openCase, putCaseStep } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { createModel } from '../store/model-registry.ts';
import { startRun } from '../store/run-queue.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { putDatasetVersion } from '../training/training.sample.ts';
import { type AbandonedDeps, takeUpAbandoned } from './abandoned.ts';
import { openCrashWorkers, ringDue } from './kit/crash-workers.sample.ts';
import { kitWorld } from './kit/kit.sample.ts';
import { rolloutStageWorkflow, stagedRolloutWorkflow } from './staged-rollout-deps.ts';

const begun = 1_800_000_000_000;

const depsOf = (db: Db, now = (): number => begun): AbandonedDeps => ({
  read: db,
  write: db,
  clock: { now, monotonicMs: now, sleep: async () => await Promise.resolve() },
  ids,
  log: silentLog,
});

async function runOf(db: Db, id: string, state: string): Promise<string> {
  const run = { id, workflow: 'w', workflowVersion: 1, subject: 's', input: {}, actor: 'usr_ann' };
  await db.transaction().execute(async (trx) => await startRun(trx, { ...run, at: 1 }));
  await db.updateTable('run').set({ state }).where('id', '=', id).execute();
  return id;
}

const told = async (db: Db, kind: string): Promise<number> =>
  (await db.selectFrom('outbox').select('seq').where('kind', '=', kind).execute()).length;

test.each([
  ['running', 'ended', 'held'],
  ['running', 'gone', 'held'],
  ['running', 'stuck', 'held'],
  ['running', 'blocked', 'held'],
  ['running', 'parked', 'running'],
  ['running', 'waiting', 'running'],
  ['scheduled', 'ended', 'cancelled'],
  ['scheduled', 'stuck', 'scheduled'],
  ['rolling_back', 'ended', 'rolling_back'],
  ['completed', 'ended', 'completed'],
] as const)('a %s rollout whose run is %s is %s', async (state, run, after) => {
  await using store = await sqliteWorld();
  const { db } = store;
  const fleet = await openFleet(db, 4, begun);
  await fleet.release('1.0.0');
  const { id } = await fleet.start(samplePlan());
  const held = run === 'gone' ? 'run_gone' : await runOf(db, 'run_1', run);
  await db
    .updateTable('rollout')
    .set({ state, stage: state === 'scheduled' ? -1 : 0 })
    .execute();
  await rolloutStore(db).setRun(id, held);
  await takeUpAbandoned(depsOf(db));
  const rollout = await rolloutStore(db).get(id);
  expect(rollout.state).toBe(after);
  expect(await told(db, 'rollout.held')).toBe(after === 'held' ? 1 : 0);
  const isLost = run === 'ended' || run === 'gone';
  const hasNew = isLost && (after === 'held' || after === 'rolling_back');
  expect(rollout.runId !== held).toBe(hasNew);
  const fresh = await db
    .selectFrom('run')
    .select(['workflow', 'subject'])
    .where('actor', '=', 'sweep')
    .execute();
  expect(fresh).toEqual(hasNew ? [{ workflow: 'staged-rollout', subject: id }] : []);
  expect(await takeUpAbandoned(depsOf(db))).toBe(0);
});

test('a rollout whose runs are lost offers nothing more until a person says so', async () => {
  const time = { at: begun };
  const clock: Clock = {
    now: () => time.at,
    monotonicMs: () => time.at,
    sleep: async () => await Promise.resolve(),
  };
  await using world = await kitWorld('sqlite', { clock });
  const { db } = world;
  const fleet = await openFleet(db, 6, begun);
  await fleet.release('1.0.0');
  const stages = '- {name: canary, percent: 30, bake: 10m}\n- {name: final, percent: 100}';
  const { id } = await fleet.start(samplePlan('', stages));
  const workflows = [stagedRolloutWorkflow, rolloutStageWorkflow];
  const options = { name: 'lost', workflows, count: 1, crashes: [], forgetsSignals: false };
  await using workers = await openCrashWorkers(world, options);
  const running = (): number => fleet.running().filter((one) => one !== '').length;
  const pass = async (rounds: number): Promise<void> => {
    for (let n = 0; n < rounds; n += 1) {
      time.at += 60_000;
      fleet.now = time.at;
      await fleet.report();
      await watchRollouts(sampleWatch(db), time.at);
      await ringDue(db, time.at);
      await workers.settle();
    }
  };
  const by = { actor: 'usr_ada', reason: 'go on', at: begun };
  await db.transaction().execute(async (trx) => await settlePlan(trx, id, 'scheduled', by));
  await workers.settle();
  await pass(2);
  const out = running();
  expect(out).toBeGreaterThan(0);
  expect(out).toBeLessThan(6);
  for (const table of ['wake', 'wait_on'] as const) await db.deleteFrom(table).execute();
  await db.updateTable('run').set({ state: 'ended', outcome: '{}' }).execute();
  await takeUpAbandoned(depsOf(db, () => time.at));
  await pass(20);
  expect(running()).toBe(out);
  expect(await rolloutStore(db).get(id)).toMatchObject({ state: 'held' });
  await db.transaction().execute(async (trx) => {
    await doVerb(trx, await rolloutStore(trx).get(id), 'resume', by);
  });
  await pass(40);
  expect(await rolloutStore(db).get(id)).toMatchObject({ state: 'completed' });
  expect(running()).toBe(6);
});

async function training(db: Db, by: string): Promise<void> {
  await createModel(db, { name: 'toy' }, { at: 1, by: 'usr_ann', ids });
  const version = await putDatasetVersion(db, 'a');
  await db
    .insertInto('training')
    .values({
      id: 'trn_1',
      model: 'toy',
      version_id: version,
      config: '{}',
      seed: 1,
      trainer: 't',
      job_key: 'k',
      breaking: 0,
      state: 'running',
      attempt: 1,
      stop_asked: 0,
      deadline_at: 2,
      created_by: by,
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
}

test.each([
  { how: 'its run ended', by: 'run_1', state: 'ended', isAwaited: false, stopped: 1n },
  { how: 'its run goes on', by: 'run_1', state: 'waiting', isAwaited: false, stopped: 0n },
  { how: 'another run waits for it', by: 'run_1', state: 'ended', isAwaited: true, stopped: 0n },
  { how: 'a person began it', by: 'usr_ann', state: 'ended', isAwaited: false, stopped: 0n },
])('a training: $how', async ({ by, state, isAwaited, stopped }) => {
  await using store = await sqliteWorld();
  const { db } = store;
  await runOf(db, 'run_1', state);
  await training(db, by);
  if (isAwaited) {
    await runOf(db, 'run_2', 'waiting');
    const step = { run_id: 'run_2', name: 'train', n: 0, kind: 'must', state: 'done', attempts: 1 };
    const output = '{"kind":"done","value":{"training":"trn_1"}}';
    await db
      .insertInto('run_step')
      .values({ ...step, key: 'run_2/train', output, started_at: 1 })
      .execute();
  }
  await takeUpAbandoned(depsOf(db));
  const row = await db.selectFrom('training').select('stop_asked').executeTakeFirstOrThrow();
  expect(row.stop_asked).toBe(stopped);
});

test('a case whose run is gone has a run again; one that was left is with people', async () => {
  await using store = await sqliteWorld();
  const { db } = store;
  const report = { device: await store.deviceId('amr-01'), kind: 'hot', severity: 'sev2' } as const;
  const one = await db
    .transaction()
    .execute(
      async (trx) =>
        await openCase(
          trx,
          { ...report, key: 'k', source: 'alert', summary: 'hot', run: 'run_gone' },
          { at: begun, by: 'system' },
        ),
    );
  await takeUpAbandoned(depsOf(db));
  const runs = await db.selectFrom('run').select(['workflow', 'subject']).execute();
  expect(runs).toEqual([{ workflow: 'maintenance-escalation', subject: one.id }]);
  expect(await takeUpAbandoned(depsOf(db))).toBe(0);
  await db.updateTable('run').set({ state: 'ended' }).execute();
  const left = { action: 'leave', actor: 'system', text: 'given up', at: begun } as const;
  await db.transaction().execute(async (trx) => await putCaseStep(trx, one.id, left));
  expect(await takeUpAbandoned(depsOf(db))).toBe(0);
});
