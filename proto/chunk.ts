/**
 * A chunk: 28 bytes of head, big-endian, then data. The head is fixed so that both ends read it
 * without a parser; the checksum covers bytes 0-19 and the data.
 */
import { crc32 } from 'node:zlib';
import { maxChunkHeadBytes } from './limits.ts';
import type { WireCode } from './messages.ts';

export const chunkHeadBytes = 28;
const version = 1;
const lastFlag = 1;
const coveredBytes = 20;

export interface ChunkHead {
  readonly tid: number;
  readonly epoch: number;
  /** Of the first data byte in the file; below 2^53. */
  readonly offset: number;
  /** Offset plus length is the file's size. */
  readonly last: boolean;
}

/** Fills the head of a frame whose data already stands behind it. */
export function sealChunk(frame: Uint8Array, head: ChunkHead): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint8(0, version);
  view.setUint8(1, head.last ? lastFlag : 0);
  view.setUint16(2, chunkHeadBytes);
  view.setUint32(4, head.tid);
  view.setUint32(8, head.epoch);
  view.setBigUint64(12, BigInt(head.offset));
  const headCrc = crc32(frame.subarray(0, coveredBytes));
  view.setUint32(20, crc32(frame.subarray(chunkHeadBytes), headCrc));
  view.setUint32(24, 0);
}

export function encodeChunk(head: ChunkHead, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(chunkHeadBytes + data.length);
  frame.set(data, chunkHeadBytes);
  sealChunk(frame, head);
  return frame;
}

/** A parsed chunk; `pieces` are views into the frame, in order. */
export interface Chunk extends ChunkHead {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
}

export type ParsedChunk =
  | { readonly ok: true; readonly chunk: Chunk }
  /** `head` is absent when not even the handle could be read. */
  | { readonly ok: false; readonly code: WireCode; readonly head?: ChunkHead };

/** Reads a chunk that came in one or more pieces; nothing is copied but a head that was split. */
export function parseChunk(...frame: readonly Uint8Array[]): ParsedChunk {
  const start = joinHead(frame, chunkHeadBytes);
  if (start === undefined) return { ok: false, code: 'MALFORMED' };
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (view.getUint8(0) !== version) return { ok: false, code: 'VERSION' };
  const flags = view.getUint8(1);
  const headLength = view.getUint16(2);
  const offset = view.getBigUint64(12);
  const isSound =
    (flags & ~lastFlag) === 0 &&
    headLength >= chunkHeadBytes &&
    headLength <= maxChunkHeadBytes &&
    offset <= BigInt(Number.MAX_SAFE_INTEGER);
  if (!isSound) return { ok: false, code: 'MALFORMED' };
  const head: ChunkHead = {
    tid: view.getUint32(4),
    epoch: view.getUint32(8),
    offset: Number(offset),
    last: (flags & lastFlag) !== 0,
  };
  const pieces = dropFirst(frame, headLength);
  if (pieces === undefined) return { ok: false, code: 'MALFORMED', head };
  let crc = crc32(start.subarray(0, coveredBytes));
  let length = 0;
  for (const piece of pieces) {
    crc = crc32(piece, crc);
    length += piece.length;
  }
  if (crc !== view.getUint32(20)) return { ok: false, code: 'CRC', head };
  return { ok: true, chunk: { ...head, pieces, length } };
}

function joinHead(frame: readonly Uint8Array[], wanted: number): Uint8Array | undefined {
  const first = frame[0];
  if (first !== undefined && first.length >= wanted) return first.subarray(0, wanted);
  const joined = new Uint8Array(wanted);
  let filled = 0;
  for (const piece of frame) {
    const part = piece.subarray(0, wanted - filled);
    joined.set(part, filled);
    filled += part.length;
    if (filled === wanted) return joined;
  }
  return undefined;
}

function dropFirst(frame: readonly Uint8Array[], bytes: number): Uint8Array[] | undefined {
  const pieces: Uint8Array[] = [];
  let left = bytes;
  for (const piece of frame) {
    if (piece.length <= left) {
      left -= piece.length;
    } else {
      pieces.push(left === 0 ? piece : piece.subarray(left));
      left = 0;
    }
  }
  return left === 0 ? pieces : undefined;
}
