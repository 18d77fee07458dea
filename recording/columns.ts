/**
 * The columns of a block while it is filled. The arrays are kept between blocks; `seal` hands out
 * exact copies (or views, when the reader may reuse its buffers).
 */
import type { MessageBlock, StoredChunk } from './types.ts';

/** Largest distance from the base that a double holds exactly, in ns (104 days). */
export const exactNs = 2 ** 53;

const first = 512;

export interface SealParts {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly offset: number;
  readonly chunk?: StoredChunk | undefined;
  /** Undefined: the format has no publish time, the log time stands in. */
  readonly publishTimeNs?: ((starts: Uint32Array, i: number) => bigint) | undefined;
}

export class Columns {
  count = 0;
  capacity = first;
  channelIds = new Uint16Array(first);
  sequences = new Uint32Array(first);
  starts = new Uint32Array(first);
  ends = new Uint32Array(first);
  timesNs = new Float64Array(first);
  /** Smallest and largest time of the messages so far, ns after the base. */
  least = Infinity;
  most = -Infinity;
  /** The base in two parts, as the format stores times, so that hot loops need no bigint. */
  baseHigh = 0;
  baseLow = 0;
  baseNs = 0n;
  #based = false;
  readonly #reuse: boolean;

  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  get based(): boolean {
    return this.#based;
  }

  /** Only between blocks: times already in the columns keep their meaning. */
  rebase(high: number, low: number, baseNs: bigint): void {
    this.baseHigh = high;
    this.baseLow = low;
    this.baseNs = baseNs;
    this.#based = true;
  }

  grow(): void {
    this.capacity *= 2;
    this.channelIds = grown(this.channelIds, new Uint16Array(this.capacity));
    this.sequences = grown(this.sequences, new Uint32Array(this.capacity));
    this.starts = grown(this.starts, new Uint32Array(this.capacity));
    this.ends = grown(this.ends, new Uint32Array(this.capacity));
    this.timesNs = grown(this.timesNs, new Float64Array(this.capacity));
  }

  /**
   * The block of what was taken since the last one; empties the columns. `last` is false when the
   * columns are filled again before the block is handed out.
   */
  seal(parts: SealParts, last = true): MessageBlock {
    const count = this.count;
    const keep = this.#reuse && last ? 'subarray' : 'slice';
    const starts = this.starts[keep](0, count);
    const timesNs = this.timesNs[keep](0, count);
    const baseNs = this.baseNs;
    const publish = parts.publishTimeNs;
    const block: MessageBlock = {
      count,
      data: parts.data,
      view: parts.view,
      channelIds: this.channelIds[keep](0, count),
      sequences: this.sequences[keep](0, count),
      starts,
      ends: this.ends[keep](0, count),
      baseNs,
      timesNs,
      publishTimeNs: (i) =>
        publish === undefined ? baseNs + BigInt(timesNs[i] ?? 0) : publish(starts, i),
      firstNs: baseNs + BigInt(this.least),
      lastNs: baseNs + BigInt(this.most),
      offset: parts.offset,
      chunk: parts.chunk,
    };
    this.count = 0;
    this.least = Infinity;
    this.most = -Infinity;
    return block;
  }
}

function grown<T extends Uint16Array | Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
