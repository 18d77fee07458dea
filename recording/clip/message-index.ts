/** Where the messages of one chunk stand, in columns, and the index records made of them. */
import { opcode, recordHead } from '../mcap/format.ts';
import type { MessageBlock } from '../types.ts';

export interface IndexColumns {
  readonly count: number;
  readonly channelIds: Uint16Array;
  /** Log times in two halves. */
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  /** Of the message records in the uncompressed chunk. */
  readonly offsets: Uint32Array;
}

export interface IndexRecords {
  readonly bytes: Uint8Array;
  /** Where each channel's record starts in `bytes`. */
  readonly starts: ReadonlyMap<number, number>;
  readonly counts: ReadonlyMap<number, number>;
}

/** Opcode, length, channel and size of the entries. */
const headSize = recordHead + 6;
const entrySize = 16;
const twoTo32 = 4_294_967_296;

/** By channel id, reused from chunk to chunk: all zero between two calls. */
const tally = new Uint32Array(65_536);

/** One MessageIndex record a channel, in the order the channels first appear. */
export function indexRecords(columns: IndexColumns): IndexRecords {
  const { count, channelIds, lows, highs, offsets } = columns;
  const ids: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = channelIds[i] ?? 0;
    const before = tally[id] ?? 0;
    if (before === 0) ids.push(id);
    tally[id] = before + 1;
  }
  const counts = new Map(ids.map((id) => [id, tally[id] ?? 0]));
  const starts = new Map<number, number>();
  const bytes = new Uint8Array(ids.length * headSize + count * entrySize);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [id, messages] of counts) {
    starts.set(id, at);
    bytes[at] = opcode.messageIndex;
    view.setUint32(at + 1, 6 + messages * entrySize, true);
    view.setUint16(at + recordHead, id, true);
    view.setUint32(at + recordHead + 2, messages * entrySize, true);
    // From here on the tally says where the channel's next entry goes.
    tally[id] = at + headSize;
    at += headSize + messages * entrySize;
  }
  for (let i = 0; i < count; i += 1) {
    const id = channelIds[i] ?? 0;
    const here = tally[id] ?? 0;
    view.setUint32(here, lows[i] ?? 0, true);
    view.setUint32(here + 4, highs[i] ?? 0, true);
    view.setUint32(here + 8, offsets[i] ?? 0, true);
    tally[id] = here + entrySize;
  }
  for (const id of ids) tally[id] = 0;
  return { bytes, starts, counts };
}

/** The columns of a block that is one whole MCAP chunk. */
export function columnsOfChunk(block: MessageBlock): IndexColumns {
  const { count, channelIds, timesNs, starts } = block;
  const highs = new Uint32Array(count);
  const lows = new Uint32Array(count);
  const offsets = new Uint32Array(count);
  const baseHigh = Number(block.baseNs >> 32n);
  const baseLow = Number(block.baseNs & 0xffffffffn);
  for (let i = 0; i < count; i += 1) {
    const after = timesNs[i] ?? 0;
    const high = Math.floor(after / twoTo32);
    const low = baseLow + (after - high * twoTo32);
    const carry = low >= twoTo32 ? 1 : 0;
    highs[i] = baseHigh + high + carry;
    lows[i] = low - carry * twoTo32;
    // The data stands 31 bytes after the opcode of its record.
    offsets[i] = (starts[i] ?? 31) - 31;
  }
  return { count, channelIds, highs, lows, offsets };
}
