/**
 * Goal: at each of its limits a run stands where a person sees it, or goes on by another way: a
 * body that throws, a version nobody has, 400 waits, a silent gate, a silent worker.
 * Method: the real engine on SQLite with a clock that is moved by hand; wake-ups are rung, and only
 * the lease of the engine is real time.
 */
import type { Clock } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { runStore } from '../../run/store.ts';
import { maxSegmentWaits, maxThrows } from '../limits.ts';
import { openCrashWorkers } from './crash-workers.sample.ts';
import { type GateSpec, pending } from './flow.ts';
import { decideGate, type KitWorld, kitWorld } from './kit.sample.ts';
import { runRow } from './turn.ts';
import { openWorkflows } from './worker.ts';
import { workflow, type Workflow } from './workflow.ts';

interface ByHand extends AsyncDisposable {
  readonly world: KitWorld;
  /** Time passes, and whatever is due goes as far as it can. */
  readonly pass: (ms: number) => Promise<void>;
}

async function byHand(workflows: readonly Workflow[]): Promise<ByHand> {
  let now = 1_700_000_000_000;
  const clock: Clock = {
    now: () => now,
    monotonicMs: () => now,
    sleep: async () => await Promise.resolve(),
  };
  await using opened = new AsyncDisposableStack();
  const world = opened.use(await kitWorld('sqlite', { clock }));
  const workers = opened.use(await openCrashWorkers(world, working(workflows)));
  const all = opened.move();
  return {
    world,
    pass: async (ms) => {
      now += ms;
      await workers.ring();
      await workers.settle();
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

const working = (workflows: readonly Workflow[]) => ({
  name: 'by hand',
  workflows,
  count: 1,
  crashes: [],
  forgetsSignals: false,
});

const told = async ({ db }: KitWorld, kind: string): Promise<number> =>
  (await db.selectFrom('outbox').select('seq').where('kind', '=', kind).execute()).length;

test('a body that throws five times is stuck until a person says go on', async () => {
  let isBroken = true;
  const broken = workflow({
    name: 'broken',
    version: 1,
    deps: () => ({}),
    body: async (flow) => {
      await flow.act('one', async () => await Promise.resolve(1));
      if (isBroken) throw new TypeError('a bug');
      return { kind: 'done' };
    },
  });
  await using hand = await byHand([broken]);
  const { world, pass } = hand;
  const run = await world.start(broken, {});
  await pass(0);
  for (let throws = 1; throws < maxThrows; throws += 1) {
    expect(await runRow(world.db, run)).toMatchObject({ state: 'retrying' });
    await pass(600_000);
  }
  const stuck = { state: 'stuck', trouble: 'a bug', throws: BigInt(maxThrows) };
  expect(await runRow(world.db, run)).toMatchObject(stuck);
  await pass(600_000);
  expect(await told(world, 'run.stuck')).toBe(1);
  isBroken = false;
  await world.db.transaction().execute(async (trx) => {
    await runStore(trx).forgive(await runStore(trx).demand(run), world.clock.now());
  });
  await pass(0);
  expect(await runRow(world.db, run)).toMatchObject({ state: 'ended', trouble: null });
});

test('a run whose version no worker has is blocked, said once, and ends with one that has', async () => {
  const one = (version: number): Workflow =>
    workflow({
      name: 'pinned',
      version,
      deps: () => ({}),
      body: async () => await Promise.resolve({ version }),
    });
  await using hand = await byHand([one(1)]);
  const { world, pass } = hand;
  const run = await world.start(one(2), {});
  await pass(0);
  await pass(60_000);
  const blocked = { state: 'blocked', trouble: 'no worker has pinned v2' };
  expect(await runRow(world.db, run)).toMatchObject(blocked);
  expect(await told(world, 'run.blocked')).toBe(1);
  await world.db.deleteFrom('setting').execute();
  await using newer = await openCrashWorkers(world, working([one(1), one(2)]));
  await world.db.transaction().execute(async (trx) => {
    await runStore(trx).hurry(await runStore(trx).demand(run), world.clock.now());
  });
  await newer.settle();
  expect(await runRow(world.db, run)).toMatchObject({ state: 'ended', outcome: '{"version":2}' });
});

test('after 400 waits another run of the engine goes on from the rows', async () => {
  let isSeen = false;
  const long = workflow({
    name: 'long',
    version: 1,
    deps: () => ({}),
    body: async (flow) => {
      const look = async () => await Promise.resolve(isSeen ? 1 : pending);
      const seen = await flow.watch('labels', look, { withinMs: 1e9 });
      return { kind: seen.kind };
    },
  });
  await using hand = await byHand([long]);
  const { world, pass } = hand;
  const run = await world.start(long, {});
  await pass(0);
  const before = await runRow(world.db, run);
  await world.db.updateTable('run').set({ waits: maxSegmentWaits }).execute();
  await pass(3_600_000);
  const after = await runRow(world.db, run);
  expect(after).toMatchObject({ state: 'waiting', segment: 1n, waits: 0n });
  expect(after?.engine_id).not.toBe(before?.engine_id);
  isSeen = true;
  await pass(3_600_000);
  expect(await runRow(world.db, run)).toMatchObject({ state: 'ended', outcome: '{"kind":"seen"}' });
});

test('a silent gate goes to the next role, then to the last one, then is overdue, never a yes', async () => {
  const spec: GateSpec = {
    kind: 'approval',
    question: 'Go on?',
    subject: { id: 'sub_1', digest: 'd' },
    evidence: [],
    options: ['approve', 'reject'],
    who: { role: 'engineer' },
    withinMs: 60_000,
    onDeadline: 'escalate',
    escalateTo: ['release_manager', 'admin'],
  };
  const asking = workflow({
    name: 'asking',
    version: 1,
    deps: () => ({}),
    body: async (flow) => ({ kind: (await flow.gate('approval', spec)).kind }),
  });
  await using hand = await byHand([asking]);
  const { world, pass } = hand;
  const run = await world.start(asking, {});
  await pass(0);
  const seen: unknown[] = [];
  for (let n = 0; n < 4; n += 1) {
    const gate = await world.db.selectFrom('gate').selectAll().executeTakeFirstOrThrow();
    seen.push([gate.role, Number(gate.level), Number(gate.is_overdue), gate.state]);
    await pass(60_000);
  }
  expect(seen).toEqual([
    ['engineer', 0, 0, 'open'],
    ['release_manager', 1, 0, 'open'],
    ['admin', 2, 0, 'open'],
    ['admin', 2, 1, 'open'],
  ]);
  expect(await told(world, 'gate.escalated')).toBe(2);
  expect(await told(world, 'gate.overdue')).toBe(1);
  await decideGate(world, run, 'approve');
  await pass(0);
  expect(await runRow(world.db, run)).toMatchObject({ outcome: '{"kind":"decided"}' });
});

test('a worker that falls silent in an effect is overtaken, and writes nothing when it wakes', async () => {
  const entered = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<string>();
  let calls = 0;
  const silent = workflow({
    name: 'silent',
    version: 1,
    deps: () => ({}),
    body: async (flow) => {
      const done = await flow.must('slow', async () => {
        calls += 1;
        if (calls > 1) return await Promise.resolve('the second worker');
        entered.resolve();
        return await woken.promise;
      });
      return { kind: done.kind === 'done' ? done.value : done.kind };
    },
  });
  await using world = await kitWorld('sqlite');
  const workflows = [silent];
  {
    const first = await world.engine({ leaseMs: 50 });
    const one = { engine: first, workflows };
    await using _one = await openWorkflows(world.ground('w1'), one, { slots: 1 });
    const run = await world.start(silent, {});
    await entered.promise;
    const second = await world.engine({ leaseMs: 5000 });
    await using _two = await openWorkflows(world.ground('w2'), { engine: second, workflows });
    expect(await world.outcome(run)).toEqual({ kind: 'the second worker' });
    woken.resolve('the first worker');
  }
  const step = await world.db.selectFrom('run_step').selectAll().executeTakeFirstOrThrow();
  expect(step).toMatchObject({ state: 'done', worker: 'w2', attempts: 1n });
  expect(calls).toBe(2);
});
