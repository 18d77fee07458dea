/**
 * Bytes of messages by topic and second of log time, for as long back as a clip may reach. The
 * seconds at both ends of a range count in proportion.
 */
import type { Json } from '@fieldloop/core';
import type { ClipDraft } from './clip-plan.ts';
import { topicFits } from './topic-pattern.ts';

export interface ByteMeter {
  add(topic: string, atNs: bigint, bytes: number): void;
  /** Of the topics of a clip, from its start through `untilNs`. */
  within(clip: Pick<ClipDraft<unknown>, 'startNs' | 'topics'>, untilNs: bigint): number;
  /** Nothing before will be asked for any more. */
  forget(beforeNs: bigint): void;
  clear(): void;
  save(): Json;
  load(state: Json): void;
}

const secondNs = 1_000_000_000n;

export function openByteMeter(): ByteMeter {
  /** By second, in the order in which they came; by topic. */
  const seconds = new Map<number, Map<string, number>>();
  let oldest = Number.POSITIVE_INFINITY;
  return {
    add(topic, atNs, bytes) {
      const second = Number(atNs / secondNs);
      let row = seconds.get(second);
      if (row === undefined) {
        row = new Map();
        seconds.set(second, row);
        if (second < oldest) oldest = second;
      }
      row.set(topic, (row.get(topic) ?? 0) + bytes);
    },
    within({ startNs, topics }, untilNs) {
      const fits = fitting(topics);
      let sum = 0;
      for (let second = Number(startNs / secondNs); second <= Number(untilNs / secondNs); ) {
        const share = shareOf(BigInt(second) * secondNs, startNs, untilNs);
        for (const [topic, bytes] of seconds.get(second) ?? []) {
          if (fits(topic)) sum += Math.floor(bytes * share);
        }
        second += 1;
      }
      return sum;
    },
    forget(beforeNs) {
      const before = Number(beforeNs / secondNs);
      if (before <= oldest) return;
      oldest = Number.POSITIVE_INFINITY;
      for (const second of seconds.keys()) {
        if (second < before) seconds.delete(second);
        else if (second < oldest) oldest = second;
      }
    },
    clear() {
      seconds.clear();
      oldest = Number.POSITIVE_INFINITY;
    },
    save: (): Json => [...seconds].map(([second, row]) => [second, [...row]]),
    load(state) {
      seconds.clear();
      oldest = Number.POSITIVE_INFINITY;
      for (const [second, row] of (state ?? []) as [number, [string, number][]][]) {
        seconds.set(second, new Map(row));
        oldest = Math.min(oldest, second);
      }
    },
  };
}

function fitting(topics: readonly string[]): (topic: string) => boolean {
  if (topics.includes('*')) return () => true;
  const patterns = topics.filter((topic) => topic.includes('*'));
  const exact = new Set(topics);
  return (topic) => exact.has(topic) || patterns.some((pattern) => topicFits(pattern, topic));
}

/** Share of the second that begins at `atNs` that lies in the range. */
function shareOf(atNs: bigint, startNs: bigint, endNs: bigint): number {
  const from = startNs > atNs ? startNs : atNs;
  const to = endNs < atNs + secondNs ? endNs : atNs + secondNs;
  return to <= from ? 0 : Number(to - from) / Number(secondNs);
}
