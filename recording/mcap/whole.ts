import { readAheadBytes } from '../limits.ts';
import { magic, opcode, recordHead } from './format.ts';
import { pieceOf, statedLength } from './piece.ts';

/**
 * How much of a window to give to the parser, so that the record torn at its end is read again as
 * a whole instead of being put together. This is advice only: the parser takes bytes however they
 * are cut. At least one byte, and everything where the record is large or the bytes are no records.
 */
export function wholeBytes(bytes: Uint8Array, isFirst: boolean): number {
  const piece = pieceOf(bytes, 0);
  let at = isFirst ? magic.length : 0;
  while (piece.end - at >= recordHead) {
    const code = bytes[at] ?? 0;
    if (code === 0 || code === opcode.footer || code > opcode.dataEnd) return bytes.length;
    const next = at + recordHead + statedLength(piece, at);
    if (next - at > readAheadBytes / 2) return bytes.length;
    if (next > piece.end) break;
    at = next;
  }
  return at === 0 || at > bytes.length ? bytes.length : at;
}
