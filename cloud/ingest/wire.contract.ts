/**
 * Goal: what robots send is in the database once and in order, on every kind of it: lanes,
 * transfers and presence mean the same everywhere.
 * Method: the committer and its rows against a fresh database of each adapter.
 */
import { systemClock } from '@fieldloop/core/system';
import { encodeEvents, type EventRow } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { sampleManifest, sampleUuid } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { openCommitter } from './committer.ts';
import type { Writer } from './calls.ts';
import { hasStored } from './transfer-rows.ts';

const device = 'amr-01';
const at = 1_000_000;
/** The largest there is: as a signed number it is -1. */
const origin = 2n ** 64n - 1n;

const event = (n: number, name = `event-${n}`): EventRow => ({
  kind: 'event',
  event: {
    id: sampleUuid(n),
    name,
    severity: 'info',
    atNs: BigInt(n),
    synced: true,
    sessionId: sampleUuid(0xffff),
    values: [],
    text: '',
    tags: [],
  },
});

const events = (first: number, rows: readonly EventRow[]) =>
  ({
    device,
    lane: 'events',
    payload: encodeEvents({ origin, firstSeq: BigInt(first), rows }),
    at,
  }) as const;

const committerOf = ({ db }: StoreWorld): Writer => openCommitter({ db, clock: systemClock });

async function names({ db }: StoreWorld): Promise<readonly string[]> {
  return (await db.selectFrom('event').select('name').orderBy('at_ns').execute()).map(
    (row) => row.name,
  );
}

