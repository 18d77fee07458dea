/**
 * Goal: a reader's memory is bounded by chunks, not by the size of the file.
 * Method: files made up on the fly, larger than the bound, read with a meter of bytes held.
 */
import { expect, test } from 'vitest';
import { crc32 } from '../codec/crc.ts';
import { zstd } from '../codec/zstd.ts';
import { chunkBytes, readAheadBytes } from '../limits.ts';
import { openMeter } from '../meter.ts';
import { readRecording } from '../read.ts';
import {
  bagRecord,
  chunkRecord,
  connectionRecord,
  makeBag,
  messageRecord,
} from '../testing/bag-maker.ts';
import { builtMcap, closeMcap } from '../testing/mcap-maker.ts';
import { memoryFile, readAll } from '../testing/memory-file.ts';
import type { Readable } from '../types.ts';

const mib = 2 ** 20;

/** Head, the same record many times, tail: as large as one likes without being anywhere. */
function repeated(head: Uint8Array, record: Uint8Array, times: number, tail: Uint8Array): Readable {
  const bodyEnd = head.length + record.length * times;
  const size = bodyEnd + tail.length;
  const fill = (into: Uint8Array, offset: number): number => {
    if (offset < head.length) return copy(head, offset, into);
    if (offset >= bodyEnd) return copy(tail, offset - bodyEnd, into);
    const at = (offset - head.length) % record.length;
    return copy(record, at, into);
  };
  return {
    name: 'large.mcap',
    size,
    read(offset, length) {
      const into = new Uint8Array(Math.min(length, size - offset));
      let at = 0;
      while (at < into.length) at += fill(into.subarray(at), offset + at);
      return Promise.resolve(into);
    },
  };
}

function copy(from: Uint8Array, at: number, into: Uint8Array): number {
  const part = from.subarray(at, at + into.length);
  into.set(part);
  return part.length;
}

const channel = { id: 1, schemaId: 0, topic: '/a', messageEncoding: 'x', metadata: new Map() };

function mcapParts(
  build: (bytes: Uint8Array) => Uint8Array,
  size: number,
): [Uint8Array, Uint8Array, Uint8Array] {
  const head = builtMcap((builder) => void builder.writeChannel(channel));
  const empty = builtMcap(() => {});
  const inner = builtMcap((builder) => {
    builder.writeMessage({
      channelId: 1,
      sequence: 1,
      logTime: 9n,
      publishTime: 9n,
      data: new Uint8Array(size),
    });
  });
  const tail = builtMcap(closeMcap);
  return [head, build(inner.slice(empty.length)), tail.slice(empty.length)];
}

function zstdChunk(records: Uint8Array): Uint8Array {
  const chunk = builtMcap((builder) => {
    builder.writeChunk({
      messageStartTime: 9n,
      messageEndTime: 9n,
      uncompressedSize: BigInt(records.length),
      uncompressedCrc: crc32(records),
      compression: 'zstd',
      records: zstd.encode(records),
    });
  });
  return chunk.slice(builtMcap(() => {}).length);
}

async function expectBounded(
  file: Readable,
  expected: { count: number; most: number },
): Promise<void> {
  const meter = openMeter();
  let count = 0;
  for await (const item of readRecording(file, { meter })) {
    if (item.kind === 'block') count += item.block.count;
  }
  expect(count).toBe(expected.count);
  expect(meter.peak).toBeLessThanOrEqual(expected.most);
  expect(meter.peak).toBeGreaterThan(0);
}

test('a file of 200 MiB of messages without chunks', async () => {
  const [head, record, tail] = mcapParts((records) => records, mib);
  const file = repeated(head, record, 200, tail);
  expect(file.size).toBeGreaterThan(2 * chunkBytes + 2 * readAheadBytes);
  await expectBounded(file, { count: 200, most: 2 * readAheadBytes + 2 * record.length });
});

