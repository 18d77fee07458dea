/** The last message of each latched topic that left a window. */
import type { LatchedMessage } from '@fieldloop/recording';
import { maxLatchedBytes } from '../limits.ts';

export interface Latched {
  keep(messages: Iterable<LatchedMessage>): void;
  all(): Iterable<LatchedMessage>;
}

/** Messages are copies; over the limit the largest goes. */
export function openLatched(): Latched {
  const kept = new Map<number, LatchedMessage>();
  return {
    keep(messages) {
      for (const message of messages) {
        const older = kept.get(message.channelId);
        if (older === undefined || older.logTimeNs <= message.logTimeNs) {
          kept.set(message.channelId, message);
        }
      }
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
