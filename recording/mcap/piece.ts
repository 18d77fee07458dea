/** A stretch of a file in memory and the records that stand in it. */
import { damaged, remedies } from '../damage.ts';
import { recordHead } from './format.ts';

/** `offset` is the file offset of `bytes[0]`. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
  readonly offset: number;
}

/** A Node Buffer becomes a plain array: its `slice` would be a view, not a copy. */
export function pieceOf(source: Uint8Array, offset: number): Piece {
  const { buffer, byteOffset, byteLength } = source;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const view = new DataView(buffer, byteOffset, byteLength);
  return { bytes, view, end: byteLength, offset };
}

/** A length as a double: exact below 2^53, and beyond it large enough to be refused. */
export function statedLength(piece: Piece, at: number): number {
  return piece.view.getUint32(at + 1, true) + piece.view.getUint32(at + 5, true) * 4_294_967_296;
}

/** The same, exact, for people. */
export function statedText(piece: Piece, at: number): string {
  return piece.view.getBigUint64(at + 1, true).toString();
}

/** End of the record at `at` inside a chunk; Fault `corrupt` when it is not whole. */
export function nestedEnd(
  piece: Piece,
  at: number,
  chunk: { name: string; offset: number },
): number {
  const left = piece.end - at - recordHead;
  const high = left < 0 ? 0 : piece.view.getUint32(at + 5, true);
  const length = left < 0 ? 0 : piece.view.getUint32(at + 1, true);
  if (left >= 0 && high === 0 && length <= left) return at + recordHead + length;
  throw damaged({
    ...chunk,
    record: 'Chunk',
    message: `the record ${at} bytes inside is longer than the ${Math.max(0, left)} bytes left`,
    expected: 'records that fit into their chunk',
    remedy: remedies.changed,
  });
}
