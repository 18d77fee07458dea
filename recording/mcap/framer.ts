/**
 * Cuts pushed bytes into whole records, however they were split, and verifies the checksums that
 * cover more than one record. It holds at most one record that is not yet whole; attachments and
 * records nobody wants pass by without being held.
 */
import { chunkMemory, freeMemory } from '../codec/codec.ts';
import { crc32, joinCrc32 } from '../codec/crc.ts';
import { damaged, remedies } from '../damage.ts';
import { chunkBytes, fieldRecordBytes, recordBytes } from '../limits.ts';
import type { ReadMeter } from '../meter.ts';
import { attachmentHead, type OpenAttachment, openAttachment } from './attachment.ts';
import { footerSummed, magic, opcode, opcodeName, recordHead } from './format.ts';
import { type Piece, pieceOf, statedLength, statedText } from './piece.ts';
import type { McapAttachment } from './records.ts';

/** Says that a stretch of the piece has this checksum, so that it need not be summed again. */
export type Covered = (from: number, to: number, crc: number) => void;

export interface RecordSink {
  /** Whether records of this opcode are delivered; DataEnd and Footer always are. */
  wants(code: number): boolean;
  /** The whole record from `at` to `next`; may take more that follow, says where it stopped. */
  record(piece: Piece, at: number, next: number, covered: Covered): number;
  /** An attachment that has passed by and whose checksum held. */
  attachment(attachment: McapAttachment, offset: number): void;
  /** True pauses the framer. */
  readonly full: boolean;
}

export interface FramerOptions {
  readonly name: string;
  /** Bytes of the whole file, when known: a record that states more is refused at once. */
  readonly size?: number | undefined;
  /** Data and summary checksums; those of chunks and attachments are always verified. */
  readonly verify: boolean;
  /** Attachments up to this size are delivered with their data. */
  readonly attachmentBytes: number;
  /** What is delivered is used before the next call, so that its memory serves again. */
  readonly reuse: boolean;
  readonly meter: ReadMeter;
  /** Present: the first byte fed is this one of the file, where a record begins. */
  readonly from?: number | undefined;
}

type State = 'magic' | 'records' | 'passing' | 'attachment' | 'attachment-end' | 'trailer' | 'done';

interface Held {
  bytes: Uint8Array;
  length: number;
  need: number;
  readonly offset: number;
}

/** What is held of one record; a chunk that did not shrink is a little larger than its content. */
function mostBytes(code: number): number {
  if (code === opcode.message) return recordBytes;
  if (code === opcode.chunk) return chunkBytes + 2 ** 20;
  return code === opcode.schema || code === opcode.messageIndex ? chunkBytes : fieldRecordBytes;
}

export class Framer {
  readonly #options: FramerOptions;
  readonly #sink: RecordSink;
  #state: State = 'magic';
  #piece: Piece = pieceOf(new Uint8Array(0), 0);
  #at = 0;
  #fed = 0;
  #held: Held | undefined;
  /** Memory of the last held record, for the next one. */
  #spare: Uint8Array | undefined;
  #passing = 0;
  #open: OpenAttachment | undefined;
  #headerSeen = false;
  #last = { offset: 0, record: 'Magic' };
  #dataEndAt: number | undefined;
  /** Running checksum and how far into the piece at work it reaches. */
  #crc = 0;
  #summed = 0;

  constructor(options: FramerOptions, sink: RecordSink) {
    this.#options = options;
    this.#sink = sink;
    if (options.from === undefined) return;
    this.#fed = options.from;
    this.#state = 'records';
    this.#headerSeen = true;
  }

