/**
 * Writes a clip: an MCAP that stands alone, with chunk and message indexes, statistics, summary
 * offsets and every checksum. Its SHA-256 is computed while it is written.
 */
import { createHash, type Hash } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { crc32, joinCrc32 } from '../codec/crc.ts';
import { zstd } from '../codec/zstd.ts';
import { clipChunkBytes } from '../limits.ts';
import { McapRecordBuilder, type McapTypes } from '../mcap/core.ts';
import { footerSummed, magic, opcode, recordHead } from '../mcap/format.ts';
import type { StoredRecords } from '../mcap/stored-records.ts';
import type { Appendable, Channel, MessageBlock, Schema } from '../types.ts';
import { ChunkBuilder, type ClipMessage } from './chunk-builder.ts';
import type { ClipContents, ClipSummary } from './contents.ts';
import {
  columnsOfChunk,
  type IndexColumns,
  type IndexRecords,
  indexRecords,
} from './message-index.ts';
import { type ChunkRow, type SummaryRows, writeSummary } from './summary.ts';

export interface ClipWriter {
  /** Registers a channel under its own id, before its first message. */
  channel(channel: Channel): Promise<void>;
  message(channelId: number, message: ClipMessage): Promise<void>;
  /** Copies a block that is one whole MCAP chunk as bytes; its channels must be registered. */
  chunk(block: MessageBlock): Promise<void>;
  /** Copies a chunk and its indexes out of a file, unopened; its channels must be registered. */
  stored(records: StoredRecords): Promise<void>;
  metadata(name: string, metadata: ReadonlyMap<string, string>): Promise<void>;
  /** Copies an attachment's whole record, its own checksum included. */
  attachment(index: NewAttachment, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  contents(): ClipContents;
  /** Writes the summary and makes the file durable; nothing may be written after it. */
  finish(): Promise<ClipSummary>;
}

/** What the index says of an attachment; `length` is that of the record. */
export interface NewAttachment extends Omit<McapTypes.AttachmentIndex, 'offset' | 'length'> {
  readonly length: number;
}

export interface ClipWriterOptions {
  readonly profile: string;
  readonly library: string;
  /** Of the chunks it fills itself; `zstd` when absent. */
  readonly compression?: 'zstd' | 'none' | undefined;
  /** Chunks of the source are copied, and what its schemas are numbered is taken. */
  readonly copies?: boolean | undefined;
  /** False: nobody asks for the file's SHA-256, and the summary's is empty. */
  readonly hash?: boolean | undefined;
}

interface NewChunk {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly compression: '' | 'lz4' | 'zstd';
  readonly uncompressedSize: number;
  readonly uncompressedCrc: number;
  readonly stored: Uint8Array;
  readonly index: IndexColumns;
}

export async function openClipWriter(
  out: Appendable,
  options: ClipWriterOptions,
): Promise<ClipWriter> {
  const writer = new Writer(out, options);
  await writer.start();
  return writer;
}

class Writer implements ClipWriter {
  readonly #out: Appendable;
  readonly #options: ClipWriterOptions;
  readonly #builder = new McapRecordBuilder();
  readonly #hash: Hash | undefined;
  readonly #open = new ChunkBuilder(2 ** 16);
  readonly #channels = new Map<number, { readonly channel: Channel; schemaId: number }>();
  readonly #schemas = new Map<number, Schema>();
  readonly #counts = new Map<number, number>();
  readonly #chunks: ChunkRow[] = [];
  readonly #metadata: { name: string; offset: bigint; length: bigint }[] = [];
  readonly #attachments: McapTypes.AttachmentIndex[] = [];
  /** Schemas keep the ids of their source. */
  #copies: boolean;
  #messageCount = 0;
  #startNs = 0n;
  #endNs = 0n;
  #position = 0;
  #crc = 0;

  constructor(out: Appendable, options: ClipWriterOptions) {
    this.#out = out;
    this.#options = options;
    this.#copies = options.copies ?? false;
    this.#hash = options.hash === false ? undefined : createHash('sha256');
  }

  async start(): Promise<void> {
    const { profile, library } = this.#options;
    this.#builder.writeMagic();
    this.#builder.writeHeader({ profile, library });
    await this.#flushBuilder();
  }

