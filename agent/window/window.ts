/**
 * The last seconds of one timeline: blocks by reference, in file order, within a span of log time
 * and a number of bytes. What leaves it is gone, except the last message of latched topics.
 */
import {
  type Channel,
  keepLatched,
  type LatchedMessage,
  type MessageBlock,
} from '@fieldloop/recording';
import { maxLatchedBytes } from '../limits.ts';

export interface WindowOptions {
  readonly ns: bigint;
  readonly memoryBytes: number;
}

export interface Window {
  readonly channels: ReadonlyMap<number, Channel>;
  /** In file order. */
  readonly blocks: readonly MessageBlock[];
  /** Memory that the blocks keep alive. */
  readonly bytes: number;
  /** Log time from which on every message is held; undefined before the first one. */
  readonly heldFromNs: bigint | undefined;
  /** Largest log time seen. */
  readonly newestNs: bigint | undefined;
  addChannel(channel: Channel): void;
  addBlock(block: MessageBlock): void;
  /** Lets go of what is older than the span, but of nothing at or after `neededFromNs`. */
  forget(neededFromNs: bigint | undefined): void;
  /** True when the bytes are over the limit and more than one block is held. */
  readonly isFull: boolean;
  /** Log time up to which messages would be lost with the oldest block. */
  readonly oldestThroughNs: bigint;
  dropOldest(): void;
  /** Last message of each latched channel that is not held any more. */
  latched(): Iterable<LatchedMessage>;
}

export function openWindow(options: WindowOptions): Window {
  const channels = new Map<number, Channel>();
  const memory = openMemory();
  const latched = openLatched(channels);
  const blocks: MessageBlock[] = [];
  let heldFromNs: bigint | undefined;
  let newestNs: bigint | undefined;
  const dropOldest = (): void => {
    const block = blocks.shift();
    if (block === undefined) return;
    memory.give(block);
    latched.keep(block);
    const through = block.lastNs + 1n;
    if (heldFromNs === undefined || through > heldFromNs) heldFromNs = through;
  };
  return {
    channels,
    blocks,
    get bytes() {
      return memory.bytes();
    },
    get heldFromNs() {
      return heldFromNs;
    },
    get newestNs() {
      return newestNs;
    },
    addChannel(channel) {
      channels.set(channel.id, channel);
    },
    addBlock(block) {
      blocks.push(block);
      memory.take(block);
      heldFromNs ??= block.firstNs;
      if (newestNs === undefined || block.lastNs > newestNs) newestNs = block.lastNs;
    },
    forget(neededFromNs) {
      if (newestNs === undefined) return;
      const spanNs = newestNs - options.ns;
      const fromNs = neededFromNs !== undefined && neededFromNs < spanNs ? neededFromNs : spanNs;
      for (;;) {
        const oldest = blocks[0];
        if (oldest === undefined || oldest.lastNs >= fromNs) return;
        dropOldest();
      }
    },
    get isFull() {
      return blocks.length > 1 && memory.bytes() > options.memoryBytes;
    },
    get oldestThroughNs() {
      return blocks[0]?.lastNs ?? 0n;
    },
    dropOldest,
    latched: () => latched.all(),
  };
}

/** Blocks may be views of one buffer: it is counted once, and until its last block goes. */
function openMemory(): {
  take(block: MessageBlock): void;
  give(block: MessageBlock): void;
  bytes(): number;
} {
  const users = new Map<ArrayBufferLike, number>();
  let bytes = 0;
  const buffersOf = (block: MessageBlock): Set<ArrayBufferLike> => {
    const views = [block.data, block.channelIds, block.sequences, block.starts, block.ends];
    const buffers = new Set<ArrayBufferLike>([block.timesNs.buffer]);
    for (const view of views) buffers.add(view.buffer);
    if (block.chunk !== undefined) buffers.add(block.chunk.records.buffer);
    return buffers;
  };
  return {
    take(block) {
      for (const buffer of buffersOf(block)) {
        const n = users.get(buffer) ?? 0;
        if (n === 0) bytes += buffer.byteLength;
        users.set(buffer, n + 1);
      }
    },
    give(block) {
      for (const buffer of buffersOf(block)) {
        const n = users.get(buffer) ?? 0;
        if (n > 1) users.set(buffer, n - 1);
        else if (users.delete(buffer)) bytes -= buffer.byteLength;
      }
    },
    bytes: () => bytes,
  };
}

/** Last messages of latched topics, as copies; over the limit the largest goes. */
function openLatched(channels: ReadonlyMap<number, Channel>): {
  keep(block: MessageBlock): void;
  all(): Iterable<LatchedMessage>;
} {
  const kept = new Map<number, LatchedMessage>();
  return {
    keep(block) {
      keepLatched(kept, block, { channels });
      while (sizeOf(kept.values()) > maxLatchedBytes) {
        const largest = [...kept.values()].reduce((a, b) =>
          a.data.length < b.data.length ? b : a,
        );
        kept.delete(largest.channelId);
      }
    },
    all: () => kept.values(),
  };
}

function sizeOf(messages: Iterable<LatchedMessage>): number {
  let bytes = 0;
  for (const { data } of messages) bytes += data.length;
  return bytes;
}
