/**
 * The records of a damaged MCAP in file order, and the stretches between them that are none. Where
 * the chain of records breaks, the next chunk is looked for, or a run of records that fit.
 */
import { repairProbes } from '../limits.ts';
import { magic, opcode, recordHead } from '../mcap/format.ts';
import type { Readable } from '../types.ts';
import type { FileWindow } from '../rosbag1/file-window.ts';
import { isAnchor, type Shape, shapeAt, shapeBytes } from './mcap-shape.ts';

export type Stretch =
  | {
      readonly kind: 'record';
      readonly code: number;
      readonly offset: number;
      readonly length: number;
    }
  /** No record, or one that nobody knows. */
  | { readonly kind: 'gap'; readonly offset: number; readonly length: number; readonly why: string }
  /** A chunk that the file's end cuts off; `dataAt` is where its stored bytes begin. */
  | {
      readonly kind: 'torn';
      readonly offset: number;
      readonly length: number;
      readonly dataAt: number;
    }
  | { readonly kind: 'magic'; readonly offset: number; readonly length: number };

/** Records that must follow each other to be believed where the chain broke. */
const run = 3;

/** What is read to judge one place after a jump. */
const probeBytes = 2 ** 16;

export class McapSurvey {
  readonly #readable: Readable;
  readonly #window: FileWindow;
  readonly #probe: FileWindow;
  readonly #size: number;
  #probes = 0;

  constructor(readable: Readable, window: FileWindow, probe: FileWindow) {
    this.#readable = readable;
    this.#window = window;
    this.#probe = probe;
    this.#size = readable.size ?? 0;
  }

  /** Covers each byte of the file once. */
  async *stretches(): AsyncGenerator<Stretch, void> {
    const size = this.#size;
    const head = await this.#window.see(0, magic.length);
    const isWhole = magic.every((byte, i) => head[i] === byte);
    const start = Math.min(size, magic.length);
    if (isWhole) yield { kind: 'magic', offset: 0, length: start };
    else yield { kind: 'gap', offset: 0, length: start, why: 'the magic at the start is damaged' };
    let at = start;
    while (at < size) {
      if (size - at === magic.length && (await this.#endsAt(at))) {
        yield { kind: 'magic', offset: at, length: magic.length };
        return;
      }
      const shape = await this.#trusted(at);
      if (shape === undefined) {
        // Its two lengths agree: it is the file that ends, not the length that lies.
        const torn = await this.#torn(at);
        if (torn !== undefined) {
          yield torn;
          return;
        }
        const next = await this.#search(at + 1);
        yield { kind: 'gap', offset: at, length: next - at, why: 'these bytes are no records' };
        at = next;
        continue;
      }
      const { code, length, fit } = shape;
      const why = `opcode ${code} is not known`;
      if (fit === 'unknown') yield { kind: 'gap', offset: at, length, why };
      else yield { kind: 'record', code, offset: at, length };
      at += length;
    }
  }

  async #endsAt(at: number): Promise<boolean> {
    const bytes = await this.#window.see(at, magic.length);
    return magic.every((byte, i) => bytes[i] === byte);
  }

  /** The record at `at` when it is believed there, in the run of records so far. */
  async #trusted(at: number): Promise<Shape | undefined> {
    const shape = await this.#shape(this.#window, at, shapeBytes);
    if (shape === undefined) return undefined;
    if (shape.fit === 'exact' && shape.code !== opcode.message) return shape;
    const after = shape.fit === 'exact' ? 1 : run;
    return (await this.#follows(at + shape.length, after)) ? shape : undefined;
  }

  /** Whether `count` records follow, or the end of the file does. */
  async #follows(from: number, count: number): Promise<boolean> {
    let at = from;
    for (let i = 0; i < count; i += 1) {
      if (at === this.#size || (this.#size - at === magic.length && (await this.#endsAt(at)))) {
        return true;
      }
      const shape = await this.#shape(this.#probe, at, probeBytes);
      if (shape === undefined || shape.fit === 'unknown') return false;
      at += shape.length;
    }
    return true;
  }

  async #shape(window: FileWindow, at: number, bytes: number): Promise<Shape | undefined> {
    const left = this.#size - at;
    if (left < recordHead) return undefined;
    // A message is judged by its head; most records that are looked at are messages.
    const head = await window.see(at, recordHead);
    const need = head[0] === opcode.message ? recordHead : Math.min(bytes, left);
    const seen = await window.see(at, need);
    return shapeAt(new DataView(seen.buffer, seen.byteOffset, seen.length), 0, left);
  }

  /** The next place from `from` on where records stand again; the end of the file without one. */
  async #search(from: number): Promise<number> {
    const size = this.#size;
    const step = 2 ** 22;
    for (let base = from; base < size; base += step) {
      const bytes = await this.#readable.read(base, Math.min(step + probeBytes, size - base));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const end = Math.min(step, bytes.length);
      for (let i = 0; i < end; i += 1) {
        const code = view.getUint8(i);
        if (code === 0 || code > opcode.dataEnd) continue;
        const shape = shapeAt(view, i, size - base - i);
        if (shape?.fit !== 'exact') continue;
        if (isAnchor(view, i, shape)) return base + i;
        this.#probes += 1;
        if (this.#probes > repairProbes) return this.#tail(from);
        if (await this.#follows(base + i + shape.length, run - 1)) return base + i;
      }
    }
    return this.#tail(from);
  }

  /** Where the closing magic stands, else the end of the file. */
  async #tail(from: number): Promise<number> {
    const at = this.#size - magic.length;
    return at >= from && (await this.#endsAt(at)) ? at : this.#size;
  }

  /** A chunk whose head is whole and whose stored bytes the file's end cuts off. */
  async #torn(at: number): Promise<Stretch | undefined> {
    const left = this.#size - at;
    const seen = await this.#window.see(at, Math.min(left, 64));
    if (seen[0] !== opcode.chunk) return undefined;
    // As if the file went on: what is missing is only the rest of the stored bytes.
    const view = new DataView(seen.buffer, seen.byteOffset, seen.length);
    const shape = shapeAt(view, 0, Number.MAX_SAFE_INTEGER);
    if (shape === undefined || shape.length <= left || !isAnchor(view, 0, shape)) return undefined;
    const name = view.getUint32(recordHead + 28, true);
    return { kind: 'torn', offset: at, length: left, dataAt: recordHead + 40 + name };
  }
}
