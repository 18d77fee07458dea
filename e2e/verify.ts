/** Reads a clip with `@mcap/core` alone, as any tool of the field would, and says what is in it. */
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { Fault } from '@fieldloop/core';
import decompressLz4 from '@foxglove/wasm-lz4';
import { McapIndexedReader } from '@mcap/core';

export interface ClipContent {
  readonly sha256: string;
  readonly messageCount: number;
  readonly topics: ReadonlyMap<string, number>;
  /** The members of the metadata record `fieldloop.clip`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Fault `corrupt` when the clip lacks an index, statistics or its metadata, or a message of them. */
export async function readClip(name: string, bytes: Uint8Array): Promise<ClipContent> {
  await decompressLz4.isLoaded;
  const reader = await McapIndexedReader.Initialize({
    readable: {
      size: () => Promise.resolve(BigInt(bytes.byteLength)),
      read: (offset, length) =>
        Promise.resolve(bytes.subarray(Number(offset), Number(offset + length))),
    },
    decompressHandlers: {
      zstd: (data) => zstdDecompressSync(data),
      lz4: (data, size) => decompressLz4(data, Number(size)),
    },
  });
  const topics = new Map<string, number>();
  let messageCount = 0;
  for await (const message of reader.readMessages()) {
    const topic = reader.channelsById.get(message.channelId)?.topic ?? '';
    topics.set(topic, (topics.get(topic) ?? 0) + 1);
    messageCount += 1;
  }
  const metadata = await readMetadata(reader);
  const stated = reader.statistics?.messageCount;
  const wrong =
    reader.chunkIndexes.length === 0
      ? 'it has no chunk index'
      : stated !== BigInt(messageCount)
        ? `its statistics say ${stated} messages, the index leads to ${messageCount}`
        : metadata === undefined
          ? 'it has no metadata fieldloop.clip'
          : undefined;
  if (wrong !== undefined || metadata === undefined) {
    throw new Fault('corrupt', `the clip does not stand alone: ${wrong}`, {
      place: name,
      remedy: 'Download it again; if that does not help, this is a bug of the agent that cut it.',
    });
  }
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    messageCount,
    topics,
    metadata,
  };
}

async function readMetadata(
  reader: McapIndexedReader,
): Promise<ReadonlyMap<string, string> | undefined> {
  for await (const record of reader.readMetadata({ name: 'fieldloop.clip' }))
    return record.metadata;
  return undefined;
}
