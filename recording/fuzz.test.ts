/**
 * Goal: no bytes whatever make a reader crash, hang or grow.
 * Method: seeded mutations (flips, cuts, repeats, lying lengths) of good files of every kind, given
 * to the reader, the push parser, check and info; memory is metered. FUZZ_SEED repeats a run.
 */
import { asFault, type Random, seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { checkRecording } from './check.ts';
import { zstd } from './codec/zstd.ts';
import { recordingInfo } from './info.ts';
import { readAheadBytes } from './limits.ts';
import { McapRecordBuilder } from './mcap/core.ts';
import { openMcapParser } from './mcap/parser.ts';
import { openMeter } from './meter.ts';
import { readRecording } from './read.ts';
import { makeBag } from './testing/bag-maker.ts';
import { bz2Bag } from './testing/bz2-bag.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { memoryFile, readAll } from './testing/memory-file.ts';

const seed = process.env['FUZZ_SEED'] ?? '2025';
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? '400');

async function corpus(): Promise<Uint8Array[]> {
  const { channels, messages } = robotMessages(1);
  const made = { channels, messages: messages.slice(0, 20), chunkSize: 1500 };
  const compressions = [undefined, 'none', 'lz4', 'zstd'] as const;
  const attachment = new Uint8Array(50);
  const files = await Promise.all(
    compressions.map((compression) =>
      makeMcap({ ...made, compression, attachment, metadata: { a: 'b' } }),
    ),
  );
  const chunk = [1, 2, 3].map((seconds) => ({
    connection: 0,
    seconds,
    nanoseconds: 0,
    data: new Uint8Array(20),
  }));
  const bag = { connections: [{ topic: '/odom' }], chunks: [chunk, chunk] };
  return [...files, unchecked(), makeBag(bag), makeBag({ ...bag, compression: 'lz4' }), bz2Bag];
}

/** Without any checksum, so that mutations reach what stands behind them. */
function unchecked(): Uint8Array {
  const { messages } = robotMessages(1);
  const inner = new McapRecordBuilder();
  for (const { channel, ...message } of messages.slice(0, 9)) {
    inner.writeMessage({ ...message, channelId: channel, data: message.data.subarray(0, 30) });
  }
  return builtMcap((builder) => {
    builder.writeSchema({ id: 1, name: 'x', encoding: 'ros2msg', data: new Uint8Array(9) });
    for (const id of [0, 1, 2]) {
      const metadata = new Map([['latching', 'true']]);
      const topic = `/${id}`;
      builder.writeChannel({ id, schemaId: 1, topic, messageEncoding: 'cdr', metadata });
    }
    for (const compression of ['', 'zstd']) {
      const records = inner.buffer.slice();
      builder.writeChunk({
        messageStartTime: 0n,
        messageEndTime: 9n,
        uncompressedSize: BigInt(records.length),
        uncompressedCrc: 0,
        compression,
        records: compression === '' ? records : zstd.encode(records),
      });
      builder.writeMessageIndex({ channelId: 1, records: [[5n, 0n]] });
    }
    builder.writeMetadata({ name: 'm', metadata: new Map([['a', 'b']]) });
    closeMcap(builder);
  });
}

const lengths = [0n, 1n, 8n, 255n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 1n];

function mutate(file: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(file);
  for (let n = random.integer(4); n >= 0; n -= 1) {
    const at = random.integer(bytes.length);
    const kind = random.integer(5);
    if (kind === 0) bytes[at] = random.integer(256);
    else if (kind === 1) bytes = bytes.subarray(0, at + 1);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at / 2)]);
    else if (kind === 3 && bytes.length > 8) {
      const length = lengths[random.integer(lengths.length)] ?? 0n;
      bytes.writeBigUInt64LE(length, random.integer(bytes.length - 8));
    } else if (bytes.length > 4) {
      bytes.writeUInt32LE(random.integer(2 ** 32), random.integer(bytes.length - 4));
    }
  }
  return new Uint8Array(bytes);
}

test(`mutated recordings, seed ${seed}`, async () => {
  const random = seededRandom(seed);
  const files = await corpus();
  const allowed = new Set(['corrupt', 'limited', 'invalid']);
  const wrong: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const bytes = mutate(files[random.integer(files.length)] ?? bz2Bag, random);
    const file = memoryFile(bytes, 'fuzz');
    const meter = openMeter();
    const note = (what: string, error: unknown): void => {
      const fault = asFault(error);
      const stack = fault.cause instanceof Error ? fault.cause.stack : '';
      if (!allowed.has(fault.code))
        wrong.push(`round ${round}, ${what}: ${fault.message} ${stack}`);
    };
    const read = await readAll(readRecording(file, { meter, salvage: round % 2 === 0 }));
    if (read.fault !== undefined) note('read', read.fault);
    // One record of the mutated file may state up to 64 MiB and unpack to that.
    if (meter.peak > 64 * 2 ** 20 + 2 * readAheadBytes + bytes.length) {
      wrong.push(`round ${round}: held ${meter.peak} bytes`);
    }
    const parser = openMcapParser('fuzz');
    parser.push(bytes.slice());
    if (parser.damage !== undefined) note('push', parser.damage);
    const report = await checkRecording(file);
    for (const { message, place } of report.errors) {
      if (!place.startsWith('fuzz@byte ')) wrong.push(`round ${round}, check: ${place} ${message}`);
    }
    await recordingInfo(file).catch((error: unknown) => note('info', error));
  }
  expect(wrong).toEqual([]);
});
