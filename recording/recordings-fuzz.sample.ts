/**
 * Bends recordings of every kind and gives them to everything that reads: the stream, the push
 * parser, the indexed reader, info, check and repair. Each ends well or in a Fault with its place;
 * memory stays within the bounds; what a repair writes is clean under the check.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { Fault, type Random, seededRandom } from '@fieldloop/core';
import {
  type FuzzOptions,
  type FuzzResult,
  maxFuzzFailures,
  mutateBytes,
} from '@fieldloop/core/fuzz';
import { checkRecording } from './check.ts';
import { cutClip } from './clip/cut.ts';
import { trimMcap } from './clip/trim.ts';
import { zstd } from './codec/zstd.ts';
import { recordingInfo } from './info.ts';
import { chunkBytes, db3SegmentBytes, db3Segments, readAheadBytes } from './limits.ts';
import { McapRecordBuilder } from './mcap/core.ts';
import { openIndexedMcap } from './mcap/indexed.ts';
import { openMcapParser } from './mcap/parser.ts';
import { openMeter } from './meter.ts';
import { readRecording } from './read.ts';
import { nowhere, repairRecording } from './repair.ts';
import { makeBag } from './testing/bag-maker.ts';
import { bz2Bag } from './testing/bz2-bag.ts';
import { makeDb3 } from './testing/db3-maker.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './testing/mcap-maker.ts';
import { memoryFile, memorySink, readAll } from './testing/memory-file.ts';
import type { Readable } from './types.ts';

/** What may be said of a file: nothing else is its fault. */
const allowed = new Set(['corrupt', 'limited', 'invalid']);

/** An input that takes longer is a hang in the making; a busy machine is no reason for so long. */
const slowMs = 30_000;

/** The largest record or message that one file may state, and what readers hold beside it. */
const heldBytes = chunkBytes + 2 * readAheadBytes + db3Segments * db3SegmentBytes;

async function corpus(): Promise<readonly Uint8Array[]> {
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
  const bags = [makeBag(bag), makeBag({ ...bag, compression: 'lz4' }), bz2Bag];
  return [...files, unchecked(), await clipOf(files[3]), ...bags, ...databases()];
}

/** Without any checksum, so that changes reach what stands behind them. */
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
      builder.writeChannel({ id, schemaId: 1, topic: `/${id}`, messageEncoding: 'cdr', metadata });
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

async function clipOf(file: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
  const { channels, blocks } = await readAll(readRecording(memoryFile(file)));
  const out = memorySink();
  const note = { atNs: 1_700_000_000_000_000_000n, document: { rule: 'near-miss' } };
  const plan = {
    startNs: 0n,
    endNs: 2n ** 62n,
    topics: ['*'],
    library: 'fuzz',
    markers: [note],
    scores: [note],
    metadata: () => new Map([['device', 'amr-01']]),
  };
  await cutClip(out, plan, { profile: 'ros2', channels, blocks });
  return out.bytes;
}

