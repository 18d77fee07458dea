/** Chunks of a file with the message indexes behind them, as bytes that can be copied. */
import { recordBytes } from '../limits.ts';
import type { Readable } from '../types.ts';
import { isCompression } from './chunk.ts';
import { opcode, recordHead } from './format.ts';
import { readInside } from './inside.ts';
import { pieceOf, statedLength } from './piece.ts';
import type { McapChunkIndex } from './records.ts';

export interface StoredRecords {
  readonly index: McapChunkIndex;
  /** The chunk's record, opcode and length included. */
  readonly chunk: Uint8Array;
  /** The records of its message indexes, one behind the other. */
  readonly indexes: Uint8Array;
  /** Where each channel's record starts in `indexes`, and its messages. */
  readonly starts: ReadonlyMap<number, number>;
  readonly counts: ReadonlyMap<number, number>;
}

/** Opcode, length, channel and size of the entries. */
const indexHead = recordHead + 6;

/** Of a chunk with its indexes. */
export const storedLength = ({ chunkLength, messageIndexLength }: McapChunkIndex): number =>
  chunkLength + messageIndexLength;

/**
 * Of a chunk and those that stand right behind it, by one read. Undefined where index, indexes and
 * the chunk's head do not agree: then only reading it tells.
 */
export async function storedRecords(
  readable: Readable,
  run: readonly McapChunkIndex[],
  into?: Uint8Array,
): Promise<readonly (StoredRecords | undefined)[]> {
  const offset = run[0]?.chunkStartOffset ?? 0;
  const length = run.reduce((sum, index) => sum + storedLength(index), 0);
  const bytes = await readInside(readable, offset, length, { most: recordBytes, into });
  return run.map((index) => {
    const at = index.chunkStartOffset - offset;
    return recordsIn(bytes.subarray(at, at + storedLength(index)), index);
  });
}

function recordsIn(bytes: Uint8Array, index: McapChunkIndex): StoredRecords | undefined {
  const { chunkStartOffset: offset, chunkLength } = index;
  if (index.messageIndexOffsets.size === 0) return undefined;
  const chunk = bytes.subarray(0, chunkLength);
  const indexes = bytes.subarray(chunkLength);
  if (!isStated(chunk, index)) return undefined;
  const view = new DataView(indexes.buffer, indexes.byteOffset, indexes.length);
  const starts = new Map<number, number>();
  const counts = new Map<number, number>();
  const range = { first: Infinity, last: -Infinity };
  for (let at = 0; at < indexes.length; ) {
    const count = entriesAt(view, at);
    const id = count === undefined ? -1 : view.getUint16(at + recordHead, true);
    const isNamed = index.messageIndexOffsets.get(id) === offset + chunkLength + at;
    if (count === undefined || !isNamed || starts.has(id)) return undefined;
    widen(range, view, at + indexHead, count);
    starts.set(id, at);
    counts.set(id, count);
    at += indexHead + count * 16;
  }
  // Log times lose their last digits as doubles: enough to see an index that is of other messages.
  const isWhole =
    starts.size === index.messageIndexOffsets.size &&
    range.first === Number(index.messageStartTime) &&
    range.last === Number(index.messageEndTime);
  return isWhole ? { index, chunk, indexes, starts, counts } : undefined;
}

/** Whether the head of the chunk says what its index says, and has a checksum. */
function isStated(chunk: Uint8Array, index: McapChunkIndex): boolean {
  const { compression, compressedSize, uncompressedSize } = index;
  if (!isCompression(compression)) return false;
  const name = recordHead + 32;
  const end = name + compression.length + 8;
  if (chunk.length !== end + compressedSize || chunk[0] !== opcode.chunk) return false;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  const text = Buffer.from(chunk.buffer, chunk.byteOffset + name, compression.length);
  return (
    statedLength(pieceOf(chunk, 0), 0) === chunk.length - recordHead &&
    view.getBigUint64(recordHead, true) === index.messageStartTime &&
    view.getBigUint64(recordHead + 8, true) === index.messageEndTime &&
    view.getBigUint64(recordHead + 16, true) === BigInt(uncompressedSize) &&
    view.getUint32(recordHead + 24, true) !== 0 &&
    view.getUint32(recordHead + 28, true) === compression.length &&
    text.toString('latin1') === compression
  );
}

/** Messages of the index record at `at`; undefined when it is none, not whole or empty. */
function entriesAt(view: DataView, at: number): number | undefined {
  if (at + indexHead > view.byteLength || view.getUint8(at) !== opcode.messageIndex)
    return undefined;
  const size = view.getUint32(at + recordHead + 2, true);
  const isExact = view.getUint32(at + 1, true) === size + 6 && view.getUint32(at + 5, true) === 0;
  const isInside = at + indexHead + size <= view.byteLength;
  return isExact && isInside && size % 16 === 0 && size > 0 ? size / 16 : undefined;
}

const twoTo32 = 4_294_967_296;

function widen(
  range: { first: number; last: number },
  view: DataView,
  from: number,
  count: number,
): void {
  for (let at = from; at < from + count * 16; at += 16) {
    const time = view.getUint32(at + 4, true) * twoTo32 + view.getUint32(at, true);
    if (time < range.first) range.first = time;
    if (time > range.last) range.last = time;
  }
}
