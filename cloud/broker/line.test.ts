/**
 * Goal: what a device sends over the real line is stored once, acknowledged only when it is safe,
 * and a file arrives whole whatever happens in the middle of it.
 * Method: real TLS, gate, broker, SQLite and disk; a device that speaks raw MQTT, step by step.
 */
import { randomBytes } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import {
  chunkTopic,
  encodeChunk,
  encodeEvents,
  encodeManifest,
  encodeReported,
  encodeStatus,
  type Manifest,
  type OpenAck,
  type Transfer,
  upTopic,
} from '@fieldloop/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../blob/blob.contract.ts';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import {
  type Identity,
  type LineWorld,
  openDevice,
  openLineWorld,
  statusOf,
  type TestDevice,
} from './line.sample.ts';

let world: LineWorld;
let amr1: Identity;
let amr2: Identity;
beforeAll(async () => {
  world = await openLineWorld();
  amr1 = await world.enrolled('amr-01');
  amr2 = await world.enrolled('amr-02');
});
afterAll(async () => await world[Symbol.asyncDispose]());

const origin = 0xfeedn;
const eventRow = (name: string) =>
  ({
    kind: 'event',
    event: {
      id: '01890a5d-ac96-774b-bcce-000000000001',
      name,
      severity: 'info',
      atNs: 5n,
      synced: true,
      sessionId: '01890a5d-ac96-774b-bcce-000000000002',
      values: [{ name: 'n', unit: '', value: 2n ** 60n }],
      text: '',
      tags: [],
    },
  }) as const;

function manifestOf(bytes: Uint8Array, seq: bigint): Manifest {
  const document = {
    ...sampleManifest(Number(seq)),
    sha256: sha256Hex(bytes),
    sizeBytes: bytes.length,
  };
  return {
    origin,
    seq,
    clipId: document.clipId,
    sha256: document.sha256,
    sizeBytes: document.sizeBytes,
    media: 'application/x-mcap',
    class: 'warning',
    priority: 1,
    document: canonicalJson(document),
    previews: [],
    state: 'offered',
  };
}

const openAckOf = (message: Transfer): OpenAck | undefined =>
  message.kind === 'openAck' ? message.openAck : undefined;
const doneOf = (message: Transfer) => (message.kind === 'done' ? message.done : undefined);
const nackOf = (message: Transfer) => (message.kind === 'nack' ? message.nack : undefined);

const openOf = (tid: number, bytes: Uint8Array): Transfer => ({
  kind: 'open',
  open: {
    tid,
    sha256: sha256Hex(bytes),
    sizeBytes: bytes.length,
    content: 'clip',
    chunkMax: 262_144,
  },
});

/** Sends from the durable offset up to `end`, never past the credit it was told of. */
async function sendUpTo(
  device: TestDevice,
  who: Identity,
  transfer: { readonly ack: OpenAck; readonly bytes: Uint8Array; readonly end: number },
): Promise<void> {
  const { ack, bytes, end } = transfer;
  let limit = ack.durable + ack.credit;
  for (let at = ack.durable; at < end; ) {
    if (at >= limit) {
      limit = await device.next((message) =>
        message.kind === 'ack' && message.ack.durable + message.ack.credit > limit
          ? message.ack.durable + message.ack.credit
          : undefined,
      );
    }
    const to = Math.min(end, limit, at + 65_536);
    const head = { tid: ack.tid, epoch: ack.epoch, offset: at, last: to === bytes.length };
    const chunk = Buffer.from(encodeChunk(head, bytes.subarray(at, to)));
    await device.bulk.publishAsync(chunkTopic(who.device, ack.slot), chunk, { qos: 0 });
    at = to;
  }
}

test('rows are in the database when their publish is acknowledged, once', async () => {
  const device = await openDevice(world, amr1);
  const payload = Buffer.from(encodeEvents({ origin, firstSeq: 1n, rows: [eventRow('first')] }));
  for (let i = 0; i < 2; i += 1) {
    await device.control.publishAsync(upTopic('amr-01', 'events'), payload, { qos: 1 });
    const rows = await world.db.selectFrom('event').selectAll().execute();
    expect(rows.map(({ name, values_json: values }) => [name, values])).toEqual([
      ['first', '{"n":"1152921504606846976"}'],
    ]);
    expect(await device.nextStored(() => true)).toEqual({
      lane: 'events',
      origin,
      through: 1n,
      refused: [],
    });
  }
  const other = encodeEvents({ origin, firstSeq: 1n, rows: [eventRow('other')] });
  await device.control.publishAsync(upTopic('amr-01', 'events'), Buffer.from(other), { qos: 1 });
  expect((await device.nextStored(() => true)).refused).toEqual([{ seq: 1n, code: 'SEQ_REUSED' }]);
  device.leave();
});

