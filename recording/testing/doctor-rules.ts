/** The doctor's rules, and the comparisons that they need. */
import { zstdDecompressSync } from 'node:zlib';
import { lz4Decode } from '../codec/lz4.ts';
import type {
  McapChannel,
  McapChunk,
  McapChunkIndex,
  McapRecord,
  McapSchema,
} from '../mcap/records.ts';

/** Each with the rule it stands for. */
export const doctorRules = {
  magic: 'the file begins and ends with the magic',
  order: 'header first, then data, DataEnd, summary, Footer, nothing after it',
  library: 'the header names the software that wrote the file',
  schema: 'schemas have ids from 1 on, one meaning an id, and no data without an encoding',
  channel: 'channels have one meaning an id, and their schema stands before them',
  chunk: 'a chunk unpacks to its stated size and checksum, and its times are those of its messages',
  inside: 'a chunk holds schemas, channels and messages alone, and no empty one is indexed',
  message: 'a message stands behind its channel',
  index: 'each message of a chunk has one entry in an index behind it, and each entry a message',
  chunkIndex: 'each chunk has one chunk index with its times, sizes, compression and index offsets',
  summary: 'channels and schemas of indexed chunks stand again in the summary, and only known ones',
  statistics: 'one Statistics record, with all counts and the first and last time',
  metadata: 'each metadata record and attachment has one index that points to it',
  offsets: 'summary offsets name each group of the summary where it stands',
  checksums: 'checksums of the data section and the summary are there and hold',
} as const;

export type DoctorRule = keyof typeof doctorRules;

export interface Place {
  readonly code: number;
  readonly record: McapRecord;
  readonly offset: number;
  readonly length: number;
}

export interface ChunkFound {
  readonly place: Place;
  readonly chunk: McapChunk;
  readonly channels: Set<number>;
  readonly indexOffsets: Map<number, number>;
  indexLength: number;
}

export function unpacked(chunk: McapChunk): Buffer | undefined {
  const { compression, records, uncompressedSize } = chunk;
  try {
    if (compression === '') return Buffer.from(records.buffer, records.byteOffset, records.length);
    if (compression === 'zstd') return zstdDecompressSync(records);
    const into = Buffer.alloc(uncompressedSize);
    lz4Decode(records, into);
    return into;
  } catch {
    return undefined;
  }
}

export function describes(
  index: McapChunkIndex,
  { place, chunk, indexOffsets, indexLength }: ChunkFound,
): boolean {
  return (
    index.messageStartTime === chunk.messageStartTime &&
    index.messageEndTime === chunk.messageEndTime &&
    index.chunkLength === place.length &&
    index.compression === chunk.compression &&
    index.compressedSize === chunk.records.length &&
    index.uncompressedSize === chunk.uncompressedSize &&
    index.messageIndexLength === indexLength &&
    index.messageIndexOffsets.size === indexOffsets.size &&
    [...indexOffsets].every(([id, offset]) => index.messageIndexOffsets.get(id) === offset)
  );
}

export function sameSchema(a: McapSchema, b: McapSchema): boolean {
  return a.name === b.name && a.encoding === b.encoding && Buffer.compare(a.data, b.data) === 0;
}

export function sameChannel(a: McapChannel, b: McapChannel): boolean {
  return (
    a.schemaId === b.schemaId &&
    a.topic === b.topic &&
    a.messageEncoding === b.messageEncoding &&
    a.metadata.size === b.metadata.size &&
    [...a.metadata].every(([key, value]) => b.metadata.get(key) === value)
  );
}
