/** The same figures by reading the whole file, for recordings without an index. */
import { asFault, type Fault } from '@fieldloop/core';
import { metadataHeld } from '../limits.ts';
import type { ReadOptions } from '../options.ts';
import { readRecording } from '../read.ts';
import type { Channel, MessageBlock, Readable, RecordingFormat } from '../types.ts';
import { ChunkSums, rate, type RecordingInfo } from './types.ts';

interface Found {
  profile: string;
  library: string;
  startNs: bigint | undefined;
  endNs: bigint | undefined;
  readonly channels: Channel[];
  readonly counts: Float64Array;
  readonly chunks: ChunkSums;
  readonly metadata: { name: string; entries: Record<string, string> }[];
  readonly attachments: { name: string; mediaType: string; sizeBytes: number }[];
}

export async function scanInfo(
  readable: Readable,
  options: ReadOptions & { readonly format: RecordingFormat },
): Promise<RecordingInfo> {
  const found: Found = {
    profile: '',
    library: '',
    startNs: undefined,
    endNs: undefined,
    channels: [],
    counts: new Float64Array(65_536),
    chunks: new ChunkSums(),
    metadata: [],
    attachments: [],
  };
  let damage: Fault | undefined;
  try {
    await walk(readable, options, found);
  } catch (error) {
    damage = asFault(error);
    if (damage.code !== 'corrupt' && damage.code !== 'limited') throw error;
  }
  const { startNs, endNs, counts } = found;
  return {
    name: readable.name,
    format: options.format,
    profile: found.profile,
    library: found.library,
    sizeBytes: readable.size,
    indexed: false,
    messageCount: counts.reduce((sum, count) => sum + count, 0),
    startNs,
    endNs,
    channels: found.channels.map((channel) => {
      const count = counts[channel.id] ?? 0;
      return {
        id: channel.id,
        topic: channel.topic,
        schema: channel.schema?.name ?? '',
        schemaEncoding: channel.schema?.encoding ?? '',
        messageEncoding: channel.messageEncoding,
        latched: channel.latched,
        count,
        hz: rate(count, startNs, endNs),
      };
    }),
    chunks: found.chunks.rows,
    metadata: found.metadata,
    attachments: found.attachments,
    damage,
  };
}

async function walk(readable: Readable, options: ReadOptions, found: Found): Promise<void> {
  for await (const item of readRecording(readable, { ...options, reuse: true })) {
    if (item.kind === 'header') {
      found.profile = item.profile;
      found.library = item.library;
    } else if (item.kind === 'channel') {
      found.channels.push(item.channel);
    } else if (item.kind === 'block') {
      count(item.block, found);
    } else if (item.kind === 'metadata') {
      if (found.metadata.length >= metadataHeld) continue;
      found.metadata.push({ name: item.name, entries: Object.fromEntries(item.metadata) });
    } else if (found.attachments.length < metadataHeld) {
      const { name, mediaType, sizeBytes } = item;
      found.attachments.push({ name, mediaType, sizeBytes });
    }
  }
}

function count(block: MessageBlock, found: Found): void {
  const { counts } = found;
  for (let i = 0; i < block.count; i += 1) {
    const id = block.channelIds[i] ?? 0;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  const { firstNs, lastNs, chunk } = block;
  if (found.startNs === undefined || firstNs < found.startNs) found.startNs = firstNs;
  if (found.endNs === undefined || lastNs > found.endNs) found.endNs = lastNs;
  if (chunk === undefined) return;
  found.chunks.add(chunk.compression, chunk.records.length, chunk.uncompressedSize);
}