function databases(): readonly Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'fieldloop-fuzz-'));
  try {
    const topics = [
      { name: '/odom', type: 'nav_msgs/msg/Odometry', definition: 'float64 x' },
      { name: '/own', type: 'own_msgs/msg/Own' },
    ];
    const messages = Array.from({ length: 24 }, (_, i) => ({
      topic: i % 2,
      ns: 1_700_000_000_000_000_000n + BigInt(i),
      data: i % 5 === 0 ? zstd.encode(new Uint8Array(80)) : new Uint8Array(i * 40),
    }));
    const made = { topics, messages, pageSize: 512 };
    return ([1, 4] as const).map(
      (version) => makeDb3(join(folder, `${version}.db3`), { ...made, version }).file,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lengths = [0n, 1n, 8n, 255n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 1n];

/**
 * A third of the inputs keep their length, so that what points into them still points to something;
 * half of all lie about one length of 64 bits, which the formats are full of.
 */
function bent(file: Uint8Array, random: Random): Uint8Array {
  const isKept = random.integer(3) === 0;
  const bytes = Buffer.from(isKept ? file : mutateBytes(file, random));
  if (isKept) bytes[random.integer(bytes.length)] = random.integer(256);
  if (random.integer(2) === 0 && bytes.length > 8) {
    const length = lengths[random.integer(lengths.length)] ?? 0n;
    bytes.writeBigUInt64LE(length, random.integer(bytes.length - 8));
  }
  return new Uint8Array(bytes);
}

export async function fuzzRecordings(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, inputs, onProgress } = options;
  const random = seededRandom(`recordings ${seed}`);
  const files = await corpus();
  const trial = new Trial();
  let done = 0;
  for (; done < inputs && trial.failures.length < maxFuzzFailures; done += 1) {
    const bytes = bent(files[random.integer(files.length)] ?? bz2Bag, random);
    const startMs = performance.now();
    await trial.take(bytes, `input ${done} of seed ${seed}`);
    const ms = performance.now() - startMs;
    if (ms > slowMs)
      trial.failures.push(`input ${done} of seed ${seed}: took ${Math.round(ms)} ms`);
    if (done % 50 !== 0) continue;
    onProgress?.(done, trial.failures);
    // Files in memory never wait for anything: what is done in between, such as a fresh LZ4 module
    // in place of a spent one, would never be.
    await breathe();
  }
  return { inputs: done, lines: trial.lines(), failures: trial.failures };
}

class Trial {
  readonly failures: string[] = [];
  readonly #counts = new Map<string, number>();
  #name = '';

  lines(): string[] {
    return [...this.#counts].map(([outcome, count]) => `${outcome} ${count} times`).toSorted();
  }

  async take(bytes: Uint8Array, name: string): Promise<void> {
    this.#name = name;
    const file = memoryFile(bytes, 'fuzz');
    for (const salvage of [false, true]) await this.#read(file, bytes.length, salvage);
    const parser = openMcapParser('fuzz');
    await this.#of('pushed', () => {
      parser.push(bytes.slice());
      if (parser.damage !== undefined) throw parser.damage;
    });
    await this.#of('info', () => recordingInfo(file));
    await this.#of('checked', async () => {
      const { errors } = await checkRecording(file);
      const lost = errors.find(({ place }) => !place.startsWith('fuzz@byte '));
      if (lost !== undefined) throw new TypeError(`an error without a place: ${lost.message}`);
    });
    await this.#of('indexed', () => walkIndexed(file));
    await this.#of('repaired', () => repairedWell(file));
  }

  async #read(file: Readable, size: number, salvage: boolean): Promise<void> {
    const meter = openMeter();
    const read = await readAll(readRecording(file, { meter, salvage }));
    await this.#of(salvage ? 'salvaged' : 'read', () => {
      if (meter.peak > heldBytes + size) throw new TypeError(`held ${meter.peak} bytes`);
      if (read.fault !== undefined) throw read.fault;
    });
  }

  /** Counts what came of it; anything but an expected Fault is a failure. */
  async #of(what: string, work: () => unknown): Promise<void> {
    let outcome = 'whole';
    try {
      await work();
    } catch (error) {
      const isOurs = error instanceof Fault && allowed.has(error.code);
      const hasPlace =
        isOurs && (error.place ?? '').startsWith('fuzz') && error.remedy !== undefined;
      outcome = isOurs ? error.code : 'wrong';
      if (!hasPlace) this.failures.push(`${this.#name}, ${what}: ${textOf(error)}`);
    }
    const key = `${what}: ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** By the index: every chunk, every entry, and a copy of what it names. */
async function walkIndexed(file: Readable): Promise<void> {
  const indexed = await openIndexedMcap(file);
  for (const chunk of indexed.chunks) {
    for (const id of chunk.messageIndexOffsets.keys()) await indexed.entries(chunk, id);
    await indexed.chunk(chunk);
  }
  await indexed.metadata();
  await trimMcap(nowhere, { library: 'fuzz', note: { name: 'n', entries: new Map() } }, indexed);
}

async function repairedWell(file: Readable): Promise<void> {
  const out = memorySink();
  const report = await repairRecording(file, out, { library: 'fuzz' });
  const saved = memoryFile(out.bytes);
  const { errors } = await checkRecording(saved);
  if (errors.length > 0) throw new TypeError(`the repaired file has: ${errors[0]?.message}`);
  const { messages } = await readAll(readRecording(saved));
  if (messages.length === report.kept.messages) return;
  throw new TypeError(`${report.kept.messages} messages kept, ${messages.length} are there`);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` < ${error.cause.stack}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
