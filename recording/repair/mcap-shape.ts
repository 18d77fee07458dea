/**
 * Whether the bytes at some place can be a record of an MCAP: its parts must add up to its length.
 * Looks at lengths alone, a few reads a record, so that a damaged file is searched in bounded time.
 */
import { opcode, recordHead } from '../mcap/format.ts';

/** `exact`: the parts fill the record; `padded`: bytes are left, which writers may add. */
export interface Shape {
  readonly code: number;
  /** Of the record, from its opcode on. */
  readonly length: number;
  readonly fit: 'exact' | 'padded' | 'unknown';
}

/**
 * The parts of each record: a number is so many bytes, `text` a part behind a length of 32 bits,
 * `data` one behind 64 bits.
 */
const parts: Readonly<Record<number, readonly (number | 'text' | 'data')[]>> = {
  [opcode.header]: ['text', 'text'],
  [opcode.footer]: [20],
  [opcode.schema]: [2, 'text', 'text', 'text'],
  [opcode.channel]: [4, 'text', 'text', 'text'],
  [opcode.chunk]: [28, 'text', 'data'],
  [opcode.messageIndex]: [2, 'text'],
  [opcode.chunkIndex]: [32, 'text', 8, 'text', 16],
  [opcode.attachment]: [16, 'text', 'text', 'data', 4],
  [opcode.attachmentIndex]: [40, 'text', 'text'],
  [opcode.statistics]: [42, 'text'],
  [opcode.metadata]: ['text', 'text'],
  [opcode.metadataIndex]: [16, 'text'],
  [opcode.summaryOffset]: [17],
  [opcode.dataEnd]: [4],
};

const twoTo32 = 4_294_967_296;

/** How far from its start a record must be in memory to be judged. */
export const shapeBytes = 2 ** 20;

/**
 * The record at `at`, of which at most `left` bytes remain in the file. Undefined: none can stand
 * here.
 */
export function shapeAt(view: DataView, at: number, left: number): Shape | undefined {
  if (at + recordHead > view.byteLength || left < recordHead) return undefined;
  const code = view.getUint8(at);
  const length = recordHead + view.getUint32(at + 1, true) + view.getUint32(at + 5, true) * twoTo32;
  if (code === 0 || length > left) return undefined;
  if (code === opcode.message) {
    return length >= recordHead + 22 ? { code, length, fit: 'exact' } : undefined;
  }
  const layout = parts[code];
  if (layout === undefined) return { code, length, fit: 'unknown' };
  let used = recordHead;
  for (const part of layout) {
    if (typeof part === 'number') {
      used += part;
      continue;
    }
    const place = at + used;
    const width = part === 'text' ? 4 : 8;
    if (used + width > length || place + width > view.byteLength) return undefined;
    const high = part === 'text' ? 0 : view.getUint32(place + 4, true);
    used += width + view.getUint32(place, true) + high * twoTo32;
    if (used > length) return undefined;
  }
  if (used > length) return undefined;
  return { code, length, fit: used === length ? 'exact' : 'padded' };
}

const compressions = new Set(['', 'lz4', 'zstd']);

/** A chunk stands so clearly that it needs no neighbours to be believed. */
export function isAnchor(view: DataView, at: number, shape: Shape): boolean {
  if (shape.code !== opcode.chunk || shape.fit !== 'exact') return false;
  const nameAt = at + recordHead + 28;
  const length = view.getUint32(nameAt, true);
  if (length > 8) return false;
  const name = new Uint8Array(view.buffer, view.byteOffset + nameAt + 4, length);
  return compressions.has(Buffer.from(name).toString('latin1'));
}
