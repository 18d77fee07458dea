/**
 * Cuts a clip out of the window that an agent holds. Chunks that lie wholly inside the range are
 * copied as bytes; only the edges, live streams and topic selections are packed into new chunks.
 * Every message of the clip is inside the range; latched context stands first, with the range's
 * start as log time and its own publish time.
 */
import { Fault } from '@fieldloop/core';
import type { Appendable, Channel, MessageBlock } from '../types.ts';
import { type ClipNote, markersTopic, noteBytes, noteChannel, scoresTopic } from './notes.ts';
import { type HeldBlock, loadBlock, mayHold } from './held.ts';
import { openLatchedContext } from './latched.ts';
import { type LatchedMessage, messageAt, type Selected } from './select.ts';
import { type LeftOut, openSelection, type Selection, type SelectionPlan } from './selection.ts';
import type { ClipContents, ClipSummary } from './contents.ts';
import { type ClipWriter, openClipWriter } from './writer.ts';

/** Makes of a message what may go out. What it throws ends the cut. */
export type Redact = (data: Uint8Array, channel: Channel) => Uint8Array | Promise<Uint8Array>;

/** The range is the window, both ends inclusive. Latched context is of the chosen topics, too. */
export interface ClipPlan extends Omit<SelectionPlan, 'changed'> {
  /** By exact topic name; no byte of such a topic is written before it was changed. */
  readonly redact?: ReadonlyMap<string, Redact> | undefined;
  /** Who writes, such as `fieldloop-agent 0.1.0`. */
  readonly library: string;
  readonly compression?: 'zstd' | 'none' | undefined;
  /** Verdicts, on the channel `/fieldloop/markers`. */
  readonly markers: readonly ClipNote[];
  /** Model scores, on the channel `/fieldloop/scores`. */
  readonly scores: readonly ClipNote[];
  /** Called once when the contents are known; the answer is the metadata `fieldloop.clip`. */
  readonly metadata: (
    contents: ClipContents,
    leftOut: readonly LeftOut[],
  ) => ReadonlyMap<string, string>;
}

export interface ClipSource {
  /** Of the source's header: `ros1`, `ros2` or empty. */
  readonly profile: string;
  /** All channels seen so far, by id. */
  readonly channels: ReadonlyMap<number, Channel>;
  /** The window in file order; blocks outside the range cost nothing but a comparison. */
  readonly blocks: Iterable<HeldBlock>;
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
  const changed = plan.redact && new Set(plan.redact.keys());
  const selection = await openSelection({ ...plan, changed }, source);
  const context = await contextOf(plan, source, selection);
  const { library, compression } = plan;
  const { profile, channels } = source;
  const copies = [...channels.values()].some(({ schema }) => schema?.id !== undefined);
  const writer = await openClipWriter(out, { profile, library, compression, copies });
  const filler = openFiller(writer, plan, source);
  for (const message of context) {
    const late = message.logTimeNs < plan.startNs ? plan.startNs : message.logTimeNs;
    await filler.message({ ...message, logTimeNs: late });
  }
  for (const held of source.blocks) {
    if (held.lastNs < plan.startNs || held.firstNs > plan.endNs) continue;
    const block = await loadBlock(held);
    const selected = block && selection.take(block);
    if (selected !== undefined) await filler.add(selected);
  }
  for (const { channel, lines } of openNotes(plan, channels)) {
    await writer.channel(channel);
    for (const [i, note] of lines.entries()) {
      const { atNs } = note;
      const times = { logTimeNs: atNs, publishTimeNs: atNs };
      await writer.message(channel.id, { sequence: i, ...times, data: noteBytes(note) });
    }
  }
  const entries = plan.metadata(writer.contents(), selection.leftOut);
  await writer.metadata(clipMetadataName, entries);
  return writer.finish();
}

/** What latched and chosen channels said before the range. */
async function contextOf(
  plan: ClipPlan,
  source: ClipSource,
  selection: Selection,
): Promise<readonly LatchedMessage[]> {
  const context = openLatchedContext(source.channels);
  for (const message of source.latched ?? []) {
    if (message.logTimeNs < plan.startNs) context.keep(message);
  }
  const latched = new Set<number>();
  for (const { id, latched: is } of source.channels.values()) if (is) latched.add(id);
  for (const held of source.blocks) {
    if (held.firstNs >= plan.startNs || !mayHold(held, latched)) continue;
    const block = await loadBlock(held);
    if (block !== undefined) context.take(block, plan.startNs);
  }
  return context.all().filter(({ channelId }) => selection.isChosen(channelId));
}

interface Filler {
  message(message: LatchedMessage): Promise<void>;
  add(selected: Selected): Promise<void>;
}

/** Registers a channel with its first message, and changes what must not go out as it is. */
function openFiller(writer: ClipWriter, plan: ClipPlan, source: ClipSource): Filler {
  const known = new Set<number>();
  const register = async (id: number): Promise<Channel> => {
    const channel = channelOf(source, id);
    if (!known.has(id)) await writer.channel(channel);
    known.add(id);
    return channel;
  };
  const message = async (one: LatchedMessage): Promise<void> => {
    const channel = await register(one.channelId);
    const change = plan.redact?.get(channel.topic);
    const data = change === undefined ? one.data : await change(one.data, channel);
    await writer.message(one.channelId, { ...one, data });
  };
  return {
    message,
    async add({ block, picks }) {
      if (picks !== undefined) {
        for (const i of picks) await message(messageAt(block, i));
        return;
      }
      for (const id of channelsOf(block)) await register(id);
      await writer.chunk(block);
    },
  };
}

/** Of its messages and of the records inside its chunk, each once, in ascending order. */
function channelsOf({ channelIds, count, chunk }: MessageBlock): readonly number[] {
  const used = new Set<number>(chunk?.declares);
  for (let i = 0; i < count; i += 1) used.add(channelIds[i] ?? 0);
  return [...used].sort((a, b) => a - b);
}

function channelOf(source: ClipSource, id: number): Channel {
  const channel = source.channels.get(id);
  if (channel !== undefined) return channel;
  throw new Fault('internal', `the window has messages on channel ${id}, which it does not know`);
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