test('a Status is answered with how far each lane is; what was lost below is a gap', async () => {
  const device = await openDevice(world, amr2);
  const lanes = [
    { lane: 'events', origin: 7n, lowest: 4n, highest: 9n },
    { lane: 'manifests', origin: 7n, lowest: 1n, highest: 0n },
  ] as const;
  const payload = Buffer.from(encodeStatus(statusOf(5n, lanes)));
  await device.control.publishAsync(upTopic('amr-02', 'status'), payload, { qos: 1, retain: true });
  expect((await device.nextStored((one) => one.lane === 'events')).through).toBe(3n);
  expect((await device.nextStored((one) => one.lane === 'manifests')).through).toBe(0n);
  const gaps = await world.db.selectFrom('lane_gap').selectAll().execute();
  expect(gaps).toMatchObject([{ device: 'amr-02', seq: 1n, last_seq: 3n, reason: 'lost' }]);
  expect((await deviceStore(world.db).get('amr-02'))?.presence.online).toBe(true);
  device.leave();
});

test('what a device runs is what it reported last', async () => {
  const device = await openDevice(world, amr1);
  const digest = sha256Hex('rules');
  const document = canonicalJson({ digest, set: 'amr' });
  const reported = { origin, seq: 1n, section: 'rules', generation: 1n, sha256: digest, document };
  const payload = Buffer.from(encodeReported(reported));
  await device.control.publishAsync(upTopic('amr-01', 'reported'), payload, { qos: 1 });
  await device.nextStored((one) => one.lane === 'reported');
  const known = await deviceStore(world.db).get('amr-01');
  expect(known?.running['rules']).toMatchObject({ digest, document: { set: 'amr' } });
  device.leave();
});

test('a clip arrives whole through a restart in its middle, and is told of as done', async () => {
  const bytes = randomBytes(3_000_000);
  const manifest = manifestOf(bytes, 1n);
  let device = await openDevice(world, amr1);
  const payload = Buffer.from(encodeManifest(manifest));
  await device.control.publishAsync(upTopic('amr-01', 'manifest'), payload, { qos: 1 });
  await device.nextStored((one) => one.lane === 'manifests');
  const clipId = clipIdOf(manifest);
  expect((await clipStore(world.db).get(clipId))?.state).toBe('on_device');

  await device.say(openOf(1, bytes));
  const first = await device.next(openAckOf);
  expect(first).toMatchObject({ state: 'new', durable: 0, slot: '0' });
  await sendUpTo(device, amr1, { ack: first, bytes, end: 2_000_000 });
  const durable = await device.next((message) =>
    message.kind === 'ack' && message.ack.durable >= 500_000 ? message.ack.durable : undefined,
  );
  device.leave();
  await world.restart();

  device = await openDevice(world, amr1);
  await device.say(openOf(2, bytes));
  const second = await device.next(openAckOf);
  expect(second.state).toBe('partial');
  expect(second.epoch).toBeGreaterThan(first.epoch);
  expect(second.durable).toBeGreaterThanOrEqual(durable);
  await sendUpTo(device, amr1, { ack: second, bytes, end: bytes.length });
  const { sha256, sizeBytes } = manifest;
  expect(await device.next(doneOf)).toEqual({ tid: 2, epoch: second.epoch, sha256, sizeBytes });
  expect(Buffer.compare(await bytesOf(world.blobs.read(sha256)), bytes)).toBe(0);
  expect((await clipStore(world.db).get(clipId))?.state).toBe('stored');
  expect(await world.db.selectFrom('transfer').selectAll().execute()).toEqual([]);
  expect(await world.blobs.parts()).toEqual([]);

  await device.say(openOf(3, bytes));
  expect((await device.next(openAckOf)).state).toBe('done');
  device.leave();
});

test('another device is not told that the content is here, and stores it for itself', async () => {
  const bytes = randomBytes(100_000);
  for (const who of [amr1, amr2]) {
    const device = await openDevice(world, who);
    await device.say(openOf(1, bytes));
    const ack = await device.next(openAckOf);
    expect(ack.state).toBe('new');
    await sendUpTo(device, who, { ack, bytes, end: bytes.length });
    expect((await device.next(doneOf)).sha256).toBe(sha256Hex(bytes));
    device.leave();
  }
  const sources = await world.db
    .selectFrom('blob_source')
    .selectAll()
    .where('sha256', '=', sha256Hex(bytes))
    .execute();
  expect(sources.map((row) => row.device)).toEqual(['amr-01', 'amr-02']);
});

