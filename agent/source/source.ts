/**
 * What every source gives: one timeline after another, each from `begin` to `end`, with channels
 * before the blocks that use them. A consumer that asks for the item after `end` has dealt with
 * everything before it; that is when a source notes a recording as read.
 */
import type { Fault } from '@fieldloop/core';
import type { Channel, MessageBlock, RecordingItem } from '@fieldloop/recording';

export interface Session {
  /** UUID text; the same for the same recording on the same device. */
  readonly id: string;
  /** A path or an address, for people. */
  readonly recording: string;
  /** Of the recording's header: `ros1`, `ros2` or empty. */
  readonly profile: string;
  /** True when messages come as they happen; false when a finished recording is read. */
  readonly live: boolean;
}

export type SourceItem =
  | { readonly kind: 'begin'; readonly session: Session }
  | { readonly kind: 'channel'; readonly channel: Channel }
  | { readonly kind: 'block'; readonly block: MessageBlock }
  /** Nothing came for so long, by the monotonic clock; told again and again while it lasts. */
  | { readonly kind: 'quiet'; readonly ms: number }
  | { readonly kind: 'end'; readonly fault?: Fault | undefined }
  /** The source waits for a recording or a connection. */
  | { readonly kind: 'waiting'; readonly reason: string };

export interface Source {
  readonly name: string;
  /** True when the source ends by itself. */
  readonly finite: boolean;
  items(signal: AbortSignal): AsyncIterable<SourceItem>;
}

/** Turns the items of one recording, or one connection, into those of a timeline. */
export function openTimeline(
  session: Omit<Session, 'profile'>,
): (item: RecordingItem) => SourceItem[] {
  let begun = false;
  return (item) => {
    const items: SourceItem[] = [];
    if (!begun) {
      const profile = item.kind === 'header' ? item.profile : '';
      items.push({ kind: 'begin', session: { ...session, profile } });
      begun = true;
    }
    if (item.kind === 'channel') items.push({ kind: 'channel', channel: item.channel });
    else if (item.kind === 'block') items.push({ kind: 'block', block: item.block });
    return items;
  };
}
