/** Every malformed recording that is tried, with the code it must get; documents are made of it. */
import type { FaultCode } from '@fieldloop/core';
import { zstd } from './codec/zstd.ts';
import { sqliteMagic } from './db3/pages.ts';
import { McapRecordBuilder } from './mcap/core.ts';
import { bagRecord, chunkRecord, makeBag, messageRecord } from './testing/bag-maker.ts';
import { builtMcap, closeMcap, makeMcap, robotMessages } from './testing/mcap-maker.ts';

export interface MalformedCase {
  /** What is wrong, in words. */
  readonly name: string;
  /** What the file is called; formats go by content. */
  readonly file: string;
  readonly bytes: () => Promise<Uint8Array> | Uint8Array;
  readonly code: FaultCode;
}

const channel = { id: 1, schemaId: 0, topic: '/a', messageEncoding: 'json', metadata: new Map() };
const message = { channelId: 1, sequence: 1, logTime: 5n, publishTime: 5n };
const data = new Uint8Array(8);

/** A record by opcode, stated length and content, which need not agree. */
function rawRecord(code: number, stated: bigint, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head[0] = code;
  head.writeBigUInt64LE(stated, 1);
  return new Uint8Array(Buffer.concat([head, content]));
}

function started(record: Uint8Array): Uint8Array {
  const head = builtMcap((builder) => void builder.writeChannel(channel));
  return new Uint8Array(Buffer.concat([head, record]));
}

interface ChunkLies {
  readonly uncompressedSize?: bigint;
  readonly uncompressedCrc?: number;
  readonly compression?: string;
  readonly records?: Uint8Array;
}

function chunked(lies: ChunkLies): Uint8Array {
  const inner = new McapRecordBuilder();
  inner.writeMessage({ ...message, data });
  return builtMcap((builder) => {
    builder.writeChannel(channel);
    builder.writeChunk({
      messageStartTime: 5n,
      messageEndTime: 5n,
      uncompressedSize: BigInt(inner.length),
      uncompressedCrc: 0,
      compression: '',
      records: inner.buffer.slice(),
      ...lies,
    });
    closeMcap(builder);
  });
}

async function robotFile(): Promise<Uint8Array> {
  return makeMcap({ ...robotMessages(4), compression: 'zstd', chunkSize: 20_000 });
}

async function flipped(at: (length: number) => number): Promise<Uint8Array> {
  const file = await robotFile();
  const place = at(file.length);
  file[place] = (file[place] ?? 0) ^ 0xff;
  return file;
}

/** A database of so many pages with nothing in them but its header. */
function db3Head(pageSize: number, pages: number): Uint8Array {
  const bytes = Buffer.alloc(Math.max(100, pageSize * pages));
  bytes.write(sqliteMagic, 'latin1');
  bytes.writeUInt16BE(pageSize, 16);
  bytes.set([1, 1], 18);
  bytes.writeUInt32BE(pages, 28);
  bytes.writeUInt32BE(1, 56);
  return new Uint8Array(bytes);
}

const db3Cases: readonly MalformedCase[] = [
  {
    name: 'a db3 cut in its header',
    file: 'cut.db3',
    bytes: () => new TextEncoder().encode('SQLite format 3\0 and so on'),
    code: 'corrupt',
  },
  {
    name: 'a db3 with pages of 3 bytes',
    file: 'pages.db3',
    bytes: () => db3Head(3, 1),
    code: 'corrupt',
  },
  {
    name: 'a db3 whose catalogue is zeros',
    file: 'zeros.db3',
    bytes: () => db3Head(4096, 2),
    code: 'corrupt',
  },
  {
    name: 'an SQLite database without messages',
    file: 'other.db3',
    bytes: () => {
      const bytes = db3Head(512, 1);
      bytes[100] = 13;
      return bytes;
    },
    code: 'invalid',
  },
];