test('bytes that came before their manifest make the clip stored when it comes', async () => {
  const bytes = randomBytes(50_000);
  const device = await openDevice(world, amr1);
  await device.say(openOf(1, bytes));
  await sendUpTo(device, amr1, { ack: await device.next(openAckOf), bytes, end: bytes.length });
  await device.next(doneOf);
  const manifest = manifestOf(bytes, 2n);
  const payload = Buffer.from(encodeManifest(manifest));
  await device.control.publishAsync(upTopic('amr-01', 'manifest'), payload, { qos: 1 });
  await device.nextStored((one) => one.lane === 'manifests' && one.through === 2n);
  expect((await clipStore(world.db).get(clipIdOf(manifest)))?.state).toBe('stored');
  device.leave();
});

test('a damaged chunk is asked for again, bytes that are not the hash are refused', async () => {
  const bytes = randomBytes(20_000);
  const device = await openDevice(world, amr1);
  await device.say(openOf(1, bytes));
  const ack = await device.next(openAckOf);
  const head = { tid: 1, epoch: ack.epoch, offset: 0, last: true };
  const damaged = Buffer.from(encodeChunk(head, bytes));
  damaged[5_000] = (damaged[5_000] ?? 0) ^ 1;
  const topic = chunkTopic('amr-01', '0');
  await device.bulk.publishAsync(topic, damaged, { qos: 0 });
  expect(await device.next(nackOf)).toMatchObject({ code: 'CRC', from: 0 });
  await device.bulk.publishAsync(topic, Buffer.from(encodeChunk(head, randomBytes(20_000))));
  expect(await device.next(nackOf)).toMatchObject({ code: 'HASH' });
  await device.say(openOf(2, bytes));
  const again = await device.next(openAckOf);
  expect(again).toMatchObject({ state: 'new', durable: 0 });
  await sendUpTo(device, amr1, { ack: again, bytes, end: bytes.length });
  await device.next(doneOf);
  device.leave();
});

test('lies about size and epoch, gaps and unknown handles get the stated answer', async () => {
  const bytes = randomBytes(20_000);
  const device = await openDevice(world, amr1);
  const send = async (head: { tid: number; epoch: number; offset: number; last: boolean }) =>
    await device.bulk.publishAsync(
      chunkTopic('amr-01', '0'),
      Buffer.from(encodeChunk(head, bytes.subarray(0, 1_000))),
    );
  await send({ tid: 99, epoch: 1, offset: 0, last: false });
  expect(await device.next(nackOf)).toMatchObject({ tid: 99, code: 'UNKNOWN' });
  await device.say(openOf(1, bytes));
  const { epoch } = await device.next(openAckOf);
  await send({ tid: 1, epoch: epoch - 1, offset: 0, last: false });
  await send({ tid: 1, epoch, offset: 5_000, last: false });
  expect(await device.next(nackOf)).toMatchObject({ code: 'GAP', from: 0 });
  await send({ tid: 1, epoch, offset: 19_500, last: true });
  expect(await device.next(nackOf)).toMatchObject({ code: 'OVERRUN' });
  await device.say({ kind: 'open', open: { ...openBody(bytes), sizeBytes: 2 ** 31 } });
  expect((await device.next(openAckOf)).state).toBe('new');
  await device.say({ kind: 'open', open: { ...openBody(bytes), content: 'artifact' } });
  expect(await device.next(openAckOf)).toMatchObject({ state: 'refused', code: 'KIND' });
  device.leave();
});

const openBody = (bytes: Uint8Array) => ({
  tid: 9,
  sha256: sha256Hex(bytes),
  sizeBytes: bytes.length,
  content: 'clip' as const,
  chunkMax: 65_536,
});

test('the fifth transfer at a time waits, and a part that was cancelled as evicted is gone', async () => {
  const device = await openDevice(world, amr2);
  const files = Array.from({ length: 5 }, () => randomBytes(10_000));
  for (const [index, bytes] of files.entries()) await device.say(openOf(index + 1, bytes));
  const answers = new Map<number, OpenAck>();
  while (answers.size < 5) {
    const ack = await device.next(openAckOf);
    answers.set(ack.tid, ack);
  }
  expect(answers.get(5)).toMatchObject({ state: 'later', code: 'BUSY' });
  const credits = [...answers.values()].reduce((sum, { credit }) => sum + credit, 0);
  expect(credits).toBeLessThanOrEqual(4 * 1024 * 1024);
  for (const [tid, { epoch }] of answers) {
    if (tid < 5) await device.say({ kind: 'cancel', cancel: { tid, epoch, reason: 'evicted' } });
  }
  await device.say(openOf(6, files[4] ?? new Uint8Array()));
  expect((await device.next(openAckOf)).state).toBe('new');
  device.leave();
});
