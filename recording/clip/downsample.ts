/**
 * Thins topics: of each tick of log time the first message, in file order. The ticks of a rate are
 * counted from 0 ns, so that clips that overlap keep the same messages.
 */
import type { MessageBlock } from '../types.ts';

export interface Thinning {
  /** True when message i of the block stays. Asked once a message, in file order. */
  keeps(block: MessageBlock, i: number): boolean;
}

interface Pace {
  readonly periodNs: number;
  /** The newest tick that has its message. */
  tick: number;
}

/** `hzOf` gives the rate of a channel's topic; topics that several channels share count as one. */
export function openThinning(
  channels: Iterable<{ readonly id: number; readonly topic: string }>,
  hzOf: (topic: string) => number | undefined,
): Thinning | undefined {
  const topics = new Map<string, Pace>();
  const paces: (Pace | undefined)[] = [];
  for (const { id, topic } of channels) {
    const hz = hzOf(topic);
    if (hz === undefined) continue;
    const periodNs = Math.max(leastPeriodNs, Math.round(1e9 / hz));
    const pace = topics.get(topic) ?? { periodNs, tick: -1 };
    topics.set(topic, pace);
    paces[id] = pace;
  }
  if (topics.size === 0) return undefined;
  return {
    keeps(block, i) {
      const pace = paces[block.channelIds[i] ?? 0];
      if (pace === undefined) return true;
      const tick = tickOf(block, i, pace.periodNs);
      if (tick <= pace.tick) return false;
      pace.tick = tick;
      return true;
    },
  };
}

/** Below it ticks since 1970 would not be whole numbers of a double; it is a rate of 1 MHz. */
const leastPeriodNs = 1_000;

function tickOf({ baseNs, timesNs }: MessageBlock, i: number, periodNs: number): number {
  const period = BigInt(periodNs);
  const after = Number(baseNs % period) + (timesNs[i] ?? 0);
  return Number(baseNs / period) + Math.floor(after / periodNs);
}
