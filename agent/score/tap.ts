/** Which messages of a timeline are frames: on a scorer's topic, and `every` after the last one. */
import type { Channel, MessageBlock } from '@fieldloop/recording';

/** A scorer as the rule set declares it. */
export interface ScorerPlan {
  /** By this name rules read its scores. */
  readonly id: string;
  /** Id of the model in agent.yaml. */
  readonly model: string;
  readonly topic: string;
  readonly everyNs: bigint;
  readonly deadlineNs: bigint;
}

/** Message `i` of a block, not copied yet. */
export interface Frame {
  readonly plan: ScorerPlan;
  readonly channel: Channel;
  readonly block: MessageBlock;
  readonly i: number;
  readonly atNs: bigint;
}

export interface Tap {
  channel(channel: Channel): void;
  /** Frames that are due, in file order. */
  take(block: MessageBlock): Frame[];
}

interface Due {
  readonly plan: ScorerPlan;
  nextNs: bigint;
}

export function openTap(plans: readonly ScorerPlan[]): Tap {
  const dues = plans.map((plan): Due => ({ plan, nextNs: 0n }));
  const byChannel = new Map<number, { channel: Channel; dues: Due[] }>();
  return {
    channel(channel) {
      const own = dues.filter(({ plan }) => plan.topic === channel.topic);
      if (own.length > 0) byChannel.set(channel.id, { channel, dues: own });
    },
    take(block) {
      const frames: Frame[] = [];
      if (byChannel.size === 0) return frames;
      for (let i = 0; i < block.count; i += 1) {
        const tapped = byChannel.get(block.channelIds[i] ?? 0);
        if (tapped === undefined) continue;
        const atNs = block.baseNs + BigInt(block.timesNs[i] ?? 0);
        for (const due of tapped.dues) {
          if (atNs < due.nextNs) continue;
          due.nextNs = atNs + due.plan.everyNs;
          frames.push({ plan: due.plan, channel: tapped.channel, block, i, atNs });
        }
      }
      return frames;
    },
  };
}
