/** Turns the records of an MCAP into recording items. */
import { asFault, type Fault } from '@fieldloop/core';
import { chunkMemory, freeMemory } from '../codec/codec.ts';
import { Columns } from '../columns.ts';
import { damaged, remedies } from '../damage.ts';
import { blockMessages } from '../limits.ts';
import type { ReadMeter } from '../meter.ts';
import type { RecordingItem, Schema, StoredChunk } from '../types.ts';
import { type Defined, Definitions } from './channels.ts';
import { isCompression, openChunk } from './chunk.ts';
import { messageHead, opcode, opcodeName, recordHead } from './format.ts';
import type { Covered, RecordSink } from './framer.ts';
import { takeMessages } from './messages.ts';
import { nestedEnd, type Piece, pieceOf } from './piece.ts';
import {
  type McapAttachment,
  type McapChunk,
  parseChannel,
  parseChunk,
  parseRecord,
  parseSchema,
} from './records.ts';

export interface ItemOptions {
  readonly name: string;
  /** Blocks and their data are valid only until the next item is asked for. */
  readonly reuse: boolean;
  readonly meter: ReadMeter;
  /** Present: a chunk that is damaged inside is passed over and named here. */
  readonly skipped?: ((fault: Fault) => void) | undefined;
  readonly known?: Defined | undefined;
}

const wanted = new Set<number>([
  opcode.header,
  opcode.schema,
  opcode.channel,
  opcode.message,
  opcode.chunk,
  opcode.metadata,
]);

export class ItemSink implements RecordSink, Disposable {
  readonly #options: ItemOptions;
  readonly #columns: Columns;
  readonly #definitions: Definitions;
  #items: RecordingItem[] = [];
  #headed = false;
  #summary = false;
  #memory: Uint8Array = new Uint8Array(0);
  /** Bytes handed out with the queued items. */
  #lent = 0;

  constructor(options: ItemOptions) {
    this.#options = options;
    this.#columns = new Columns(options.reuse);
    this.#definitions = new Definitions(options.known);
    this.#headed = options.known !== undefined;
  }

  /** Schemas that no channel names yet. */
  get spare(): readonly Schema[] {
    return this.#definitions.spare;
  }

  get full(): boolean {
    return this.#items.length > 0;
  }

  wants(code: number): boolean {
    return wanted.has(code);
  }

  /** What has been found; the caller owns it until it calls `release`. */
  drain(): readonly RecordingItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  release(): void {
    this.#options.meter.release(this.#lent);
    this.#lent = 0;
  }