test('chunks that unpack a thousandfold are opened one at a time', async () => {
  const [head, record, tail] = mcapParts(zstdChunk, 32 * mib);
  expect(record.length).toBeLessThan(64 * 1024);
  const file = repeated(head, record, 6, tail);
  await expectBounded(file, { count: 6, most: 33 * mib + 2 * readAheadBytes });
});

test('the bound of the page holds for the largest chunks: two of them and 8 MiB', async () => {
  const [head, record, tail] = mcapParts(zstdChunk, chunkBytes - 100);
  const file = repeated(head, record, 2, tail);
  await expectBounded(file, { count: 2, most: 2 * chunkBytes + 8 * mib });
});

test('an attachment larger than every bound passes by and its checksum is verified', async () => {
  for (const [dataSize, lie] of [
    [280 * mib, 0],
    [12 * mib, 1],
  ] as const) {
    await expectPasses(dataSize, lie);
  }
});

/** `lie` changes the stated checksum. */
async function expectPasses(dataSize: number, lie: number): Promise<void> {
  const fields = Buffer.alloc(16 + 4 + 1 + 4 + 1 + 8);
  fields.writeUInt32LE(1, 16);
  fields.write('n', 20);
  fields.writeUInt32LE(1, 21);
  fields.write('m', 25);
  fields.writeBigUInt64LE(BigInt(dataSize), 26);
  const zeros = new Uint8Array(mib);
  let crc = crc32(fields);
  for (let i = 0; i < dataSize / mib; i += 1) crc = crc32(zeros, crc);
  const record = Buffer.alloc(9);
  record[0] = 9;
  record.writeBigUInt64LE(BigInt(fields.length + dataSize + 4), 1);
  const end = Buffer.alloc(4);
  end.writeUInt32LE((crc ^ lie) >>> 0);
  const empty = builtMcap(() => {});
  const head = new Uint8Array(Buffer.concat([empty, record, fields]));
  const tail = Buffer.concat([end, builtMcap(closeMcap).subarray(empty.length)]);
  const meter = openMeter();
  const file = repeated(head, zeros, dataSize / mib, new Uint8Array(tail));
  const read = await readAll(readRecording(file, { meter }));
  expect(meter.peak).toBeLessThanOrEqual(2 * readAheadBytes);
  const [last] = read.items.slice(-1);
  const passed = last?.kind === 'attachment' ? [last.name, last.sizeBytes] : [];
  expect(passed).toEqual(lie === 0 ? ['n', dataSize] : []);
  const wanted = lie === 0 ? /^$/ : /^Attachment: has checksum/;
  expect(read.fault?.message ?? '').toMatch(wanted);
}

test('a bag of 100 MiB', async () => {
  const data = new Uint8Array(mib - 1000);
  const content = messageRecord({ connection: 0, seconds: 5, nanoseconds: 1, data });
  const chunk = chunkRecord(content, 'lz4');
  const fields = { index_pos: 0n, conn_count: 0, chunk_count: 0, op: new Uint8Array([3]) };
  const head = Buffer.concat([
    Buffer.from('#ROSBAG V2.0\n'),
    bagRecord(fields, new Uint8Array(10)),
    connectionRecord(0, { topic: '/a' }),
  ]);
  const file = repeated(new Uint8Array(head), new Uint8Array(chunk), 100, new Uint8Array(0));
  await expectBounded(file, { count: 100, most: readAheadBytes + 3 * mib });
});

test('a stream that is aborted ends with a Fault', async () => {
  const [head, record, tail] = mcapParts((records) => records, 100);
  const control = new AbortController();
  control.abort();
  const file = repeated(head, record, 3, tail);
  const { fault } = await readAll(readRecording(file, { signal: control.signal }));
  expect(fault?.code).toBe('cancelled');
  const bag = memoryFile(makeBag({ connections: [], chunks: [] }), 'a.bag');
  const read = await readAll(readRecording(bag, { signal: control.signal }));
  expect(read.fault?.code).toBe('cancelled');
});
