/** Whether the redaction is why a clip has nothing of what it was to hold. */
import type { MessageBlock } from '@fieldloop/recording';
import { type Loading, openLoading } from '../window/loading.ts';
import type { Window } from '../window/window.ts';

export interface HiddenWish {
  readonly window: Pick<Window, 'held' | 'channels' | 'latched'>;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Of the topics that were chosen. */
  readonly isHidden: (topic: string) => boolean;
}

/** True when a message of a hidden topic is of the range, or is what a latched one said before. */
export async function hidesAny({ window, startNs, endNs, isHidden }: HiddenWish): Promise<boolean> {
  /** By channel: whether what it said before the range counts as well. */
  const hidden = new Map<number, boolean>();
  for (const { id, topic, latched } of window.channels.values()) {
    if (isHidden(topic)) hidden.set(id, latched);
  }
  for (const { channelId } of window.latched()) if (hidden.has(channelId)) return true;
  using loading: Loading = openLoading();
  for (const held of window.held) {
    const own = held.channels.filter((id) => hidden.has(id));
    const isBefore = held.lastNs < startNs;
    if (held.firstNs > endNs || own.length === 0) continue;
    if (isBefore && !own.some((id) => hidden.get(id) === true)) continue;
    const block = await held.load(loading);
    if (block !== undefined && hasOne(block, { hidden, startNs, endNs })) return true;
  }
  return false;
}

function hasOne(
  { count, channelIds, baseNs, timesNs }: MessageBlock,
  of: { readonly hidden: ReadonlyMap<number, boolean>; startNs: bigint; endNs: bigint },
): boolean {
  const [start, end] = [Number(of.startNs - baseNs), Number(of.endNs - baseNs)];
  for (let i = 0; i < count; i += 1) {
    const isLatched = of.hidden.get(channelIds[i] ?? 0);
    const time = timesNs[i] ?? 0;
    if (isLatched !== undefined && time <= end && (isLatched || time >= start)) return true;
  }
  return false;
}