const mcapCases: readonly MalformedCase[] = [
  { name: 'empty file', file: 'empty.mcap', bytes: () => new Uint8Array(0), code: 'corrupt' },
  {
    name: 'some other file',
    file: 'notes.mcap',
    bytes: () => new TextEncoder().encode('hello, this is a text'),
    code: 'corrupt',
  },
  {
    name: 'a db3 that rosbag2 packed whole',
    file: 'packed.db3',
    bytes: () => zstd.encode(new Uint8Array(100)),
    code: 'invalid',
  },
  {
    name: 'magic only',
    file: 'magic.mcap',
    bytes: () => builtMcap(() => {}).slice(0, 8),
    code: 'corrupt',
  },
  {
    name: 'no header first',
    file: 'headless.mcap',
    bytes: () => {
      const file = builtMcap(closeMcap);
      file[8] = 0x0f;
      return file;
    },
    code: 'corrupt',
  },
  {
    name: 'ends inside a chunk',
    file: 'cut-chunk.mcap',
    bytes: async () => (await robotFile()).slice(0, 2000),
    code: 'corrupt',
  },
  {
    name: 'ends after whole records, without a footer',
    file: 'cut-clean.mcap',
    bytes: () => builtMcap((builder) => void builder.writeChannel(channel)),
    code: 'corrupt',
  },
  {
    name: 'zeros after a power loss',
    file: 'zeros.mcap',
    bytes: () => started(new Uint8Array(512)),
    code: 'corrupt',
  },
  {
    name: 'a record of stated length 2^62',
    file: 'huge-record.mcap',
    bytes: () => started(rawRecord(5, 2n ** 62n, data)),
    code: 'corrupt',
  },
  {
    name: 'an attachment of stated length 2^62',
    file: 'huge-attachment.mcap',
    bytes: () => started(rawRecord(9, 2n ** 62n, data)),
    code: 'corrupt',
  },
  {
    name: 'a chunk that states 2^40 bytes uncompressed',
    file: 'huge-chunk.mcap',
    bytes: () => chunked({ uncompressedSize: 2n ** 40n, compression: 'zstd' }),
    code: 'limited',
  },
  {
    name: 'a chunk whose checksum is wrong',
    file: 'chunk-crc.mcap',
    bytes: () => chunked({ uncompressedCrc: 12_345 }),
    code: 'corrupt',
  },
  {
    name: 'a chunk that does not unpack',
    file: 'not-zstd.mcap',
    bytes: () => chunked({ compression: 'zstd' }),
    code: 'corrupt',
  },
  {
    name: 'a chunk that unpacks to fewer bytes than stated',
    file: 'short-chunk.mcap',
    bytes: () => chunked({ compression: 'zstd', records: zstd.encode(new Uint8Array(9)) }),
    code: 'corrupt',
  },
  {
    name: 'a chunk of unknown compression',
    file: 'rar.mcap',
    bytes: () => chunked({ compression: 'rar' }),
    code: 'invalid',
  },
  {
    name: 'records that run past the end of their chunk',
    file: 'overrun.mcap',
    bytes: () => {
      const records = rawRecord(5, 900n, data);
      return chunked({ records, uncompressedSize: BigInt(records.length) });
    },
    code: 'corrupt',
  },
  {
    name: 'a message on a channel that no record defined',
    file: 'no-channel.mcap',
    bytes: () =>
      builtMcap((builder) => {
        builder.writeMessage({ ...message, channelId: 77, data });
        closeMcap(builder);
      }),
    code: 'corrupt',
  },
  {
    name: 'a channel whose schema no record defined',
    file: 'no-schema.mcap',
    bytes: () => builtMcap((builder) => void builder.writeChannel({ ...channel, schemaId: 5 })),
    code: 'corrupt',
  },
  {
    name: 'a channel defined twice, differently',
    file: 'two-channels.mcap',
    bytes: () =>
      builtMcap((builder) => {
        builder.writeChannel(channel);
        builder.writeChannel({ ...channel, topic: '/b' });
      }),
    code: 'corrupt',
  },
  {
    name: 'a text longer than its record',
    file: 'long-text.mcap',
    bytes: () => {
      const content = Buffer.alloc(12);
      content.writeUInt32LE(4_000_000_000, 4);
      return started(rawRecord(4, 12n, content));
    },
    code: 'corrupt',
  },
  {
    name: 'a message too short for its own fields',
    file: 'short-message.mcap',
    bytes: () => started(rawRecord(5, 8n, data)),
    code: 'corrupt',
  },
  {
    name: 'a flipped bit in a compressed chunk',
    file: 'flipped.mcap',
    bytes: () => flipped(() => 1500),
    code: 'corrupt',
  },
  {
    name: 'a flipped bit in the summary',
    file: 'flipped-summary.mcap',
    bytes: () => flipped((length) => length - 200),
    code: 'corrupt',
  },
  {
    name: 'bytes after the closing magic',
    file: 'trailing.mcap',
    bytes: () => new Uint8Array([...builtMcap(closeMcap), 1, 2, 3]),
    code: 'corrupt',
  },
];

