/** Every record of an MCAP as a value; sizes and offsets in the file are plain numbers. */
import { Fields, type RecordPlace } from './fields.ts';
import { opcode, opcodeName } from './format.ts';

export interface McapSchema {
  readonly type: 'Schema';
  readonly id: number;
  readonly name: string;
  readonly encoding: string;
  readonly data: Uint8Array;
}

export interface McapChannel {
  readonly type: 'Channel';
  readonly id: number;
  readonly schemaId: number;
  readonly topic: string;
  readonly messageEncoding: string;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface McapMessage {
  readonly type: 'Message';
  readonly channelId: number;
  readonly sequence: number;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  readonly data: Uint8Array;
}

export interface McapChunk {
  readonly type: 'Chunk';
  readonly messageStartTime: bigint;
  readonly messageEndTime: bigint;
  readonly uncompressedSize: number;
  readonly uncompressedCrc: number;
  readonly compression: string;
  /** As stored. */
  readonly records: Uint8Array;
}

export interface McapChunkIndex {
  readonly type: 'ChunkIndex';
  readonly messageStartTime: bigint;
  readonly messageEndTime: bigint;
  readonly chunkStartOffset: number;
  readonly chunkLength: number;
  readonly messageIndexOffsets: ReadonlyMap<number, number>;
  readonly messageIndexLength: number;
  readonly compression: string;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
}

export interface McapMessageIndex {
  readonly type: 'MessageIndex';
  readonly channelId: number;
  /** 16 bytes an entry, as they stand; `indexEntries` reads them. */
  readonly entries: Uint8Array;
}

export interface McapStatistics {
  readonly type: 'Statistics';
  readonly messageCount: bigint;
  readonly schemaCount: number;
  readonly channelCount: number;
  readonly attachmentCount: number;
  readonly metadataCount: number;
  readonly chunkCount: number;
  readonly messageStartTime: bigint;
  readonly messageEndTime: bigint;
  readonly channelMessageCounts: ReadonlyMap<number, bigint>;
}

/** Its data has passed by; `data` is there only when it is small. */
export interface McapAttachment {
  readonly type: 'Attachment';
  readonly name: string;
  readonly mediaType: string;
  readonly logTime: bigint;
  readonly createTime: bigint;
  readonly dataSize: number;
  readonly data?: Uint8Array | undefined;
  /** 0 = the writer computed none. */
  readonly crc: number;
}

export interface McapAttachmentIndex {
  readonly type: 'AttachmentIndex';
  readonly offset: number;
  readonly length: number;
  readonly logTime: bigint;
  readonly createTime: bigint;
  readonly dataSize: number;
  readonly name: string;
  readonly mediaType: string;
}

export interface McapFooter {
  readonly type: 'Footer';
  readonly summaryStart: number;
  readonly summaryOffsetStart: number;
  readonly summaryCrc: number;
}

export type McapRecord =
  | { readonly type: 'Header'; readonly profile: string; readonly library: string }
  | McapFooter
  | McapSchema
  | McapChannel
  | McapMessage
  | McapChunk
  | McapMessageIndex
  | McapChunkIndex
  | McapAttachment
  | McapAttachmentIndex
  | McapStatistics
  | {
      readonly type: 'Metadata';
      readonly name: string;
      readonly metadata: ReadonlyMap<string, string>;
    }
  | {
      readonly type: 'MetadataIndex';
      readonly offset: number;
      readonly length: number;
      readonly name: string;
    }
  | {
      readonly type: 'SummaryOffset';
      readonly groupOpcode: number;
      readonly groupStart: number;
      readonly groupLength: number;
    }
  | { readonly type: 'DataEnd'; readonly dataSectionCrc: number }
  | { readonly type: 'Unknown'; readonly opcode: number };

type Parser = (fields: Fields) => McapRecord;

/** The record whose content (without opcode and length) is given; views into it, no copies. */
export function parseRecord(
  code: number,
  content: Uint8Array,
  at: { readonly name: string; readonly offset: number },
): McapRecord {
  const parse = parsers.get(code);
  if (parse === undefined) return { type: 'Unknown', opcode: code };
  return parse(new Fields(content, { ...at, record: opcodeName(code) }));
}

export function parseSchema(content: Uint8Array, place: RecordPlace): McapSchema {
  return schema(new Fields(content, place));
}

export function parseChannel(content: Uint8Array, place: RecordPlace): McapChannel {
  return channel(new Fields(content, place));
}

export function parseChunk(content: Uint8Array, place: RecordPlace): McapChunk {
  return chunk(new Fields(content, place));
}

/** Log time and offset in the uncompressed chunk, one entry after the other. */
export function* indexEntries(
  index: McapMessageIndex,
): Generator<readonly [logTime: bigint, offset: bigint], void> {
  const { buffer, byteOffset, byteLength } = index.entries;
  const view = new DataView(buffer, byteOffset, byteLength);
  for (let at = 0; at + 16 <= byteLength; at += 16) {
    yield [view.getBigUint64(at, true), view.getBigUint64(at + 8, true)];
  }
}

const schema = (f: Fields): McapSchema => ({
  type: 'Schema',
  id: f.u16(),
  name: f.text(),
  encoding: f.text(),
  data: f.bytes(f.u32()),
});

const channel = (f: Fields): McapChannel => ({
  type: 'Channel',
  id: f.u16(),
  schemaId: f.u16(),
  topic: f.text(),
  messageEncoding: f.text(),
  metadata: f.textMap(),
});

const chunk = (f: Fields): McapChunk => ({
  type: 'Chunk',
  messageStartTime: f.u64(),
  messageEndTime: f.u64(),
  uncompressedSize: f.size(),
  uncompressedCrc: f.u32(),
  compression: f.text(),
  records: f.bytes(f.size()),
});

function channelOffsets(f: Fields): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  f.entries((entry) => offsets.set(entry.u16(), entry.size()));
  return offsets;
}

