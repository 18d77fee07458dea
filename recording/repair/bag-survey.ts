/** The records of a damaged ROS 1 bag in file order, and the stretches that are none. */
import { asFault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { recordBytes, repairProbes } from '../limits.ts';
import { unmetered } from '../meter.ts';
import { openBagChunk } from '../rosbag1/chunk.ts';
import { bagChunk, bagConnection, bagOpcode } from '../rosbag1/foxglove.ts';
import { bagMagic, type BagRecord, bagRecords } from '../rosbag1/records.ts';
import type { Readable } from '../types.ts';

export type BagStretch =
  | { readonly kind: 'record'; readonly record: BagRecord; readonly length: number }
  | { readonly kind: 'gap'; readonly offset: number; readonly length: number; readonly why: string }
  /** A chunk that is not compressed and that the file's end cuts off. */
  | { readonly kind: 'torn'; readonly record: BagRecord; readonly length: number }
  | { readonly kind: 'magic'; readonly offset: number; readonly length: number };

/** What stands in every record header: a field of 4 bytes that names the opcode. */
const mark = Buffer.from('\x04\0\0\0op=', 'latin1');

/** What never stands inside a chunk. */
const betweenChunks = new Set([bagOpcode.chunk, bagOpcode.index, bagOpcode.chunkInfo]);

const cutChunk = 'a compressed chunk that the file ends inside: none of it can be unpacked';

/** Headers are short: the longest holds a topic's name. */
const mostHeader = 4096;

const probeBytes = 2 ** 16;

export class BagSurvey {
  readonly #readable: Readable;
  readonly #size: number;
  readonly #recordAt: (offset: number) => Promise<BagRecord | undefined>;
  readonly #probeAt: (offset: number) => Promise<BagRecord | undefined>;
  #probes = 0;

  constructor(readable: Readable) {
    this.#readable = readable;
    this.#size = readable.size ?? 0;
    this.#recordAt = bagRecords(readable, unmetered);
    this.#probeAt = bagRecords(readable, unmetered, probeBytes);
  }

  /** Covers each byte of the file once. */
  async *stretches(): AsyncGenerator<BagStretch, void> {
    const head = Buffer.from(await this.#readable.read(0, bagMagic.length));
    const length = Math.min(this.#size, bagMagic.length);
    if (head.toString('latin1') === bagMagic) yield { kind: 'magic', offset: 0, length };
    else yield { kind: 'gap', offset: 0, length, why: 'the magic at the start is damaged' };
    let at = length;
    while (at < this.#size) {
      const record = await one(this.#recordAt, at);
      if (record !== undefined && isTornChunk(record)) {
        yield { kind: 'torn', record, length: this.#size - at };
        return;
      }
      if (record !== undefined && (await this.#isTrusted(record))) {
        const end = endOf(record);
        yield { kind: 'record', record, length: end - at };
        at = end;
        continue;
      }
      const isPacked = record !== undefined && isChunk(record) && compressionOf(record) !== 'none';
      const next = await this.#search(at + 1, isPacked);
      // With records behind it, it is the stated length that is wrong.
      const isCut = isPacked && record.torn && next === this.#size;
      const why = isCut ? cutChunk : 'these bytes are no records';
      yield { kind: 'gap', offset: at, length: next - at, why };
      at = next;
    }
  }

  async #isTrusted(record: BagRecord): Promise<boolean> {
    if (record.torn || record.dataLength > recordBytes) return false;
    if (record.op === bagOpcode.chunk && (await opens(record))) return true;
    if (record.op === bagOpcode.connection && (await connects(record))) return true;
    return this.#isFollowed(endOf(record), 1);
  }

  async #isFollowed(from: number, count: number): Promise<boolean> {
    let at = from;
    for (let i = 0; i < count; i += 1) {
      if (at === this.#size) return true;
      const record = await one(this.#probeAt, at);
      if (record === undefined) return false;
      // The last record of a bag that was cut is a chunk whose head still reads as one.
      if (record.torn) return isChunk(record);
      at = endOf(record);
    }
    return true;
  }

  /**
   * The next place from `from` on where a chunk, or three records, stand; else the file's end.
   * Whole messages may stand in a packed chunk: behind one only what stands between chunks counts.
   */
  async #search(from: number, isPacked: boolean): Promise<number> {
    const step = 2 ** 22;
    for (let base = from; base < this.#size; base += step) {
      const length = Math.min(step + mostHeader, this.#size - base);
      const bytes = Buffer.from(await this.#readable.read(base, length));
      for (let hit = bytes.indexOf(mark); hit >= 0; hit = bytes.indexOf(mark, hit + 1)) {
        for (const start of headersAround(bytes, hit)) {
          this.#probes += 1;
          if (this.#probes > repairProbes) return this.#size;
          const record = await one(this.#probeAt, base + start);
          if (record === undefined || record.torn) continue;
          if (isPacked && !betweenChunks.has(record.op)) continue;
          if (isExactChunk(record) || (await this.#isFollowed(endOf(record), 2))) {
            return base + start;
          }
        }
      }
    }
    return this.#size;
  }
}

export function endOf(record: BagRecord): number {
  return record.dataOffset + record.dataLength;
}

/** Places before a mark whose length of 32 bits reaches over it. */
function* headersAround(bytes: Buffer, hit: number): Generator<number, void> {
  for (let start = hit - 4; start >= Math.max(0, hit - mostHeader); start -= 1) {
    const end = start + 4 + bytes.readUInt32LE(start);
    if (end >= hit + mark.length + 1 && end <= start + mostHeader) yield start;
  }
}

/** Undefined when no record of a known kind stands there. */
async function one(
  read: (offset: number) => Promise<BagRecord | undefined>,
  offset: number,
): Promise<BagRecord | undefined> {
  try {
    const record = await read(offset);
    return record !== undefined && record.op >= 2 && record.op <= 7 ? record : undefined;
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return undefined;
  }
}

async function connects(record: BagRecord): Promise<boolean> {
  try {
    return bagConnection(record.fields, await record.data(), record.place).topic !== '';
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return false;
  }
}

/** Compressed ones are unpacked: nothing else tells a lying length. */
async function opens(record: BagRecord): Promise<boolean> {
  if (isExactChunk(record)) return true;
  try {
    if (compressionOf(record) === 'none') return false;
    await openBagChunk(record, chunkMemory);
    return true;
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return false;
  }
}

/** Stored chunks state their length twice. */
function isExactChunk(record: BagRecord): boolean {
  const stored = storedSize(record);
  return stored !== undefined && stored === record.dataLength;
}

function isTornChunk(record: BagRecord): boolean {
  return record.torn && storedSize(record) === record.dataLength;
}

function isChunk(record: BagRecord): boolean {
  return record.op === bagOpcode.chunk && compressionOf(record) !== undefined;
}

function compressionOf(record: BagRecord): string | undefined {
  try {
    return bagChunk(record.fields, record.place).compression;
  } catch (error) {
    if (asFault(error).code === 'internal') throw error;
    return undefined;
  }
}

function storedSize(record: BagRecord): number | undefined {
  if (record.op !== bagOpcode.chunk || compressionOf(record) !== 'none') return undefined;
  return bagChunk(record.fields, record.place).size;
}
