/**
 * Goal: a reader that uses its memory again gives the same messages, also where records lie across
 * windows, and needs no more memory than one that does not.
 * Method: files of several windows, read both ways, compared message by message as they come.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { crc32 } from '../codec/crc.ts';
import { zstd } from '../codec/zstd.ts';
import { openFile } from '../file.ts';
import { readAheadBytes } from '../limits.ts';
import { openMeter } from '../meter.ts';
import { readRecording } from '../read.ts';
import { builtMcap, closeMcap } from '../testing/mcap-maker.ts';

const messages = 400;

/** Chunks of 7 messages of 40 kB each: about every fourth lies across the end of a window. */
function bytesOf(compression: '' | 'zstd'): Uint8Array {
  const empty = builtMcap(() => {});
  return builtMcap((builder) => {
    builder.writeChannel({
      id: 1,
      schemaId: 0,
      topic: '/a',
      messageEncoding: 'x',
      metadata: new Map(),
    });
    for (let first = 0; first < messages; first += 7) {
      const records = builtMcap((inner) => {
        for (let k = first; k < Math.min(messages, first + 7); k += 1) {
          const data = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7 + k * 31) & 0xff);
          const logTime = BigInt(k);
          inner.writeMessage({ channelId: 1, sequence: k, logTime, publishTime: logTime, data });
        }
      }).slice(empty.length);
      builder.writeChunk({
        messageStartTime: BigInt(first),
        messageEndTime: BigInt(Math.min(messages, first + 7) - 1),
        uncompressedSize: BigInt(records.length),
        uncompressedCrc: crc32(records),
        compression,
        records: compression === '' ? records : zstd.encode(records),
      });
    }
    closeMcap(builder);
  });
}

async function digests(path: string, reuse: boolean): Promise<[string[], number]> {
  const meter = openMeter();
  const found: string[] = [];
  await using file = await openFile(path);
  for await (const item of readRecording(file, { reuse, meter })) {
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const bytes = block.data.subarray(block.starts[i], block.ends[i]);
      const digest = createHash('sha256').update(bytes).digest('hex');
      found.push(`${block.sequences[i]} ${block.timesNs[i]} ${digest}`);
    }
  }
  return [found, meter.peak];
}

test.each(['', 'zstd'] as const)('compression "%s": used again and fresh memory', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'reuse-'));
  try {
    const path = join(folder, 'a.mcap');
    const bytes = bytesOf(name);
    writeFileSync(path, bytes);
    const [fresh, freshPeak] = await digests(path, false);
    const [again, againPeak] = await digests(path, true);
    expect(fresh.length).toBe(messages);
    expect(name === '' && bytes.length > 3 * readAheadBytes).toBe(name === '');
    expect(again).toEqual(fresh);
    expect(againPeak).toBeLessThanOrEqual(freshPeak + readAheadBytes);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
