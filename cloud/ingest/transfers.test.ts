/**
 * Goal: what disk, database and earlier runs do to a transfer never makes the cloud say more than
 * it has, and never leaves it stuck.
 * Method: the real driver, committer and disk store, with one call at a time made to fail.
 */
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { encodeChunk, type Open, type OpenAck, type Transfer, wireLimits } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytesOf, someBytes } from '../blob/blob.contract.ts';
import type { BlobStore } from '../blob/blob.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { openSqlite } from '../store/sqlite.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import type { CallName, Writer } from './calls.ts';
import { openCommitter } from './committer.ts';
import { openTransfers, type Transfers } from './transfers.ts';

const device = 'amr-01';
let folder: string;
let db: Db;
let writer: Writer;
let blobs: BlobStore;
let transfers: Transfers;
let heard: Transfer[];
let violations: string[];
let wake: () => void;
/** Calls that fail once, by name. */
let failing: Set<CallName | 'append' | 'sync'>;
/** Answers to written rows that the test holds back; none are while it is undefined. */
let held: PromiseWithResolvers<void>[] | undefined;

const full = (): Fault => new Fault('limited', 'there is no space left for blobs');

/** The real parts, but for the one call that the test lets fail. */
async function open(): Promise<void> {
  const committer = openCommitter({ db: openSqlite(join(folder, 'cloud.db')), clock: systemClock });
  writer = {
    submit: async (name, input) => {
      if (failing.delete(name)) throw new Fault('unavailable', 'the database is gone');
      const answer = await committer.submit(name, input);
      if (name === 'durable' && held !== undefined) {
        const one = Promise.withResolvers<void>();
        held.push(one);
        wake();
        await one.promise;
      }
      return answer;
    },
    [Symbol.asyncDispose]: async () => await committer[Symbol.asyncDispose](),
  };
  const disk = await openDiskBlobs(folder);
  blobs = {
    ...disk,
    begin: async (name) => {
      const part = await disk.begin(name);
      const append = part.append.bind(part);
      const sync = part.sync.bind(part);
      part.append = async (pieces) => {
        if (failing.delete('append')) throw full();
        await append(pieces);
      };
      part.sync = async () => {
        if (failing.delete('sync')) throw new Fault('unavailable', 'the disk failed');
        await sync();
      };
      return part;
    },
  };
  transfers = await openTransfers({
    blobs,
    writer,
    clock: systemClock,
    log: silentLog,
    owner: 'local',
    send: (_device, message) => {
      heard.push(message);
      wake();
    },
    violation: (_device, reason) => violations.push(reason),
  });
}

async function close(): Promise<void> {
  await transfers[Symbol.asyncDispose]();
  await blobs[Symbol.asyncDispose]();
  await writer[Symbol.asyncDispose]();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-transfers-'));
  db = await openMigrated(join(folder, 'cloud.db'));
  await deviceStore(db).create({ id: 'dev_1', name: device, at: 1 });
  [heard, violations, failing, held, wake] = [[], [], new Set(), undefined, () => {}];
  await open();
});
afterEach(async () => {
  await close();
  await db.destroy();
  await rm(folder, { recursive: true });
});