  /** Frees the memory that it reuses; blocks that it made are not valid any more. */
  [Symbol.dispose](): void {
    freeMemory(this.#memory);
    this.#memory = new Uint8Array(0);
  }

  record(piece: Piece, at: number, next: number, covered: Covered): number {
    const code = piece.bytes[at] ?? 0;
    const place = { name: this.#options.name, offset: piece.offset + at };
    if (code === opcode.message && !this.#summary) return this.#messages(piece, at);
    const content = piece.bytes.subarray(at + recordHead, next);
    if (code === opcode.dataEnd) {
      this.#summary = true;
    } else if (code === opcode.header || code === opcode.metadata) {
      const record = parseRecord(code, content, place);
      if (record.type === 'Header') {
        if (this.#headed) throw misplaced(place, code);
        this.#headed = true;
        const { profile, library } = record;
        this.#items.push({ kind: 'header', format: 'mcap', profile, library });
      } else if (record.type === 'Metadata') {
        const { name, metadata } = record;
        this.#items.push({ kind: 'metadata', name, metadata, offset: place.offset });
      }
    } else if (code === opcode.schema || code === opcode.channel) {
      this.#define(code, content, place);
    } else if (code !== opcode.footer) {
      if (this.#summary) throw misplaced(place, code);
      const chunk = parseChunk(content, { ...place, record: 'Chunk' });
      if (this.#chunk(chunk, place.offset)) coverChunk(chunk, piece, covered);
    }
    return next;
  }

  attachment(attachment: McapAttachment, offset: number): void {
    const { name, mediaType, logTime: logTimeNs, dataSize: sizeBytes } = attachment;
    this.#items.push({ kind: 'attachment', name, mediaType, logTimeNs, sizeBytes, offset });
  }

  /** Messages outside chunks: as many as follow each other become one block. */
  #messages(piece: Piece, at: number): number {
    const most = blockMessages;
    const { known } = this.#definitions;
    this.#base(piece, at);
    let here = takeMessages(this.#columns, piece, at, { known, most });
    if (here === at) {
      this.#admit(piece, at, piece.offset + at);
      this.#columns.rebase(...timeOf(piece, at));
      here = takeMessages(this.#columns, piece, at, { known, most });
    }
    this.#seal(piece, piece.offset + at);
    return here;
  }

  /** False when it was damaged and passed over. */
  #chunk(chunk: McapChunk, offset: number): boolean {
    const { name, skipped } = this.#options;
    try {
      const data = openChunk(chunk, { name, offset }, (size) => this.#chunkMemory(size));
      this.#inside(chunk, pieceOf(data, 0), offset);
      return true;
    } catch (error) {
      if (skipped === undefined) throw error;
      this.#columns.count = 0;
      skipped(asFault(error));
      return false;
    }
  }

  #inside(chunk: McapChunk, piece: Piece, offset: number): void {
    const rules = { known: this.#definitions.known, most: Infinity };
    const declares: number[] = [];
    let blocks = 0;
    let at = 0;
    try {
      while (at < piece.end) {
        const next = nestedEnd(piece, at, { name: this.#options.name, offset });
        if (piece.bytes[at] === opcode.message) {
          this.#base(piece, at);
          const here = takeMessages(this.#columns, piece, at, rules);
          if (here === at) {
            this.#admit(piece, at, offset);
            blocks += this.#seal(piece, offset, undefined, false);
            this.#columns.rebase(...timeOf(piece, at));
          }
          at = here;
        } else {
          const content = piece.bytes.subarray(at + recordHead, next);
          const code = piece.bytes[at] ?? 0;
          const place = { name: this.#options.name, offset };
          if (code === opcode.schema) this.#define(code, content, place);
          if (code === opcode.channel) declares.push(this.#define(code, content, place));
          at = next;
        }
      }
    } finally {
      // What stood before damage inside an unchecked chunk is delivered, without the chunk.
      const whole = blocks === 0 && at === piece.end;
      this.#seal(piece, offset, whole ? storedChunk(chunk, declares) : undefined);
    }
  }

  /** Id of the channel or schema; a new channel becomes an item. */
  #define(code: number, content: Uint8Array, place: { name: string; offset: number }): number {
    const at = { ...place, record: opcodeName(code) };
    if (code === opcode.schema) {
      const schema = parseSchema(content, at);
      this.#definitions.schema(schema, place);
      return schema.id;
    }
    const record = parseChannel(content, at);
    const channel = this.#definitions.channel(record, place);
    if (channel !== undefined) this.#items.push({ kind: 'channel', channel });
    return record.id;
  }

  /** Queues the block of what the columns hold; 1 when there was one. */
  #seal(piece: Piece, offset: number, chunk?: StoredChunk, last = true): number {
    if (this.#columns.count === 0) return 0;
    const { bytes: data, view } = piece;
    const publishTimeNs = (starts: Uint32Array, i: number): bigint =>
      view.getBigUint64((starts[i] ?? 8) - 8, true);
    const block = this.#columns.seal({ data, view, offset, chunk, publishTimeNs }, last);
    this.#items.push({ kind: 'block', block });
    return 1;
  }

  #base(piece: Piece, at: number): void {
    if (!this.#columns.based && at + 31 <= piece.end) this.#columns.rebase(...timeOf(piece, at));
  }

  /** Fault `corrupt` when the message at `at` cannot be read, whatever its time. */
  #admit(piece: Piece, at: number, offset: number): void {
    const place = { name: this.#options.name, offset, record: 'Message' };
    const remedy = remedies.writer;
    const length = piece.view.getUint32(at + 1, true);
    if (length < messageHead) {
      const expected = `at least ${messageHead} bytes`;
      throw damaged({ ...place, message: `states ${length} bytes`, expected, remedy });
    }
    const channel = piece.view.getUint16(at + recordHead, true);
    if (this.#definitions.known[channel] === 1) return;
    const message = `is on channel ${channel}`;
    const expected = 'the Channel record before it';
    throw damaged({ ...place, message, expected, remedy });
  }

  #chunkMemory(size: number): Uint8Array {
    if (!this.#options.reuse) {
      this.#options.meter.take(size);
      this.#lent += size;
      return chunkMemory(size);
    }
    if (this.#memory.length < size) {
      this.#options.meter.take(size - this.#memory.length);
      this.#memory = chunkMemory(size);
    }
    return this.#memory.subarray(0, size);
  }
}

/** Log time of the message at `at`: two halves, and whole. */
function timeOf({ view }: Piece, at: number): [high: number, low: number, ns: bigint] {
  const ns = view.getBigUint64(at + 15, true);
  return [view.getUint32(at + 19, true), view.getUint32(at + 15, true), ns];
}

function misplaced(place: { name: string; offset: number }, code: number): Error {
  return damaged({
    ...place,
    record: opcodeName(code),
    message: 'stands where it may not',
    expected: 'one header first, then messages and chunks, then the summary',
    remedy: remedies.writer,
  });
}

/** The content of a stored chunk was just verified: the data section need not sum it again. */
function coverChunk(chunk: McapChunk, piece: Piece, covered: Covered): void {
  if (chunk.compression !== '' || chunk.uncompressedCrc === 0) return;
  const from = chunk.records.byteOffset - piece.bytes.byteOffset;
  covered(from, from + chunk.records.length, chunk.uncompressedCrc);
}

function storedChunk(chunk: McapChunk, declares: readonly number[]): StoredChunk | undefined {
  const { compression, uncompressedSize, uncompressedCrc, records } = chunk;
  if (!isCompression(compression)) return undefined;
  return { compression, uncompressedSize, uncompressedCrc, records, declares };
}