  async channel(channel: Channel): Promise<void> {
    if (this.#channels.has(channel.id)) {
      throw new Fault('internal', `channel ${channel.id} is registered twice`);
    }
    const schemaId = channel.schema === undefined ? 0 : this.#schemaId(channel.schema);
    this.#channels.set(channel.id, { channel, schemaId });
    const { id, topic, messageEncoding, metadata } = channel;
    this.#builder.writeChannel({
      id,
      schemaId,
      topic,
      messageEncoding,
      metadata: new Map(metadata),
    });
    await this.#flushBuilder();
  }

  async message(channelId: number, message: ClipMessage): Promise<void> {
    if (!this.#channels.has(channelId)) throw unregistered(channelId);
    const full = this.#open.length + ChunkBuilder.sizeOf(message) > clipChunkBytes;
    if (full && this.#open.length > 0) await this.#closeChunk();
    this.#open.add(channelId, message);
  }

  async chunk(block: MessageBlock): Promise<void> {
    const { chunk } = block;
    if (chunk === undefined) throw new Fault('internal', 'this block is not a whole chunk');
    await this.#closeChunk();
    await this.#writeChunk({
      firstNs: block.firstNs,
      lastNs: block.lastNs,
      compression: chunk.compression,
      uncompressedSize: chunk.uncompressedSize,
      uncompressedCrc: chunk.uncompressedCrc === 0 ? crc32(block.data) : chunk.uncompressedCrc,
      stored: chunk.records,
      index: columnsOfChunk(block),
    });
  }

  async stored({ index, chunk, indexes, starts, counts }: StoredRecords): Promise<void> {
    await this.#closeChunk();
    const chunkStartOffset = BigInt(this.#position);
    await this.#put(chunk, index.compression === '' ? crcOfPlain(chunk) : undefined);
    const stored = { starts, counts, bytes: indexes };
    await this.#putIndexes(stored, {
      messageStartTime: index.messageStartTime,
      messageEndTime: index.messageEndTime,
      chunkStartOffset,
      chunkLength: BigInt(chunk.length),
      compression: index.compression,
      compressedSize: BigInt(index.compressedSize),
      uncompressedSize: BigInt(index.uncompressedSize),
    });
  }

  async metadata(name: string, metadata: ReadonlyMap<string, string>): Promise<void> {
    await this.#closeChunk();
    const offset = BigInt(this.#position);
    const length = this.#builder.writeMetadata({ name, metadata: new Map(metadata) });
    this.#metadata.push({ name, offset, length });
    await this.#flushBuilder();
  }

  async attachment(index: NewAttachment, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#closeChunk();
    const offset = BigInt(this.#position);
    for await (const part of bytes) await this.#put(part);
    this.#attachments.push({ ...index, offset, length: BigInt(index.length) });
  }

  contents(): ClipContents {
    const counts = new Map(this.#counts);
    const { count, channelIds } = this.#open.index;
    let { startNs, endNs, messageCount } = this.#tally();
    for (let i = 0; i < count; i += 1) {
      const id = channelIds[i] ?? 0;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    if (count > 0) {
      const { firstNs, lastNs } = this.#open;
      startNs = messageCount === 0 || firstNs < startNs ? firstNs : startNs;
      endNs = messageCount === 0 || lastNs > endNs ? lastNs : endNs;
      messageCount += count;
    }
    const byId = [...this.#channels].sort(([a], [b]) => a - b);
    const topics = byId.flatMap(([id, { channel }]) => {
      const number = counts.get(id) ?? 0;
      const { topic, schema } = channel;
      return number === 0 ? [] : [{ topic, schema: schema?.name ?? '', count: number }];
    });
    return { messageCount, startNs, endNs, topics };
  }

  async finish(): Promise<ClipSummary> {
    await this.#closeChunk();
    const contents = this.contents();
    this.#builder.writeDataEnd({ dataSectionCrc: this.#crc });
    await this.#flushBuilder();
    this.#crc = 0;
    const summaryStart = this.#position;
    const offsets = writeSummary(this.#builder, this.#rows(contents), summaryStart);
    await this.#flushBuilder();
    const footer = {
      summaryStart: BigInt(summaryStart),
      summaryOffsetStart: BigInt(offsets.offsetStart),
    };
    this.#builder.writeFooter({ ...footer, summaryCrc: 0 });
    const summaryCrc = crc32(this.#builder.buffer.subarray(0, footerSummed), this.#crc);
    this.#builder.reset();
    this.#builder.writeFooter({ ...footer, summaryCrc });
    await this.#flushBuilder();
    await this.#put(magic);
    await this.#out.sync();
    return { ...contents, sizeBytes: this.#position, sha256: this.#hash?.digest('hex') ?? '' };
  }

  #tally(): { startNs: bigint; endNs: bigint; messageCount: number } {
    return { startNs: this.#startNs, endNs: this.#endNs, messageCount: this.#messageCount };
  }

  #rows(contents: ClipContents): SummaryRows {
    return {
      contents,
      schemas: this.#schemas,
      channels: this.#channels,
      counts: this.#counts,
      chunks: this.#chunks,
      metadata: this.#metadata,
      attachments: this.#attachments,
    };
  }

  /** The id a schema has in this file; its own when that is free, so that chunks can be copied. */
  #schemaId(schema: Schema): number {
    for (const [id, known] of this.#schemas) {
      if ((schema.id ?? id) === id && sameSchema(known, schema)) return id;
    }
    // A copied chunk may hold schemas that no channel of the clip uses: new ids keep away.
    let id = schema.id ?? (this.#copies ? 0x8000 : 1);
    while (id === 0 || this.#schemas.has(id)) id = (id + 1) % 65_536;
    if (schema.id !== undefined) this.#copies = true;
    this.#schemas.set(id, schema);
    const { name, encoding, data } = schema;
    this.#builder.writeSchema({ id, name, encoding, data });
    return id;
  }

  async #closeChunk(): Promise<void> {
    const open = this.#open;
    if (open.length === 0) return;
    const { records, index, firstNs, lastNs } = open;
    const packed = this.#options.compression !== 'none';
    await this.#writeChunk({
      firstNs,
      lastNs,
      compression: packed ? 'zstd' : '',
      uncompressedSize: records.length,
      uncompressedCrc: crc32(records),
      stored: packed ? zstd.encode(records) : records,
      index,
    });
    open.clear();
  }

  async #writeChunk(chunk: NewChunk): Promise<void> {
    const { firstNs, lastNs, stored, compression } = chunk;
    const chunkStart = this.#position;
    await this.#put(chunkHead(chunk));
    await this.#put(stored, compression === '' ? chunk.uncompressedCrc : undefined);
    await this.#putIndexes(indexRecords(chunk.index), {
      messageStartTime: firstNs,
      messageEndTime: lastNs,
      chunkStartOffset: BigInt(chunkStart),
      chunkLength: BigInt(this.#position - chunkStart),
      compression,
      compressedSize: BigInt(stored.length),
      uncompressedSize: BigInt(chunk.uncompressedSize),
    });
  }

  /** The index records behind a chunk, its row in the summary, and the counts. */
  async #putIndexes(
    { bytes, starts, counts }: IndexRecords,
    row: Omit<ChunkRow, 'messageIndexOffsets' | 'messageIndexLength'>,
  ): Promise<void> {
    const indexStart = this.#position;
    for (const id of counts.keys()) if (!this.#channels.has(id)) throw unregistered(id);
    await this.#put(bytes);
    const offsets = [...starts].map(([id, at]) => [id, BigInt(indexStart + at)] as const);
    this.#chunks.push({
      ...row,
      messageIndexOffsets: new Map(offsets),
      messageIndexLength: BigInt(bytes.length),
    });
    const { messageStartTime: firstNs, messageEndTime: lastNs } = row;
    if (this.#messageCount === 0 || firstNs < this.#startNs) this.#startNs = firstNs;
    if (this.#messageCount === 0 || lastNs > this.#endNs) this.#endNs = lastNs;
    for (const [id, n] of counts) {
      this.#messageCount += n;
      this.#counts.set(id, (this.#counts.get(id) ?? 0) + n);
    }
  }

  async #flushBuilder(): Promise<void> {
    await this.#put(this.#builder.buffer);
    this.#builder.reset();
  }

  /** `crc` is that of the bytes when it is known: joining takes no second look at them. */
  async #put(bytes: Uint8Array, crc?: number): Promise<void> {
    if (bytes.length === 0) return;
    this.#crc =
      crc === undefined ? crc32(bytes, this.#crc) : joinCrc32(this.#crc, crc, bytes.length);
    this.#hash?.update(bytes);
    this.#position += bytes.length;
    await this.#out.write(bytes);
  }
}

/**
 * Of records that are stored as they are the chunk states the checksum of these very bytes: it is
 * joined. Where they are not what it says, the checksum of the data section tells it, too.
 */
function crcOfPlain(chunk: Uint8Array): number {
  const head = recordHead + 28 + 4 + 8;
  const stated = new DataView(chunk.buffer, chunk.byteOffset).getUint32(recordHead + 24, true);
  return joinCrc32(crc32(chunk.subarray(0, head)), stated, chunk.length - head);
}

/** Everything of a chunk record before its stored bytes. */
function chunkHead(chunk: NewChunk): Uint8Array {
  const name = Buffer.from(chunk.compression);
  const bytes = new Uint8Array(recordHead + 28 + 4 + name.length + 8);
  const view = new DataView(bytes.buffer);
  bytes[0] = opcode.chunk;
  view.setBigUint64(1, BigInt(bytes.length - recordHead + chunk.stored.length), true);
  view.setBigUint64(9, chunk.firstNs, true);
  view.setBigUint64(17, chunk.lastNs, true);
  view.setBigUint64(25, BigInt(chunk.uncompressedSize), true);
  view.setUint32(33, chunk.uncompressedCrc, true);
  view.setUint32(37, name.length, true);
  bytes.set(name, 41);
  view.setBigUint64(41 + name.length, BigInt(chunk.stored.length), true);
  return bytes;
}

function sameSchema(a: Schema, b: Schema): boolean {
  if (a === b) return true;
  return a.name === b.name && a.encoding === b.encoding && Buffer.compare(a.data, b.data) === 0;
}

function unregistered(id: number): Fault {
  return new Fault('internal', `channel ${id} is not registered with this clip`);
}
