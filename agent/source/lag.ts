/**
 * What a live source gives up when it cannot keep up: first the messages that no rule reads, then
 * whole blocks, until it is near the present again. Pure: time and what is read are passed in.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { lagChunksMs, lagOverMs, lagTopicsMs } from '../limits.ts';

/** Nothing, messages that no rule reads, everything. */
export type LagLevel = 0 | 1 | 2;

/** Names of the ledger and of the counters, by level. */
export const lagReasons = ['', 'lag_topics', 'lag_chunks'] as const;

export function nextLevel(level: LagLevel, lagMs: number): LagLevel {
  if (lagMs >= lagChunksMs) return 2;
  if (lagMs >= lagTopicsMs && level === 0) return 1;
  return lagMs < lagOverMs ? 0 : level;
}

export interface Lag {
  readonly level: LagLevel;
  channel(channel: Channel): void;
  /**
   * How much later than its own pace the source gives this block, ms. On time is what nothing waits
   * behind, however its clock runs, and otherwise the least so far.
   */
  lagMs(nowMs: number, block: MessageBlock, isBehind: boolean): number;
  /** What is left of the block, and how many messages are not. */
  take(
    block: MessageBlock,
    lagMs: number,
  ): { readonly block: MessageBlock | undefined; readonly dropped: number };
}

/** `isRead`: whether a rule or a model reads the topic. */
export function openLag(isRead: (topic: string) => boolean): Lag {
  const channels = new Map<number, Channel>();
  let level: LagLevel = 0;
  let leastMs = Number.POSITIVE_INFINITY;
  return {
    get level() {
      return level;
    },
    channel(channel) {
      channels.set(channel.id, channel);
    },
    lagMs(nowMs, { lastNs }, isBehind) {
      const distance = nowMs - Number(lastNs / 1_000n) / 1e3;
      leastMs = isBehind ? Math.min(leastMs, distance) : distance;
      return Math.max(0, Math.round(distance - leastMs));
    },
    take(block, lagMs) {
      level = nextLevel(level, lagMs);
      if (level === 0) return { block, dropped: 0 };
      if (level === 2) return { block: undefined, dropped: block.count };
      const kept = keepChannels(block, (id) => {
        const channel = channels.get(id);
        return channel === undefined || channel.latched || isRead(channel.topic);
      });
      return { block: kept, dropped: block.count - (kept?.count ?? 0) };
    },
  };
}

/** The messages of some channels, as columns of their own over the same bytes. */
export function keepChannels(
  block: MessageBlock,
  keeps: (id: number) => boolean,
): MessageBlock | undefined {
  const known = new Map<number, boolean>();
  const picked: number[] = [];
  for (let i = 0; i < block.count; i += 1) {
    const id = block.channelIds[i] ?? 0;
    let keep = known.get(id);
    if (keep === undefined) known.set(id, (keep = keeps(id)));
    if (keep) picked.push(i);
  }
  if (picked.length === block.count) return block;
  if (picked.length === 0) return undefined;
  const pick = <T extends Uint16Array | Uint32Array | Float64Array>(from: T, into: T): T => {
    for (const [k, i] of picked.entries()) into[k] = from[i] ?? 0;
    return into;
  };
  const count = picked.length;
  const timesNs = pick(block.timesNs, new Float64Array(count));
  return {
    ...block,
    count,
    channelIds: pick(block.channelIds, new Uint16Array(count)),
    sequences: pick(block.sequences, new Uint32Array(count)),
    starts: pick(block.starts, new Uint32Array(count)),
    ends: pick(block.ends, new Uint32Array(count)),
    timesNs,
    publishTimeNs: (i) => block.publishTimeNs(picked[i] ?? 0),
    firstNs: block.baseNs + BigInt(timesNs.reduce((a, b) => Math.min(a, b))),
    lastNs: block.baseNs + BigInt(timesNs.reduce((a, b) => Math.max(a, b))),
    chunk: undefined,
  };
}
