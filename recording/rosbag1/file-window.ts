/** A stretch of a file in memory that moves forward with its reader. */
import { readAheadBytes } from '../limits.ts';
import type { ReadMeter } from '../meter.ts';
import type { Readable } from '../types.ts';

export class FileWindow {
  readonly #readable: Readable;
  readonly #meter: ReadMeter;
  readonly #windowBytes: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(readable: Readable, meter: ReadMeter, windowBytes = readAheadBytes) {
    this.#readable = readable;
    this.#meter = meter;
    this.#windowBytes = windowBytes;
  }

  /** `length` bytes at `offset`; fewer only at the end of the file. */
  async see(offset: number, length: number): Promise<Uint8Array> {
    const at = offset - this.#offset;
    if (at < 0 || at + length > this.#bytes.length) await this.#load(offset, length);
    return this.from(offset).subarray(0, length);
  }

  /** All that is in memory from `offset` on. */
  from(offset: number): Uint8Array {
    return this.#bytes.subarray(Math.max(0, offset - this.#offset));
  }

  /** Blocks point into a window, so each gets its own memory. */
  async #load(offset: number, length: number): Promise<void> {
    const { size } = this.#readable;
    const left = size === undefined ? Infinity : Math.max(0, size - offset);
    const ask = Math.min(left, Math.max(length, this.#windowBytes));
    this.#meter.release(this.#bytes.length);
    this.#bytes = new Uint8Array(0);
    this.#offset = offset;
    const parts: Uint8Array[] = [];
    let filled = 0;
    while (filled < Math.min(ask, length)) {
      const part = await this.#readable.read(offset + filled, ask - filled);
      if (part.length === 0) break;
      parts.push(part);
      filled += part.length;
    }
    this.#meter.take(filled);
    this.#bytes = parts.length === 1 ? (parts[0] ?? this.#bytes) : Buffer.concat(parts, filled);
  }
}
