/**
 * What every source gives: one timeline after another, each from `begin` to `end`, with channels
 * before the blocks that use them. A consumer that asks for the item after `end` has dealt with
 * everything before it; that is when a source notes a recording as read.
 */
import type { Fault, Json } from '@fieldloop/core';
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
  /** Its place is kept: after a stop the next start goes on, with the clips that are open. */
  readonly resumes?: true;
}

export type SourceItem =
  /** `state`: what the timeline was at the last `mark` of an earlier process. */
  | { readonly kind: 'begin'; readonly session: Session; readonly state?: Json | undefined }
  | { readonly kind: 'channel'; readonly channel: Channel }
  | BlockItem
  /** A place to go on from: `save` takes the timeline as it is after all that came before. */
  | { readonly kind: 'mark'; readonly save: SaveMark }
  /** Messages that came faster than they were taken. */
  | { readonly kind: 'dropped'; readonly reason: string; readonly count: number }
  /** Something that an operator should hear of; the source goes on. */
  | { readonly kind: 'notice'; readonly name: string; readonly text: string }
  /** Nothing came for so long, by the monotonic clock; told again and again while it lasts. */
  | { readonly kind: 'quiet'; readonly ms: number }
  | { readonly kind: 'end'; readonly fault?: Fault | undefined }
  /** The source waits for a recording or a connection. */
  | { readonly kind: 'waiting'; readonly reason: string };

/** A file that is read, whatever its name is by now. */
export interface RecordedFile {
  /** Its name when it was opened. */
  readonly path: string;
  /** As `OpenFile` tells it. */
  readonly identity: string;
}

export interface BlockItem {
  readonly kind: 'block';
  readonly block: MessageBlock;
  /** The recorder's own file that holds the block's bytes at `block.offset`, by the same ids. */
  readonly file?: RecordedFile | undefined;
  /** It was dealt with before a restart, and is only context now. */
  readonly isWarm?: boolean | undefined;
  /** Of its session, for the marks of its source. */
  readonly at?: number | undefined;
  /** More waits to be read than this: the source does not stand at the end of what there is. */
  readonly isBehind?: boolean | undefined;
}

/** `from`: the `at` of the oldest block that the window holds. */
export type SaveMark = (state: Json, from: number | undefined) => Promise<void>;

export interface Source {
  readonly name: string;
  /** True when the source ends by itself. */
  readonly finite: boolean;
  /** How late messages come in it, where that is not as usual. */
  readonly latenessNs?: bigint | undefined;
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
