/**
 * Goal: a clip stands alone: any MCAP reader finds in it exactly what the window held.
 * Method: cut from many sources, read back by @mcap/core's indexed reader and by our own check.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRecording } from '../check.ts';
import { lz4Decode } from '../codec/lz4.ts';
import { zstd } from '../codec/zstd.ts';
import { clipChunkBytes } from '../limits.ts';
import { McapIndexedReader } from '../mcap/core.ts';
import { openMcapParser } from '../mcap/parser.ts';
import { readRecording } from '../read.ts';
import { examine } from '../testing/doctor.ts';
import { makeBag } from '../testing/bag-maker.ts';
import { type MadeMcap, makeMcap, robotMessages } from '../testing/mcap-maker.ts';
import { memoryFile, memorySink, type Read, readAll } from '../testing/memory-file.ts';
import type { ClipSummary } from './contents.ts';
import { type ClipPlan, clipMetadataName, cutClip } from './cut.ts';
import { openLatchedContext } from './latched.ts';

const startNs = 1_700_000_000_000_000_000n;
const second = 1_000_000_000n;

const plan: ClipPlan = {
  startNs: startNs + 3n * second,
  endNs: startNs + 8n * second,
  topics: ['*'],
  library: 'test 1',
  markers: [],
  scores: [],
  metadata: ({ messageCount }) => new Map([['messages', String(messageCount)]]),
};

interface Cut {
  readonly bytes: Uint8Array;
  readonly summary: ClipSummary;
  readonly source: Read;
}

async function cut(file: Uint8Array, changes: Partial<ClipPlan> = {}): Promise<Cut> {
  const source = await readAll(readRecording(memoryFile(file)));
  expect(source.fault).toBeUndefined();
  return cutRead(source, { ...plan, ...changes });
}

async function cutRead(source: Read, clipPlan: ClipPlan): Promise<Cut> {
  const [header] = source.items;
  const out = memorySink();
  const summary = await cutClip(out, clipPlan, {
    profile: header?.kind === 'header' ? header.profile : '',
    channels: source.channels,
    blocks: source.blocks,
  });
  expect(out.synced).toBe(out.bytes.length);
  return { bytes: out.bytes, summary, source };
}

async function openIndexed(bytes: Uint8Array): Promise<McapIndexedReader> {
  const sized = (decode: typeof lz4Decode) => (stored: Uint8Array, size: bigint) => {
    const into = new Uint8Array(Number(size));
    decode(stored, into);
    return into;
  };
  return McapIndexedReader.Initialize({
    readable: {
      size: () => Promise.resolve(BigInt(bytes.length)),
      read: (offset, length) =>
        Promise.resolve(bytes.slice(Number(offset), Number(offset + length))),
    },
    decompressHandlers: { lz4: sized(lz4Decode), zstd: sized(zstd.decode) },
  });
}

/** Messages by the independent reader: topic, log time, publish time, sequence and data. */
async function byCore(bytes: Uint8Array): Promise<string[]> {
  const reader = await openIndexed(bytes);
  const lines: string[] = [];
  for await (const message of reader.readMessages()) {
    const { logTime, publishTime, sequence, data } = message;
    const topic = reader.channelsById.get(message.channelId)?.topic;
    lines.push(
      [logTime, topic, publishTime, sequence, Buffer.from(data).toString('hex')].join(' '),
    );
  }
  return lines.sort();
}

function inside(source: Read, { startNs: from, endNs: to, topics }: ClipPlan): string[] {
  return source.messages
    .filter(({ logTime }) => logTime >= from && logTime <= to)
    .filter(({ topic }) => topics.includes('*') || topics.includes(topic))
    .map((m) => [m.logTime, m.topic, m.publishTime, m.sequence, m.data].join(' '))
    .sort();
}

