/**
 * What latched topics say at a moment: of each the last message. Of transforms (`/tf_static`)
 * several nodes publish on one topic, and each names its own frames alone: the last message of
 * each stays, until another names all of its frames (tf2, `StaticTransformBroadcaster`).
 */
import { latchedOfChannel } from '../limits.ts';
import { decodeMessage } from '../schema/accessor.ts';
import type { Channel, MessageBlock } from '../types.ts';
import { type LatchedMessage, messageAt } from './select.ts';

export interface LatchedContext {
  /** What a block says of latched channels, before `beforeNs` when it is given; as copies. */
  take(block: MessageBlock, beforeNs?: bigint): void;
  keep(message: LatchedMessage): void;
  drop(message: LatchedMessage): void;
  /** By log time. */
  all(): readonly LatchedMessage[];
}

/** `channels` may grow; those that are not latched are passed over. */
export function openLatchedContext(channels: ReadonlyMap<number, Channel>): LatchedContext {
  const kept = new Map<number, readonly Said[]>();
  const keep = (message: LatchedMessage): void => {
    const channel = channels.get(message.channelId);
    const said = { message, frames: channel && framesOf(channel, message.data) };
    const before = kept.get(message.channelId) ?? [];
    if (before.some((one) => isLater(one, said) && covers(one, said))) return;
    const others = before.filter((one) => isLater(one, said) || !covers(said, one));
    kept.set(message.channelId, [...others, said].toSorted(byTime).slice(-latchedOfChannel));
  };
  return {
    take(block, beforeNs) {
      for (const i of picksOf(block, channels, beforeNs)) {
        const message = messageAt(block, i);
        keep({ ...message, data: new Uint8Array(message.data) });
      }
    },
    keep,
    drop(message) {
      const said = kept.get(message.channelId) ?? [];
      kept.set(
        message.channelId,
        said.filter((one) => one.message !== message),
      );
    },
    all: () =>
      [...kept.values()]
        .flat()
        .toSorted(byTime)
        .map(({ message }) => message),
  };
}

interface Said {
  readonly message: LatchedMessage;
  /** Child frames of its transforms; undefined where a message replaces all before it. */
  readonly frames: ReadonlySet<string> | undefined;
}

/** Of equal times the one that comes later is the last word. */
const isLater = (one: Said, other: Said): boolean =>
  one.message.logTimeNs > other.message.logTimeNs;

const covers = ({ frames }: Said, other: Said): boolean =>
  frames === undefined || [...(other.frames ?? [])].every((frame) => frames.has(frame));

const byTime = (a: Said, b: Said): number =>
  Number(a.message.logTimeNs - b.message.logTimeNs) || a.message.channelId - b.message.channelId;

/** In file order; of a channel whose messages replace each other the last alone. */
function picksOf(
  block: MessageBlock,
  channels: ReadonlyMap<number, Channel>,
  beforeNs: bigint | undefined,
): readonly number[] {
  const latched = new Map<number, boolean>();
  for (const one of channels.values()) if (one.latched) latched.set(one.id, isOfFrames(one));
  if (latched.size === 0 || (beforeNs !== undefined && block.firstNs >= beforeNs)) return [];
  const before = beforeNs === undefined ? Infinity : Number(beforeNs - block.baseNs);
  const newest = new Map<number, number>();
  const picks: number[] = [];
  for (let i = 0; i < block.count; i += 1) {
    const id = block.channelIds[i] ?? 0;
    const time = block.timesNs[i] ?? 0;
    const hasFrames = latched.get(id);
    if (hasFrames === undefined || time >= before) continue;
    const best = newest.get(id);
    if (hasFrames) picks.push(i);
    else if (best === undefined || time >= (block.timesNs[best] ?? 0)) newest.set(id, i);
  }
  return [...picks, ...newest.values()];
}

const transformSchemas: ReadonlySet<string> = new Set([
  'tf2_msgs/msg/TFMessage',
  'tf2_msgs/TFMessage',
  'tf/tfMessage',
  'foxglove.FrameTransforms',
]);

const isOfFrames = ({ schema }: Channel): boolean => transformSchemas.has(schema?.name ?? '');

/** A message that cannot be read is taken for one that replaces all. */
function framesOf(channel: Channel, data: Uint8Array): ReadonlySet<string> | undefined {
  if (!isOfFrames(channel)) return undefined;
  try {
    const { transforms } = decodeMessage(channel, data) as {
      readonly transforms: readonly { readonly child_frame_id: string }[];
    };
    return new Set(transforms.map((one) => one.child_frame_id));
  } catch {
    return undefined;
  }
}
