/**
 * Random access to an MCAP: its summary is read once, and then only the chunks that hold what is
 * asked for. Memory is the summary and, while a chunk is at work, that chunk and the next one.
 */
import { Fault } from '@fieldloop/core';
import { damaged } from '../damage.ts';
import * as limits from '../limits.ts';
import { unmetered } from '../meter.ts';
import type { Channel, MessageBlock, Readable } from '../types.ts';
import { magic, opcode, recordHead } from './format.ts';
import { ItemSink } from './items.ts';
import { readInside } from './inside.ts';
import { type StoredRecords, storedRecords } from './stored-records.ts';
import { nestedEnd, type Piece, pieceOf, statedLength } from './piece.ts';
import {
  indexEntries,
  type McapChunkIndex,
  type McapRecord,
  type McapStatistics,
  parseRecord,
} from './records.ts';

export interface BlockWant {
  /** Log time at or after, ns. */
  readonly startNs?: bigint | undefined;
  /** Log time before, ns. */
  readonly endNs?: bigint | undefined;
  /** Chunks without any of these channels are not read. */
  readonly channels?: ReadonlySet<number> | undefined;
  /** `time`: by the first log time of each chunk. The file's order when absent. */
  readonly order?: 'file' | 'time' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where one message stands. */
export interface MessageEntry {
  readonly chunk: McapChunkIndex;
  readonly logTimeNs: bigint;
  /** Of the message record in the uncompressed chunk. */
  readonly offset: number;
}

export interface IndexedMcap {
  readonly name: string;
  readonly profile: string;
  readonly channels: ReadonlyMap<number, Channel>;
  readonly statistics: McapStatistics;
  /** In file order. */
  readonly chunks: readonly McapChunkIndex[];
  /** Blocks of the chunks that may hold what is wanted; they hold other messages, too. */
  blocks(want: BlockWant): AsyncGenerator<MessageBlock, void>;
  /** The blocks of one chunk. */
  chunk(chunk: McapChunkIndex): Promise<readonly MessageBlock[]>;
  /**
   * A chunk and those right behind it with their indexes, as they stand in the file, unopened;
   * undefined where the indexes do not say what is in one, so that it must be read. The bytes may
   * stand in `into`.
   */
  stored(
    run: readonly McapChunkIndex[],
    into?: Uint8Array,
  ): Promise<readonly (StoredRecords | undefined)[]>;
  /** One channel's messages of one chunk, in the order of its index. */
  entries(chunk: McapChunkIndex, channelId: number): Promise<readonly MessageEntry[]>;
  /** Metadata records by name; the last of a name counts. */
  metadata(): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
}

/** Fault `corrupt` when the file has no index that covers every chunk. */
export async function openIndexedMcap(readable: Readable): Promise<IndexedMcap> {
  const { name } = readable;
  const size = readable.size ?? 0;
  const { summary, header } = await readEnds(readable, size);
  const records = recordsOf(summary, name);
  const statistics = records.find((record) => record.type === 'Statistics');
  const chunks = records
    .filter((record) => record.type === 'ChunkIndex')
    .toSorted((a, b) => a.chunkStartOffset - b.chunkStartOffset);
  if (statistics === undefined || statistics.chunkCount !== chunks.length) {
    throw unindexed(name, 'its summary does not name every chunk');
  }
  if (chunks.length === 0 && statistics.messageCount > 0n) {
    throw unindexed(name, 'its messages stand outside chunks');
  }
  const sink = new ItemSink({ name, reuse: false, meter: unmetered });
  const channels = define(sink, summary);
  const metadata = records.filter((record) => record.type === 'MetadataIndex');
  return {
    name,
    profile: header,
    channels,
    statistics,
    chunks,
    blocks: (want) => blocks(readable, { chunks, sink }, want),
    chunk: async (chunk) => blocksIn(sink, chunk, await readChunk(readable, chunk)),
    stored: async (run, into) => await storedRecords(readable, run, into),
    entries: async (chunk, channelId) => await entries(readable, chunk, channelId),
    metadata: async () => {
      const found = new Map<string, ReadonlyMap<string, string>>();
      for (const { offset, length } of metadata.slice(0, limits.metadataHeld)) {
        const bytes = await readInside(readable, offset, length, { most: limits.fieldRecordBytes });
        const record = parseRecord(bytes[0] ?? 0, bytes.subarray(recordHead), { name, offset });
        if (record.type === 'Metadata') found.set(record.name, record.metadata);
      }
      return found;
    },
  };
}

const footerLength = recordHead + 20;

/** The bytes of the summary section and the profile of the header. */
async function readEnds(
  readable: Readable,
  size: number,
): Promise<{ readonly summary: Piece; readonly header: string }> {
  const { name } = readable;
  const tailLength = footerLength + magic.length;
  if (size < magic.length + tailLength) throw unindexed(name, 'it is too short for one');
  const tail = await readInside(readable, size - tailLength, tailLength, { most: tailLength });
  const end = tail.subarray(footerLength);
  if (!magic.every((byte, i) => end[i] === byte)) {
    throw unindexed(name, 'it does not end as an MCAP does');
  }
  const content = tail.subarray(recordHead, footerLength);
  const footer = parseRecord(tail[0] ?? 0, content, { name, offset: size - tailLength });
  if (footer.type !== 'Footer' || footer.summaryStart === 0) {
    throw unindexed(name, 'its footer names no summary');
  }
  const from = footer.summaryStart;
  const to = footer.summaryOffsetStart === 0 ? size - tailLength : footer.summaryOffsetStart;
  const bytes = await readInside(readable, from, to - from, { most: limits.summaryBytes });
  return { summary: pieceOf(bytes, from), header: await profileOf(readable, size) };
}

async function profileOf(readable: Readable, size: number): Promise<string> {
  const { name } = readable;
  const at = magic.length;
  const head = await readInside(readable, at, Math.min(recordHead, size - at), {
    most: recordHead,
  });
  const length = head.length < recordHead ? 0 : statedLength(pieceOf(head, at), 0);
  const content = await readInside(readable, at + recordHead, length, {
    most: limits.fieldRecordBytes,
  });
  const record = parseRecord(head[0] ?? 0, content, { name, offset: at });
  return record.type === 'Header' ? record.profile : '';
}

function recordsOf(summary: Piece, name: string): readonly McapRecord[] {
  const records: McapRecord[] = [];
  let chunkCount = 0;
  for (let at = 0; at < summary.end; ) {
    const place = { name, offset: summary.offset + at };
    const next = nestedEnd(summary, at, place);
    const code = summary.bytes[at] ?? 0;
    if (code === opcode.chunkIndex) chunkCount += 1;
    if (chunkCount > limits.chunkIndexes) {
      throw new Fault('limited', `the index names more than ${limits.chunkIndexes} chunks`, {
        place: name,
        remedy: 'Write the recording with larger chunks, or split it.',
      });
    }
    records.push(parseRecord(code, summary.bytes.subarray(at + recordHead, next), place));
    at = next;
  }
  return records;
}

/** Schemas first: the summary may name a channel before its schema. */
function define(sink: ItemSink, summary: Piece): ReadonlyMap<number, Channel> {
  for (const wanted of [opcode.schema, opcode.channel]) {
    for (let at = 0; at < summary.end; ) {
      const next = nestedEnd(summary, at, { name: '', offset: summary.offset });
      if (summary.bytes[at] === wanted) sink.record(summary, at, next, () => {});
      at = next;
    }
  }
  const channels = sink.drain().flatMap((item) => (item.kind === 'channel' ? [item.channel] : []));
  return new Map(channels.map((channel) => [channel.id, channel]));
}

interface Opened {
  readonly chunks: readonly McapChunkIndex[];
  readonly sink: ItemSink;
}

/** The sink is emptied at once, after damage too, so that several readers may share it. */
function blocksIn(sink: ItemSink, chunk: McapChunkIndex, bytes: Uint8Array): MessageBlock[] {
  try {
    sink.record(pieceOf(bytes, chunk.chunkStartOffset), 0, bytes.length, () => {});
  } catch (error) {
    sink.drain();
    throw error;
  }
  return sink.drain().flatMap((item) => (item.kind === 'block' ? [item.block] : []));
}

async function* blocks(
  readable: Readable,
  { chunks, sink }: Opened,
  want: BlockWant,
): AsyncGenerator<MessageBlock, void> {
  const wanted = chunks.filter((chunk) => mayHold(chunk, want));
  if (want.order === 'time') wanted.sort(byStart);
  const ask = (chunk: McapChunkIndex | undefined): Promise<Uint8Array> | undefined => {
    const read = chunk && readChunk(readable, chunk);
    // A failed read is met when it is awaited; until then nobody else hears of it.
    read?.catch(() => {});
    return read;
  };
  let next = ask(wanted[0]);
  for (const [i, chunk] of wanted.entries()) {
    if (want.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
    const bytes = await next;
    if (bytes === undefined) return;
    next = ask(wanted[i + 1]);
    yield* blocksIn(sink, chunk, bytes);
  }
}

export function mayHold(chunk: McapChunkIndex, want: BlockWant): boolean {
  if (want.startNs !== undefined && chunk.messageEndTime < want.startNs) return false;
  if (want.endNs !== undefined && chunk.messageStartTime >= want.endNs) return false;
  const { channels } = want;
  if (channels === undefined || chunk.messageIndexOffsets.size === 0) return true;
  return chunk.messageIndexOffsets.keys().some((id) => channels.has(id));
}

function byStart(a: McapChunkIndex, b: McapChunkIndex): number {
  if (a.messageStartTime === b.messageStartTime) return a.chunkStartOffset - b.chunkStartOffset;
  return a.messageStartTime < b.messageStartTime ? -1 : 1;
}

async function readChunk(readable: Readable, chunk: McapChunkIndex): Promise<Uint8Array> {
  const { chunkStartOffset: offset, chunkLength: length } = chunk;
  const bytes = await readInside(readable, offset, length, { most: limits.recordBytes });
  const isChunk =
    bytes[0] === opcode.chunk &&
    bytes.length > recordHead &&
    statedLength(pieceOf(bytes, offset), 0) === bytes.length - recordHead;
  if (isChunk) return bytes;
  throw damaged({
    name: readable.name,
    offset,
    record: 'ChunkIndex',
    message: 'points to something else',
    expected: `a chunk of ${length} bytes`,
  });
}

async function entries(
  readable: Readable,
  chunk: McapChunkIndex,
  channelId: number,
): Promise<readonly MessageEntry[]> {
  const offset = chunk.messageIndexOffsets.get(channelId);
  if (offset === undefined) return [];
  const end = chunk.chunkStartOffset + chunk.chunkLength + chunk.messageIndexLength;
  const bytes = await readInside(readable, offset, end - offset, { most: limits.recordBytes });
  const place = { name: readable.name, offset };
  const next = nestedEnd(pieceOf(bytes, offset), 0, place);
  const record = parseRecord(bytes[0] ?? 0, bytes.subarray(recordHead, next), place);
  if (record.type !== 'MessageIndex' || record.channelId !== channelId) {
    const message = `points to another record for channel ${channelId}`;
    throw damaged({ ...place, record: 'ChunkIndex', message, expected: 'its message index' });
  }
  return [...indexEntries(record)].map(([logTimeNs, at]) => ({
    chunk,
    logTimeNs,
    offset: Number(at),
  }));
}

function unindexed(name: string, why: string): Fault {
  return new Fault('corrupt', `the file has no usable index: ${why}`, {
    place: name,
    remedy: 'Download it whole and read it with `fieldloop recording`, which needs no index.',
  });
}
