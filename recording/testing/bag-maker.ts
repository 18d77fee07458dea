/** ROS 1 bags (format 2.0) built record by record, whole or as a recorder leaves them behind. */
import { lz4Frame } from './lz4-frame.ts';

export interface BagConnectionSpec {
  readonly topic: string;
  readonly type?: string | undefined;
  readonly definition?: string | undefined;
  readonly latching?: boolean | undefined;
}

export interface BagMessageSpec {
  readonly connection: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly data: Uint8Array;
}

export interface BagSpec {
  readonly connections: readonly BagConnectionSpec[];
  /** Messages by chunk. */
  readonly chunks: readonly (readonly BagMessageSpec[])[];
  readonly compression?: 'none' | 'lz4' | undefined;
  /** False: as a recorder leaves it that was never closed. */
  readonly index?: boolean | undefined;
}

type Value = string | number | bigint | Uint8Array;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function valueBytes(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'number') return u32(value);
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  }
  return Buffer.from(value);
}

function fieldsOf(fields: Readonly<Record<string, Value>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => {
      const field = Buffer.concat([Buffer.from(`${name}=`), valueBytes(value)]);
      return Buffer.concat([u32(field.length), field]);
    }),
  );
}

const op = (code: number): Uint8Array => new Uint8Array([code]);

export function bagRecord(fields: Readonly<Record<string, Value>>, data: Uint8Array): Buffer {
  const header = fieldsOf(fields);
  return Buffer.concat([u32(header.length), header, u32(data.length), data]);
}

function time(message: BagMessageSpec): Buffer {
  return Buffer.concat([u32(message.seconds), u32(message.nanoseconds)]);
}

export function messageRecord(message: BagMessageSpec): Buffer {
  const fields = { conn: message.connection, op: op(2), time: time(message) };
  return bagRecord(fields, message.data);
}

export function connectionRecord(id: number, spec: BagConnectionSpec): Buffer {
  const data = fieldsOf({
    topic: spec.topic,
    type: spec.type ?? 'std_msgs/String',
    md5sum: '992ce8a1687cec8c8bd883ec73ca41d1',
    message_definition: spec.definition ?? 'string data',
    ...(spec.latching === true ? { latching: '1' } : {}),
  });
  return bagRecord({ conn: id, topic: spec.topic, op: op(7) }, data);
}

function indexRecords(messages: readonly BagMessageSpec[], offsets: readonly number[]): Buffer {
  const ids = [...new Set(messages.map(({ connection }) => connection))];
  return Buffer.concat(
    ids.map((id) => {
      const entries = messages.flatMap((message, i) =>
        message.connection === id ? [time(message), u32(offsets[i] ?? 0)] : [],
      );
      const count = entries.length / 2;
      return bagRecord({ ver: 1, conn: id, count, op: op(4) }, Buffer.concat(entries));
    }),
  );
}

export function chunkRecord(content: Uint8Array, compression: 'none' | 'lz4'): Buffer {
  const stored = compression === 'lz4' ? lz4Frame(content) : content;
  return bagRecord({ compression, size: content.length, op: op(5) }, stored);
}

function headerRecord(indexAt: number, connections: number, chunks: number): Buffer {
  const fields = {
    index_pos: BigInt(indexAt),
    conn_count: connections,
    chunk_count: chunks,
    op: op(3),
  };
  const padding = 4096 - 8 - fieldsOf(fields).length;
  return bagRecord(fields, Buffer.alloc(padding, 0x20));
}

export function makeBag(spec: BagSpec): Uint8Array {
  const magic = Buffer.from('#ROSBAG V2.0\n');
  const parts: Buffer[] = [];
  const infos: Buffer[] = [];
  let offset = magic.length + 4096;
  const declared = new Set<number>();
  for (const messages of spec.chunks) {
    const content: Buffer[] = [];
    const offsets: number[] = [];
    let at = 0;
    for (const message of messages) {
      const { connection } = message;
      if (!declared.has(connection)) {
        declared.add(connection);
        const record = connectionRecord(connection, spec.connections[connection] ?? { topic: '?' });
        content.push(record);
        at += record.length;
      }
      offsets.push(at);
      const record = messageRecord(message);
      content.push(record);
      at += record.length;
    }
    const chunk = chunkRecord(Buffer.concat(content), spec.compression ?? 'none');
    const index = indexRecords(messages, offsets);
    infos.push(chunkInfo(offset, messages));
    parts.push(chunk, index);
    offset += chunk.length + index.length;
  }
  if (spec.index === false) {
    return new Uint8Array(Buffer.concat([magic, headerRecord(0, 0, 0), ...parts]));
  }
  const connections = spec.connections.map((connection, id) => connectionRecord(id, connection));
  const header = headerRecord(offset, connections.length, spec.chunks.length);
  return new Uint8Array(Buffer.concat([magic, header, ...parts, ...connections, ...infos]));
}

function chunkInfo(offset: number, messages: readonly BagMessageSpec[]): Buffer {
  const sorted = [...messages].sort(
    (a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds,
  );
  const ids = [...new Set(messages.map(({ connection }) => connection))];
  const none = { connection: 0, seconds: 0, nanoseconds: 0, data: new Uint8Array(0) };
  const fields = {
    ver: 1,
    chunk_pos: BigInt(offset),
    start_time: time(sorted[0] ?? none),
    end_time: time(sorted.at(-1) ?? none),
    count: ids.length,
    op: op(6),
  };
  const counts = ids.flatMap((id) => [
    u32(id),
    u32(messages.filter(({ connection }) => connection === id).length),
  ]);
  return bagRecord(fields, Buffer.concat(counts));
}
