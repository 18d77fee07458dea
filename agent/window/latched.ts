/** What latched topics said in blocks that left a window, and of which of them it is lost. */
import { type Channel, type LatchedMessage, openLatchedContext } from '@fieldloop/recording';
import { maxLatchedBytes } from '../limits.ts';

export interface Latched {
  keep(messages: Iterable<LatchedMessage>): void;
  /** What these channels said cannot be read any more. */
  lose(channelIds: Iterable<number>): void;
  all(): readonly LatchedMessage[];
  /** Topics of which no clip has the last message before its start. */
  readonly lost: ReadonlySet<string>;
}

/** Messages are copies; over the limit the largest goes. */
export function openLatched(channels: ReadonlyMap<number, Channel>): Latched {
  const context = openLatchedContext(channels);
  const lost = new Set<string>();
  const lose = (ids: Iterable<number>): void => {
    for (const id of ids) {
      const channel = channels.get(id);
      if (channel?.latched === true) lost.add(channel.topic);
    }
  };
  return {
    keep(messages) {
      for (const message of messages) {
        lost.delete(channels.get(message.channelId)?.topic ?? '');
        context.keep(message);
      }
      for (;;) {
        const kept = context.all();
        const bytes = kept.reduce((sum, { data }) => sum + data.length, 0);
        if (bytes <= maxLatchedBytes) return;
        const largest = kept.reduce((a, b) => (a.data.length < b.data.length ? b : a));
        context.drop(largest);
        lose([largest.channelId]);
      }
    },
    lose,
    all: () => context.all(),
    lost,
  };
}
