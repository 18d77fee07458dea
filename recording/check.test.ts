/**
 * Goal: `check` is clean for what is whole and names each lie of a file with its place.
 * Method: good files of every kind; one stated value changed at a time, checksums left out so that
 * only the comparison with the content can notice.
 */
import { expect, test } from 'vitest';
import { checkRecording } from './check.ts';
import { openFile } from './file.ts';
import { readRecording } from './read.ts';
import { type BagSpec, makeBag } from './testing/bag-maker.ts';
import { bz2Bag } from './testing/bz2-bag.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { memoryFile, readAll } from './testing/memory-file.ts';
import { hasSharedData, sharedFiles } from './testing/shared-data.ts';
import type { McapRecordBuilder, McapTypes } from './mcap/core.ts';

async function findings(bytes: Uint8Array): Promise<{ errors: string[]; warnings: string[] }> {
  const { errors, warnings, clean } = await checkRecording(memoryFile(bytes, 'f'));
  expect(clean).toBe(errors.length === 0);
  return {
    errors: errors.map(({ place, message }) => `${place}: ${message}`),
    warnings: warnings.map(({ message }) => message),
  };
}

test.each([undefined, 'none', 'lz4', 'zstd'] as const)(
  'whole MCAP files are clean: %s',
  async (compression) => {
    // Without chunks, @mcap/core's writer indexes an attachment at a wrong offset.
    const attachment = compression === undefined ? undefined : new Uint8Array(100);
    const made = { ...robotMessages(6), compression, attachment, metadata: { a: 'b' } };
    const found = await findings(await makeMcap(made));
    expect(found.errors).toEqual([]);
    const loose =
      compression === undefined ? ['messages stand outside chunks: no checksum of their own'] : [];
    expect(found.warnings).toEqual(loose);
  },
);

const record: McapTypes.Message = {
  channelId: 1,
  sequence: 1,
  logTime: 5n,
  publishTime: 5n,
  data: new Uint8Array(4),
};
const channel = { id: 1, schemaId: 1, topic: '/a', messageEncoding: 'cdr', metadata: new Map() };
const schema = { id: 1, name: 'x', encoding: 'ros2msg', data: new Uint8Array(2) };

interface Lies {
  chunk?: Partial<McapTypes.Chunk>;
  index?: McapTypes.MessageIndex['records'];
  indexChannel?: number;
  chunkIndex?: Partial<McapTypes.ChunkIndex>;
  statistics?: Partial<McapTypes.Statistics>;
  secondSchema?: Partial<typeof schema>;
}

/** A small file with everything, every checksum left out, and one lie. */
function lyingMcap(lies: Lies): Uint8Array {
  const inner = innerBytes((builder) => builder.writeMessage(record));
  return builtMcap((builder) => {
    builder.writeSchema(schema);
    builder.writeChannel(channel);
    if (lies.secondSchema !== undefined) builder.writeSchema({ ...schema, ...lies.secondSchema });
    const chunkStart = builder.length;
    builder.writeChunk({
      messageStartTime: 5n,
      messageEndTime: 5n,
      uncompressedSize: BigInt(inner.length),
      uncompressedCrc: 0,
      compression: '',
      records: inner,
      ...lies.chunk,
    });
    const indexStart = builder.length;
    builder.writeMessageIndex({
      channelId: lies.indexChannel ?? 1,
      records: lies.index ?? [[5n, 0n]],
    });
    const indexEnd = builder.length;
    builder.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = builder.length;
    builder.writeSchema(schema);
    builder.writeChannel(channel);
    builder.writeStatistics({ ...statistics, ...lies.statistics });
    builder.writeChunkIndex({
      messageStartTime: 5n,
      messageEndTime: 5n,
      chunkStartOffset: BigInt(chunkStart),
      chunkLength: BigInt(indexStart - chunkStart),
      messageIndexOffsets: new Map([[lies.indexChannel ?? 1, BigInt(indexStart)]]),
      messageIndexLength: BigInt(indexEnd - indexStart),
      compression: '',
      compressedSize: BigInt(inner.length),
      uncompressedSize: BigInt(inner.length),
      ...lies.chunkIndex,
    });
    builder.writeFooter({
      summaryStart: BigInt(summaryStart),
      summaryOffsetStart: 0n,
      summaryCrc: 0,
    });
    builder.writeMagic();
  });
}

const statistics: McapTypes.Statistics = {
  messageCount: 1n,
  schemaCount: 1,
  channelCount: 1,
  attachmentCount: 0,
  metadataCount: 0,
  chunkCount: 1,
  messageStartTime: 5n,
  messageEndTime: 5n,
  channelMessageCounts: new Map([[1, 1n]]),
};

function innerBytes(build: (builder: McapRecordBuilder) => void): Uint8Array {
  return builtMcap(build).slice(builtMcap(() => {}).length);
}

test('without a lie only the missing checksums are mentioned', async () => {
  const { errors, warnings } = await findings(lyingMcap({}));
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    'chunks have no checksum',
    'the data section has no checksum',
    'the summary has no checksum',
  ]);
});

