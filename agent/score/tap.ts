/**
 * Which messages of a timeline are frames: on a scorer's topic, and `every` after the last one. For
 * a model with several inputs the newest message of each other topic goes with the frame.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';

/** A scorer as the rule set declares it. */
export interface ScorerPlan {
  /** By this name rules read its scores. */
  readonly id: string;
  /** Id of the model in agent.yaml. */
  readonly model: string;
  readonly topic: string;
  /** Further inputs by their names in model.yaml. */
  readonly more: readonly { readonly name: string; readonly topic: string }[];
  /** How far those may be from the frame. */
  readonly moreAgeNs: bigint;
  readonly everyNs: bigint;
  readonly deadlineNs: bigint;
}

/** What goes into a model. */
export interface TappedMessage {
  readonly channel: Channel;
  /** Of a frame a part of its block, not copied yet. */
  readonly bytes: Uint8Array;
  readonly atNs: bigint;
}

export interface Frame extends TappedMessage {
  readonly plan: ScorerPlan;
  /** In the order of the plan; undefined when one of them is not there, or too far away. */
  readonly more: readonly TappedMessage[] | undefined;
}

export interface Tap {
  channel(channel: Channel): void;
  /** Frames that are due, in file order. */
  take(block: MessageBlock): Frame[];
  /** Messages from before a restart are no frames again; they go with those to come. */
  pass(block: MessageBlock): void;
}

interface Due {
  readonly plan: ScorerPlan;
  nextNs: bigint;
}

interface Tapped {
  readonly channel: Channel;
  readonly dues: readonly Due[];
  /** Its newest message is kept for frames of other topics. */
  readonly isMore: boolean;
}

export function openTap(plans: readonly ScorerPlan[]): Tap {
  const dues = plans.map((plan): Due => ({ plan, nextNs: 0n }));
  const moreTopics = new Set(plans.flatMap(({ more }) => more.map(({ topic }) => topic)));
  const byChannel = new Map<number, Tapped>();
  const newest = new Map<string, TappedMessage>();

  const moreOf = ({ more, moreAgeNs }: ScorerPlan, atNs: bigint): Frame['more'] => {
    const found = more.flatMap(({ topic }) => newest.get(topic) ?? []);
    const isNear = found.every((one) => distance(one.atNs, atNs) <= moreAgeNs);
    return isNear && found.length === more.length ? found : undefined;
  };
  const scan = (block: MessageBlock, onMessage: (one: TappedMessage, tapped: Tapped) => void) => {
    if (byChannel.size === 0) return;
    const fresh = new Map<string, TappedMessage>();
    for (let i = 0; i < block.count; i += 1) {
      const tapped = byChannel.get(block.channelIds[i] ?? 0);
      if (tapped === undefined) continue;
      const { channel } = tapped;
      const bytes = block.data.subarray(block.starts[i], block.ends[i]);
      const one = { channel, bytes, atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0) };
      onMessage(one, tapped);
      if (!tapped.isMore) continue;
      newest.set(channel.topic, one);
      fresh.set(channel.topic, one);
    }
    // The rest of a block is not held for one message of it.
    for (const [topic, one] of fresh) newest.set(topic, { ...one, bytes: one.bytes.slice() });
  };
  return {
    channel(channel) {
      const own = dues.filter(({ plan }) => plan.topic === channel.topic);
      const isMore = moreTopics.has(channel.topic);
      if (own.length > 0 || isMore) byChannel.set(channel.id, { channel, dues: own, isMore });
    },
    take(block) {
      const frames: Frame[] = [];
      scan(block, (one, tapped) => {
        for (const due of tapped.dues) {
          if (one.atNs < due.nextNs) continue;
          const { plan } = due;
          due.nextNs = one.atNs + plan.everyNs;
          frames.push({ ...one, plan, more: moreOf(plan, one.atNs) });
        }
      });
      return frames;
    },
    pass: (block) => scan(block, () => undefined),
  };
}

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);
