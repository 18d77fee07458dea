/**
 * Goal: a summary that leaves out a channel makes no clip that nobody could read; chunks that are
 * copied are read together, and the clip is the same.
 * Method: a sound file whose summary gets another id for one channel, cut whole and by range; reads
 * are counted.
 */
import { expect, test } from 'vitest';
import { checkRecording } from '../check.ts';
import { McapRecordBuilder } from '../mcap/core.ts';
import { openIndexedMcap } from '../mcap/indexed.ts';
import { readRecording } from '../read.ts';
import { builtMcap, makeMcap } from '../testing/mcap-maker.ts';
import { memoryFile, memorySink, readAll } from '../testing/memory-file.ts';
import { trimMcap } from './trim.ts';

const [footerBytes, magicBytes, channelRecord] = [20, 8, 4];

/** The second channel of the summary under an id that no message has. */
function withoutChannel(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const footer = bytes.length - magicBytes - footerBytes;
  let at = Number(view.getBigUint64(footer, true));
  let seen = 0;
  while (at < footer - 9) {
    if (view.getUint8(at) === channelRecord) {
      seen += 1;
      if (seen === 2) view.setUint16(at + 9, 77, true);
    }
    at += 9 + Number(view.getBigUint64(at + 1, true));
  }
  // No checksum: the summary is taken as it is.
  view.setUint32(footer + 16, 0, true);
  return bytes;
}

test.each([
  ['whole chunks', {}],
  ['a piece of a chunk', { startNs: 3n, endNs: 8n }],
])('%s of a channel that the summary does not name are corrupt', async (_, range) => {
  const made = await makeMcap({
    channels: [{ topic: '/a' }, { topic: '/b' }],
    compression: 'zstd',
    messages: Array.from({ length: 10 }, (_, i) => ({
      channel: i % 2,
      sequence: i,
      logTime: BigInt(i),
      publishTime: BigInt(i),
      data: new Uint8Array([i]),
    })),
  });
  const plan = { ...range, library: 'test', note: { name: 'note', entries: new Map() } };
  const cut = async (bytes: Uint8Array): Promise<number> => {
    const file = await openIndexedMcap(memoryFile(bytes));
    return (await trimMcap(memorySink(), plan, file)).messageCount;
  };
  expect(await cut(made)).toBeGreaterThan(4);
  await expect(cut(withoutChannel(made))).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/messages of channel 1, which the summary does not name/),
    remedy: expect.stringMatching(/recording repair/),
  });
});

test.each([
  [0, 20, 40],
  [3_000, 6, 20],
  [1e9, 1, 6],
])('runs of %s bytes give the same file, and read none twice', async (run, least, most) => {
  const bytes = await makeMcap({
    channels: [{ topic: '/a' }, { topic: '/b' }],
    compression: 'zstd',
    chunkSize: 1_000,
    messages: Array.from({ length: 300 }, (_, i) => ({
      channel: i % 2,
      sequence: i,
      logTime: BigInt(i),
      publishTime: BigInt(i),
      data: Uint8Array.from({ length: 100 }, (_, k) => (i * 31 + k * 17) & 0xff),
    })),
  });
  const file = memoryFile(bytes);
  const reads: number[] = [];
  const counted = {
    ...file,
    read: async (offset: number, length: number, into?: Uint8Array) => {
      reads.push(length);
      return await file.read(offset, length, into);
    },
  };
  const plan = {
    startNs: 20n,
    endNs: 280n,
    library: 't',
    note: { name: 'n', entries: new Map() },
  };
  const one = memorySink();
  await trimMcap(one, { ...plan, runBytes: 0 }, await openIndexedMcap(memoryFile(bytes)));
  const indexed = await openIndexedMcap(counted);
  reads.length = 0;
  const out = memorySink();
  const { messageCount } = await trimMcap(out, { ...plan, runBytes: run }, indexed);
  expect(messageCount).toBe(260);
  expect(out.bytes).toEqual(one.bytes);
  // The chunks of both edges are opened; those between them are one run, or some, or as many.
  expect(reads.length).toBeGreaterThanOrEqual(least);
  expect(reads.length).toBeLessThanOrEqual(most);
  expect(reads.reduce((sum, n) => sum + n, 0)).toBeLessThan(bytes.length);
});

/** One chunk that defines two topics and has messages of the first alone. */
function definedTogether(): Uint8Array {
  const define = (builder: McapRecordBuilder): void => {
    for (const id of [1, 2]) {
      builder.writeSchema({ id, name: `S${id}`, encoding: 'ros2msg', data: new Uint8Array(1) });
    }
    for (const [id, topic] of [
      [1, '/a'],
      [2, '/b'],
    ] as const) {
      const channel = { id, schemaId: id, topic, messageEncoding: 'cdr', metadata: new Map() };
      builder.writeChannel(channel);
    }
  };
  const times = { messageStartTime: 5n, messageEndTime: 5n };
  const inside = new McapRecordBuilder();
  define(inside);
  const message = { channelId: 1, sequence: 1, logTime: 5n, publishTime: 5n };
  inside.writeMessage({ ...message, data: new Uint8Array(12) });
  const records = inside.buffer.slice();
  const size = BigInt(records.length);
  return builtMcap((builder) => {
    const chunkStartOffset = BigInt(builder.length);
    const chunk = { ...times, compression: '', uncompressedSize: size };
    const chunkLength = builder.writeChunk({ ...chunk, uncompressedCrc: 0, records });
    builder.writeDataEnd({ dataSectionCrc: 0 });
    const summaryStart = BigInt(builder.length);
    define(builder);
    builder.writeStatistics({
      ...times,
      messageCount: 1n,
      schemaCount: 2,
      channelCount: 2,
      attachmentCount: 0,
      metadataCount: 0,
      chunkCount: 1,
      channelMessageCounts: new Map([[1, 1n]]),
    });
    const indexes = { messageIndexOffsets: new Map<number, bigint>(), messageIndexLength: 0n };
    const place = { chunkStartOffset, chunkLength, compressedSize: size };
    builder.writeChunkIndex({ ...chunk, ...place, ...indexes });
    builder.writeFooter({ summaryStart, summaryOffsetStart: 0n, summaryCrc: 0 });
    builder.writeMagic();
  });
}

test('a chunk that defines a topic which is not chosen does not go in as it is', async () => {
  const file = await openIndexedMcap(memoryFile(definedTogether()));
  const out = memorySink();
  const note = { name: 'n', entries: new Map() };
  await trimMcap(out, { topics: ['/a'], library: 't', note }, file);
  const items = await readAll(readRecording(memoryFile(out.bytes)));
  expect(items.messages.map(({ topic }) => topic)).toEqual(['/a']);
  expect(Buffer.from(out.bytes).includes('/b')).toBe(false);
  expect(await checkRecording(memoryFile(out.bytes))).toMatchObject({ clean: true, errors: [] });
});

test('without an end every message goes in, whatever its clock says', async () => {
  const made = await makeMcap({
    channels: [{ topic: '/a' }],
    compression: 'zstd',
    messages: [1n, 2n ** 63n, 2n ** 64n - 1n].map((logTime, sequence) => {
      return { channel: 0, sequence, logTime, publishTime: 0n, data: new Uint8Array(1) };
    }),
  });
  const plan = { startNs: 1n, library: 't', note: { name: 'n', entries: new Map() } };
  const file = await openIndexedMcap(memoryFile(made));
  expect((await trimMcap(memorySink(), plan, file)).messageCount).toBe(3);
});