export function wireStoreContract(name: string, open: OpenStore): void {
  test(`${name}: rows that come doubled, late and past a hole are there once`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const all = Array.from({ length: 12 }, (_, i) => event(i + 1));
    const parts = [
      [7, 12],
      [1, 3],
      [2, 8],
      [1, 12],
    ] as const;
    const stored = [];
    for (const [first, last] of parts) {
      stored.push(await writer.submit('rows', events(first, all.slice(first - 1, last))));
    }
    expect(stored.map(([one]) => one?.through)).toEqual([0n, 3n, 12n, 12n]);
    expect(stored.flat().every((one) => one.origin === origin && one.refused.length === 0)).toBe(
      true,
    );
    expect(await names(world)).toEqual(all.map((_, i) => `event-${i + 1}`));
  });

  test(`${name}: rows at once from many messages are in one order`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await writer.submit('rows', events(i + 1, [event(i + 1)]));
      }),
    );
    const [last] = await writer.submit('rows', events(1, [event(1)]));
    expect(last).toMatchObject({ through: 20n, refused: [] });
    expect(await names(world)).toHaveLength(20);
  });

  test(`${name}: a message of many rows is stored whole, an id that comes twice once`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const rows = Array.from({ length: 200 }, (_, i) => event(i + 1));
    rows[100] = event(7);
    const [stored] = await writer.submit('rows', events(1, rows));
    expect(stored).toMatchObject({ through: 200n, refused: [] });
    expect(await names(world)).toHaveLength(199);
    const told = await world.db
      .selectFrom('outbox')
      .select((of) => of.fn.countAll<bigint>().as('count'))
      .where('kind', '=', 'event.new')
      .executeTakeFirstOrThrow();
    expect(told.count).toBe(199n);
    const [again] = await writer.submit('rows', events(1, rows));
    expect(again).toMatchObject({ through: 200n, refused: [] });
    expect(await names(world)).toHaveLength(199);
  });

  test(`${name}: a character that only one database takes is replaced`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const [stored] = await writer.submit('rows', events(1, [event(1, 'a\0b')]));
    expect(stored).toMatchObject({ through: 1n, refused: [] });
    expect(await names(world)).toEqual(['a\uFFFDb']);
  });

  test(`${name}: a row that the database refuses is refused alone, again and again`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const { schema } = world.db;
    // The encoder lets no bad row pass: this index makes one of a good one.
    await schema.createIndex('test_once').on('event').column('name').unique().execute();
    try {
      const rows = events(1, [event(1), event(2, 'event-1'), event(3)]);
      const beside = writer.submit('rows', events(4, [event(4)]));
      const [stored] = await writer.submit('rows', rows);
      await beside;
      const refused = [{ seq: 2n, code: 'MALFORMED' }];
      expect(stored).toMatchObject({ refused });
      expect(await writer.submit('rows', rows)).toMatchObject([{ through: 4n, refused }]);
      expect(await names(world)).toEqual(['event-1', 'event-3', 'event-4']);
    } finally {
      await schema.dropIndex('test_once').execute();
    }
  });

  test(`${name}: epochs rise, and only the newest one moves a transfer`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const content = { device, sha256: 'a'.repeat(64), sizeBytes: 10, at } as const;
    const begin = { ...content, content: 'clip', owner: 'node' } as const;
    expect(await writer.submit('begin', begin)).toMatchObject({ epoch: 1, durable: 0 });
    expect(await writer.submit('durable', { ...content, epoch: 1, durable: 4 })).toBe(true);
    const other = { ...begin, sha256: 'b'.repeat(64) };
    expect(await writer.submit('begin', other)).toMatchObject({ epoch: 2, durable: 0 });
    expect(await writer.submit('begin', begin)).toMatchObject({ epoch: 3, durable: 4 });
    expect(await writer.submit('durable', { ...content, epoch: 1, durable: 9 })).toBe(false);
    await writer.submit('restart', content);
    expect(await writer.submit('begin', begin)).toMatchObject({ epoch: 4, durable: 0 });
    const left = await writer.submit('sweep', { untouchedSince: at });
    expect(left.map((one) => one.sha256).toSorted()).toEqual(['a'.repeat(64), 'b'.repeat(64)]);
    expect(await writer.submit('sweep', { untouchedSince: at + 1 })).toEqual([]);
  });

  test(`${name}: bytes that are in their place are a blob, its source and a stored clip`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const manifest = sampleManifest(1);
    await clipStore(world.db).putManifest(device, manifest, at);
    const { sha256, sizeBytes } = manifest;
    const content = { device, sha256, sizeBytes, at, content: 'clip' } as const;
    await writer.submit('begin', { ...content, owner: 'node' });
    expect(await clipStore(world.db).get(clipIdOf(manifest))).toMatchObject({ state: 'uploading' });
    // The answer to the first one may be lost: the second says the same.
    for (let n = 0; n < 2; n += 1) await writer.submit('finish', content);
    expect(await clipStore(world.db).get(clipIdOf(manifest))).toMatchObject({ state: 'stored' });
    expect(await hasStored(world.db, device, sha256)).toBe(true);
    expect(await hasStored(world.db, 'amr-02', sha256)).toBe(false);
    expect(await writer.submit('begin', { ...content, owner: 'node' })).toEqual({ isKnown: true });
    expect(await writer.submit('sweep', { untouchedSince: 0 })).toEqual([]);
  });

  test(`${name}: a device is online while a control connection is open on a node that runs`, async () => {
    await using world = await open();
    const writer = committerOf(world);
    const online = async () => (await deviceStore(world.db).get(device))?.presence.online;
    const connection = { device, kind: 'control', node: 'n1', remote: '::1' } as const;
    const opened = (id: string) => ({ ...connection, id, fingerprint: 'f', at });
    const closed = (id: string) => ({ id, device, kind: 'control', why: 'test', at }) as const;
    await writer.submit('opened', opened('c1'));
    await writer.submit('opened', opened('c2'));
    await writer.submit('closed', closed('c1'));
    expect(await online()).toBe(true);
    await writer.submit('closed', closed('c2'));
    expect(await online()).toBe(false);
    await writer.submit('opened', opened('c3'));
    expect(await online()).toBe(true);
    await writer.submit('start', { node: 'n1', at: at + 1 });
    expect(await online()).toBe(false);
    const left = world.db.selectFrom('connection').select('id').where('closed_at', 'is', null);
    expect(await left.execute()).toEqual([]);
  });
}
