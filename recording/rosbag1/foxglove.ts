/**
 * The door to @foxglove/rosbag: its header and record parsers do the work for bags, and its bare
 * errors become faults of the record at hand.
 */
import { Bag } from '@foxglove/rosbag';
import { extractFields } from '@foxglove/rosbag/dist/cjs/fields.js';
import {
  BagHeader,
  Chunk,
  ChunkInfo,
  Connection,
  IndexData,
} from '@foxglove/rosbag/dist/cjs/record.js';
import { damaged } from '../damage.ts';

export const bagOpcode = { message: 2, header: 3, index: 4, chunk: 5, chunkInfo: 6, connection: 7 };

export type BagFields = Readonly<Record<string, Uint8Array>>;

export interface BagPlace {
  readonly name: string;
  readonly offset: number;
}

export const bagRemedy =
  'Everything before this byte was read. `fieldloop recording repair FILE OUT` saves what is whole behind it, too.';

export interface BagConnection {
  readonly id: number;
  readonly topic: string;
  readonly type: string;
  readonly md5sum: string;
  readonly definition: string;
  readonly callerid: string | undefined;
  readonly latching: boolean;
}

/** The `name=value` pairs of a record header; `op` is among them. */
export function bagFields(header: Uint8Array, place: BagPlace): BagFields {
  return guarded(place, 'Record', () => {
    const fields = extractFields(header);
    if (fields['op']?.length !== 1) throw new Error('no op field');
    return fields;
  });
}

export function bagHeader(fields: BagFields, place: BagPlace): BagHeader {
  return guarded(place, 'BagHeader', () => new BagHeader(fields));
}

/** Compression and size of the chunk once unpacked. */
export function bagChunk(fields: BagFields, place: BagPlace): Chunk {
  return guarded(place, 'Chunk', () => new Chunk(fields));
}

export function bagConnection(fields: BagFields, data: Uint8Array, place: BagPlace): BagConnection {
  return guarded(place, 'Connection', () => {
    const read = new Connection(fields);
    read.parseData(data);
    return connectionOf(read);
  });
}

/** Times and offsets of one connection's messages in the chunk before; bounded by its bytes. */
export function bagIndex(fields: BagFields, data: Uint8Array, place: BagPlace): IndexData {
  return guarded(place, 'IndexData', () => {
    const index = new IndexData(fields);
    if (index.count * 12 !== data.length) throw new Error(`${index.count} entries stated`);
    index.parseData(data);
    return index;
  });
}

export function bagChunkInfo(fields: BagFields, data: Uint8Array, place: BagPlace): ChunkInfo {
  return guarded(place, 'ChunkInfo', () => {
    const info = new ChunkInfo(fields);
    if (info.count * 8 !== data.length) throw new Error(`${info.count} entries stated`);
    info.parseData(data);
    return info;
  });
}

export interface BagIndex {
  readonly connections: readonly BagConnection[];
  readonly chunks: readonly {
    readonly offset: number;
    readonly firstNs: bigint;
    readonly lastNs: bigint;
    readonly counts: readonly (readonly [connection: number, count: number])[];
  }[];
}

/** The index at the end of a bag, undefined when it has none. `read` must refuse what is out of bounds. */
export async function readBagIndex(file: {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}): Promise<BagIndex | undefined> {
  const bag = new Bag({
    size: () => file.size,
    read: (offset, length) => file.read(offset, length),
  });
  try {
    const header = await bag.reader.readHeader();
    if (header.indexPosition === 0) return undefined;
    await bag.open();
  } catch (cause) {
    throw broken({ name: file.name, offset: 0 }, 'Index', cause);
  }
  return {
    connections: [...bag.connections.values()].map(connectionOf),
    chunks: bag.chunkInfos.map((info) => ({
      offset: info.chunkPosition,
      firstNs: nanoseconds(info.startTime),
      lastNs: nanoseconds(info.endTime),
      counts: info.connections.map(({ conn, count }) => [conn, count] as const),
    })),
  };
}

export function nanoseconds(time: { readonly sec: number; readonly nsec: number }): bigint {
  return BigInt(time.sec) * 1_000_000_000n + BigInt(time.nsec);
}

function connectionOf(read: Connection): BagConnection {
  return {
    id: read.conn,
    topic: read.topic,
    type: read.type ?? '',
    md5sum: read.md5sum ?? '',
    definition: read.messageDefinition,
    callerid: read.callerid,
    latching: read.latching ?? false,
  };
}

function guarded<T>(place: BagPlace, record: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw broken(place, record, cause);
  }
}

function broken(place: BagPlace, record: string, cause: unknown): Error {
  return damaged({
    ...place,
    record,
    message: 'its fields cannot be read',
    expected: 'the fields of the ROS bag format 2.0',
    remedy: bagRemedy,
    cause,
  });
}
