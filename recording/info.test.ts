/**
 * Goal: `info` says the same of a file whether it has an index or must be walked.
 * Method: the same recording with and without a summary; broken and lying indexes; shared files.
 */
import { expect, test } from 'vitest';
import { openFile } from './file.ts';
import { recordingInfo } from './info.ts';
import { readRecording } from './read.ts';
import { makeBag } from './testing/bag-maker.ts';
import { makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { memoryFile, readAll } from './testing/memory-file.ts';
import { hasSharedData, sharedFiles } from './testing/shared-data.ts';

test('an MCAP with and without summary', async () => {
  const made = { ...robotMessages(4), compression: 'zstd' as const, metadata: { robot: 'amr-01' } };
  const attachment = new Uint8Array(9);
  const indexed = await recordingInfo(memoryFile(await makeMcap({ ...made, attachment })));
  const plain = await makeMcap({ ...made, attachment, summary: false });
  const walked = await recordingInfo(memoryFile(plain));
  expect(indexed.indexed).toBe(true);
  expect(walked.indexed).toBe(false);
  const byTopic = (info: typeof indexed) =>
    [...info.channels].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  expect(byTopic(walked)).toEqual(byTopic(indexed));
  expect(walked.chunks).toEqual(indexed.chunks);
  expect({ ...walked, indexed: true, channels: [], sizeBytes: 0, damage: undefined }).toEqual({
    ...indexed,
    channels: [],
    sizeBytes: 0,
    damage: undefined,
  });
  const imu = indexed.channels.find(({ topic }) => topic === '/imu');
  expect(imu).toMatchObject({ count: 200, messageEncoding: 'cdr', latched: false });
  expect(imu?.hz).toBeCloseTo(50, 5);
  expect(indexed.channels.find(({ topic }) => topic === '/tf_static')?.latched).toBe(true);
  expect(indexed.metadata).toEqual([{ name: 'made', entries: { robot: 'amr-01' } }]);
  expect(indexed.attachments).toEqual([{ name: 'picture', mediaType: 'image/png', sizeBytes: 9 }]);
});

test('a bag with and without index', async () => {
  const spec = {
    connections: [{ topic: '/odom' }, { topic: '/tf_static', latching: true }],
    chunks: [[1, 2, 3], [4]].map((seconds) =>
      seconds.map((at) => ({
        connection: at === 2 ? 1 : 0,
        seconds: at,
        nanoseconds: 7,
        data: new Uint8Array(5),
      })),
    ),
    compression: 'lz4' as const,
  };
  const indexed = await recordingInfo(memoryFile(makeBag(spec), 'a.bag'));
  const walked = await recordingInfo(memoryFile(makeBag({ ...spec, index: false }), 'a.bag'));
  expect(indexed).toMatchObject({ indexed: true, messageCount: 4, startNs: 1_000_000_007n });
  expect(indexed.endNs).toBe(4_000_000_007n);
  expect(walked).toMatchObject({ indexed: false, messageCount: 4, channels: indexed.channels });
  expect(indexed.chunks).toMatchObject([{ compression: 'lz4', count: 2 }]);
});

test('a truncated file tells what was before the damage', async () => {
  const file = await makeMcap({ ...robotMessages(4), compression: 'none', chunkSize: 20_000 });
  const info = await recordingInfo(memoryFile(file.slice(0, 50_000)));
  expect(info.messageCount).toBeGreaterThan(40);
  expect(info.indexed).toBe(false);
  expect(info.damage?.code).toBe('corrupt');
});

test('an index that points outside the file, or states a summary of terabytes, is not followed', async () => {
  const file = Buffer.from(await makeMcap({ ...robotMessages(1), compression: 'none' }));
  for (const summaryStart of [8n, 40n, 2n ** 40n, 2n ** 63n]) {
    const bad = Buffer.from(file);
    bad.writeBigUInt64LE(summaryStart, bad.length - 8 - 20);
    const info = await recordingInfo(memoryFile(new Uint8Array(bad)));
    expect(info.indexed).toBe(false);
    expect(info.messageCount).toBe(61);
    expect(info.damage?.message).toContain('summary has checksum');
  }
});

test.skipIf(!hasSharedData)(
  'shared recordings (needs ../shared/data): index and walk agree',
  async () => {
    for (const path of [...sharedFiles('mcap', '.mcap'), ...sharedFiles('rosbag1', '.bag')]) {
      await using file = await openFile(path);
      const info = await recordingInfo(file);
      const { messages } = await readAll(readRecording(file));
      expect(info.indexed).toBe(true);
      expect(info.messageCount).toBe(messages.length);
      const times = messages.map(({ logTime }) => logTime);
      expect(info.startNs).toBe(
        times.length === 0 ? undefined : times.reduce((a, b) => (b < a ? b : a)),
      );
      expect(info.endNs).toBe(
        times.length === 0 ? undefined : times.reduce((a, b) => (b > a ? b : a)),
      );
    }
  },
);
