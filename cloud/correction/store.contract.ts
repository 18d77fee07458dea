/**
 * Goal: one intervention is one correction whoever tells of it, and its late clip is not lost.
 * Method: events, operators' words and clips as others write them, through the worker's step.
 */
import { openIds } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { eventStore } from '../event/store.ts';
import { askForClip, clipSeen } from '../store/correction-facts.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { outboxAfter } from '../store/tail.ts';
import { followCorrections } from './follow.ts';
import { phasesOf } from './correction.ts';
import { correctionStore } from './store.ts';
import { lookForSigns } from './watch.ts';

const second = 1_000_000_000n;
const kinds = ['event.new', 'marker.new', 'failure.logged', 'clip.stored'];

export function correctionStoreContract(name: string, open: OpenStore): void {
  let drawn = 0;
  const ids = openIds({
    clock: { now: () => 5, monotonicMs: () => 5, sleep: async () => undefined },
    randomBytes: (length) => new Uint8Array(length).map(() => (drawn = (drawn + 7) % 251)),
  });
  const how = (at: number) => ({ ids, at, by: 'usr_1' });

  test(`${name}: a robot that people take over more often than the others is a sign, once`, async () => {
    await using world = await open();
    const { db } = world;
    const [one, other] = await db.selectFrom('device').select('id').orderBy('name').execute();
    if (one === undefined || other === undefined) throw new Error('two robots are needed');
    const now = Number(sampleStartNs / 1_000_000n);
    for (const [device, hours] of [[one.id, 1n] as const, [other.id, 90n] as const]) {
      const times = { start_ns: sampleStartNs - hours * 3_600n * second, end_ns: sampleStartNs };
      const kept = { source: 'test', created_at: 1, updated_at: 1, version: 1 };
      await db
        .insertInto('session')
        .values({ id: `ses_${device}`, device_id: device, ...times, ...kept })
        .execute();
    }
    for (const n of [1n, 2n, 3n]) {
      const startNs = sampleStartNs - n * 60n * second;
      const of = {
        key: `t${n}`,
        deviceId: one.id,
        startNs,
        endNs: startNs,
        source: 'marker',
      } as const;
      const { id } = await correctionStore(db).report(of, how(now));
      await correctionStore(db).change(id, { state: 'dismissed' }, how(now));
    }
    const clock = { now: () => now, monotonicMs: () => now, sleep: async () => undefined };
    const [found] = await lookForSigns({ read: db, write: db, clock, ids });
    expect(await lookForSigns({ read: db, write: db, clock, ids })).toEqual([]);
    const sign = await correctionStore(db).demand(found ?? '');
    expect(sign).toMatchObject({ source: 'rate', deviceId: one.id, timeline: [] });
    expect(sign.words).toMatch(/^People took over 3 times in 1\.0 h/);
  });

  async function step(db: Db, at: number): Promise<void> {
    await db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom('setting')
        .select('value')
        .where('name', '=', 'correction_follow')
        .executeTakeFirst();
      const rows = await outboxAfter(trx, BigInt(row?.value ?? '0'), kinds);
      await followCorrections(trx, rows, { ids, at });
    });
  }

  const takenOver = async (db: Db, n: number, startNs: bigint): Promise<void> => {
    const event = {
      id: sampleUuid(n),
      name: 'takeover',
      severity: 'warning' as const,
      atNs: startNs,
      endNs: startNs + 4n * second,
      synced: true,
      values: {},
    };
    await eventStore(db).putEvent('amr-01', event, 1);
  };

  test(`${name}: robot and operator tell of one intervention; another time is another one`, async () => {
    await using world = await open();
    const { db } = world;
    const startNs = sampleStartNs + 3n * second;
    await takenOver(db, 5, startNs);
    await step(db, 10);
    await step(db, 11);
    const deviceId = await world.deviceId('amr-01');
    const said = {
      key: 'api:1',
      deviceId,
      startNs: startNs + second,
      endNs: startNs + 6n * second,
    };
    const operator = { ...said, source: 'operator' as const, words: 'it saw nothing' };
    const corrections = correctionStore(db);
    const { id, joined } = await corrections.report(operator, how(12));
    expect(joined).toBe(true);
    expect(await corrections.report(operator, how(13))).toEqual({ id, joined: true });
    const one = await corrections.demand(id);
    expect(one).toMatchObject({
      source: 'marker',
      words: 'it saw nothing',
      startNs,
      endNs: startNs + 6n * second,
    });
    expect(one.timeline.map(({ owner }) => owner)).toEqual(['person', 'robot']);
    expect(phasesOf(one).map((phase) => phase.name)).toEqual([
      'before',
      'takeover',
      'correction',
      'handback',
    ]);
    await takenOver(db, 6, startNs + 60n * second);
    await step(db, 20);
    expect(await db.selectFrom('correction').select('id').execute()).toHaveLength(2);
  });

  test(`${name}: its clip is asked for once; one that comes too late is attached and told of`, async () => {
    await using world = await open();
    const { db } = world;
    await takenOver(db, 5, sampleStartNs + 3n * second);
    await step(db, 10);
    const corrections = correctionStore(db);
    const { id } = await db.selectFrom('correction').select('id').executeTakeFirstOrThrow();
    const manifest = sampleManifest(1);
    await clipStore(db).putManifest('amr-01', manifest, 11);
    const ask = async (): Promise<boolean> =>
      await askForClip(db, await corrections.demand(id), how(12));
    expect([await ask(), await ask()]).toEqual([true, false]);
    expect(await clipSeen(db, await corrections.demand(id))).toBeUndefined();
    await corrections.change(id, { state: 'unrecoverable' }, how(13));
    await clipStore(db).markStored('amr-01', manifest.sha256, 4096, 14);
    await step(db, 15);
    const late = await corrections.demand(id);
    expect(late.clip).toBe(clipIdOf(manifest));
    expect(await clipSeen(db, late)).toMatchObject({ clip: clipIdOf(manifest), topic: '/odom' });
    const words = await db
      .selectFrom('outbox')
      .select('kind')
      .where('subject', '=', id)
      .orderBy('seq')
      .execute();
    expect(words.at(-1)?.kind).toBe('correction.clip_late');
    expect(await corrections.claim(id, 'run_2', how(16))).toBe(true);
    expect(await corrections.claim(id, 'run_3', how(17))).toBe(false);
  });
}
