/** Reads the fields of one record in order; whatever does not fit is a Fault of that record. */
import { damaged, remedies } from '../damage.ts';

const utf8 = new TextDecoder();

/** Where a record stands, for the faults it may raise. */
export interface RecordPlace {
  readonly name: string;
  /** Byte offset of the record, or of the chunk that holds it. */
  readonly offset: number;
  readonly record: string;
}

export class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  readonly #place: RecordPlace;
  #at: number;

  constructor(content: Uint8Array, place: RecordPlace) {
    this.#bytes = content;
    this.#view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    this.#at = 0;
    this.#end = content.length;
    this.#place = place;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A length or an offset: refused beyond 2^53, which no file reaches. */
  size(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#broken(`a size of ${value}`);
    return Number(value);
  }

  text(): string {
    return utf8.decode(this.bytes(this.u32()));
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** Entries of an array or a map that is measured in bytes. */
  entries(read: (fields: Fields) => void): void {
    const inner = new Fields(this.bytes(this.u32()), this.#place);
    while (inner.left > 0) read(inner);
  }

  textMap(): ReadonlyMap<string, string> {
    const map = new Map<string, string>();
    this.entries((fields) => map.set(fields.text(), fields.text()));
    return map;
  }

  #take(length: number): number {
    const from = this.#at;
    if (length > this.#end - from) throw this.#broken(`${length} bytes for a field`);
    this.#at = from + length;
    return from;
  }

  #broken(stated: string): Error {
    return damaged({
      ...this.#place,
      message: `states ${stated} where ${this.#end - this.#at} bytes are left`,
      expected: 'fields that fit into their record',
      remedy: remedies.writer,
    });
  }
}
