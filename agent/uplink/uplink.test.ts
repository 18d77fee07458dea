/**
 * Goal: whatever link and cloud do, every row and clip arrives once and whole, nothing is freed
 * before the cloud holds it, and nothing is stuck ten minutes after the faults end.
 * Method: the real uplink on a real buffer against a cloud in memory (real codec, frames and
 * receiving machines) on a simulated clock and link, with faults drawn from a printed seed.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeStored, encodeTransfer } from '@fieldloop/proto';
import { afterEach, assert, beforeEach, describe, expect, test } from 'vitest';
import { uplinkRateMs } from '../limits.ts';
import { type Faults, noFaults } from './faults.cases.ts';
import { expectAllOnce, expectQuiet, World } from './world.cases.ts';

let dir = '';
let world: World;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fieldloop-uplink-'));
  world = new World(dir, 'calm');
});
afterEach(async () => {
  await world.stop();
  await rm(dir, { recursive: true, force: true });
});

test('in a calm world rows and clips arrive at once, and the buffer is empty', async () => {
  await world.start();
  for (const size of [100, 50_000, 700_000, 2_000_000]) await world.seal(size);
  world.addEvents(500);
  world.buffer?.report('agent', { digest: 'ab'.repeat(32) });
  await expectQuiet(world, 3_000);
  await expectAllOnce(world);
  expect(world.cloud.rows.get('reported')?.size).toBe(1);
  const bytes = world.clips.reduce((sum, clip) => sum + clip.bytes.length, 0);
  expect(world.uplink?.status()).toMatchObject({
    connected: true,
    bytesSent: bytes,
    clipsAcknowledged: 4,
    badReplies: 0,
    reconnects: 0,
  });
  expect(world.cloud.badChunks).toBe(0);
  const [first] = world.cloud.statuses;
  expect(first).toMatchObject({ online: true, conn: 1n });
  expect(first?.lanes.map((one) => one.lane)).toEqual(['events', 'manifests', 'reported']);
});

test('a cut in the middle of a file goes on where the cloud has it', async () => {
  await world.start();
  await world.seal(8_000_000);
  const size = world.clips[0]?.bytes.length ?? 0;
  while ((world.uplink?.status().bytesSent ?? 0) < size / 2) await world.run(10);
  world.cloud.cut();
  await expectQuiet(world, 10_000);
  await expectAllOnce(world);
  const { bytesSent } = world.uplink?.status() ?? { bytesSent: 0 };
  expect(bytesSent).toBeLessThan(size + 2 * 1024 * 1024);
});

test('a clip that an operator waits for takes the place of another, and all arrive', async () => {
  await world.start();
  for (let n = 0; n < 5; n += 1) await world.seal(1_500_000);
  while (world.uplink?.status().uploading !== 4) await world.run(10);
  const waiting = world.buffer?.clips.turn(1)[0];
  expect(world.buffer?.clips.pull(waiting?.clipId ?? '')).toBe('wanted');
  await expectQuiet(world, 60_000);
  await expectAllOnce(world);
  // It began last and did not end last.
  expect([...world.cloud.blobs.keys()].indexOf(waiting?.sha256 ?? '')).toBeLessThan(4);
});

test('without a link the clips stay and may be evicted, and go up when it is back', async () => {
  world.cloud.isReachable = false;
  await world.start();
  await world.seal(1_000);
  world.addEvents(10);
  await world.run(30_000);
  expect(world.uplink?.status()).toMatchObject({
    connected: false,
    uploading: 0,
    backlogClips: 1,
    lastError: expect.stringContaining('nobody answers'),
  });
  expect(world.uplink?.status().backlogS).toBeCloseTo(30, 0);
  world.cloud.isReachable = true;
  await expectQuiet(world, 6_000);
  await expectAllOnce(world);
  expect(world.uplink?.status().backlogS).toBe(0);
});

test('the rate of what goes up is told while it does, and how often the link was lost', async () => {
  await world.start();
  await world.seal(2_000_000);
  await expectQuiet(world, 10_000);
  while (world.uplink?.status().rate === 0) await world.run(100);
  const { bytesSent = 0, rate } = world.uplink?.status() ?? {};
  // All of it went up within one span.
  expect(rate).toBeGreaterThan(0.9 * (bytesSent / (uplinkRateMs / 1_000)));
  expect(rate).toBeLessThanOrEqual(bytesSent / (uplinkRateMs / 1_000));
  await world.run(uplinkRateMs + 500);
  expect(world.uplink?.status()).toMatchObject({ rate: 0, reconnects: 0 });
  world.cloud.cut();
  await world.run(10_000);
  expect(world.uplink?.status()).toMatchObject({ connected: true, reconnects: 1 });
});

test('a clean stop says goodbye, and the connection number rises over restarts', async () => {
  await world.start();
  await world.run(500);
  await world.stop();
  expect(world.cloud.statuses.at(-1)).toMatchObject({ online: false, conn: 1n });
  await world.start();
  await world.run(500);
  expect(world.cloud.statuses.at(-1)).toMatchObject({ online: true, conn: 2n });
});

test('a clip whose manifest the cloud refused is not sent and not deleted', async () => {
  world.cloud.refused.set(1, 'MALFORMED');
  await world.start();
  await world.seal(10_000);
  await world.seal(20_000);
  await world.run(10_000);
  const [kept, taken] = world.clips;
  assert(kept !== undefined && taken !== undefined);
  const expectKept = async (): Promise<void> => {
    expect([...world.cloud.blobs.keys()]).toEqual([taken.sha256]);
    const path = join(dir, 'clips', kept.sha256.slice(0, 2), `${kept.sha256}.mcap`);
    expect((await readFile(path)).equals(kept.bytes)).toBe(true);
    const quiet = { backlogClips: 0, backlogRows: 0, uploading: 0, refusedClips: 1 };
    expect(world.uplink?.status()).toMatchObject(quiet);
    expect(world.cloud.rows.get('events')?.size).toBe(1);
  };
  await expectKept();
  await world.stop();
  await world.start();
  await world.run(10_000);
  await expectKept();
});

test('under another name every clip is offered again', async () => {
  world.cloud.refused.set(1, 'MALFORMED');
  await world.start();
  await world.seal(10_000);
  await world.run(3_000);
  await world.stop();
  world.become('amr-018');
  await world.start();
  await expectQuiet(world, 10_000);
  expect([...world.cloud.blobs.keys()]).toEqual([world.clips[0]?.sha256]);
  expect([...(world.cloud.rows.get('manifests')?.keys() ?? [])]).toEqual([2]);
});

test('a file that changed on the disk is put aside instead of being sent for ever', async () => {
  world.cloud.isReachable = false;
  await world.start();
  await world.seal(10_000);
  const [clip] = world.clips;
  assert(clip !== undefined);
  const path = join(dir, 'clips', clip.sha256.slice(0, 2), `${clip.sha256}.mcap`);
  await writeFile(path, Buffer.alloc(clip.bytes.length));
  world.cloud.isReachable = true;
  await expectQuiet(world, 30_000);
  expect(world.cloud.blobs.size).toBe(0);
  expect(world.buffer?.counts().ever).toMatchObject({ quarantined: 1, acknowledged: 0 });
});

test('a file that is gone from the disk does not stop the others', async () => {
  world.cloud.isReachable = false;
  await world.start();
  await world.seal(10_000);
  const [gone] = world.clips.splice(0, 1);
  assert(gone !== undefined);
  await rm(join(dir, 'clips', gone.sha256.slice(0, 2), `${gone.sha256}.mcap`));
  await world.seal(20_000);
  world.cloud.isReachable = true;
  await expectQuiet(world, 30_000);
  expect([...world.cloud.blobs.keys()]).toEqual(world.clips.map((clip) => clip.sha256));
  expect(world.buffer?.counts().ever).toMatchObject({ lost: 1, acknowledged: 1 });
});

describe('an answer that makes no sense changes nothing and is counted', () => {
  const sha256 = 'ab'.repeat(32);
  const answers: [string, 'stored' | 'transfer', Uint8Array, number][] = [
    ['no protobuf', 'transfer', Uint8Array.of(255, 255, 255), 1],
    ['an empty Stored', 'stored', new Uint8Array(), 1],
    [
      'an Ack of an unknown transfer',
      'transfer',
      encodeTransfer({
        kind: 'ack',
        ack: { tid: 99, epoch: 1, received: 5, durable: 5, credit: 5 },
      }),
      1,
    ],
    [
      'Done of an unknown transfer',
      'transfer',
      encodeTransfer({ kind: 'done', done: { tid: 1, epoch: 0, sha256, sizeBytes: 3 } }),
      1,
    ],
    [
      'a Stored of another origin',
      'stored',
      encodeStored({ lane: 'events', origin: 5n, through: 1_000n, refused: [] }),
      0,
    ],
  ];
  test.each(answers)('%s', async (_name, topic, payload, bad) => {
    await world.start();
    await world.run(500);
    world.cloud.faults = { ...noFaults, loseDown: 1 };
    await world.seal(1_000);
    world.addEvents(3);
    await world.run(200);
    world.cloud.inject(topic, payload);
    await world.run(200);
    expect(world.uplink?.status()).toMatchObject({ badReplies: bad, backlogClips: 1 });
    expect(world.buffer?.counts().rows.events).toBe(3);
    world.cloud.faults = noFaults;
    await expectQuiet(world, 30_000);
    await expectAllOnce(world);
  });
});

test('a Done with another hash and an Ack of another epoch free nothing', async () => {
  await world.start();
  await world.seal(5_000_000);
  while ((world.uplink?.status().bytesSent ?? 0) === 0) await world.run(10);
  const sizeBytes = world.clips[0]?.bytes.length ?? 0;
  const done = { tid: 1, epoch: 1, sha256: 'ab'.repeat(32), sizeBytes };
  world.cloud.inject('transfer', encodeTransfer({ kind: 'done', done }));
  const ack = { tid: 1, epoch: 9, received: sizeBytes, durable: sizeBytes, credit: 0 };
  world.cloud.inject('transfer', encodeTransfer({ kind: 'ack', ack }));
  await world.run(20);
  expect(world.buffer?.counts()).toMatchObject({ clips: { uploading: 1 } });
  await expectQuiet(world, 5_000);
  await expectAllOnce(world);
});

test('numbers that the cloud knows otherwise are given anew, under another origin', async () => {
  await world.start();
  await world.run(500);
  world.cloud.faults = { ...noFaults, loseDown: 1 };
  world.addEvents(3);
  await world.run(100);
  const origin = world.cloud.statuses[0]?.lanes[0]?.origin ?? 0n;
  world.cloud.rows.clear();
  const refused = [{ seq: 1n, code: 'SEQ_REUSED' } as const];
  world.cloud.inject('stored', encodeStored({ lane: 'events', origin, through: 3n, refused }));
  world.cloud.faults = noFaults;
  await expectQuiet(world, 10_000);
  await expectAllOnce(world);
  expect(world.cloud.statuses.at(-1)?.lanes[0]?.origin).not.toBe(origin);
});

test('on a disk that turns read-only what is held goes up once, and the link comes back', async () => {
  await world.start();
  await world.run(500);
  await world.seal(2_000_000);
  while ((world.uplink?.status().bytesSent ?? 0) === 0) await world.run(10);
  world.addEvents(3);
  world.isReadOnly = true;
  await world.run(60_000);
  expect(world.cloud.rows.get('events')?.size).toBe(3);
  expect(world.cloud.blobs.size).toBe(1);
  expect(world.buffer?.counts().rows.events).toBe(3);
  world.cloud.cut();
  await world.run(60_000);
  expect(world.uplink?.status()).toMatchObject({ connected: true, reconnects: 1 });
  // A step, its wait, the rows on each link, and the number of the second one.
  expect(world.complaints.length).toBeLessThan(10);
  world.isReadOnly = false;
  await expectQuiet(world, 400_000);
  await expectAllOnce(world);
});

const hard: Faults = {
  loseDown: 0.1,
  loseChunk: 0.05,
  double: 0.1,
  damageChunk: 0.02,
  garble: 0.05,
  later: 0.1,
};

test.each(['storm-1', 'storm-2', 'storm-3', 'storm-4'])(
  'cuts, losses, doubles, damage, restarts of both ends (seed %s)',
  { timeout: 60_000 },
  async (seed) => {
    world = new World(dir, seed);
    const { cloud, random } = world;
    cloud.faults = hard;
    await world.start();
    for (let round = 0; round < 12; round += 1) {
      if (random.next() < 0.6) await world.seal(100 + random.integer(1_500_000));
      world.addEvents(random.integer(40));
      await world.run(100 + random.integer(1_500));
      const draw = random.next();
      if (draw < 0.15) cloud.cut();
      else if (draw < 0.3) cloud.cut('bulk');
      else if (draw < 0.45) cloud.cut('control');
      else if (draw < 0.6) cloud.restart();
      else if (draw < 0.7) {
        await world.stop();
        await world.start();
      }
      cloud.isReachable = random.next() < 0.85;
    }
    cloud.faults = noFaults;
    cloud.isReachable = true;
    await expectQuiet(world, 600_000);
    await expectAllOnce(world);
  },
);
