/**
 * A block as bytes for the spool: columns and data, compressed. Compressed chunks stay as they
 * stand, so that a clip can still copy them. The bytes are for this process alone: what tells how
 * to read them stays in memory.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { type MessageBlock, type StoredChunk, unpackChunk } from '@fieldloop/recording';

export interface Packed {
  readonly bytes: readonly Uint8Array[];
  readonly unpack: (bytes: Uint8Array) => Promise<MessageBlock>;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Off this thread, and as fast as it goes. */
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** What a message has in the columns: two times of 8 bytes, three numbers of 4, a channel of 2. */
export const columnBytes = 30;

export async function packBlock(block: MessageBlock): Promise<Packed> {
  const { chunk, count } = block;
  const columns = await compress(columnsOf(block), fast);
  const [from, to] = chunk === undefined ? rangeOf(block) : [0, block.data.length];
  const isCompressed = chunk !== undefined && chunk.compression !== '';
  const body = isCompressed ? chunk.records : await compress(block.data.subarray(from, to), fast);
  const { baseNs, firstNs, lastNs, offset } = block;
  const facts = { count, baseNs, firstNs, lastNs, offset };
  // The stored bytes must not stay in memory by what is kept to read them.
  const kept = chunk && { ...chunk, records: none };
  const size = columns.length;
  return {
    bytes: [columns, body],
    async unpack(bytes) {
      const own = aligned(await decompress(bytes.subarray(0, size)));
      const stored = bytes.subarray(size);
      const plain = isCompressed ? none : aligned(await decompress(stored));
      const whole = kept && { ...kept, records: isCompressed ? aligned(stored) : plain };
      return blockOf(facts, own, { from, plain, chunk: whole });
    },
  };
}

const none = new Uint8Array(0);

/** Memory of its own, which views of any width may look at. */
const aligned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** The part of a slice's data that its own messages stand in. */
function rangeOf({ starts, ends, count }: MessageBlock): readonly [number, number] {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (let i = 0; i < count; i += 1) {
    from = Math.min(from, starts[i] ?? 0);
    to = Math.max(to, ends[i] ?? 0);
  }
  return [Math.min(from, to), to];
}

function columnsOf(block: MessageBlock): Uint8Array {
  const { count } = block;
  const bytes = new Uint8Array(count * columnBytes);
  const views = viewsOf(bytes.buffer, count);
  views.timesNs.set(block.timesNs.subarray(0, count));
  for (let i = 0; i < count; i += 1) views.publishNs[i] = block.publishTimeNs(i);
  views.sequences.set(block.sequences.subarray(0, count));
  views.starts.set(block.starts.subarray(0, count));
  views.ends.set(block.ends.subarray(0, count));
  views.channelIds.set(block.channelIds.subarray(0, count));
  return bytes;
}

function viewsOf(buffer: ArrayBuffer, count: number) {
  return {
    timesNs: new Float64Array(buffer, 0, count),
    publishNs: new BigUint64Array(buffer, 8 * count, count),
    sequences: new Uint32Array(buffer, 16 * count, count),
    starts: new Uint32Array(buffer, 20 * count, count),
    ends: new Uint32Array(buffer, 24 * count, count),
    channelIds: new Uint16Array(buffer, 28 * count, count),
  };
}

function blockOf(
  facts: Pick<MessageBlock, 'count' | 'baseNs' | 'firstNs' | 'lastNs' | 'offset'>,
  columns: Uint8Array<ArrayBuffer>,
  body: {
    readonly from: number;
    readonly plain: Uint8Array;
    readonly chunk: StoredChunk | undefined;
  },
): MessageBlock {
  const { publishNs, ...views } = viewsOf(columns.buffer, facts.count);
  const { from, plain, chunk } = body;
  if (from > 0) {
    views.starts = views.starts.map((start) => start - from);
    views.ends = views.ends.map((end) => end - from);
  }
  const isPlain = chunk === undefined || chunk.compression === '';
  const data = isPlain ? plain : unpackChunk(chunk, 'spool');
  return {
    ...facts,
    ...views,
    data,
    view: new DataView(data.buffer, data.byteOffset, data.byteLength),
    publishTimeNs: (i) => publishNs[i] ?? 0n,
    chunk,
  };
}
