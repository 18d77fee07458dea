/** Every record of an MCAP in file order, with its place: what `recording check` looks at. */
import { asFault, type Fault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { attachmentHeldBytes } from '../limits.ts';
import type { ReadOptions } from '../options.ts';
import { unmetered } from '../meter.ts';
import type { Readable } from '../types.ts';
import { openChunk } from './chunk.ts';
import { recordHead } from './format.ts';
import { Framer, type RecordSink } from './framer.ts';
import { nestedEnd, type Piece, pieceOf } from './piece.ts';
import { type McapAttachment, type McapRecord, parseRecord } from './records.ts';
import { windows } from './windows.ts';

export interface PlacedRecord {
  readonly record: McapRecord;
  /** File offset of the record, or its offset in the content of a chunk. */
  readonly offset: number;
  /** With opcode and length; an attachment's is that of its data alone. */
  readonly length: number;
}

class WalkSink implements RecordSink {
  readonly #name: string;
  #records: PlacedRecord[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  get full(): boolean {
    return this.#records.length >= 64;
  }

  wants(): boolean {
    return true;
  }

  record(piece: Piece, at: number, next: number): number {
    const offset = piece.offset + at;
    const content = piece.bytes.subarray(at + recordHead, next);
    const record = parseRecord(piece.bytes[at] ?? 0, content, { name: this.#name, offset });
    this.#records.push({ record, offset, length: next - at });
    return next;
  }

  attachment(record: McapAttachment, offset: number): void {
    this.#records.push({ record, offset, length: record.dataSize });
  }

  drain(): readonly PlacedRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

/**
 * Chunks come as they are stored; `recordsIn` walks an opened one. A Fault ends the walk where
 * the file is damaged; checksums of chunks are the caller's (`openChunk`).
 */
export async function* walkMcap(
  readable: Readable,
  options: Pick<ReadOptions, 'signal' | 'meter' | 'verify'> = {},
): AsyncGenerator<PlacedRecord, void> {
  const { name, size } = readable;
  const sink = new WalkSink(name);
  const verify = options.verify ?? true;
  const meter = options.meter ?? unmetered;
  const framer = new Framer(
    { name, size, verify, attachmentBytes: attachmentHeldBytes, reuse: false, meter },
    sink,
  );
  for await (const bytes of windows(readable, options)) {
    framer.feed(bytes);
    for (;;) {
      let damage: Fault | undefined;
      let more = false;
      try {
        more = framer.run();
      } catch (error) {
        damage = asFault(error);
      }
      yield* sink.drain();
      if (damage !== undefined) throw damage;
      if (!more) break;
    }
  }
  framer.end();
}

/** The records inside a chunk's content; Fault `corrupt` at the first that is not whole. */
function* recordsIn(
  data: Uint8Array,
  chunk: { readonly name: string; readonly offset: number },
): Generator<PlacedRecord, void> {
  const piece = pieceOf(data, 0);
  let at = 0;
  while (at < data.length) {
    const next = nestedEnd(piece, at, chunk);
    const content = data.subarray(at + recordHead, next);
    yield { record: parseRecord(data[at] ?? 0, content, chunk), offset: at, length: next - at };
    at = next;
  }
}

/** The records with chunks opened: what stands in a chunk comes in its place, indexes left out. */
export async function* flatMcap(readable: Readable): AsyncGenerator<McapRecord, void> {
  for await (const { record, offset } of walkMcap(readable)) {
    if (record.type === 'MessageIndex') continue;
    if (record.type !== 'Chunk') {
      yield record;
      continue;
    }
    const place = { name: readable.name, offset };
    for (const inner of recordsIn(openChunk(record, place, chunkMemory), place)) {
      yield inner.record;
    }
  }
}