async function next<T>(pick: (message: Transfer) => T | undefined): Promise<T> {
  for (;;) {
    for (const [index, message] of heard.entries()) {
      const value = pick(message);
      if (value === undefined) continue;
      heard.splice(0, index + 1);
      return value;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

const openAck = (message: Transfer) => (message.kind === 'openAck' ? message.openAck : undefined);
const nack = (message: Transfer) => (message.kind === 'nack' ? message.nack : undefined);
const done = (message: Transfer) => (message.kind === 'done' ? message.done : undefined);
const durable = (message: Transfer) =>
  message.kind === 'ack' && message.ack.durable > 0 ? message.ack.durable : undefined;

const openOf = (bytes: Uint8Array, tid: number): Open => ({
  tid,
  sha256: sha256Hex(bytes),
  sizeBytes: bytes.length,
  content: 'clip',
  chunkMax: 262_144,
});

async function offer(bytes: Uint8Array, tid = 1): Promise<OpenAck> {
  transfers.hear(device, { kind: 'open', open: openOf(bytes, tid) });
  return await next(openAck);
}

function send(ack: OpenAck, bytes: Uint8Array, from: number, to: number): void {
  const { tid, epoch } = ack;
  const head = { tid, epoch, offset: from, last: to === bytes.length };
  transfers.chunk(device, [encodeChunk(head, bytes.subarray(from, to))]);
}

async function sendAll(bytes: Uint8Array, tid: number): Promise<OpenAck> {
  const ack = await offer(bytes, tid);
  send(ack, bytes, ack.durable, bytes.length);
  await next(done);
  expect(Buffer.compare(await bytesOf(blobs.read(sha256Hex(bytes))), bytes)).toBe(0);
  return ack;
}

test.each([
  ['a full disk', 'append', 'NO_SPACE'],
  ['a disk that fails to sync', 'sync', 'IO'],
  ['a database that fails a row', 'durable', 'IO'],
] as const)('%s is a Nack, and the next Open goes on', async (_, call, code) => {
  const bytes = someBytes(200_000);
  const ack = await offer(bytes);
  failing.add(call);
  send(ack, bytes, 0, 100_000);
  expect(await next(nack)).toMatchObject({ code, retryAfterMs: wireLimits.progressMs });
  await sendAll(bytes, 2);
});

test('a row that is answered after its epoch has ended does not keep later Opens waiting', async () => {
  const bytes = someBytes(200_000);
  const ack = await offer(bytes);
  const rows: PromiseWithResolvers<void>[] = [];
  held = rows;
  for (const [from, to] of [
    [0, 50_000],
    [50_000, 100_000],
  ] as const) {
    send(ack, bytes, from, to);
    const before = rows.length;
    while (rows.length === before) await new Promise<void>((resolve) => (wake = resolve));
  }
  held = undefined;
  transfers.hear(device, { kind: 'open', open: openOf(bytes, 2) });
  rows[0]?.reject(new Fault('unavailable', 'the database is gone'));
  expect(await next(nack)).toMatchObject({ code: 'IO' });
  expect(await next(openAck)).toMatchObject({ tid: 2, state: 'partial', durable: 100_000 });
  rows[1]?.resolve();
  expect(await offer(bytes, 3)).toMatchObject({ state: 'partial', durable: 100_000 });
  await sendAll(bytes, 4);
});

test('a database that fails an Open is LATER', async () => {
  failing.add('begin');
  expect(await offer(someBytes(10))).toMatchObject({ state: 'later', code: 'IO' });
  await sendAll(someBytes(10), 2);
});

test('a blob whose row could not be written is adopted at the next Open, not sent again', async () => {
  const bytes = someBytes(50_000);
  const ack = await offer(bytes);
  failing.add('finish');
  send(ack, bytes, 0, bytes.length);
  expect(await next(nack)).toMatchObject({ code: 'IO' });
  expect(await blobs.stat(sha256Hex(bytes))).toBeDefined();
  expect((await offer(bytes, 2)).state).toBe('done');
  expect(await db.selectFrom('blob').select('size_bytes').execute()).toEqual([
    { size_bytes: 50_000n },
  ]);
  expect(await blobs.parts()).toEqual([]);
});

test('a blob that another device stored is not adopted', async () => {
  await deviceStore(db).create({ id: 'dev_2', name: 'amr-02', at: 1 });
  const bytes = someBytes(1000);
  await sendAll(bytes, 1);
  transfers.hear('amr-02', { kind: 'open', open: openOf(bytes, 1) });
  expect((await next(openAck)).state).toBe('new');
});

test('a part that is shorter than its row begins again', async () => {
  const bytes = someBytes(300_000);
  const ack = await offer(bytes);
  send(ack, bytes, 0, 200_000);
  expect(await next(durable)).toBe(200_000);
  transfers.linkLost(device);
  await close();
  await truncate(join(folder, 'parts', device, sha256Hex(bytes)), 1000);
  await open();
  expect(await sendAll(bytes, 2)).toMatchObject({ state: 'new', durable: 0 });
});

test('after a restart parts without a row are gone, the others go on', async () => {
  const [kept, orphan] = [someBytes(100_000, 1), someBytes(100_000, 2)];
  send(await offer(kept, 1), kept, 0, 50_000);
  await next(durable);
  const part = await blobs.begin({ owner: device, sha256: sha256Hex(orphan) });
  await part.append([orphan]);
  await part.close();
  await close();
  await open();
  expect(await offer(kept, 3)).toMatchObject({ state: 'partial', durable: 50_000 });
  expect(await readdir(join(folder, 'parts', device))).toEqual([sha256Hex(kept)]);
});

test('the credit of a device is shared and never more than its whole', async () => {
  const files = [1, 2, 3, 4].map((seed) => someBytes(3_000_000, seed));
  const open = new Map<number, number>();
  for (const [index, bytes] of files.entries()) {
    const { credit } = await offer(bytes, index + 1);
    open.set(index + 1, credit);
  }
  const given = [...open.values()].reduce((sum, credit) => sum + credit, 0);
  expect(open.get(1)).toBe(wireLimits.maxDeviceCreditBytes);
  expect(given).toBeLessThanOrEqual(wireLimits.maxDeviceCreditBytes);
  const [first] = files;
  if (first === undefined) throw new Error('no file');
  transfers.hear(device, { kind: 'cancel', cancel: { tid: 1, epoch: 1, reason: 'evicted' } });
  // What the first gave back is told to those that had none.
  const grown = await next((message) =>
    message.kind === 'ack' && message.ack.credit > 0 ? message.ack : undefined,
  );
  expect(grown.tid).not.toBe(1);
});

test('chunks of no transfer are told once a second, unreadable ones are a violation', () => {
  const frame = encodeChunk({ tid: 9, epoch: 1, offset: 0, last: false }, Buffer.of(1));
  for (let i = 0; i < 5; i += 1) transfers.chunk(device, [frame]);
  expect(heard).toMatchObject([{ kind: 'nack', nack: { tid: 9, code: 'UNKNOWN' } }]);
  transfers.chunk(device, [Buffer.of(1, 2, 3)]);
  expect(violations).toEqual(['a chunk that cannot be read (MALFORMED)']);
});

test('a transfer that waits for its disk when the cloud stops ends in order', async () => {
  const bytes = someBytes(100_000);
  const ack = await offer(bytes);
  send(ack, bytes, 0, bytes.length);
  await close();
  await open();
  const again = await offer(bytes, 2);
  expect(['done', 'partial', 'new']).toContain(again.state);
  expect(again.state === 'done').toBe((await blobs.stat(sha256Hex(bytes))) !== undefined);
});
