/**
 * The last seconds of one timeline: blocks in file order, within a span of log time. Those that the
 * recorder's own file holds leave memory first, as the system keeps what was just written anyway;
 * others when they are over the bytes of memory, the oldest first, into the spool. What leaves the
 * window is gone, except the last message of latched topics.
 */
import type { Log } from '@fieldloop/core';
import type { Channel, LatchedMessage, MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import { inFileMemoryBytes } from '../limits.ts';
import { type BlockOrigin, Entry, type WindowBlock } from './entry.ts';
import { filePlaceOf } from './file-place.ts';
import { type HeldFiles, openHeldFiles } from './held-files.ts';
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
  /** Of the oldest block. */
  readonly oldest: Pick<Entry, 'first' | 'at'> | undefined;
  /** Memory that the blocks keep alive. */
  readonly bytes: number;
  /** Log time from which on every message is held; undefined before the first one. */
  readonly heldFromNs: bigint | undefined;
  /** Nothing has left it yet. */
  readonly isWhole: boolean;
  /** Largest log time seen. */
  readonly newestNs: bigint | undefined;
  addChannel(channel: Channel): void;
  addBlock(block: MessageBlock, origin?: BlockOrigin): void;
  /** Goes on where an earlier window ended. */
  resume(from: Resumed): void;
  /** What latched channels said before the window began. */
  inherit(said: LatchedSaid): void;
  /** Lets go of what is older than the span, but of nothing at or after `neededFromNs`. */
  forget(neededFromNs: bigint | undefined): Promise<void>;
  /** True when the oldest block of more than one in memory has to leave it. */
  readonly isFull: boolean;
  /**
   * Frees the memory of the oldest block that is in it; false when it has nowhere to go. Who can
   * wait is `patient` with a spool that is busy.
   */
  moveOldest(patient: boolean): Promise<boolean>;
  /** Log time up to which messages would be lost with the oldest block. */
  readonly oldestThroughNs: bigint;
  dropOldest(): Promise<void>;
  /** The timeline is over: nothing stays on the disk. */
  clear(): void;
  /** What latched channels said that is not held any more. */
  latched(): Iterable<LatchedMessage>;
  /** What they said last, held or not. */
  said(): Promise<LatchedSaid>;
  /** Latched topics of which that is lost. */
  readonly lostLatched: ReadonlySet<string>;
}

export interface Resumed {
  readonly heldFromNs: bigint;
  readonly latched: Iterable<LatchedMessage>;
  readonly isWhole?: boolean | undefined;
}

export interface LatchedSaid {
  readonly messages: readonly LatchedMessage[];
  /** Channels of which it is lost. */
  readonly lost: readonly number[];
}

export function openWindow(options: WindowOptions, deps: { readonly log: Log }): Window {
  return new BlockWindow(options, deps.log);
}

class BlockWindow implements Window {
  readonly channels = new Map<number, Channel>();
  readonly held: Entry[] = [];
  readonly #options: WindowOptions;
  readonly #memory = openMemory();
  readonly #latched = openLatched(this.channels);
  readonly #files: HeldFiles;
  /** Blocks that count as memory. */
  #resident = 0;
  isWhole = true;
  heldFromNs: bigint | undefined;
  newestNs: bigint | undefined;

  constructor(options: WindowOptions, log: Log) {
    this.#options = options;
    this.#files = openHeldFiles(log);
  }

  get oldest(): Entry | undefined {
    return this.held[0];
  }

  get bytes(): number {
    return this.#memory.bytes();
  }