function channelCounts(f: Fields): ReadonlyMap<number, bigint> {
  const counts = new Map<number, bigint>();
  f.entries((entry) => counts.set(entry.u16(), entry.u64()));
  return counts;
}

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [opcode.header, (f) => ({ type: 'Header', profile: f.text(), library: f.text() })],
  [
    opcode.footer,
    (f) => ({
      type: 'Footer',
      summaryStart: f.size(),
      summaryOffsetStart: f.size(),
      summaryCrc: f.u32(),
    }),
  ],
  [opcode.schema, schema],
  [opcode.channel, channel],
  [
    opcode.message,
    (f) => ({
      type: 'Message',
      channelId: f.u16(),
      sequence: f.u32(),
      logTime: f.u64(),
      publishTime: f.u64(),
      data: f.bytes(f.left),
    }),
  ],
  [opcode.chunk, chunk],
  [
    opcode.messageIndex,
    (f) => ({ type: 'MessageIndex', channelId: f.u16(), entries: f.bytes(f.u32()) }),
  ],
  [
    opcode.chunkIndex,
    (f) => ({
      type: 'ChunkIndex',
      messageStartTime: f.u64(),
      messageEndTime: f.u64(),
      chunkStartOffset: f.size(),
      chunkLength: f.size(),
      messageIndexOffsets: channelOffsets(f),
      messageIndexLength: f.size(),
      compression: f.text(),
      compressedSize: f.size(),
      uncompressedSize: f.size(),
    }),
  ],
  [
    opcode.attachmentIndex,
    (f) => ({
      type: 'AttachmentIndex',
      offset: f.size(),
      length: f.size(),
      logTime: f.u64(),
      createTime: f.u64(),
      dataSize: f.size(),
      name: f.text(),
      mediaType: f.text(),
    }),
  ],
  [
    opcode.statistics,
    (f) => ({
      type: 'Statistics',
      messageCount: f.u64(),
      schemaCount: f.u16(),
      channelCount: f.u32(),
      attachmentCount: f.u32(),
      metadataCount: f.u32(),
      chunkCount: f.u32(),
      messageStartTime: f.u64(),
      messageEndTime: f.u64(),
      channelMessageCounts: channelCounts(f),
    }),
  ],
  [opcode.metadata, (f) => ({ type: 'Metadata', name: f.text(), metadata: f.textMap() })],
  [
    opcode.metadataIndex,
    (f) => ({ type: 'MetadataIndex', offset: f.size(), length: f.size(), name: f.text() }),
  ],
  [
    opcode.summaryOffset,
    (f) => ({
      type: 'SummaryOffset',
      groupOpcode: f.bytes(1)[0] ?? 0,
      groupStart: f.size(),
      groupLength: f.size(),
    }),
  ],
  [opcode.dataEnd, (f) => ({ type: 'DataEnd', dataSectionCrc: f.u32() })],
]);
