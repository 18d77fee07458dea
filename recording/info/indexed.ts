/** The summary of an MCAP through @mcap/core, guarded so that no stated size is taken on trust. */
import { damaged } from '../damage.ts';
import { summaryBytes } from '../limits.ts';
import { isLatched } from '../mcap/channels.ts';
import { McapIndexedReader } from '../mcap/core.ts';
import type { Readable } from '../types.ts';
import { type ChannelInfo, ChunkSums, rate, type RecordingInfo } from './types.ts';

/** Undefined when there is no summary with statistics and channels, or it cannot be read. */
export async function indexedInfo(readable: Readable): Promise<RecordingInfo | undefined> {
  const { size } = readable;
  if (size === undefined) return undefined;
  const guarded = {
    size: () => Promise.resolve(BigInt(size)),
    read: (offset: bigint, length: bigint) => guardedRead(readable, size, offset, length),
  };
  let reader: McapIndexedReader;
  try {
    reader = await McapIndexedReader.Initialize({ readable: guarded });
  } catch {
    return undefined;
  }
  const { statistics } = reader;
  if (statistics === undefined || !complete(reader, statistics.channelCount)) return undefined;
  const metadata = await metadataRows(reader);
  if (metadata === undefined) return undefined;
  const messageCount = Number(statistics.messageCount);
  const startNs = messageCount === 0 ? undefined : statistics.messageStartTime;
  const endNs = messageCount === 0 ? undefined : statistics.messageEndTime;
  const chunks = new ChunkSums();
  for (const { compression, compressedSize, uncompressedSize } of reader.chunkIndexes) {
    chunks.add(compression, Number(compressedSize), Number(uncompressedSize));
  }
  const { profile, library } = reader.header;
  return {
    name: readable.name,
    format: 'mcap',
    profile,
    library,
    sizeBytes: size,
    indexed: true,
    messageCount,
    startNs,
    endNs,
    channels: channelRows(reader, statistics.channelMessageCounts, startNs, endNs),
    chunks: chunks.rows,
    metadata,
    attachments: reader.attachmentIndexes.map(({ name, mediaType, dataSize }) => ({
      name,
      mediaType,
      sizeBytes: Number(dataSize),
    })),
  };
}

/** Statistics alone do not name the channels, and an index may leave chunks out. */
function complete(reader: McapIndexedReader, channelCount: number): boolean {
  const { statistics } = reader;
  return (
    reader.channelsById.size >= channelCount &&
    reader.chunkIndexes.length === statistics?.chunkCount &&
    reader.metadataIndexes.length === statistics.metadataCount &&
    reader.attachmentIndexes.length === statistics.attachmentCount &&
    (statistics.messageCount === 0n || statistics.channelMessageCounts.size > 0)
  );
}

function channelRows(
  reader: McapIndexedReader,
  counts: ReadonlyMap<number, bigint>,
  startNs: bigint | undefined,
  endNs: bigint | undefined,
): ChannelInfo[] {
  return [...reader.channelsById.values()].map((channel) => {
    const schema = reader.schemasById.get(channel.schemaId);
    const count = Number(counts.get(channel.id) ?? 0n);
    return {
      id: channel.id,
      topic: channel.topic,
      schema: schema?.name ?? '',
      schemaEncoding: schema?.encoding ?? '',
      messageEncoding: channel.messageEncoding,
      latched: isLatched(channel.metadata),
      count,
      hz: rate(count, startNs, endNs),
    };
  });
}

async function metadataRows(
  reader: McapIndexedReader,
): Promise<RecordingInfo['metadata'] | undefined> {
  const rows: { name: string; entries: Record<string, string> }[] = [];
  try {
    for await (const { name, metadata } of reader.readMetadata()) {
      rows.push({ name, entries: Object.fromEntries(metadata) });
    }
  } catch {
    // Its index points elsewhere: @mcap/core says so with errors of many kinds.
    return undefined;
  }
  return rows;
}

async function guardedRead(
  readable: Readable,
  size: number,
  offset: bigint,
  length: bigint,
): Promise<Uint8Array> {
  if (offset < 0n || length < 0n || offset + length > BigInt(size)) {
    throw damaged({
      name: readable.name,
      offset: Number(offset),
      record: 'Index',
      message: `an index points to ${length} bytes at ${offset}, the file has ${size}`,
      expected: 'a place inside the file',
    });
  }
  if (length > BigInt(summaryBytes)) {
    throw damaged({
      name: readable.name,
      offset: Number(offset),
      record: 'Index',
      message: `the index takes ${length} bytes, and at most ${summaryBytes} are read`,
      expected: `at most ${summaryBytes} bytes`,
      code: 'limited',
    });
  }
  return readable.read(Number(offset), Number(length));
}