  /** Where the first record begins that is not whole yet; the end of the data is never passed. */
  get offset(): number {
    if (this.#dataEndAt !== undefined) return this.#dataEndAt;
    if (this.#held !== undefined && this.#state === 'records') return this.#held.offset;
    const passes = ['passing', 'attachment', 'attachment-end'].includes(this.#state);
    return passes ? this.#last.offset : this.#piece.offset + this.#at;
  }

  /** The closing magic was met. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The next bytes; those before must have been run to their end. */
  feed(bytes: Uint8Array): void {
    this.#piece = pieceOf(bytes, this.#fed);
    this.#fed += bytes.length;
    this.#at = 0;
    this.#summed = 0;
  }

  /** Works on what was fed until the sink is full (true) or the bytes are used up (false). */
  run(): boolean {
    const piece = this.#piece;
    while (this.#at < piece.end) {
      if (this.#sink.full) return true;
      if (this.#held === undefined) this.#at = this.#advance(piece, this.#at);
      else this.#fill(this.#held, piece);
    }
    this.#sum(piece, piece.end);
    return false;
  }

  /** Fault `corrupt` unless the file has come to its proper end. */
  end(): void {
    if (this.#state === 'done') return;
    const held = this.#held;
    if (this.#state === 'magic') throw this.#foreign(this.#fed);
    if (held !== undefined && this.#state === 'records' && held.length >= recordHead) {
      const record = opcodeName(held.bytes[0] ?? 0);
      const message = `the recording ends ${held.length} bytes into this record of ${held.need}`;
      throw this.#broken(held.offset, record, message, 'a whole record');
    }
    if (this.#state !== 'records' && this.#state !== 'trailer') {
      const { offset, record } = this.#last;
      throw this.#broken(offset, record, 'the recording ends inside this record', 'a whole record');
    }
    const message = 'the recording ends without a footer';
    const offset = held?.offset ?? this.#fed;
    throw this.#broken(offset, 'Footer', message, 'DataEnd, Footer and the closing magic');
  }

  #advance(piece: Piece, at: number): number {
    if (this.#state === 'passing' || this.#state === 'attachment') return this.#pass(piece, at);
    const need = this.#need(piece, at);
    if (piece.end - at >= need) return this.#step(piece, at);
    this.#sum(piece, at);
    this.#summed = piece.end;
    const rest = piece.bytes.subarray(at);
    const bytes = this.#memoryFor(rest.length);
    bytes.set(rest);
    this.#held = { bytes, length: rest.length, need, offset: piece.offset + at };
    return piece.end;
  }

  /** Adds to the record that was not whole; grows with what arrives, never with what is stated. */
  #fill(held: Held, piece: Piece): void {
    for (;;) {
      const take = Math.min(held.need - held.length, piece.end - this.#at);
      this.#reserve(held, held.length + take);
      held.bytes.set(piece.bytes.subarray(this.#at, this.#at + take), held.length);
      held.length += take;
      this.#at += take;
      this.#summed = this.#at;
      if (held.length < held.need) return;
      const whole = pieceOf(held.bytes.subarray(0, held.length), held.offset);
      held.need = this.#need(whole, 0);
      if (held.need <= held.length) {
        this.#held = undefined;
        this.#summed = 0;
        this.#step(whole, 0);
        this.#sum(whole, whole.end);
        this.#summed = this.#at;
        this.#giveBack(held.bytes);
        return;
      }
    }
  }

  #memoryFor(length: number): Uint8Array {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && spare.length >= length) return spare;
    if (spare !== undefined) this.#options.meter.release(spare.length);
    this.#options.meter.take(length);
    return chunkMemory(length);
  }

  /** What was in it has been delivered; where items may outlive it, it is theirs. */
  #giveBack(bytes: Uint8Array): void {
    if (this.#options.reuse) this.#spare = bytes;
    else this.#options.meter.release(bytes.length);
  }

  #reserve(held: Held, length: number): void {
    if (length <= held.bytes.length) return;
    const size = Math.min(held.need, Math.max(length, held.bytes.length * 2));
    const bytes = chunkMemory(size);
    bytes.set(held.bytes.subarray(0, held.length));
    this.#options.meter.take(size);
    this.#options.meter.release(held.bytes.length);
    freeMemory(held.bytes);
    held.bytes = bytes;
  }

  /** Bytes that must stand together before anything can be done at `at`. */
  #need(piece: Piece, at: number): number {
    if (this.#state === 'magic' || this.#state === 'trailer') return magic.length;
    if (this.#state === 'attachment-end') return 4;
    if (this.#state === 'done') return 1;
    if (piece.end - at < recordHead) return recordHead;
    const code = piece.bytes[at] ?? 0;
    const length = statedLength(piece, at);
    this.#admit(code, length, piece, at);
    if (code === opcode.attachment) return attachmentHead(piece, at, this.#options.name);
    return this.#wants(code) ? recordHead + length : recordHead;
  }

  #wants(code: number): boolean {
    return code === opcode.dataEnd || code === opcode.footer || this.#sink.wants(code);
  }

  #step(piece: Piece, at: number): number {
    const { name, attachmentBytes } = this.#options;
    const offset = piece.offset + at;
    if (this.#state === 'magic' || this.#state === 'trailer') return this.#magic(piece, at);
    if (this.#state === 'attachment-end') return this.#attachmentEnd(piece, at);
    if (this.#state === 'done') {
      throw this.#broken(
        offset,
        'Footer',
        'bytes follow the end of the recording',
        'nothing after it',
      );
    }
    const code = piece.bytes[at] ?? 0;
    const length = statedLength(piece, at);
    if (!this.#headerSeen && code !== opcode.header) {
      throw this.#broken(offset, opcodeName(code), 'stands first', 'Header');
    }
    this.#headerSeen = true;
    this.#last = { offset, record: opcodeName(code) };
    if (code === opcode.attachment) {
      this.#open = openAttachment(piece, at, { name, keep: attachmentBytes });
      this.#passing = this.#open.dataSize;
      this.#state = 'attachment';
      return at + this.#open.headSize;
    }
    if (!this.#wants(code)) {
      this.#passing = length;
      this.#state = 'passing';
      return at + recordHead;
    }
    const next = at + recordHead + length;
    if (code === opcode.dataEnd) this.#dataEnd(piece, at);
    if (code === opcode.footer) this.#footer(piece, at);
    return this.#sink.record(piece, at, next, (from, to, crc) => {
      this.#sum(piece, from);
      this.#crc = joinCrc32(this.#crc, crc, to - from);
      this.#summed = to;
    });
  }

  #pass(piece: Piece, at: number): number {
    const to = Math.min(piece.end, at + this.#passing);
    this.#passing -= to - at;
    if (this.#state === 'attachment') this.#open?.data(piece.bytes.subarray(at, to));
    if (this.#passing === 0) {
      this.#state = this.#state === 'attachment' ? 'attachment-end' : 'records';
    }
    return to;
  }

  #attachmentEnd(piece: Piece, at: number): number {
    const open = this.#open;
    if (open !== undefined) {
      this.#sink.attachment(open.end(piece.view.getUint32(at, true)), open.offset);
      this.#passing = open.padding;
    }
    this.#open = undefined;
    this.#state = this.#passing > 0 ? 'passing' : 'records';
    return at + 4;
  }

  #magic(piece: Piece, at: number): number {
    if (!magic.every((byte, i) => piece.bytes[at + i] === byte)) {
      if (this.#state === 'magic') throw this.#foreign(piece.end - at);
      throw this.#broken(piece.offset + at, 'Footer', 'the closing magic is wrong', 'MCAP magic');
    }
    this.#state = this.#state === 'magic' ? 'records' : 'done';
    return at + magic.length;
  }

  #dataEnd(piece: Piece, at: number): void {
    if (statedLength(piece, at) < 4) {
      throw this.#broken(piece.offset + at, 'DataEnd', 'is too short', '4 bytes');
    }
    this.#dataEndAt = piece.offset + at;
    this.#sum(piece, at);
    // What stood before the place where reading began was never summed.
    if (this.#options.from === undefined) {
      this.#compare(piece, at, { crcAt: at + recordHead, record: 'DataEnd', what: 'data section' });
    }
    this.#crc = 0;
    this.#summed = at + recordHead + statedLength(piece, at);
  }

  #footer(piece: Piece, at: number): void {
    if (statedLength(piece, at) !== 20) {
      throw this.#broken(piece.offset + at, 'Footer', 'has the wrong length', '20 bytes');
    }
    this.#sum(piece, at + footerSummed);
    this.#compare(piece, at, { crcAt: at + footerSummed, record: 'Footer', what: 'summary' });
    this.#state = 'trailer';
  }

  #sum(piece: Piece, to: number): void {
    if (this.#options.verify && to > this.#summed) {
      this.#crc = crc32(piece.bytes.subarray(this.#summed, to), this.#crc);
    }
    this.#summed = Math.max(to, this.#summed);
  }

  #compare(
    piece: Piece,
    at: number,
    { crcAt, record, what }: { crcAt: number; record: string; what: string },
  ): void {
    const stated = piece.view.getUint32(crcAt, true);
    if (!this.#options.verify || stated === 0 || stated === this.#crc) return;
    throw damaged({
      name: this.#options.name,
      offset: piece.offset + at,
      record,
      message: `the ${what} has checksum ${this.#crc}`,
      expected: `${stated}, which is stated`,
      remedy: remedies.changed,
    });
  }

  #admit(code: number, length: number, piece: Piece, at: number): void {
    const record = opcodeName(code);
    const { size } = this.#options;
    const offset = piece.offset + at;
    const stated = statedText(piece, at);
    if (code === 0) {
      throw this.#broken(
        offset,
        record,
        'is not a record',
        'an opcode; zeros often follow a power loss',
      );
    }
    if (size !== undefined && offset + recordHead + length > size) {
      const left = size - offset - recordHead;
      throw this.#broken(
        offset,
        record,
        `states ${stated} bytes, ${left} are left`,
        'a whole record',
      );
    }
    if (code === opcode.attachment || !this.#wants(code)) {
      if (length <= Number.MAX_SAFE_INTEGER) return;
      throw this.#broken(offset, record, `states ${stated} bytes`, 'fewer than 2^53 bytes');
    }
    const most = mostBytes(code);
    if (length <= most) return;
    throw damaged({
      name: this.#options.name,
      offset,
      record,
      message: `states ${stated} bytes`,
      expected: `at most ${most} bytes`,
      code: length > 2 ** 40 ? 'corrupt' : 'limited',
      remedy: length > 2 ** 40 ? remedies.again : 'Write the recording again in smaller records.',
    });
  }

  #foreign(length: number): Error {
    return damaged({
      name: this.#options.name,
      offset: 0,
      record: 'Magic',
      message: length === 0 ? 'the file is empty' : 'this is not an MCAP file',
      expected: 'the magic 89 4d 43 41 50 30 0d 0a',
      remedy: remedies.foreign,
    });
  }

  #broken(offset: number, record: string, message: string, expected: string): Error {
    return damaged({ name: this.#options.name, offset, record, message, expected });
  }
}
