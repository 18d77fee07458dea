/** One block of a window: in memory, on its way to a place, or there. */
import {
  type Channel,
  type LatchedMessage,
  type MessageBlock,
  openLatchedContext,
  type StoredBlock,
} from '@fieldloop/recording';
import type { RecordedFile } from '../source/source.ts';
import { type Loading, openLoading } from './loading.ts';

/** Where a block is that left memory. */
export interface Place {
  /** Undefined when its bytes are gone; valid until another block is loaded there. */
  load(loading: Loading): Promise<MessageBlock | undefined>;
  /** Nobody asks for it again. */
  drop(): void;
}

/** Where the block's chunk begins in a recorder's own file. */
export interface FilePlace extends RecordedFile {
  readonly offset: number;
}

/** Where a block came from. */
export interface BlockOrigin {
  /** The recorder's own file, where it has the same bytes. */
  readonly file?: RecordedFile | undefined;
  /** As its source numbers it. */
  readonly at?: number | undefined;
}

export interface FirstMessage {
  readonly atNs: bigint;
  /** Where it begins in the data of its block. */
  readonly start: number;
}

export const firstOf = ({ baseNs, timesNs, starts }: MessageBlock): FirstMessage => ({
  atNs: baseNs + BigInt(timesNs[0] ?? 0),
  start: starts[0] ?? 0,
});

/** What is known of a block wherever it is. */
export interface WindowBlock extends Omit<StoredBlock, 'load'> {
  readonly count: number;
  readonly file: FilePlace | undefined;
  /** Undefined while it is elsewhere. */
  readonly block: MessageBlock | undefined;
  /** Bytes of message data by channel. */
  readonly sums: ReadonlyMap<number, number>;
  /** Undefined when its bytes are gone; valid until another block is loaded there. */
  load(loading: Loading): Promise<MessageBlock | undefined>;
}

export class Entry implements WindowBlock {
  readonly count: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly file: FilePlace | undefined;
  readonly at: number | undefined;
  /** Its first message, which may be one in the middle of what its source read. */
  readonly first: FirstMessage;
  #block: MessageBlock | undefined;
  #place: Place | undefined;
  #sums: ReadonlyMap<number, number> | undefined;
  /** It is being written; its memory is no longer the window's. */
  isMoving = false;
  isGone = false;
  /** Its file may have it: it costs no disk and no copy to let its memory go. */
  isInFile: boolean;

  constructor(block: MessageBlock, { file, at }: BlockOrigin = {}) {
    this.count = block.count;
    this.firstNs = block.firstNs;
    this.lastNs = block.lastNs;
    this.at = at;
    this.first = firstOf(block);
    this.file = file && { ...file, offset: block.offset };
    this.isInFile = file !== undefined && block.chunk !== undefined;
    this.#block = block;
  }

  get block(): MessageBlock | undefined {
    return this.#block;
  }

  get channels(): readonly number[] {
    return [...this.sums.keys()];
  }

  get sums(): ReadonlyMap<number, number> {
    this.#sums ??= sumsOf(this.#block);
    return this.#sums;
  }

  async load(loading: Loading): Promise<MessageBlock | undefined> {
    return this.#block ?? (await this.#place?.load(loading));
  }

  /** Copies of what latched topics said in it last; undefined when it is gone with that. */
  async latched(
    channels: ReadonlyMap<number, Channel>,
  ): Promise<readonly LatchedMessage[] | undefined> {
    if (!this.channels.some((id) => channels.get(id)?.latched === true)) return [];
    using loading = openLoading();
    const block = await this.load(loading);
    if (block === undefined) return undefined;
    const said = openLatchedContext(channels);
    said.take(block);
    return said.all();
  }

  /** It stands at its place from here on, and its memory is free. */
  settle(place: Place): void {
    this.#sums = this.sums;
    this.isMoving = false;
    this.#place = place;
    this.#block = undefined;
    if (this.isGone) place.drop();
  }

  drop(): void {
    this.isGone = true;
    this.#place?.drop();
  }
}

function sumsOf(block: MessageBlock | undefined): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  if (block === undefined) return sums;
  const { count, channelIds, starts, ends } = block;
  for (let i = 0; i < count; i += 1) {
    const id = channelIds[i] ?? 0;
    sums.set(id, (sums.get(id) ?? 0) + (ends[i] ?? 0) - (starts[i] ?? 0));
  }
  return sums;
}
