/**
 * How many bytes the messages of some topics took between two log times, exactly: the columns of
 * the last blocks are kept, and forgotten once no clip can reach back to them.
 */
import type { MessageBlock } from '@fieldloop/recording';

export interface MessageSizes {
  /** `topicOf` gives the number of a channel's topic. */
  add(block: MessageBlock, topicOf: Uint16Array): void;
  /** Bytes of messages from `startNs` to `endNs`, both included, by the number of the topic. */
  within(wanted: SizeRange): Float64Array;
  forget(beforeNs: bigint): void;
}

export interface SizeRange {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** By the number of the topic; 1 counts. */
  readonly topics: Uint8Array;
  /** By the number of the topic: of each tick of this length the first message counts, ns. */
  readonly tickNs?: ReadonlyMap<number, number>;
}

/** What stays of a block. */
interface Kept {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly baseNs: bigint;
  readonly timesNs: Float64Array;
  readonly topics: Uint16Array;
  readonly sizes: Uint32Array;
}

export function openMessageSizes(): MessageSizes {
  let kept: Kept[] = [];
  return {
    add: (block, topicOf) => void kept.push(keptOf(block, topicOf)),
    within(range) {
      const sums = new Float64Array(range.topics.length);
      const ticks = new Map<number, number>();
      for (const one of kept) addBytes(sums, one, { range, ticks });
      return sums;
    },
    forget(beforeNs) {
      const [first] = kept;
      if (first !== undefined && first.lastNs < beforeNs) {
        kept = kept.filter(({ lastNs }) => lastNs >= beforeNs);
      }
    },
  };
}

function keptOf(block: MessageBlock, topicOf: Uint16Array): Kept {
  const { count, channelIds, starts, ends, baseNs, firstNs, lastNs } = block;
  const topics = new Uint16Array(count);
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) {
    topics[i] = topicOf[channelIds[i] ?? 0] ?? 0;
    sizes[i] = (ends[i] ?? 0) - (starts[i] ?? 0);
  }
  // A reader may use the columns of its block again.
  return { firstNs, lastNs, baseNs, timesNs: block.timesNs.slice(0, count), topics, sizes };
}

/** `ticks` holds the newest tick of each topic that is thinned. */
function addBytes(
  sums: Float64Array,
  kept: Kept,
  { range, ticks }: { readonly range: SizeRange; readonly ticks: Map<number, number> },
): void {
  const { startNs, endNs, topics: wanted, tickNs } = range;
  if (kept.lastNs < startNs || kept.firstNs > endNs) return;
  const fromNs = Number(startNs - kept.baseNs);
  const toNs = Number(endNs - kept.baseNs);
  const { timesNs, topics, sizes } = kept;
  for (let i = 0; i < sizes.length; i += 1) {
    const at = timesNs[i] ?? 0;
    const topic = topics[i] ?? 0;
    if (at < fromNs || at > toNs || wanted[topic] !== 1) continue;
    const periodNs = tickNs?.get(topic);
    if (periodNs !== undefined) {
      const tick = tickOf(kept.baseNs, at, periodNs);
      if (tick <= (ticks.get(topic) ?? -1)) continue;
      ticks.set(topic, tick);
    }
    sums[topic] = (sums[topic] ?? 0) + (sizes[i] ?? 0);
  }
}

/** Ticks are counted from 0 ns, as those of cut clips are (recording/clip/downsample.ts). */
function tickOf(baseNs: bigint, atNs: number, periodNs: number): number {
  const period = BigInt(periodNs);
  return Number(baseNs / period) + Math.floor((Number(baseNs % period) + atNs) / periodNs);
}
