/**
 * The last seconds of one timeline: blocks in file order, within a span of log time. Those beyond
 * the bytes of memory move to a place on a disk, the oldest first: back to the recorder's own file
 * that holds them, or into the spool. What leaves the window is gone, except the last message of
 * latched topics.
 */
import type { Channel, LatchedMessage, MessageBlock } from '@fieldloop/recording';
import { Entry, type FilePlace, type WindowBlock } from './entry.ts';
import { filePlaceOf } from './file-place.ts';
import { openLatched } from './latched.ts';
import { openMemory } from './memory.ts';
import type { Overflow } from './overflow.ts';

export interface WindowOptions {
  readonly ns: bigint;
  readonly memoryBytes: number;
  /** Where blocks go that no file holds; without it they are lost. */
  readonly spool?: Overflow | undefined;
}

export interface Window {
  readonly channels: ReadonlyMap<number, Channel>;
  /** In file order. */
  readonly held: readonly WindowBlock[];
  /** Memory that the blocks keep alive. */
  readonly bytes: number;
  /** Log time from which on every message is held; undefined before the first one. */
  readonly heldFromNs: bigint | undefined;
  /** Largest log time seen. */
  readonly newestNs: bigint | undefined;
  addChannel(channel: Channel): void;
  /** `file`: where the recorder has the same bytes. */
  addBlock(block: MessageBlock, file?: FilePlace): void;
  /** Goes on where an earlier window ended. */
  resume(from: { readonly heldFromNs: bigint; readonly latched: Iterable<LatchedMessage> }): void;
  /** Lets go of what is older than the span, but of nothing at or after `neededFromNs`. */
  forget(neededFromNs: bigint | undefined): void;
  /** True when the bytes are over the limit and more than one block is in memory. */
  readonly isFull: boolean;
  /**
   * Frees the memory of the oldest block that is in it; false when it has nowhere to go. Who can
   * wait is `patient` with a spool that is busy.
   */
  moveOldest(patient: boolean): Promise<boolean>;
  /** Log time up to which messages would be lost with the oldest block. */
  readonly oldestThroughNs: bigint;
  dropOldest(): void;
  /** The timeline is over: nothing stays on the disk. */
  clear(): void;
  /** Last message of each latched channel that is not held any more. */
  latched(): Iterable<LatchedMessage>;
}

export function openWindow(options: WindowOptions): Window {
  return new BlockWindow(options);
}

class BlockWindow implements Window {
  readonly channels = new Map<number, Channel>();
  readonly held: Entry[] = [];
  readonly #options: WindowOptions;
  readonly #memory = openMemory();
  readonly #latched = openLatched();
  /** Blocks that count as memory. */
  #resident = 0;
  heldFromNs: bigint | undefined;
  newestNs: bigint | undefined;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#memory.bytes();
  }

  get isFull(): boolean {
    return this.#resident > 1 && this.#memory.bytes() > this.#options.memoryBytes;
  }

  get oldestThroughNs(): bigint {
    return this.held[0]?.lastNs ?? 0n;
  }

  addChannel(channel: Channel): void {
    this.channels.set(channel.id, channel);
  }

  addBlock(block: MessageBlock, file?: FilePlace): void {
    this.held.push(new Entry(block, file));
    this.#memory.take(block);
    this.#resident += 1;
    this.heldFromNs ??= block.firstNs;
    if (this.newestNs === undefined || block.lastNs > this.newestNs) this.newestNs = block.lastNs;
  }

  resume(from: { readonly heldFromNs: bigint; readonly latched: Iterable<LatchedMessage> }): void {
    this.heldFromNs = from.heldFromNs;
    this.#latched.keep(from.latched);
  }

  forget(neededFromNs: bigint | undefined): void {
    if (this.newestNs === undefined) return;
    const spanNs = this.newestNs - this.#options.ns;
    const fromNs = neededFromNs !== undefined && neededFromNs < spanNs ? neededFromNs : spanNs;
    for (;;) {
      const [oldest] = this.held;
      if (oldest === undefined || oldest.lastNs >= fromNs) return;
      this.dropOldest();
    }
  }

  async moveOldest(patient: boolean): Promise<boolean> {
    const entry = this.held.find(({ block, isMoving }) => block !== undefined && !isMoving);
    const block = entry?.block;
    if (entry === undefined || block === undefined) return false;
    const there = filePlaceOf(block, entry.file, this.channels);
    if (there !== undefined) {
      this.#release(block);
      entry.settle(there, this.channels);
      return true;
    }
    const onItsWay = await this.#options.spool?.take(block, patient);
    if (onItsWay === undefined) return false;
    // The queue of the spool has a bound of its own.
    this.#release(block);
    entry.isMoving = true;
    void onItsWay.done.then((place) => {
      if (place !== undefined) entry.settle(place, this.channels);
      else this.#comeBack(entry, block);
    });
    return true;
  }

  dropOldest(): void {
    const entry = this.held.shift();
    if (entry === undefined) return;
    this.#latched.keep(entry.latched(this.channels));
    const { block } = entry;
    if (block !== undefined && !entry.isMoving) this.#release(block);
    entry.drop();
    const through = entry.lastNs + 1n;
    if (this.heldFromNs === undefined || through > this.heldFromNs) this.heldFromNs = through;
  }

  clear(): void {
    while (this.held.length > 0) this.dropOldest();
  }

  latched(): Iterable<LatchedMessage> {
    return this.#latched.all();
  }

  #release(block: MessageBlock): void {
    this.#memory.give(block);
    this.#resident -= 1;
  }

  /** The disk did not take it: it counts as memory again. */
  #comeBack(entry: Entry, block: MessageBlock): void {
    entry.isMoving = false;
    if (entry.isGone) return;
    this.#memory.take(block);
    this.#resident += 1;
  }
}