  get isFull(): boolean {
    if (this.#resident <= 1) return false;
    const { memoryBytes } = this.#options;
    const isInFile = this.#oldestResident()?.isInFile === true;
    return (
      this.#memory.bytes() > (isInFile ? Math.min(inFileMemoryBytes, memoryBytes) : memoryBytes)
    );
  }

  get oldestThroughNs(): bigint {
    return this.held[0]?.lastNs ?? 0n;
  }

  addChannel(channel: Channel): void {
    this.channels.set(channel.id, channel);
  }

  addBlock(block: MessageBlock, origin?: BlockOrigin): void {
    this.held.push(new Entry(block, origin));
    this.#memory.take(block);
    this.#resident += 1;
    // What is out of order belongs to the beginning as long as nothing has left.
    if (this.heldFromNs === undefined || this.isWhole)
      this.heldFromNs = beginOf(block, this.heldFromNs);
    if (this.newestNs === undefined || block.lastNs > this.newestNs) this.newestNs = block.lastNs;
  }

  resume(from: Resumed): void {
    const { heldFromNs, latched, isWhole = false } = from;
    this.isWhole = isWhole;
    this.heldFromNs = heldFromNs;
    this.#latched.keep(latched);
  }

  inherit({ messages, lost }: LatchedSaid): void {
    this.#latched.keep(messages);
    this.#latched.lose(lost);
  }

  async forget(neededFromNs: bigint | undefined): Promise<void> {
    if (this.newestNs === undefined) return;
    const spanNs = this.newestNs - this.#options.ns;
    const fromNs = neededFromNs !== undefined && neededFromNs < spanNs ? neededFromNs : spanNs;
    for (;;) {
      const [oldest] = this.held;
      if (oldest === undefined || oldest.lastNs >= fromNs) return;
      await this.dropOldest();
    }
  }

  async moveOldest(patient: boolean): Promise<boolean> {
    const entry = this.#oldestResident();
    const block = entry?.block;
    if (entry === undefined || block === undefined) return false;
    if (entry.isInFile) {
      await this.#backToFile(entry, block);
      return true;
    }
    const onItsWay = await this.#options.spool?.take(block, patient);
    if (onItsWay === undefined) return false;
    // The queue of the spool has a bound of its own.
    this.#release(block);
    entry.isMoving = true;
    void onItsWay.done.then((place) => {
      if (place !== undefined) entry.settle(place);
      else this.#comeBack(entry, block);
    });
    return true;
  }

  async dropOldest(): Promise<void> {
    const [entry] = this.held;
    if (entry === undefined) return;
    const said = await entry.latched(this.channels);
    if (said === undefined) this.#latched.lose(entry.channels);
    else this.#latched.keep(said);
    this.#drop(entry);
    this.held.shift();
    this.isWhole = false;
    const through = entry.lastNs + 1n;
    if (this.heldFromNs === undefined || through > this.heldFromNs) this.heldFromNs = through;
  }

  clear(): void {
    for (const entry of this.held.splice(0)) this.#drop(entry);
  }

  latched(): Iterable<LatchedMessage> {
    return this.#latched.all();
  }

  async said(): Promise<LatchedSaid> {
    const all = openLatched(this.channels);
    all.keep(this.#latched.all());
    const isLost = ({ topic }: Channel): boolean => this.#latched.lost.has(topic);
    all.lose([...this.channels.values()].filter(isLost).map(({ id }) => id));
    for (const entry of this.held) {
      const said = await entry.latched(this.channels);
      if (said === undefined) all.lose(entry.channels);
      else all.keep(said);
    }
    const lost = [...this.channels.values()].filter(({ topic }) => all.lost.has(topic));
    return { messages: all.all(), lost: lost.map(({ id }) => id) };
  }

  get lostLatched(): ReadonlySet<string> {
    return this.#latched.lost;
  }

  #oldestResident(): Entry | undefined {
    return this.held.find(({ block, isMoving }) => block !== undefined && !isMoving);
  }

  async #backToFile(entry: Entry, block: MessageBlock): Promise<void> {
    entry.isMoving = true;
    const there = await filePlaceOf(block, entry.file, {
      channels: this.channels,
      files: this.#files,
    });
    entry.isMoving = false;
    entry.isInFile = there !== undefined;
    if (there === undefined && !entry.isGone) return;
    this.#release(block);
    if (there !== undefined) entry.settle(there);
  }

  #drop(entry: Entry): void {
    const { block } = entry;
    if (block !== undefined && !entry.isMoving) this.#release(block);
    entry.drop();
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

/** The earliest log time of messages one by one, but for those that are late. */
function beginOf({ baseNs, timesNs, firstNs, count }: MessageBlock, knownNs?: bigint): bigint {
  if (knownNs !== undefined && firstNs >= knownNs) return knownNs;
  let begin = knownNs === undefined ? (timesNs[0] ?? 0) : Number(knownNs - baseNs);
  for (let i = 0; i < count; i += 1) {
    const time = timesNs[i] ?? 0;
    if (time < begin && time >= begin - Number(clockJumpNs)) begin = time;
  }
  return baseNs + BigInt(begin);
}
