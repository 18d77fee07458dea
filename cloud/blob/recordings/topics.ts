/** The topics of a recording, from its index; sizes by a walk when they are asked for. */
import { Fault } from '@fieldloop/core';
import {
  type IndexedMcap,
  type McapChunkIndex,
  openIndexedMcap,
  type Readable,
} from '@fieldloop/recording';
import type { RecordingCalls, StoredRecording, TopicInfo } from './calls.ts';

export type OpenStored = (source: StoredRecording) => Readable;

export async function topicsOf(
  { source, withBytes }: RecordingCalls['topics']['input'],
  open: OpenStored,
  signal: AbortSignal,
): Promise<readonly TopicInfo[]> {
  const file = await openIndexedMcap(open(source));
  const bytes = withBytes ? await bytesOf(file, signal) : undefined;
  const byStart = file.chunks.toSorted((a, b) => order(a.messageStartTime, b.messageStartTime));
  const byEnd = file.chunks.toSorted((a, b) => order(b.messageEndTime, a.messageEndTime));
  const topics: TopicInfo[] = [];
  for (const channel of file.channels.values()) {
    const { id, topic, schema, messageEncoding, latched } = channel;
    const firstNs = await firstOf(file, byStart, id);
    const lastNs = await lastOf(file, byEnd, id);
    topics.push({
      topic,
      schema: schema?.name ?? '',
      schemaEncoding: schema?.encoding ?? '',
      messageEncoding,
      latched,
      count: Number(file.statistics.channelMessageCounts.get(id) ?? 0n),
      ...(bytes === undefined ? {} : { bytes: bytes[id] ?? 0 }),
      ...(firstNs === undefined ? {} : { firstNs }),
      ...(lastNs === undefined ? {} : { lastNs }),
    });
  }
  return topics.toSorted((a, b) => (a.topic < b.topic ? -1 : Number(a.topic > b.topic)));
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** Chunks come by their starts: behind the first that begins later there is nothing earlier. */
async function firstOf(
  file: IndexedMcap,
  chunks: readonly McapChunkIndex[],
  channel: number,
): Promise<bigint | undefined> {
  let best: bigint | undefined;
  for (const chunk of chunks) {
    if (best !== undefined && chunk.messageStartTime >= best) break;
    for (const { logTimeNs } of await file.entries(chunk, channel)) {
      if (best === undefined || logTimeNs < best) best = logTimeNs;
    }
  }
  return best;
}

async function lastOf(
  file: IndexedMcap,
  chunks: readonly McapChunkIndex[],
  channel: number,
): Promise<bigint | undefined> {
  let best: bigint | undefined;
  for (const chunk of chunks) {
    if (best !== undefined && chunk.messageEndTime <= best) break;
    for (const { logTimeNs } of await file.entries(chunk, channel)) {
      if (best === undefined || logTimeNs > best) best = logTimeNs;
    }
  }
  return best;
}

async function bytesOf(file: IndexedMcap, signal: AbortSignal): Promise<Float64Array> {
  const sums = new Float64Array(65_536);
  for await (const { count, channelIds, starts, ends } of file.blocks({ signal })) {
    for (let i = 0; i < count; i += 1) {
      const id = channelIds[i] ?? 0;
      sums[id] = (sums[id] ?? 0) + (ends[i] ?? 0) - (starts[i] ?? 0);
    }
  }
  return sums;
}

/** Ids of the channels of a topic. Fault `not_found` that lists what there is. */
export function channelsOf(file: IndexedMcap, topic: string, place: string): readonly number[] {
  const found = [...file.channels.values()].filter((channel) => channel.topic === topic);
  if (found.length > 0) return found.map(({ id }) => id);
  const names = [...new Set([...file.channels.values()].map((channel) => channel.topic))].sort();
  const more = names.length > 12 ? ', …' : '';
  throw new Fault('invalid', `${file.name} has no topic "${topic.slice(0, 128)}"`, {
    place,
    remedy: `Topics are ${names.slice(0, 12).join(', ')}${more}.`,
  });
}
