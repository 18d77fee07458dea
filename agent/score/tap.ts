/**
 * Which messages of a timeline are frames: on a scorer's topic, and `every` after the last one. For
 * a model with several inputs the newest message of each other topic goes with the frame.
 */
import type { Channel, MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';

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
  /** In the order of the plan. */
  readonly more: readonly TappedMessage[];
  /** The topic of an input that is not there, or too far away: there is no score. */
  readonly lacks?: string | undefined;
}

export interface Tap {
  channel(channel: Channel): void;
  /** Frames that are due, in file order. */
  take(block: MessageBlock): Frame[];
  /** Messages from before a restart are no frames again; they go with those to come. */
  pass(block: MessageBlock): void;
  /** What a channel said last. */
  hear(channel: Channel, said: Pick<TappedMessage, 'bytes' | 'atNs'>): void;
}

interface Due {
  readonly plan: ScorerPlan;
  nextNs: bigint;
  /** That something lacks is told as often as a score is asked for. */
  lackNs: bigint;
}

interface Tapped {
  readonly channel: Channel;
  readonly dues: readonly Due[];
  /** Its newest message is kept for frames of other topics. */
  readonly isMore: boolean;
}

/** `before`: the tap of other rules, whose newest messages are gone on with. */
export function openTap(plans: readonly ScorerPlan[], before?: Tap): Tap {
  return new NewestTap(plans, before);
}

class NewestTap implements Tap {
  readonly #dues: readonly Due[];
  readonly #moreTopics: ReadonlySet<string>;
  readonly #byChannel = new Map<number, Tapped>();
  /** By topic, of those that go with frames. */
  readonly #newest = new Map<string, TappedMessage>();

  constructor(plans: readonly ScorerPlan[], before: Tap | undefined) {
    this.#dues = plans.map((plan): Due => ({ plan, nextNs: 0n, lackNs: 0n }));
    this.#moreTopics = new Set(plans.flatMap(({ more }) => more.map(({ topic }) => topic)));
    if (!(before instanceof NewestTap)) return;
    for (const one of before.#newest.values()) this.hear(one.channel, one);
  }

  channel(channel: Channel): void {
    const dues = this.#dues.filter(({ plan }) => plan.topic === channel.topic);
    const isMore = this.#moreTopics.has(channel.topic);
    if (dues.length > 0 || isMore) this.#byChannel.set(channel.id, { channel, dues, isMore });
    // What is gone on with is of the channel as it is declared now.
    const known = this.#newest.get(channel.topic);
    if (known?.channel.id === channel.id) this.#newest.set(channel.topic, { ...known, channel });
  }

  hear(channel: Channel, { bytes, atNs }: Pick<TappedMessage, 'bytes' | 'atNs'>): void {
    if (this.#moreTopics.has(channel.topic)) this.#keep({ channel, bytes, atNs });
  }

  take(block: MessageBlock): Frame[] {
    const frames: Frame[] = [];
    this.#scan(block, (one, { dues }) => {
      for (const due of dues) {
        if (one.atNs < due.nextNs) continue;
        const { plan } = due;
        const { more, lacks } = this.#moreOf(plan, one);
        if (lacks === undefined) due.nextNs = one.atNs + plan.everyNs;
        else if (one.atNs < due.lackNs) continue;
        due.lackNs = one.atNs + plan.everyNs;
        frames.push({ ...one, plan, more, lacks });
      }
    });
    return frames;
  }

  pass(block: MessageBlock): void {
    this.#scan(block, () => undefined);
  }

  #scan(block: MessageBlock, onMessage: (one: TappedMessage, tapped: Tapped) => void): void {
    if (this.#byChannel.size === 0) return;
    for (let i = 0; i < block.count; i += 1) {
      const tapped = this.#byChannel.get(block.channelIds[i] ?? 0);
      if (tapped === undefined) continue;
      const { channel } = tapped;
      const bytes = block.data.subarray(block.starts[i], block.ends[i]);
      const one = { channel, bytes, atNs: block.baseNs + BigInt(block.timesNs[i] ?? 0) };
      if (tapped.isMore) this.#keep(one);
      onMessage(one, tapped);
    }
    // The rest of a block is not held for one message of it.
    for (const [topic, one] of this.#newest) {
      if (one.bytes.buffer !== block.data.buffer) continue;
      this.#newest.set(topic, { ...one, bytes: new Uint8Array(one.bytes) });
    }
  }

  /** What is late does not take the place of what is newer, unless the clock was set. */
  #keep(one: TappedMessage): void {
    const known = this.#newest.get(one.channel.topic);
    const behindNs = known === undefined ? 0n : known.atNs - one.atNs;
    if (behindNs > 0n && behindNs <= clockJumpNs) return;
    this.#newest.set(one.channel.topic, one);
  }

  #moreOf(
    { more, moreAgeNs }: ScorerPlan,
    frame: TappedMessage,
  ): { readonly more: readonly TappedMessage[]; readonly lacks?: string } {
    const found: TappedMessage[] = [];
    for (const { topic } of more) {
      const one = topic === frame.channel.topic ? frame : this.#newest.get(topic);
      if (one === undefined) return { more: [], lacks: topic };
      // What is latched holds until the next message.
      const isNear = one.channel.latched || distance(one.atNs, frame.atNs) <= moreAgeNs;
      if (!isNear) return { more: [], lacks: topic };
      found.push(one);
    }
    return { more: found };
  }
}

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);
