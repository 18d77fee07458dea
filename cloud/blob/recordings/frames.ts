/** The images that stand for a clip, made small. */
import { asFault, Fault } from '@fieldloop/core';
import {
  type Channel,
  decodeMessage,
  type IndexedMcap,
  type MessageEntry,
  openIndexedMcap,
} from '@fieldloop/recording';
import { chosenFrames, isImageSchema, isRawImageSchema } from '../../clip/preview.ts';
import { maxPreviewTopics, maxTopicImages } from '../../limits.ts';
import type { Frame, RecordingCalls } from './calls.ts';
import type { OpenStored } from './topics.ts';

/** Images that cannot be decoded are left out; `problem` tells of the first. */
export async function framesOf(
  clip: RecordingCalls['frames']['input'],
  open: OpenStored,
  signal: AbortSignal,
): Promise<RecordingCalls['frames']['output']> {
  const file = await openIndexedMcap(open(clip.source));
  const channels = [...file.channels.values()]
    .filter(({ schema }) => isImageSchema(schema?.name ?? ''))
    .toSorted((a, b) => (a.topic < b.topic ? -1 : Number(a.topic > b.topic)))
    .slice(0, maxPreviewTopics);
  const frames: Frame[] = [];
  let problem: string | undefined;
  for (const channel of channels) {
    const entries = await entriesOf(file, channel.id);
    const times = entries.map(({ logTimeNs }) => logTimeNs);
    for (const { kind, index } of chosenFrames(times, clip)) {
      if (signal.aborted) throw new Fault('cancelled', 'stopped on request');
      const entry = entries[index];
      if (entry === undefined) continue;
      try {
        const image = await imageAt(file, channel, entry);
        frames.push({ kind, topic: channel.topic, atNs: entry.logTimeNs, ...image });
      } catch (error) {
        const fault = asFault(error);
        if (fault.code === 'internal' || fault.code === 'unavailable') throw error;
        problem ??= `${channel.topic}: ${fault.message}`;
      }
    }
  }
  return { frames, ...(problem === undefined ? {} : { problem }) };
}

async function entriesOf(file: IndexedMcap, channel: number): Promise<readonly MessageEntry[]> {
  const entries: MessageEntry[] = [];
  for (const chunk of file.chunks) {
    entries.push(...(await file.entries(chunk, channel)));
    if (entries.length >= maxTopicImages) break;
  }
  return entries;
}

/** Opcode, length and the fields before a message's data. */
const messageHead = 31;

/** Loaded when the first picture is made: a thread that only reads does without its memory. */
const images = async () => await import('./image.ts');

async function imageAt(file: IndexedMcap, channel: Channel, entry: MessageEntry) {
  for (const block of await file.chunk(entry.chunk)) {
    const i = block.starts.indexOf(entry.offset + messageHead);
    if (i < 0) continue;
    const bytes = block.data.subarray(block.starts[i], block.ends[i]);
    const message = decodeMessage(channel, bytes) as Readonly<Record<string, unknown>>;
    const { smallImage, smallRawImage } = await images();
    if (isRawImageSchema(channel.schema?.name ?? '')) return await smallRawImage(message);
    const { data } = message;
    if (data instanceof Uint8Array) return await smallImage(data);
    throw new Fault('corrupt', 'an image message without bytes');
  }
  throw new Fault('corrupt', 'the index names a message that is not there', { place: file.name });
}
