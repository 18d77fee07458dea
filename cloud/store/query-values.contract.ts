/**
 * Goal: what an older version wrote, and what a device was at that time, can be asked for.
 * Method: rows whose copied values are taken away and filled in again; a property with a history.
 */
import { systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { eventStore } from '../event/store.ts';
import { openFilter } from '../http/q/filter.ts';
import { selectPage } from '../http/q/page-plan.ts';
import type { QSource } from '../http/q/source.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { eventSource } from '../http/q/sources/events.ts';
import { maxQueryTextBytes } from '../limits.ts';
import type { Db } from './db.ts';
import { putProperty } from './properties.ts';
import { backfillStep, putEventValues } from './query-values.ts';
import type { OpenStore } from './store.contract.ts';

const count = async (db: Db, source: QSource, q: string): Promise<number> => {
  const filter = await openFilter(db, source, { now: 0, q });
  return (await selectPage(db, filter, { sort: source.sort, after: undefined, limit: 500 })).length;
};

const sampleEvent = {
  kind: 'event',
  name: 'crash',
  severity: 'info',
  at_ns: 1n,
  end_ns: 1n,
  synced: 1,
  tags: '[]',
  values_json: '{}',
  received_at: 1,
} as const;

export function queryValuesContract(name: string, open: OpenStore): void {
  test(`${name}: values of rows from before are filled in, step by step, once`, async () => {
    await using world = await open();
    const { db } = world;
    for (let n = 1; n <= 3; n += 1) {
      await clipStore(db).putManifest('amr-01', sampleManifest(n), 1);
      const event = { id: sampleUuid(n), name: 'e', severity: 'info' as const, atNs: 1n };
      await eventStore(db).putEvent(
        'amr-01',
        { ...event, synced: true, values: { vx: n, mode: 'auto' }, tags: ['t'], rule: 'r@2' },
        1,
      );
    }
    const asked = [
      [clipSource, 'topic:/sc* why.values.vx > 0.5 scores.classifier.entropy = 0.25', 3],
      [eventSource, 'values.vx > 1 values.mode = auto tag:t rule:r', 2],
    ] as const;
    for (const [source, q, n] of asked) expect(await count(db, source, q)).toBe(n);
    for (const table of ['clip_text', 'clip_value', 'event_text', 'event_value'] as const) {
      await db.deleteFrom(table).execute();
    }
    for (const [source, q] of asked) expect(await count(db, source, q)).toBe(0);
    for (const noun of ['clip', 'event'] as const) {
      expect(await backfillStep(db, noun)).toBe('more');
      expect(await backfillStep(db, noun)).toBe('done');
    }
    for (const [source, q, n] of asked) expect(await count(db, source, q)).toBe(n);
  });

  test(`${name}: a clip is found by what its device was when it began`, async () => {
    await using world = await open();
    const { db } = world;
    const id = await world.deviceId('amr-01');
    const ms = Number(sampleStartNs / 1_000_000n);
    const write = async (value: string | number, key: string, at: number) =>
      await putProperty(db, id, key, { value, source: 'operator', at });
    await write('1.4', 'firmware', ms - 5000);
    await write('1.5', 'firmware', ms + 1500);
    await write(20, 'payload', ms + 1500);
    for (const n of [1, 2]) await clipStore(db).putManifest('amr-01', sampleManifest(n), 1);
    expect(await count(db, clipSource, 'device.properties.firmware = "1.4"')).toBe(1);
    expect(await count(db, clipSource, 'device.properties.firmware ~ 1.*')).toBe(2);
    expect(await count(db, clipSource, 'device.properties.payload > 10')).toBe(1);
    expect(await count(db, clipSource, 'not device.properties.payload:*')).toBe(1);
  });

  test(`${name}: a text too long for an index is kept, and no query finds it`, async () => {
    await using world = await open();
    const { db } = world;
    // Such as a stack trace; random, because PostgreSQL would press other ones small.
    const long = Buffer.from(systemRandomBytes(maxQueryTextBytes)).toString('base64');
    const fits = long.slice(0, maxQueryTextBytes);
    for (const [n, trace] of [long, fits].entries()) {
      const parts = { id: `evt_${n}`, atNs: 1n };
      await db
        .insertInto('event')
        .values({ ...sampleEvent, id: parts.id, device_id: await world.deviceId('amr-01') })
        .execute();
      await putEventValues(db, { ...parts, data: { ['k'.repeat(128)]: trace, level: 'error' } });
    }
    expect(await count(db, eventSource, 'data.level = error')).toBe(2);
    expect(await count(db, eventSource, `data.${'k'.repeat(128)}:*`)).toBe(1);
    expect(await count(db, eventSource, `data.${'k'.repeat(128)} ~ ${fits.slice(0, 9)}*`)).toBe(1);
  });
}
