/**
 * Cuts a clip out of the window that an agent holds. Chunks that lie wholly inside the range are
 * copied as bytes; only the edges, live streams and topic selections are packed into new chunks.
 * Every message of the clip is inside the range; latched context stands first, with the range's
 * start as log time and its own publish time.
 */
import { Fault } from '@fieldloop/core';
import type { Appendable, Channel, MessageBlock } from '../types.ts';
import { type ClipNote, markersTopic, noteBytes, noteChannel, scoresTopic } from './notes.ts';
import {
  keepLatched,
  type LatchedMessage,
  messageAt,
  type Selected,
  selectBlock,
} from './select.ts';
import type { ClipContents, ClipSummary } from './contents.ts';
import { type ClipWriter, openClipWriter } from './writer.ts';

export interface ClipPlan {
  /** The window, both ends inclusive, log time in ns. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Exact topic names; `*` takes all. Latched context is of the chosen topics, too. */
  readonly topics: readonly string[];
  /** Who writes, such as `fieldloop-agent 0.1.0`. */
  readonly library: string;
  readonly compression?: 'zstd' | 'none' | undefined;
  /** Verdicts, on the channel `/fieldloop/markers`. */
  readonly markers: readonly ClipNote[];
  /** Model scores, on the channel `/fieldloop/scores`. */
  readonly scores: readonly ClipNote[];
  /** Called once when the contents are known; the answer is the metadata `fieldloop.clip`. */
  readonly metadata: (contents: ClipContents) => ReadonlyMap<string, string>;
}

export interface ClipSource {
  /** Of the source's header: `ros1`, `ros2` or empty. */
  readonly profile: string;
  /** All channels seen so far, by id. */
  readonly channels: ReadonlyMap<number, Channel>;
  /** The window in file order; blocks outside the range cost nothing but a comparison. */
  readonly blocks: Iterable<MessageBlock>;
  /** Latched messages that have left the window; those inside are found by the cut. */
  readonly latched?: Iterable<LatchedMessage> | undefined;
}

export const clipMetadataName = 'fieldloop.clip';

/** Writes the clip and makes it durable (`out.sync()` is the last thing it does). */
export async function cutClip(
  out: Appendable,
  plan: ClipPlan,
  source: ClipSource,
): Promise<ClipSummary> {
  const chosen = chosenChannels(plan.topics, source.channels);
  const { selected, context } = select(plan, source, chosen);
  const notes = openNotes(plan, source.channels);
  const { profile } = source;
  const { library, compression } = plan;
  const writer = await openClipWriter(out, { profile, library, compression });
  for (const id of usedChannels(selected, context)) await writer.channel(channelOf(source, id));
  for (const { channel } of notes) await writer.channel(channel);
  for (const message of context) {
    const late = message.logTimeNs < plan.startNs ? plan.startNs : message.logTimeNs;
    await writer.message(message.channelId, { ...message, logTimeNs: late });
  }
  for (const piece of selected) await writeSelected(writer, piece);
  for (const { channel, lines } of notes) {
    for (const [i, note] of lines.entries()) {
      const { atNs } = note;
      const times = { logTimeNs: atNs, publishTimeNs: atNs };
      await writer.message(channel.id, { sequence: i, ...times, data: noteBytes(note) });
    }
  }
  await writer.metadata(clipMetadataName, plan.metadata(writer.contents()));
  return writer.finish();
}

/** 1 for each chosen channel; undefined when all are. */
function chosenChannels(
  topics: readonly string[],
  channels: ReadonlyMap<number, Channel>,
): Uint8Array | undefined {
  if (topics.includes('*')) return undefined;
  const names = new Set(topics);
  const chosen = new Uint8Array(65_536);
  for (const { id, topic } of channels.values()) if (names.has(topic)) chosen[id] = 1;
  return chosen;
}

function select(
  plan: ClipPlan,
  source: ClipSource,
  chosen: Uint8Array | undefined,
): { readonly selected: Selected[]; readonly context: LatchedMessage[] } {
  const kept = new Map<number, LatchedMessage>();
  for (const message of source.latched ?? []) {
    if (message.logTimeNs < plan.startNs) kept.set(message.channelId, message);
  }
  const selected: Selected[] = [];
  for (const block of source.blocks) {
    keepLatched(kept, block, { channels: source.channels, beforeNs: plan.startNs });
    const piece = selectBlock(block, plan, chosen);
    if (piece !== undefined) selected.push(piece);
  }
  const context = [...kept.values()]
    .filter(({ channelId }) => chosen === undefined || chosen[channelId] === 1)
    .sort((a, b) => (a.logTimeNs < b.logTimeNs ? -1 : Number(a.logTimeNs > b.logTimeNs)));
  return { selected, context };
}

/** Ids in ascending order, so that the same window gives the same file. */
function usedChannels(
  selected: readonly Selected[],
  context: readonly LatchedMessage[],
): readonly number[] {
  const used = new Uint8Array(65_536);
  for (const { channelId } of context) used[channelId] = 1;
  for (const { block, picks } of selected) {
    const { channelIds, count } = block;
    if (picks === undefined) {
      for (let i = 0; i < count; i += 1) used[channelIds[i] ?? 0] = 1;
      for (const id of block.chunk?.declares ?? []) used[id] = 1;
    } else {
      for (const i of picks) used[channelIds[i] ?? 0] = 1;
    }
  }
  const ids: number[] = [];
  for (let id = 0; id < used.length; id += 1) if (used[id] === 1) ids.push(id);
  return ids;
}

function channelOf(source: ClipSource, id: number): Channel {
  const channel = source.channels.get(id);
  if (channel !== undefined) return channel;
  throw new Fault('internal', `the window has messages on channel ${id}, which it does not know`);
}

async function writeSelected(writer: ClipWriter, { block, picks }: Selected): Promise<void> {
  if (picks === undefined) {
    await writer.chunk(block);
    return;
  }
  for (const i of picks) {
    const message = messageAt(block, i);
    await writer.message(message.channelId, message);
  }
}

interface OpenNotes {
  readonly channel: Channel;
  readonly lines: readonly ClipNote[];
}

/** The clip's own channels that have something to say, under ids that the source does not use. */
function openNotes(plan: ClipPlan, channels: ReadonlyMap<number, Channel>): readonly OpenNotes[] {
  const notes: OpenNotes[] = [];
  let id = 1;
  for (const [topic, lines] of [
    [markersTopic, plan.markers],
    [scoresTopic, plan.scores],
  ] as const) {
    if (lines.length === 0) continue;
    while (channels.has(id)) id += 1;
    notes.push({ channel: noteChannel(topic, id), lines });
    id += 1;
  }
  return notes;
}
