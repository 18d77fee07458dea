/** Fills one chunk with message records and remembers where they stand. */
import { messageHead, opcode, recordHead } from '../mcap/format.ts';
import type { IndexColumns } from './message-index.ts';

export interface ClipMessage {
  readonly sequence: number;
  readonly logTimeNs: bigint;
  readonly publishTimeNs: bigint;
  readonly data: Uint8Array;
}

const headSize = recordHead + messageHead;

export class ChunkBuilder {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  #count = 0;
  #channelIds = new Uint16Array(1024);
  #highs = new Uint32Array(1024);
  #lows = new Uint32Array(1024);
  #offsets = new Uint32Array(1024);
  #firstNs = 0n;
  #lastNs = 0n;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  get firstNs(): bigint {
    return this.#firstNs;
  }

  get lastNs(): bigint {
    return this.#lastNs;
  }

  /** Valid until the next `add`. */
  get records(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get index(): IndexColumns {
    return {
      count: this.#count,
      channelIds: this.#channelIds,
      highs: this.#highs,
      lows: this.#lows,
      offsets: this.#offsets,
    };
  }

  static sizeOf(message: ClipMessage): number {
    return headSize + message.data.length;
  }

  add(channelId: number, message: ClipMessage): void {
    const at = this.#length;
    this.#reserve(at + headSize + message.data.length);
    if (this.#count === this.#channelIds.length) this.#grow();
    const view = this.#view;
    const { logTimeNs } = message;
    view.setUint8(at, opcode.message);
    view.setUint32(at + 1, messageHead + message.data.length, true);
    view.setUint32(at + 5, 0, true);
    view.setUint16(at + 9, channelId, true);
    view.setUint32(at + 11, message.sequence, true);
    view.setBigUint64(at + 15, logTimeNs, true);
    view.setBigUint64(at + 23, message.publishTimeNs, true);
    this.#bytes.set(message.data, at + headSize);
    const i = this.#count;
    this.#channelIds[i] = channelId;
    this.#lows[i] = view.getUint32(at + 15, true);
    this.#highs[i] = view.getUint32(at + 19, true);
    this.#offsets[i] = at;
    if (i === 0 || logTimeNs < this.#firstNs) this.#firstNs = logTimeNs;
    if (i === 0 || logTimeNs > this.#lastNs) this.#lastNs = logTimeNs;
    this.#count = i + 1;
    this.#length = at + headSize + message.data.length;
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(length, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  #grow(): void {
    const size = this.#channelIds.length * 2;
    const channelIds = new Uint16Array(size);
    channelIds.set(this.#channelIds);
    this.#channelIds = channelIds;
    this.#highs = doubled(this.#highs);
    this.#lows = doubled(this.#lows);
    this.#offsets = doubled(this.#offsets);
  }
}

function doubled(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const into = new Uint32Array(from.length * 2);
  into.set(from);
  return into;
}