const op = (code: number): Uint8Array => new Uint8Array([code]);
const connections = [{ topic: '/odom' }];
const bagMessage = { connection: 0, seconds: 5, nanoseconds: 0, data };

function startedBag(record: Uint8Array): Uint8Array {
  const start = makeBag({ connections, chunks: [], index: false });
  return new Uint8Array(Buffer.concat([start, record]));
}

const bagCases: readonly MalformedCase[] = [
  { name: 'empty file', file: 'empty.bag', bytes: () => new Uint8Array(0), code: 'corrupt' },
  {
    name: 'a bag of format 1',
    file: 'old.bag',
    bytes: () => new TextEncoder().encode('#ROSBAG V1.2\n'),
    code: 'corrupt',
  },
  {
    name: 'magic only',
    file: 'magic.bag',
    bytes: () => new TextEncoder().encode('#ROSBAG V2.0\n'),
    code: 'corrupt',
  },
  {
    name: 'ends inside a chunk',
    file: 'cut.bag',
    bytes: () => makeBag({ connections, chunks: [[bagMessage]] }).slice(0, 4200),
    code: 'corrupt',
  },
  {
    name: 'ends before the index that its header states',
    file: 'no-index.bag',
    bytes: () => {
      const whole = makeBag({ connections, chunks: [[bagMessage]] });
      const open = makeBag({ connections, chunks: [[bagMessage]], index: false });
      return whole.slice(0, open.length);
    },
    code: 'corrupt',
  },
  {
    name: 'a record header of stated length 4 GB',
    file: 'huge-header.bag',
    bytes: () => startedBag(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0])),
    code: 'corrupt',
  },
  {
    name: 'a chunk that states 2 GiB uncompressed',
    file: 'huge-chunk.bag',
    bytes: () => startedBag(bagRecord({ compression: 'bz2', size: 2 ** 31, op: op(5) }, data)),
    code: 'limited',
  },
  {
    name: 'a chunk that does not unpack (bz2)',
    file: 'not-bz2.bag',
    bytes: () => startedBag(bagRecord({ compression: 'bz2', size: 99, op: op(5) }, data)),
    code: 'corrupt',
  },
  {
    name: 'a chunk that does not unpack (lz4)',
    file: 'not-lz4.bag',
    bytes: () => startedBag(bagRecord({ compression: 'lz4', size: 99, op: op(5) }, data)),
    code: 'corrupt',
  },
  {
    name: 'a chunk of unknown compression',
    file: 'snappy.bag',
    bytes: () => startedBag(bagRecord({ compression: 'snappy', size: 9, op: op(5) }, data)),
    code: 'invalid',
  },
  {
    name: 'a message on a connection that no record defined',
    file: 'no-connection.bag',
    bytes: () => startedBag(chunkRecord(messageRecord(bagMessage), 'none')),
    code: 'corrupt',
  },
  {
    name: 'a connection without a type',
    file: 'no-type.bag',
    bytes: () => startedBag(bagRecord({ conn: 0, topic: '/a', op: op(7) }, new Uint8Array(0))),
    code: 'corrupt',
  },
  {
    name: 'a record without op',
    file: 'no-op.bag',
    bytes: () => startedBag(bagRecord({ conn: 0 }, data)),
    code: 'corrupt',
  },
  {
    name: 'a record of unknown op',
    file: 'op-9.bag',
    bytes: () => startedBag(bagRecord({ op: op(9) }, data)),
    code: 'corrupt',
  },
];

export const malformedCases: readonly MalformedCase[] = [...mcapCases, ...bagCases, ...db3Cases];
