/**
 * Goal: a recording is a whole ROS 2 MCAP, repeats itself byte for byte, and holds no truth.
 * Method: recordings in memory, hashed, and read by @mcap/core alone.
 */
import { zstdDecompressSync } from 'node:zlib';
import { Fault, sha256Hex } from '@fieldloop/core';
import { McapIndexedReader } from '@mcap/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outputs } from './channels.ts';
import { recordRobot } from './record.ts';
import type { TruthLine } from './truth.ts';

async function recorded(seed: string, robot = 'amr-01', seconds = 3) {
  const pieces: Uint8Array[] = [];
  const truth: TruthLine[] = [];
  const out = {
    write: async (bytes: Uint8Array) => void pieces.push(bytes.slice()),
    sync: async () => {},
  };
  const onTruth = (line: TruthLine): void => void truth.push(line);
  const summary = await recordRobot({ seed, robots: 3, robot, seconds, out, onTruth });
  return { bytes: new Uint8Array(Buffer.concat(pieces)), summary, truth };
}

test('the same seed gives the same bytes, another seed or robot others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const first = sha256Hex((await recorded(String(seed), 'amr-01', 1)).bytes);
      expect(sha256Hex((await recorded(String(seed), 'amr-01', 1)).bytes)).toBe(first);
      expect(sha256Hex((await recorded(`${seed} else`, 'amr-01', 1)).bytes)).not.toBe(first);
      expect(sha256Hex((await recorded(String(seed), 'amr-02', 1)).bytes)).not.toBe(first);
    }),
    { numRuns: 2 },
  );
});

test('@mcap/core finds header, channels, rates and log times as they should be', async () => {
  const { bytes, summary } = await recorded('7', 'amr-02', 6);
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset: bigint, length: bigint) =>
      bytes.subarray(Number(offset), Number(offset + length)),
  };
  const reader = await McapIndexedReader.Initialize({
    readable,
    decompressHandlers: { zstd: (data) => new Uint8Array(zstdDecompressSync(data)) },
  });
  expect(reader.header.profile).toBe('ros2');
  expect(reader.statistics?.messageCount).toBe(BigInt(summary.messages));
  expect(reader.chunkIndexes.length).toBeGreaterThan(0);
  const counts = new Map<string, number>();
  const sequences = new Map<string, number[]>();
  let last = summary.startNs;
  for await (const message of reader.readMessages()) {
    const topic = reader.channelsById.get(message.channelId)?.topic ?? '';
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
    sequences.set(topic, [...(sequences.get(topic) ?? []), message.sequence]);
    expect(message.logTime).toBeGreaterThanOrEqual(last);
    last = message.logTime;
  }
  for (const [topic, found] of sequences) {
    expect(found, topic).toEqual(found.map((_, i) => (found[0] ?? 0) + i));
  }
  expect([...counts.keys()].sort()).toEqual(outputs.map(({ topic }) => topic).sort());
  expect(counts.get('/imu/data')).toBe(600);
  expect(counts.get('/odom')).toBe(300);
  expect(counts.get('/camera/front/compressed')).toBe(30);
  expect(counts.get('/tf_static')).toBe(1);
});

test('truth is told aside, for every picture, and stands in no message', async () => {
  const { bytes, truth } = await recorded('7', 'amr-01', 6);
  const frames = truth.filter((line) => line.kind === 'frame');
  expect(frames).toHaveLength(30);
  expect(frames[0]).toMatchObject({ robot: 'amr-01', ahead: expect.any(String) });
  const text = Buffer.from(bytes).toString('latin1');
  for (const word of ['cold-store', 'dock', 'near_miss', 'ahead']) {
    expect(text.includes(word), word).toBe(false);
  }
});

test.each([
  [{ robot: 'amr-09' }, 'there is no robot "amr-09"'],
  [{ seconds: 0 }, 'a recording of 0 s'],
  [{ seconds: Number.NaN }, 'a recording of NaN s'],
])('%j is refused with a remedy', async (change, message) => {
  const out = { write: async () => {}, sync: async () => {} };
  const asked = recordRobot({ seed: 1, robots: 3, robot: 'amr-01', seconds: 1, out, ...change });
  const fault = await asked.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ message: expect.stringContaining(message) });
  expect((fault as Fault).remedy).toBeDefined();
});