async function expectSound({ bytes, summary }: Cut): Promise<void> {
  expect(summary.sizeBytes).toBe(bytes.length);
  expect(summary.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  const report = await checkRecording(memoryFile(bytes));
  expect(report.errors).toEqual([]);
  const warnings = report.warnings
    .map(({ message }) => message)
    .filter((message) => !/order of their log times|sequence numbers|has no schema/.test(message));
  expect(warnings).toEqual([]);
  expect(report.messages).toBe(summary.messageCount);
  expect(await examine(bytes)).toEqual([]);
}

const sources = ['none', 'lz4', 'zstd', undefined] as const;

test.each(sources)('all topics of a window, source chunks %s', async (compression) => {
  const made = { ...robotMessages(12), compression, chunkSize: 40_000 };
  const clip = await cut(await makeMcap(made), {
    markers: [{ atNs: startNs + 5n * second, document: { rule: 'near-miss', values: { vx: 1 } } }],
    scores: [{ atNs: startNs + 4n * second, document: { scorer: 'classifier' } }],
  });
  await expectSound(clip);
  const found = await byCore(clip.bytes);
  const latched = found.filter((line) => line.includes(' /tf_static '));
  const own = found.filter((line) => line.includes(' /fieldloop/'));
  const rest = found.filter((line) => !latched.includes(line) && !own.includes(line));
  expect(rest).toEqual(inside(clip.source, plan));
  // The transform of the start is context: first in the clip, with its own publish time.
  expect(latched.length).toBe(1);
  expect(latched[0]).toMatch(new RegExp(`^${plan.startNs} /tf_static ${startNs - 7n} 0 `));
  const json = Buffer.from(own[1]?.split(' ').at(-1) ?? '', 'hex').toString();
  expect(JSON.parse(json)).toEqual({ rule: 'near-miss', values: { vx: 1 } });
});

test('statistics, indexes, summary offsets, metadata and the header are those of the clip', async () => {
  const made = { ...robotMessages(12), compression: 'zstd' as const, chunkSize: 40_000 };
  const clip = await cut(await makeMcap(made));
  const reader = await openIndexed(clip.bytes);
  expect(reader.header).toMatchObject({ profile: 'ros2', library: 'test 1' });
  expect(reader.statistics).toMatchObject({
    messageCount: BigInt(clip.summary.messageCount),
    messageStartTime: plan.startNs,
    messageEndTime: plan.endNs,
    metadataCount: 1,
    chunkCount: reader.chunkIndexes.length,
  });
  expect(clip.summary).toMatchObject({ startNs: plan.startNs, endNs: plan.endNs });
  expect(clip.summary.topics).toEqual([
    { topic: '/odom', schema: 'nav_msgs/msg/Odometry', count: 50 },
    { topic: '/imu', schema: 'sensor_msgs/msg/Imu', count: 251 },
    { topic: '/tf_static', schema: 'tf2_msgs/msg/TFMessage', count: 1 },
  ]);
  expect([...reader.summaryOffsetsByOpcode.keys()].sort((a, b) => a - b)).toEqual([
    3, 4, 8, 11, 13,
  ]);
  expect(reader.dataSectionCrc).not.toBe(0);
  expect(reader.footer.summaryCrc).not.toBe(0);
  for await (const { name, metadata } of reader.readMetadata()) {
    expect(name).toBe(clipMetadataName);
    expect(metadata.get('messages')).toBe(String(clip.summary.messageCount));
  }
  expect(reader.metadataIndexes.length).toBe(1);
});

test('chunks inside the window are copied as bytes, the edges are packed again', async () => {
  const made = { ...robotMessages(12), compression: 'lz4' as const, chunkSize: 40_000 };
  const clip = await cut(await makeMcap(made));
  const copies = clip.source.blocks.filter(
    ({ firstNs, lastNs }) => firstNs >= plan.startNs && lastNs <= plan.endNs,
  );
  expect(copies.length).toBeGreaterThan(1);
  const file = Buffer.from(clip.bytes);
  for (const { chunk } of copies) {
    expect(file.includes(Buffer.from(chunk?.records ?? []))).toBe(true);
  }
  const reader = await openIndexed(clip.bytes);
  const packed = reader.chunkIndexes.map(({ compression }) => compression);
  expect(packed.filter((name) => name === 'lz4').length).toBe(copies.length);
  // Context and the first edge, and the last edge.
  expect(packed.filter((name) => name === 'zstd').length).toBe(2);
});

test('a copied chunk without message indexes and checksum gets both', async () => {
  const made: MadeMcap = {
    ...robotMessages(12),
    compression: 'zstd',
    chunkSize: 40_000,
    messageIndex: false,
    summary: false,
  };
  await expectSound(await cut(await makeMcap(made)));
});

test('a topic selection takes only its topics, its latched context included', async () => {
  const made = { ...robotMessages(12), compression: 'zstd' as const, chunkSize: 40_000 };
  const file = await makeMcap(made);
  const odom = await cut(file, { topics: ['/odom', '/nothing'] });
  await expectSound(odom);
  expect(await byCore(odom.bytes)).toEqual(inside(odom.source, { ...plan, topics: ['/odom'] }));
  expect(odom.summary.topics.map(({ topic }) => topic)).toEqual(['/odom']);
  const both = await cut(file, { topics: ['/odom', '/tf_static'] });
  expect(both.summary.topics.map(({ topic }) => topic)).toEqual(['/odom', '/tf_static']);
});

test('context that has left the window stays, and the newest before the start wins', async () => {
  const source = await readAll(readRecording(memoryFile(await makeMcap(robotMessages(2)))));
  const context = openLatchedContext(source.channels);
  for (const block of source.blocks) context.take(block);
  const latched = context.all();
  expect(latched.map(({ channelId }) => channelId)).toEqual([2]);
  const out = memorySink();
  const later = {
    ...plan,
    startNs: plan.startNs + 100n * second,
    endNs: plan.endNs + 100n * second,
  };
  const { channels } = source;
  const summary = await cutClip(out, later, { profile: 'ros2', channels, blocks: [], latched });
  expect(summary.topics).toEqual([
    { topic: '/tf_static', schema: 'tf2_msgs/msg/TFMessage', count: 1 },
  ]);
  expect(summary.startNs).toBe(later.startNs);
});

test('a ROS 1 bag becomes profile ros1 with its own encodings', async () => {
  const chunks = Array.from({ length: 3 }, (_, chunk) =>
    Array.from({ length: 10 }, (_, i) => ({
      connection: i === 0 ? 1 : 0,
      seconds: 100 + chunk * 10 + i,
      nanoseconds: 5,
      data: new Uint8Array([i]),
    })),
  );
  const connections = [
    { topic: '/odom', type: 'nav_msgs/Odometry', definition: 'Header header' },
    { topic: '/tf_static', type: 'tf2_msgs/TFMessage', latching: true },
  ];
  const file = makeBag({ connections, chunks, compression: 'lz4' });
  const range = { startNs: 112n * second, endNs: 124n * second };
  const clip = await cut(file, range);
  await expectSound(clip);
  const reader = await openIndexed(clip.bytes);
  expect(reader.header.profile).toBe('ros1');
  const odom = [...reader.channelsById.values()].find(({ topic }) => topic === '/odom');
  expect(odom?.messageEncoding).toBe('ros1');
  expect(reader.schemasById.get(odom?.schemaId ?? 0)).toMatchObject({
    name: 'nav_msgs/Odometry',
    encoding: 'ros1msg',
  });
  const found = await byCore(clip.bytes);
  const expected = inside(clip.source, { ...plan, ...range });
  const context = `${range.startNs} /tf_static ${110n * second + 5n} 0 00`;
  expect(found).toEqual([...expected, context].sort());
});

test('a live stream without chunks is packed into chunks of at most 1 MiB', async () => {
  const made = robotMessages(60);
  const parser = openMcapParser('robot');
  const source = await readAll(parser.push(await makeMcap({ ...made, summary: false })));
  const clip = await cutRead(source, { ...plan, endNs: startNs + 100n * second });
  await expectSound(clip);
  const reader = await openIndexed(clip.bytes);
  expect(reader.chunkIndexes.length).toBeGreaterThan(1);
  for (const { uncompressedSize } of reader.chunkIndexes) {
    expect(Number(uncompressedSize)).toBeLessThanOrEqual(clipChunkBytes);
  }
  const stored = await cutRead(source, { ...plan, compression: 'none' });
  const chunks = (await openIndexed(stored.bytes)).chunkIndexes;
  expect(new Set(chunks.map(({ compression }) => compression))).toEqual(new Set(['']));
});

test('a schema that has no number of its own stays clear of those in copied chunks', async () => {
  const data = new Uint8Array(8);
  const at = (i: number) => ({ channel: 0, sequence: i, logTime: plan.startNs + BigInt(i), data });
  const messages = [1, 2, 3].map((i) => ({ ...at(i), publishTime: 0n }));
  const channels = [{ topic: '/odom', schema: 'string data' }];
  const file = await makeMcap({ channels, messages, compression: 'zstd' });
  const source = await readAll(readRecording(memoryFile(file)));
  const [first] = source.channels.values();
  if (first?.schema === undefined) throw new Error('no schema');
  // As a topic of an earlier part of the recording whose number was taken.
  const schema = { ...first.schema, id: undefined, name: 'Other' };
  const other = { ...first, id: 60_000, topic: '/other', schema };
  const bare = await makeMcap({
    channels: [{ topic: '/other' }],
    messages: [{ ...at(0), publishTime: 0n }],
  });
  const [block] = (await readAll(readRecording(memoryFile(bare)))).blocks;
  if (block === undefined) throw new Error('no block');
  const clip = await cutRead(
    {
      ...source,
      channels: new Map([...source.channels, [other.id, other]]),
      blocks: [{ ...block, channelIds: Uint16Array.of(other.id) }, ...source.blocks],
    },
    plan,
  );
  await expectSound(clip);
});

test('a window without messages gives a clip without messages', async () => {
  const far = { startNs: 5n, endNs: 6n, topics: ['/nothing'] };
  const clip = await cut(await makeMcap(robotMessages(1)), far);
  await expectSound(clip);
  expect(clip.summary).toMatchObject({ messageCount: 0, startNs: 0n, endNs: 0n, topics: [] });
});

test('the same window gives the same bytes', async () => {
  const file = await makeMcap({ ...robotMessages(12), compression: 'zstd' });
  expect((await cut(file)).summary.sha256).toBe((await cut(file)).summary.sha256);
});

test('random windows and topics: the clip holds exactly the messages inside', async () => {
  const made = { ...robotMessages(6), chunkSize: 9000 };
  const files = await Promise.all(sources.map((compression) => makeMcap({ ...made, compression })));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.integer({ min: -1000, max: 7000 }),
      fc.nat(7000),
      fc.constantFrom<string[]>(['*'], ['/odom'], ['/imu', '/odom']),
      async (file, fromMs, lengthMs, topics) => {
        const from = startNs + BigInt(fromMs) * 1_000_000n;
        const range = { startNs: from, endNs: from + BigInt(lengthMs) * 1_000_000n, topics };
        const clip = await cut(file, range);
        await expectSound(clip);
        const found = await byCore(clip.bytes);
        const context = found.filter(
          (line) => line.includes(' /tf_static ') && !line.startsWith(`${startNs} `),
        );
        expect(found.filter((line) => !context.includes(line))).toEqual(
          inside(clip.source, { ...plan, ...range }),
        );
        expect(context.length).toBe(topics.includes('*') && from > startNs ? 1 : 0);
      },
    ),
    { numRuns: 60 },
  );
});