const lies: readonly (readonly [Lies, RegExp])[] = [
  [{ chunk: { messageStartTime: 4n } }, /chunk states times 4 to 5, its messages are 5 to 5/],
  [{ chunk: { messageEndTime: 6n } }, /chunk states times 5 to 6/],
  [{ chunk: { uncompressedCrc: 1 } }, /Chunk: has checksum \d+ \(expected 1, which is stated\)/],
  [{ chunk: { uncompressedSize: 9n } }, /Chunk: holds 35 bytes \(expected 9, which are stated\)/],
  [{ chunk: { compression: 'rar' } }, /compressed with "rar"/],
  [{ chunk: { compression: 'zstd' } }, /zstd data does not unpack/],
  [{ index: [[6n, 0n]] }, /index of channel 1 has 1 entries, 1 of them wrong/],
  [{ index: [[5n, 1n]] }, /1 of them wrong/],
  [{ index: [] }, /index of channel 1 has 0 entries, 0 of them wrong, for 1 messages/],
  [{ indexChannel: 2 }, /channel 1 has no index after this chunk/],
  [{ chunkIndex: { messageEndTime: 9n } }, /sizes or times of the chunk/],
  [{ chunkIndex: { chunkLength: 9n } }, /sizes or times of the chunk/],
  [{ chunkIndex: { chunkStartOffset: 9n } }, /a chunk at byte 9/],
  [{ chunkIndex: { messageIndexOffsets: new Map([[1, 9n]]) } }, /message indexes of the chunk/],
  [{ statistics: { messageCount: 2n } }, /statistics state 2 messages, found 1/],
  [{ statistics: { chunkCount: 3 } }, /statistics state 3 chunks, found 1/],
  [{ statistics: { messageEndTime: 8n } }, /state 8 as last log time, found 5/],
  [{ statistics: { channelMessageCounts: new Map([[1, 7n]]) } }, /state 7 messages on channel 1/],
  [{ statistics: { schemaCount: 2 } }, /state 2 schemas, found 1/],
  [{ secondSchema: { name: 'y' } }, /schema 1 is defined again and differently/],
  [{ secondSchema: { id: 0 } }, /a schema has the id 0/],
];

const named = lies.map(([lie, expected]) => [expected.source, lie, expected] as const);

test.each(named)('a lie is found: %s', async (_, lie, expected) => {
  const { errors } = await findings(lyingMcap(lie));
  expect(errors.join('\n')).toMatch(expected);
  expect(errors[0]).toMatch(/^f@byte \d+: /);
});

test('sequence gaps, disorder and missing schemas are warnings', async () => {
  const file = builtMcap((builder) => {
    builder.writeChannel({ ...channel, schemaId: 0 });
    for (const [sequence, logTime] of [
      [1, 5n],
      [2, 6n],
      [5, 7n],
      [5, 6n],
    ] as const) {
      builder.writeMessage({ ...record, sequence, logTime });
    }
    closeMcap(builder);
  });
  const { errors, warnings } = await findings(file);
  expect(errors).toEqual([]);
  expect(warnings).toContain('channel /a has no schema');
  expect(warnings).toContain('sequence numbers of channel 1 have gaps: messages were lost');
  expect(warnings).toContain('sequence numbers of channel 1 repeat or step back');
  expect(warnings).toContain('messages are not in the order of their log times');
});

const bag: BagSpec = {
  connections: [{ topic: '/odom' }, { topic: '/tf' }],
  chunks: [
    [
      { connection: 0, seconds: 10, nanoseconds: 0, data: new Uint8Array(9) },
      { connection: 1, seconds: 11, nanoseconds: 0, data: new Uint8Array(9) },
    ],
  ],
};

test('whole bags are clean; an unclosed one is said to have no index', async () => {
  for (const compression of ['none', 'lz4'] as const) {
    expect((await findings(makeBag({ ...bag, compression }))).errors).toEqual([]);
  }
  const unclosed = await findings(makeBag({ ...bag, index: false }));
  expect(unclosed.errors).toEqual([]);
  expect(unclosed.warnings).toContain('the bag has no index: it was not closed');
  expect((await findings(bz2Bag)).errors).toEqual([]);
});

test('a bag whose index lies is not clean', async () => {
  const bytes = Buffer.from(makeBag(bag));
  const swap = (from: string, change: (view: Buffer, at: number) => void): Uint8Array => {
    const copy = Buffer.from(bytes);
    const at = copy.lastIndexOf(from);
    expect(at).toBeGreaterThan(0);
    change(copy, at + from.length);
    return new Uint8Array(copy);
  };
  const start = swap('start_time=', (view, at) => view.writeUInt32LE(9, at));
  expect((await findings(start)).errors.join()).toContain('differs from its content');
  const position = swap('chunk_pos=', (view, at) => view.writeUInt32LE(9, at));
  expect((await findings(position)).errors.join()).toContain('no chunk stands at byte 9');
  const chunks = swap('chunk_count=', (view, at) => view.writeUInt32LE(2, at));
  expect((await findings(chunks)).errors.join()).toContain('the header states 2 chunks');
});

test.skipIf(!hasSharedData)(
  'shared recordings (needs ../shared/data): whole ones are clean, bad ones are not',
  async () => {
    const good = [
      ...sharedFiles('mcap', '.mcap'),
      ...sharedFiles('conformance', '.mcap'),
      ...sharedFiles('rosbag1', '.bag'),
    ];
    expect(good.length).toBeGreaterThan(200);
    for (const path of good) {
      await using file = await openFile(path);
      const { errors, messages } = await checkRecording(file);
      expect(errors).toEqual([]);
      expect(messages).toBe((await readAll(readRecording(file))).messages.length);
    }
    for (const path of sharedFiles('bad', '.mcap', '.bag')) {
      await using file = await openFile(path);
      const { clean, errors } = await checkRecording(file);
      expect(clean).toBe(false);
      expect(errors[0]?.place).toContain(`${path}@byte `);
      expect(errors[0]?.remedy).toBeDefined();
    }
  },
);
