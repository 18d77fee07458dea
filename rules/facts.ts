/** What a recording holds, as lint and fit need it: gathered while its items go by. */
import type { Channel, RecordingItem } from '@fieldloop/recording';
import { lengthOf, unionOf } from './strata.ts';
import { openStretches, type Stretch } from './stretches.ts';

/** A channel of a recording and how busy it was. */
export interface ChannelFacts {
  readonly channel: Channel;
  readonly messages: number;
  /** Of all its messages; absent where only their number is known. */
  readonly bytes?: number;
}

export interface RecordingFacts {
  readonly channels: readonly ChannelFacts[];
  /** Log time from the first message to the last, without steps of a clock that was set. */
  readonly durationNs: bigint;
}

export interface FactsGathering {
  take(item: RecordingItem): void;
  facts(): RecordingFacts;
  /** In the order in which they began. */
  stretches(): readonly Stretch[];
}

export function gatherFacts(): FactsGathering {
  const channels = new Map<number, Channel>();
  const counts = new Float64Array(65_536);
  const sizes = new Float64Array(65_536);
  const stretches = openStretches();
  return {
    take(item) {
      if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
      if (item.kind !== 'block' || item.block.count === 0) return;
      const { block } = item;
      for (let i = 0; i < block.count; i += 1) {
        const id = block.channelIds[i] ?? 0;
        counts[id] = (counts[id] ?? 0) + 1;
        sizes[id] = (sizes[id] ?? 0) + (block.ends[i] ?? 0) - (block.starts[i] ?? 0);
      }
      stretches.take(block);
    },
    facts: () => ({
      channels: [...channels].map(([id, channel]) => {
        return { channel, messages: counts[id] ?? 0, bytes: sizes[id] ?? 0 };
      }),
      durationNs: lengthOf(unionOf(stretches.all())),
    }),
    stretches: () => stretches.all(),
  };
}
