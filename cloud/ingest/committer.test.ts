/**
 * Goal: every row that was acknowledged is in the database exactly once, a bad one is refused
 * alone, and nothing is answered before its commit.
 * Method: the committer on a real SQLite file; batches that repeat, overtake, lie and break.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, Fault, sha256Hex } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { encodeEvents, encodeManifest, encodeReported, type EventRow } from '@fieldloop/proto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleManifest, sampleUuid } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { openSqlite } from '../store/sqlite.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import type { Writer } from './calls.ts';
import { openCommitter } from './committer.ts';
import { putRows } from './rows.ts';

let folder: string;
let db: Db;
let writer: Writer;
const device = 'amr-01';
const at = 1_000_000;
const origin = 2n ** 64n - 1n;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-committer-'));
  db = await openMigrated(join(folder, 'cloud.db'));
  for (const name of ['amr-01', 'amr-02']) {
    await deviceStore(db).create({ id: `dev_${name}`, name, at });
  }
  writer = openCommitter({ db: openSqlite(join(folder, 'cloud.db')), clock: systemClock });
});
afterEach(async () => {
  await writer[Symbol.asyncDispose]();
  await db.destroy();
  await rm(folder, { recursive: true });
});

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

const events = (first: number, rows: readonly EventRow[]) => ({
  device,
  lane: 'events' as const,
  payload: encodeEvents({ origin, firstSeq: BigInt(first), rows }),
  at,
});

const names = async (): Promise<readonly string[]> =>
  (await db.selectFrom('event').select('name').orderBy('at_ns').execute()).map((row) => row.name);

test('batches in any order, doubled and overlapping, leave each row once', async () => {
  const total = 30;
  const batch = fc.tuple(fc.integer({ min: 1, max: total }), fc.integer({ min: 1, max: 8 }));
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 12, size: 'max' }), async (batches) => {
      await db.deleteFrom('event').execute();
      for (const table of ['lane', 'row_key'] as const) await db.deleteFrom(table).execute();
      await Promise.all(
        batches.map(async ([first, count]) => {
          const last = Math.min(total, first + count - 1);
          const rows = Array.from({ length: last - first + 1 }, (_, i) => event(first + i));
          await writer.submit('rows', events(first, rows));
        }),
      );
      const all = Array.from({ length: total }, (_, i) => event(i + 1));
      const [stored] = await writer.submit('rows', events(1, all));
      expect(stored).toEqual({ lane: 'events', origin, through: 30n, refused: [] });
      expect(await names()).toEqual(all.map((_, i) => `event-${i + 1}`));
    }),
    { numRuns: 25 },
  );
});

test('a row under a used number is refused, the same row again is nothing', async () => {
  await writer.submit('rows', events(1, [event(1), event(2)]));
  const [again] = await writer.submit('rows', events(1, [event(1), event(2)]));
  expect(again).toEqual({ lane: 'events', origin, through: 2n, refused: [] });
  const [reused] = await writer.submit('rows', events(2, [event(9), event(3)]));
  expect(reused).toMatchObject({ through: 3n, refused: [{ seq: 2n, code: 'SEQ_REUSED' }] });
  expect(await names()).toEqual(['event-1', 'event-2', 'event-3']);
});

test('a hole stops through until it is filled', async () => {
  expect((await writer.submit('rows', events(3, [event(3)])))[0]?.through).toBe(0n);
  expect((await writer.submit('rows', events(1, [event(1)])))[0]?.through).toBe(1n);
  expect((await writer.submit('rows', events(2, [event(2)])))[0]?.through).toBe(3n);
});

test('a gap takes its numbers and stands in the database', async () => {
  const gap: EventRow = { kind: 'gap', gap: { count: 5n, reason: 'evicted' } };
  const [stored] = await writer.submit('rows', events(1, [event(1), gap, event(7)]));
  expect(stored?.through).toBe(7n);
  const rows = await db.selectFrom('lane_gap').select(['seq', 'last_seq', 'reason']).execute();
  expect(rows).toEqual([{ seq: 2n, last_seq: 6n, reason: 'evicted' }]);
});

test('a row that breaks the transaction is refused alone, again and again with the same word', async () => {
  // A name that the encoder would not let pass: the database's own check stands behind ours.
  await db.schema.createIndex('test_unique_name').on('event').column('name').unique().execute();
  const rows = [event(1, 'a'), event(2, 'a'), event(3, 'b')];
  const others = [4, 5].map(async (n) => await writer.submit('rows', events(n, [event(n)])));
  const [stored] = await writer.submit('rows', events(1, rows));
  expect(stored).toMatchObject({ refused: [{ seq: 2n, code: 'MALFORMED' }] });
  await Promise.all(others);
  expect(await names()).toEqual(['a', 'b', 'event-4', 'event-5']);
  const [again] = await writer.submit('rows', events(1, rows));
  expect(again).toMatchObject({ through: 5n, refused: [{ seq: 2n, code: 'MALFORMED' }] });
});

test('a row is not refused for a database that fails: it comes again', async () => {
  for (const code of ['unavailable', 'timeout', 'corrupt'] as const) {
    const put = async () => await Promise.reject(new Fault(code, 'the database'));
    const rows = [{ from: 1n, to: 1n, crc: 1, put }];
    const taken = putRows(db, { device, lane: 'events', origin }, rows, { at, alone: true });
    await expect(taken).rejects.toMatchObject({ code });
  }
});

test('more than sixteen refused rows are told in several messages', async () => {
  await writer.submit(
    'rows',
    events(
      1,
      Array.from({ length: 20 }, (_, i) => event(i + 1)),
    ),
  );
  const others = Array.from({ length: 20 }, (_, i) => event(i + 101));
  const stored = await writer.submit('rows', events(1, others));
  // The first message must not count rows as through that the second one refuses.
  const told = stored.map((one) => [one.refused.length, one.through]);
  expect(told).toEqual([
    [16, 16n],
    [4, 20n],
  ]);
});

test('a message without a readable number is a Fault and changes nothing', async () => {
  const payload = Buffer.from('ff', 'hex');
  const bad = writer.submit('rows', { device, lane: 'events', payload, at });
  await expect(bad).rejects.toMatchObject({ code: 'invalid' });
  expect(await db.selectFrom('lane').selectAll().execute()).toEqual([]);
});

const manifestRow = (n: number, seq: bigint, state: 'offered' | 'evicted' = 'offered') => {
  const manifest = sampleManifest(n);
  return {
    origin,
    seq,
    clipId: manifest.clipId,
    sha256: manifest.sha256,
    sizeBytes: manifest.sizeBytes,
    media: 'application/x-mcap',
    class: 'warning',
    priority: 1,
    document: canonicalJson(manifest),
    previews: [],
    state,
  } as const;
};

const manifests = (payload: Uint8Array, from = device) => ({
  device: from,
  lane: 'manifests' as const,
  payload,
  at,
});

test('a manifest makes clip and session known, an evicted one says so', async () => {
  await writer.submit('rows', manifests(encodeManifest(manifestRow(1, 1n))));
  const id = clipIdOf(sampleManifest(1));
  expect(await clipStore(db).get(id)).toMatchObject({ state: 'on_device', device });
  expect(await db.selectFrom('session').select('source').execute()).toEqual([{ source: 'sim' }]);
  await writer.submit('rows', manifests(encodeManifest(manifestRow(1, 2n, 'evicted'))));
  expect((await clipStore(db).get(id))?.state).toBe('evicted');
  const outbox = await db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', id)
    .orderBy('seq')
    .execute();
  expect(outbox.map((entry) => entry.kind)).toEqual(['clip.known', 'clip.evicted']);
});

test.each([
  ['another hash than its document', { sha256: sha256Hex('other') }],
  ['another size than its document', { sizeBytes: 1 }],
  ['a document that is no manifest', { document: '{}' }],
  ['a document that is no JSON', { document: '{' }],
])('a manifest with %s is refused and counts as through', async (_, parts) => {
  const payload = encodeManifest({ ...manifestRow(1, 1n), ...parts });
  const [stored] = await writer.submit('rows', manifests(payload));
  expect(stored).toMatchObject({ through: 1n, refused: [{ seq: 1n, code: 'MALFORMED' }] });
  expect(await db.selectFrom('clip').selectAll().execute()).toEqual([]);
});

test('a clip belongs to who sent it, whatever name its manifest has', async () => {
  const payload = encodeManifest(manifestRow(1, 1n));
  const told: unknown[] = [];
  await using second = openCommitter({
    db: openSqlite(join(folder, 'cloud.db')),
    clock: systemClock,
    onOtherName: (one) => told.push(one),
  });
  const [stored] = await second.submit('rows', manifests(payload, 'amr-02'));
  expect(stored).toMatchObject({ through: 1n, refused: [] });
  const id = clipIdOf(sampleManifest(1));
  // The document stays as the robot wrote it.
  const clip = { device: 'amr-02', manifest: sampleManifest(1) };
  expect(await clipStore(db).get(id)).toMatchObject(clip);
  expect(told).toEqual([{ device: 'amr-02', written: 'amr-01' }]);
});

test("no name in a manifest reaches another device's clip or session", async () => {
  await writer.submit('rows', manifests(encodeManifest(manifestRow(1, 1n))));
  const before = await db.selectFrom('session').selectAll().execute();
  const id = clipIdOf(sampleManifest(1));
  const known = await clipStore(db).get(id);
  // The same clip, and another of the same session, both under the name of its owner.
  const other = { ...sampleManifest(2), endNs: String(2n ** 62n) };
  const rows = [
    manifestRow(1, 1n, 'evicted'),
    { ...manifestRow(2, 2n), document: canonicalJson(other) },
  ];
  const answers = [];
  for (const row of rows) {
    answers.push(...(await writer.submit('rows', manifests(encodeManifest(row), 'amr-02'))));
  }
  const refused = [{ seq: 1n, code: 'MALFORMED' }];
  expect(answers).toMatchObject([{ refused }, { refused: [] }]);
  expect(await clipStore(db).get(id)).toEqual(known);
  expect(await db.selectFrom('session').selectAll().execute()).toEqual(before);
  const clips = await db
    .selectFrom('clip')
    .innerJoin('device', 'device.id', 'clip.device_id')
    .select('device.name')
    .orderBy('clip.start_ns', 'desc')
    .execute();
  expect(clips.map((clip) => clip.name)).toEqual(['amr-02', 'amr-01']);
});

test('a new connection hears again what was refused of the rows it still holds', async () => {
  const bad = (seq: bigint) => encodeManifest({ ...manifestRow(1, seq), sizeBytes: 1 });
  for (let seq = 1n; seq <= 20n; seq += 1n) await writer.submit('rows', manifests(bad(seq)));
  await writer.submit('rows', manifests(encodeManifest(manifestRow(1, 21n))));
  const greet = async (conn: bigint, lowest: bigint) => {
    const { status: word } = status(conn, true);
    const lanes = [{ lane: 'manifests' as const, origin, lowest, highest: 21n }];
    const answer = await writer.submit('status', { device, at, status: { ...word, lanes } });
    return answer.stored.map(({ through, refused }) => [through, refused.map((one) => one.seq)]);
  };
  const seqs = (from: number, to: number): bigint[] =>
    Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i));
  expect(await greet(1n, 3n)).toEqual([
    [18n, seqs(3, 18)],
    [21n, seqs(19, 20)],
  ]);
  expect(await greet(2n, 22n)).toEqual([[21n, []]]);
});

test('a manifest that cannot be decoded is refused by its number', async () => {
  const whole = encodeManifest(manifestRow(1, 3n));
  const payload = Buffer.concat([whole, Buffer.from('3800', 'hex')]);
  const [stored] = await writer.submit('rows', manifests(payload));
  expect(stored).toMatchObject({ through: 0n, refused: [{ seq: 3n, code: 'MALFORMED' }] });
});

test('what is reported replaces the section before it', async () => {
  for (const [seq, text] of [
    [1n, 'one'],
    [2n, 'two'],
  ] as const) {
    const digest = sha256Hex(text);
    const document = canonicalJson({ digest });
    const row = { origin, seq, section: 'rules', generation: seq, sha256: digest, document };
    await writer.submit('rows', { device, lane: 'reported', payload: encodeReported(row), at });
  }
  const known = await deviceStore(db).get(device);
  expect(known?.running['rules']?.digest).toBe(sha256Hex('two'));
});

const status = (conn: bigint, online: boolean) => ({
  device,
  at,
  status: {
    bootId: sampleUuid(1),
    conn,
    online,
    agent: '0.1.0',
    features: 0n,
    lanes: [],
    clock: { unixMs: 0, synced: true, source: '' },
  },
});

test('the will of an older connection changes nothing', async () => {
  expect((await writer.submit('status', status(7n, true))).isNewest).toBe(true);
  expect((await writer.submit('status', status(6n, false))).isNewest).toBe(false);
  expect((await deviceStore(db).get(device))?.presence.online).toBe(true);
  await writer.submit('status', status(7n, false));
  expect((await deviceStore(db).get(device))?.presence.online).toBe(false);
});

test('a device is online while one of its control connections is open', async () => {
  const opened = (id: string) => ({
    id,
    device,
    kind: 'control' as const,
    node: 'local',
    remote: '::1',
    fingerprint: 'f',
    at,
  });
  const closed = (id: string) => ({ id, device, kind: 'control' as const, why: 'gone', at });
  const online = async (): Promise<boolean> =>
    (await deviceStore(db).get(device))?.presence.online ?? false;
  await writer.submit('opened', opened('a'));
  await writer.submit('opened', opened('b'));
  await writer.submit('closed', closed('a'));
  expect(await online()).toBe(true);
  await writer.submit('closed', closed('b'));
  expect(await online()).toBe(false);
  await writer.submit('opened', opened('c'));
  await writer.submit('start', { node: 'local', at });
  expect(await online()).toBe(false);
  const open = await db
    .selectFrom('connection')
    .where('closed_at', 'is', null)
    .selectAll()
    .execute();
  expect(open).toEqual([]);
});

const content = { device, sha256: sha256Hex('clip'), sizeBytes: 100, content: 'clip' as const };

test('epochs rise over all contents of a device, and an old one writes nothing', async () => {
  const begin = async (sha256: string) =>
    await writer.submit('begin', { ...content, sha256, owner: 'local', at });
  const first = await begin(content.sha256);
  const second = await begin(sha256Hex('other'));
  const third = await begin(content.sha256);
  expect([first, second, third]).toMatchObject([{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }]);
  expect(await writer.submit('durable', { ...content, epoch: 1, durable: 50, at })).toBe(false);
  expect(await writer.submit('durable', { ...content, epoch: 3, durable: 60, at })).toBe(true);
  expect(await begin(content.sha256)).toMatchObject({ epoch: 4, durable: 60 });
  await writer.submit('finish', { ...content, at });
  expect(await begin(content.sha256)).toEqual({ isKnown: true });
  const left = await writer.submit('sweep', { untouchedSince: at });
  expect(left).toEqual([{ device, sha256: sha256Hex('other') }]);
  expect(await writer.submit('sweep', { untouchedSince: at + 1 })).toEqual([]);
});

test('nothing is lost when the writer is closed with work in its queue', async () => {
  const work = Array.from({ length: 50 }, async (_, i) =>
    writer.submit('rows', events(i + 1, [event(i + 1)])),
  );
  await writer[Symbol.asyncDispose]();
  await Promise.all(work);
  expect(await names()).toHaveLength(50);
  writer = openCommitter({ db: openSqlite(join(folder, 'cloud.db')), clock: systemClock });
});

test('what is reported is news once; counts that move are not', async () => {
  const digest = 'a'.repeat(64);
  const report = async (seq: bigint, document: object): Promise<void> => {
    const row = { origin, seq, section: 'rules', generation: seq, sha256: digest };
    const text = JSON.stringify({ digest, ...document });
    const payload = encodeReported({ ...row, document: text });
    await writer.submit('rows', { device, lane: 'reported', payload, at });
  };
  const news = async (): Promise<number> =>
    (await db.selectFrom('outbox').select('seq').where('kind', '=', 'device.reported').execute())
      .length;
  await report(1n, { counters: { clips: 1 }, shadow: { digest: 'b', publication: 'p', clips: 1 } });
  expect(await news()).toBe(1);
  await report(2n, { counters: { clips: 2 }, shadow: { digest: 'b', publication: 'p', clips: 9 } });
  expect(await news()).toBe(1);
  await report(3n, { counters: { clips: 2 }, rejected: { digest: 'c' } });
  expect(await news()).toBe(2);
});
