/**
 * Goal: a failure finds its clip whether that comes before or after it, asks the robot for it once,
 * and keeps every step of its life.
 * Method: clips and events as ingest writes them, the linker's steps, and kills between them.
 */
import { openIds } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { eventKindStore } from '../event/kind-store.ts';
import { eventStore } from '../event/store.ts';
import { openFilter } from '../http/q/filter.ts';
import { selectPage } from '../http/q/page-plan.ts';
import { failureSource } from '../http/q/sources/failures.ts';
import type { Db } from '../store/db.ts';
import { putReportedProperties } from '../store/properties.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { outboxAfter } from '../store/tail.ts';
import { sampleUuid } from '../clip/clip.sample.ts';
import type { Failure } from './failure.ts';
import { measured, relink } from './link.ts';
import { follow, linkerKinds, lookAgain } from './linker.ts';
import { failureOfRow, failureRows, failureStore } from './store.ts';

const day = 86_400_000;
const second = 1_000_000_000n;

export function failureStoreContract(name: string, open: OpenStore): void {
  let drawn = 0;
  const ids = openIds({
    clock: { now: () => 5, monotonicMs: () => 5, sleep: async () => undefined },
    randomBytes: (length) => new Uint8Array(length).map(() => (drawn = (drawn + 7) % 251)),
  });
  const link = (at: number) => ({ ids, at, actor: 'system' });

  /** The linker's next step: everything that it has not seen. */
  async function linkerStep(db: Db, at: number): Promise<void> {
    await db.transaction().execute(async (trx) => {
      const known = await trx
        .selectFrom('setting')
        .select('value')
        .where('name', '=', 'failure_linker')
        .executeTakeFirst();
      const rows = await outboxAfter(trx, BigInt(known?.value ?? '0'), linkerKinds);
      await follow(trx, rows, link(at), { ids });
    });
  }

  /** A failure two seconds after the start of clip n. */
  async function log(world: StoreWorld, n: number, at = 100): Promise<Failure> {
    const deviceId = await world.deviceId('amr-01');
    const startNs = sampleStartNs + BigInt(n + 2) * second;
    return await world.db.transaction().execute(async (trx) => {
      const id = ids.ulid('flr');
      const moment = { startNs, endNs: startNs };
      await failureStore(trx).create({
        id,
        kind: 'misgrasp',
        severity: 'warning',
        deviceId,
        ...moment,
        conditions: await measured(trx, deviceId, moment),
        source: 'operator',
        createdBy: 'usr_1',
        at,
      });
      return await relink(trx, await failureStore(trx).demand(id), link(at));
    });
  }

  const pulls = async (db: Db): Promise<readonly string[]> =>
    (await db.selectFrom('command').select(['kind', 'id']).orderBy('id').execute()).map(
      ({ kind, id }) => `${kind} ${id.slice(0, 4)}`,
    );

  test(`${name}: a stored clip is linked at once, with what was measured then`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    const report = { section: 'firmware', document: { version: '1.4' } };
    await putReportedProperties(world.db, deviceId, { ...report, at: 1 });
    await clips.putManifest('amr-01', sampleManifest(1), 5);
    await clips.markStored('amr-01', sampleManifest(1).sha256, 4096, 6);
    const failure = await log(world, 1);
    expect(failure).toMatchObject({
      state: 'linked',
      link: 'linked',
      conditions: { firmware: '1.4', signals: { min_range: 0.31, vx: 0.52 } },
    });
    expect(await pulls(world.db)).toEqual([]);
    const history = await failureStore(world.db).history(failure.id, { after: 0, limit: 9 });
    expect(history.map(({ n, action, state, link }) => [n, action, state, link])).toEqual([
      [1, 'log', 'open', 'searching'],
      [2, 'link', 'linked', 'linked'],
    ]);
  });

  test(`${name}: a clip on the robot is asked for once, and linked when it has come`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    await clips.putManifest('amr-01', sampleManifest(1), 5);
    const failure = await log(world, 1);
    expect(failure).toMatchObject({ state: 'open', link: 'pulling' });
    await linkerStep(world.db, 110);
    await linkerStep(world.db, 111);
    expect(await pulls(world.db)).toEqual(['pull cmd_']);
    await clips.markStored('amr-01', sampleManifest(1).sha256, 4096, 120);
    await linkerStep(world.db, 121);
    expect(await failureStore(world.db).get(failure.id)).toMatchObject({
      state: 'linked',
      link: 'linked',
    });
  });

  test(`${name}: two failures in one clip ask for it once, and both have it`, async () => {
    await using world = await open();
    const clips = clipStore(world.db);
    await clips.putManifest('amr-01', sampleManifest(1), 5);
    const both = [await log(world, 1), await log(world, 2)];
    expect(both.map(({ link: found }) => found)).toEqual(['pulling', 'pulling']);
    expect(await pulls(world.db)).toEqual(['pull cmd_']);
    await clips.markStored('amr-01', sampleManifest(1).sha256, 4096, 120);
    await linkerStep(world.db, 121);
    for (const { id } of both) {
      expect(await failureStore(world.db).get(id)).toMatchObject({
        state: 'linked',
        clip: both[0]?.clip,
      });
    }
  });

  test(`${name}: a clip that the robot threw away is never coming, whoever waits`, async () => {
    await using world = await open();
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 5);
    const failure = await log(world, 1);
    await world.db.updateTable('clip').set({ state: 'evicted' }).execute();
    await lookAgain({ read: world.db, write: world.db }, link(130));
    expect(await failureStore(world.db).get(failure.id)).toMatchObject({
      state: 'open',
      link: 'unrecoverable',
    });
  });

  test(`${name}: a clip that comes later is found; one of another robot is not`, async () => {
    await using world = await open();
    const failure = await log(world, 1);
    expect(failure).toMatchObject({ link: 'searching', conditions: { signals: {} } });
    await clipStore(world.db).putManifest('amr-02', sampleManifest(1, { device: 'amr-02' }), 120);
    await linkerStep(world.db, 121);
    expect((await failureStore(world.db).get(failure.id))?.link).toBe('searching');
    const late = sampleManifest(2, { startNs: sampleStartNs + 2n * second });
    await clipStore(world.db).putManifest('amr-01', late, 130);
    await linkerStep(world.db, 131);
    expect(await failureStore(world.db).get(failure.id)).toMatchObject({
      link: 'pulling',
      conditions: { signals: { vx: 0.52 } },
    });
  });

  test(`${name}: what nobody can find is called so, and found all the same when it comes`, async () => {
    await using world = await open();
    const failure = await log(world, 1, 100);
    await lookAgain({ read: world.db, write: world.db }, link(100 + day - 1));
    expect((await failureStore(world.db).get(failure.id))?.link).toBe('searching');
    await lookAgain({ read: world.db, write: world.db }, link(100 + day));
    const counts = await failureStore(world.db).counts();
    expect(counts).toEqual([{ state: 'open', link: 'unrecoverable', n: 1 }]);
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 200 + day);
    await clipStore(world.db).markStored('amr-01', sampleManifest(1).sha256, 9, 201 + day);
    await linkerStep(world.db, 202 + day);
    expect(await failureStore(world.db).get(failure.id)).toMatchObject({
      link: 'linked',
      state: 'linked',
    });
  });

  test(`${name}: what the outbox no longer tells is found by looking again`, async () => {
    await using world = await open();
    const failure = await log(world, 1);
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 120);
    const look = async (at: number) =>
      await lookAgain({ read: world.db, write: world.db }, link(at));
    await look(130);
    expect((await failureStore(world.db).get(failure.id))?.link).toBe('pulling');
    await look(140);
    expect(await pulls(world.db)).toEqual(['pull cmd_']);
    await clipStore(world.db).markStored('amr-01', sampleManifest(1).sha256, 9, 150);
    await look(160);
    expect((await failureStore(world.db).get(failure.id))?.state).toBe('linked');
  });

  test(`${name}: a pull that the robot refuses is the end of the search`, async () => {
    await using world = await open();
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 5);
    const failure = await log(world, 1);
    const { id } = await world.db.selectFrom('command').select('id').executeTakeFirstOrThrow();
    const told = { kind: 'command.failed', subject: id, at: 120, body: '{}' };
    await world.db.insertInto('outbox').values(told).execute();
    await linkerStep(world.db, 121);
    expect((await failureStore(world.db).get(failure.id))?.link).toBe('unrecoverable');
    const steps = await failureStore(world.db).history(failure.id, { after: 0, limit: 9 });
    expect(steps.at(-1)).toMatchObject({ action: 'link', why: 'the pull failed' });
  });

  test(`${name}: events that are failures are logged once, by tag or by kind`, async () => {
    await using world = await open();
    await eventKindStore(world.db).create({
      id: 'evk_1',
      name: 'drop',
      colour: '#d94f2b',
      shape: 'dot',
      isFailure: true,
      at: 1,
    });
    const event = (n: number, more: object) => ({
      id: sampleUuid(n),
      name: 'stop',
      severity: 'critical' as const,
      atNs: sampleStartNs + BigInt(n) * second,
      synced: true,
      values: { vx: n },
      ...more,
    });
    const events = eventStore(world.db);
    await events.putEvent('amr-01', event(1, { tags: ['rain'] }), 10);
    await events.putEvent('amr-01', event(2, { tags: ['failure'], rule: 'near-miss@3' }), 10);
    await events.putEvent('amr-01', event(3, { name: 'drop' }), 10);
    await linkerStep(world.db, 20);
    // Killed before it noted how far it was: the same rows come again.
    await world.db.deleteFrom('setting').where('name', '=', 'failure_linker').execute();
    await linkerStep(world.db, 30);
    const rows = await failureRows(world.db).orderBy('failure.start_ns').execute();
    expect(rows.map(failureOfRow)).toMatchObject([
      { kind: 'stop', source: 'rule', severity: 'critical', conditions: { signals: { vx: 2 } } },
      { kind: 'drop', source: 'robot', createdAt: 20 },
    ]);
  });

  test(`${name}: a step that the table does not know changes nothing`, async () => {
    await using world = await open();
    const failure = await log(world, 1);
    const failures = failureStore(world.db);
    const step = { action: 'advance', actor: 'usr_1', at: 200 };
    await expect(failures.step(failure, { ...step, state: 'released' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await failures.get(failure.id)).toEqual(failure);
    const closed = await failures.step(failure, { ...step, state: 'closed' }, { release: 'rel_1' });
    expect(closed).toMatchObject({ state: 'closed', release: 'rel_1', version: 2 });
    const told = await world.db
      .selectFrom('outbox')
      .select('kind')
      .where('subject', '=', failure.id)
      .orderBy('seq')
      .execute();
    expect(told.map(({ kind }) => kind)).toEqual(['failure.logged', 'failure.closed']);
  });

  test(`${name}: failures are found by what was measured`, async () => {
    await using world = await open();
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 5);
    const { id } = await log(world, 1);
    const found = async (q: string): Promise<readonly string[]> => {
      const filter = await openFilter(world.db, failureSource, { now: 100, q });
      const page = { sort: '-startNs', after: undefined, limit: 9 };
      return (await selectPage(world.db, filter, page)).map((one) => one.id);
    };
    expect(await found('conditions.signals.vx > 0.5')).toEqual([id]);
    expect(await found('conditions.signals.vx > 0.6')).toEqual([]);
    expect(await found('device = amr-01 and link = pulling and state in (open, linked)')).toEqual([
      id,
    ]);
    expect(await found('not conditions.firmware:*')).toEqual([id]);
    expect(await found('misgrasp')).toEqual([id]);
  });
}
