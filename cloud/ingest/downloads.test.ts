/**
 * Goal: a device gets exactly the artifacts that its own desired documents name, whole, and never
 * more bytes at once than it granted.
 * Method: the real driver, database and disk store; the robot is the receiving machine in memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import {
  newReceiver,
  type OpenAck,
  parseChunk,
  type ReceiverOutput,
  type ReceiverState,
  stepReceiver,
  type Transfer,
} from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { someBytes } from '../blob/blob.contract.ts';
import type { BlobStore } from '../blob/blob.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { setDesired } from '../store/desired.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import { downloadAheadBytes, maxDeviceDownloads } from '../wire-limits.ts';
import { type Downloads, openDownloads } from './downloads.ts';

const device = 'amr-01';
let folder: string;
let db: Db;
let blobs: BlobStore;
let downloads: Downloads;
let robot: Robot;

/** A robot whose disk takes no time. */
class Robot {
  state: ReceiverState | undefined;
  bytes: Uint8Array[] = [];
  answers: OpenAck[] = [];
  opens: string[] = [];
  mostAhead = 0;
  isDone = false;
  wake = (): void => undefined;

  hear(message: Transfer): void {
    if (message.kind === 'openAck') this.answers.push(message.openAck);
    if (message.kind === 'open') {
      this.opens.push(message.open.sha256);
      if (this.state === undefined) {
        const [state, outputs] = newReceiver(message.open);
        this.state = state;
        this.carryOut(outputs);
      }
    }
    this.wake();
  }

  chunk(frame: Uint8Array): void {
    const parsed = parseChunk(frame);
    if (!parsed.ok || this.state === undefined) return;
    const { epoch, offset, length, last, pieces } = parsed.chunk;
    this.mostAhead = Math.max(this.mostAhead, offset + length - this.state.durable);
    this.step({ kind: 'chunk', epoch, offset, length, last }, pieces);
  }

  step(input: Record<string, unknown>, pieces: readonly Uint8Array[] = []): void {
    if (this.state === undefined) return;
    const [state, outputs] = stepReceiver(this.state, { ...input, nowMs: 0 } as never);
    this.state = state;
    this.carryOut(outputs, pieces);
  }

  carryOut(outputs: readonly ReceiverOutput[], pieces: readonly Uint8Array[] = []): void {
    for (const output of outputs) {
      if (output.kind === 'send') downloads.hear(device, output.message);
      if (output.kind === 'append') this.bytes.push(...pieces.map((piece) => piece.slice()));
      if (output.kind === 'begin') {
        const durable = Buffer.concat(this.bytes).length;
        const epoch = (this.state?.epoch ?? 0) + 1;
        this.step({ kind: 'begun', epoch, durable, credit: downloadAheadBytes });
      }
      if (output.kind === 'sync') {
        const { epoch, durable } = output;
        // Later, as a disk would answer.
        setImmediate(() => this.step({ kind: 'synced', epoch, durable }));
      }
      if (output.kind === 'finish') {
        this.isDone = true;
        this.step({ kind: 'stored' });
        this.wake();
      }
      if (output.kind === 'close') this.state = undefined;
    }
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-downloads-'));
  db = await openMigrated(join(folder, 'cloud.db'));
  for (const [id, name] of [
    ['dev_1', device],
    ['dev_2', 'amr-02'],
  ] as const) {
    await deviceStore(db).create({ id, name, at: 1 });
  }
  blobs = await openDiskBlobs(folder);
  robot = new Robot();
  downloads = openDownloads({
    read: db,
    blobs,
    clock: systemClock,
    log: silentLog,
    send: (_, message) => robot.hear(message),
    publish: (_, kind, payload) => {
      if (kind === 'chunk') robot.chunk(payload);
    },
  });
});
afterEach(async () => {
  await downloads[Symbol.asyncDispose]();
  await blobs[Symbol.asyncDispose]();
  await db.destroy();
  await rm(folder, { recursive: true });
});

async function store(bytes: Uint8Array): Promise<string> {
  const draft = await blobs.draft('one');
  await draft.append([bytes]);
  return (await draft.finish()).sha256;
}

/** The document of each model is the model again: what is named is what counts. */
async function want(hashes: readonly string[], deviceId = 'dev_1'): Promise<void> {
  const models = Object.fromEntries(
    hashes.map((sha256, i) => {
      const ref = { sha256, sizeBytes: 10 };
      return [`m${i}`, { onnx: ref, document: ref }];
    }),
  );
  const wish = { deviceId, section: 'models', document: { models } as Json, at: 1 };
  await db.transaction().execute(async (trx) => void (await setDesired(trx, wish)));
}

const fetch = (sha256: string): void =>
  downloads.hear(device, { kind: 'fetch', fetch: { sha256, content: 'artifact' } });

test('what is named comes whole, within the credit, and again where it stood', async () => {
  const bytes = someBytes(900_000);
  const sha256 = await store(bytes);
  await want([sha256]);
  downloads.bulkUp(device);
  fetch(sha256);
  await robot.until(() => robot.isDone);
  expect(sha256Hex(Buffer.concat(robot.bytes))).toBe(sha256);
  expect(robot.mostAhead).toBeLessThanOrEqual(downloadAheadBytes);
  // Cut in the middle: the robot says where it is, and no byte before that comes again.
  robot.bytes = [bytes.slice(0, 400_000)];
  robot.isDone = false;
  downloads.linkLost(device);
  fetch(sha256);
  await robot.until(() => robot.isDone);
  expect(sha256Hex(Buffer.concat(robot.bytes))).toBe(sha256);
});

test('what no document of this device names is refused, whoever else should have it', async () => {
  const sha256 = await store(someBytes(1_000));
  await want([sha256], 'dev_2');
  downloads.bulkUp(device);
  fetch(sha256);
  await robot.until(() => robot.answers.length === 1);
  expect(robot.answers[0]).toMatchObject({ tid: 0, sha256, state: 'refused', code: 'UNWANTED' });
  expect(robot.opens).toEqual([]);
});

test('what is named and not in the store is told to come later', async () => {
  const sha256 = 'a'.repeat(64);
  await want([sha256]);
  fetch(sha256);
  await robot.until(() => robot.answers.length === 1);
  expect(robot.answers[0]).toMatchObject({ tid: 0, sha256, state: 'later', code: 'IO' });
});

test('nothing is offered before the bulk connection is up, and no more at once than the limit', async () => {
  const hashes = [];
  for (let i = 0; i <= maxDeviceDownloads; i += 1) hashes.push(await store(someBytes(100 + i)));
  await want(hashes);
  for (const sha256 of hashes) fetch(sha256);
  await robot.until(() => robot.answers.length === 1);
  expect(robot.answers[0]).toMatchObject({ state: 'later', code: 'BUSY' });
  expect(robot.opens).toEqual([]);
  downloads.bulkUp(device);
  expect(robot.opens).toHaveLength(maxDeviceDownloads);
});
