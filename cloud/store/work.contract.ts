/**
 * Goal: what the processes share through the database holds on every adapter: the tail misses and
 * reorders nothing, one holds a lease, and long work outlives its worker.
 * Method: writers at once with a tail that fails, two owners and a clock, workers that die.
 */
import type { Json, Log } from '@fieldloop/core';
import { Fault, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { leaseMs, maxOperationAttempts } from '../limits.ts';
import { openOperationRunner } from '../operation/runner.ts';
import { type OperationHandler, operationRows, startOperation } from './operations.ts';
import { putOutbox } from './outbox.ts';
import type { OutboxKind } from './outbox-kinds.ts';
import type { Db } from './db.ts';
import type { OpenStore, StoreWorld } from './store.contract.ts';
import { endLease, takeLease } from './lease.ts';
import { openTail, outboxEnd } from './tail.ts';
import type { WorkerDeps } from './work.ts';

const workerDeps = (world: StoreWorld, node: string, log: Log = silentLog): WorkerDeps => ({
  read: world.db,
  write: world.db,
  // No kind of work of these tests reads bytes.
  bytes: {} as WorkerDeps['bytes'],
  clock: systemClock,
  ids: systemIds,
  random: seededRandom(1),
  randomBytes: systemRandomBytes,
  log,
  node,
});

const put = async (
  world: StoreWorld,
  subject: string,
  kind: OutboxKind = 'clip.stored',
): Promise<void> => {
  await world.db
    .transaction()
    .execute(async (trx) => await putOutbox(trx, { kind, subject, at: 1, body: {} }));
};

export function workContract(name: string, open: OpenStore): void {
  test(`${name}: a tail hears every row in order, each again until it was taken`, async () => {
    await using world = await open();
    await put(world, 'before');
    const from = await outboxEnd(world.db);
    const taken: string[] = [];
    let failures = 0;
    const all = Promise.withResolvers<void>();
    const deps = { read: world.db, clock: systemClock, log: silentLog };
    await using _tail = await openTail(deps, { from, kinds: ['clip.stored'] }, (rows) => {
      if (failures < 2) {
        failures += 1;
        throw new Error('not now');
      }
      taken.push(...rows.map((row) => row.subject));
      if (taken.length >= 40) all.resolve();
    });
    const write = async (who: string): Promise<void> => {
      for (let n = 0; n < 10; n += 1) {
        await put(world, `${who}${n}`);
        await put(world, 'other', 'alert.fired');
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(write));
    await all.promise;
    const rows = await world.db
      .selectFrom('outbox')
      .select('subject')
      .where('seq', '>', from)
      .where('kind', '=', 'clip.stored')
      .orderBy('seq')
      .execute();
    expect(taken).toEqual(rows.map((row) => row.subject));
    expect(taken).toHaveLength(40);
  });

  test(`${name}: a lease has one owner until its time is over or it lets go`, async () => {
    await using world = await open();
    const take = async (owner: string, now: number): Promise<boolean> =>
      await takeLease(world.db, { name: 'worker', owner, now });
    const [a, b] = await Promise.all([take('a', 0), take('b', 0)]);
    expect([a, b].filter(Boolean)).toHaveLength(1);
    const [holder, other] = a ? ['a', 'b'] : ['b', 'a'];
    expect(await take(holder, 5000)).toBe(true);
    expect(await take(other, 5000 + leaseMs - 1)).toBe(false);
    expect(await take(other, 5000 + leaseMs)).toBe(true);
    await endLease(world.db, 'worker', holder);
    expect(await take(holder, 5000 + leaseMs)).toBe(false);
    await endLease(world.db, 'worker', other);
    expect(await take(holder, 5000 + leaseMs)).toBe(true);
  });

  const start = async (world: StoreWorld, kind: string, input: Json = {}): Promise<string> => {
    const id = systemIds.ulid('op');
    await world.db.transaction().execute(async (trx) => {
      await startOperation(trx, { id, kind, input, by: 'usr_ann', at: systemClock.now() });
    });
    return id;
  };

  const ended = async (world: StoreWorld, id: string) => {
    const done = Promise.withResolvers<void>();
    const deps = { read: world.db, clock: systemClock, log: silentLog };
    await using _tail = await openTail(deps, { from: 0n }, (rows) => {
      const words = rows.filter((row) => row.subject === id).map((row) => row.kind);
      if (words.some((kind) => kind !== 'operation.queued')) done.resolve();
    });
    await done.promise;
    return await operationRows(world.db).get(id);
  };

  test(`${name}: long work is done once, tells how far it is, and says what went wrong`, async () => {
    await using world = await open();
    const count: OperationHandler = async (input, context) => {
      context.progress(3, 3, 'clips');
      return await Promise.resolve({ got: input });
    };
    const fail: OperationHandler = async () =>
      await Promise.reject(new Fault('limited', 'too much', { remedy: 'Ask for less.' }));
    await using _runner = await openOperationRunner(workerDeps(world, 'n1'), { count, fail });
    expect(await ended(world, await start(world, 'count', { n: 1 }))).toMatchObject({
      state: 'done',
      result: { got: { n: 1 } },
      progress: { done: 3, total: 3, unit: 'clips' },
      attempts: 1,
    });
    const problem = { code: 'limited', message: 'too much', remedy: 'Ask for less.' };
    const failed = await ended(world, await start(world, 'fail'));
    expect(failed).toMatchObject({ state: 'failed', problem });
    const strange = await ended(world, await start(world, 'strange'));
    expect(strange).toMatchObject({ state: 'failed', problem: { code: 'unavailable' } });
  });

  test(`${name}: work whose worker died is begun again, but not for ever`, async () => {
    await using world = await open();
    const id = await start(world, 'count');
    const rows = operationRows(world.db);
    for (let n = 0; n < maxOperationAttempts; n += 1) {
      await rows.requeue(1);
      const claimed = await rows.claim(`new ${n}`, 1);
      expect(claimed).toMatchObject({ id, attempts: n + 1, state: 'running' });
    }
    await rows.requeue(1);
    await using _runner = await openOperationRunner(workerDeps(world, 'last'), {
      count: async () => await Promise.resolve(1),
    });
    expect(await ended(world, id)).toMatchObject({ state: 'failed' });
  });

  test(`${name}: work ends although the database went away, under the same worker too`, async () => {
    await using world = await open();
    const id = await start(world, 'count');
    let away = 0;
    const db: Db = new Proxy(world.db, {
      get(target, property) {
        if (property === 'transaction' && (away -= 1) >= 0) {
          throw new Fault('unavailable', 'the connection to the database broke');
        }
        const value = Reflect.get(target, property, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const deps = { ...workerDeps(world, 'one'), write: db };
    const count = async (): Promise<number> => await Promise.resolve((away = 3));
    {
      await using _runner = await openOperationRunner(deps, { count });
      expect(await ended(world, id)).toMatchObject({ state: 'done', result: 3 });
    }
    const left = await start(world, 'count');
    await operationRows(world.db).claim('one', 1);
    await using _again = await openOperationRunner(deps, { count });
    expect(await ended(world, left)).toMatchObject({ state: 'done', attempts: 2 });
  });

  test(`${name}: waiting and running work can be cancelled`, async () => {
    await using world = await open();
    const waiting = await start(world, 'slow');
    await world.db
      .transaction()
      .execute(async (trx) => await operationRows(trx).askCancel(waiting, 1));
    expect(await operationRows(world.db).get(waiting)).toMatchObject({ state: 'cancelled' });
    const running = Promise.withResolvers<void>();
    const slow: OperationHandler = async (_input, { signal }) => {
      running.resolve();
      await systemClock.sleep(600_000, signal);
      return {};
    };
    await using _runner = await openOperationRunner(workerDeps(world, 'n1'), { slow });
    const id = await start(world, 'slow');
    await running.promise;
    await world.db.transaction().execute(async (trx) => await operationRows(trx).askCancel(id, 1));
    expect(await ended(world, id)).toMatchObject({ state: 'cancelled' });
  });
}
