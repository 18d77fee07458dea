/** MCAP files of every kind, written by @mcap/core, which shares no code with our readers. */
import { zstd } from '../codec/zstd.ts';
import { McapRecordBuilder, McapWriter } from '../mcap/core.ts';
import { lz4Frame } from './lz4-frame.ts';
import { memorySink } from './memory-file.ts';

interface MadeChannel {
  readonly topic: string;
  readonly schema?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

interface MadeMessage {
  /** Position in `channels`. */
  readonly channel: number;
  readonly sequence: number;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  readonly data: Uint8Array;
}

export interface MadeMcap {
  readonly profile?: string | undefined;
  readonly channels: readonly MadeChannel[];
  readonly messages: readonly MadeMessage[];
  /** Absent: no chunks. */
  readonly compression?: 'none' | 'lz4' | 'zstd' | undefined;
  readonly chunkSize?: number | undefined;
  readonly summary?: boolean | undefined;
  readonly messageIndex?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly attachment?: Uint8Array | undefined;
}

const compressors = {
  none: undefined,
  lz4: (data: Uint8Array) => ({ compression: 'lz4', compressedData: lz4Frame(data) }),
  zstd: (data: Uint8Array) => ({ compression: 'zstd', compressedData: zstd.encode(data) }),
};

export async function makeMcap(made: MadeMcap): Promise<Uint8Array> {
  const sink = memorySink();
  let position = 0n;
  const compressChunk = compressors[made.compression ?? 'none'];
  const summary = made.summary ?? true;
  const writer = new McapWriter({
    writable: {
      position: () => position,
      async write(bytes) {
        position += BigInt(bytes.length);
        await sink.write(bytes);
      },
    },
    useChunks: made.compression !== undefined,
    chunkSize: made.chunkSize ?? 4096,
    useMessageIndex: made.messageIndex ?? true,
    useStatistics: summary,
    useSummaryOffsets: summary,
    useChunkIndex: summary,
    useMetadataIndex: summary,
    useAttachmentIndex: summary,
    repeatSchemas: summary,
    repeatChannels: summary,
    ...(compressChunk === undefined ? {} : { compressChunk }),
  });
  await writer.start({ profile: made.profile ?? 'ros2', library: 'test' });
  const ids = await register(writer, made.channels);
  if (made.metadata !== undefined) {
    await writer.addMetadata({ name: 'made', metadata: new Map(Object.entries(made.metadata)) });
  }
  for (const { channel, ...message } of made.messages) {
    await writer.addMessage({ ...message, channelId: ids[channel] ?? 0 });
  }
  if (made.attachment !== undefined) {
    const times = { logTime: 5n, createTime: 6n };
    const names = { name: 'picture', mediaType: 'image/png' };
    await writer.addAttachment({ ...times, ...names, data: made.attachment });
  }
  await writer.end();
  return sink.bytes;
}

async function register(writer: McapWriter, channels: readonly MadeChannel[]): Promise<number[]> {
  const ids: number[] = [];
  const schemas = new Map<string, number>();
  for (const { topic, schema, metadata } of channels) {
    let schemaId = schema === undefined ? 0 : schemas.get(schema);
    if (schemaId === undefined) {
      const data = new TextEncoder().encode(`string ${schema}`);
      schemaId = await writer.registerSchema({ name: schema ?? '', encoding: 'ros2msg', data });
      schemas.set(schema ?? '', schemaId);
    }
    const entries = new Map(Object.entries(metadata ?? {}));
    ids.push(
      await writer.registerChannel({ schemaId, topic, messageEncoding: 'cdr', metadata: entries }),
    );
  }
  return ids;
}

/** Bytes built record by record, for files that no writer would write. */
export function builtMcap(build: (builder: McapRecordBuilder) => void): Uint8Array {
  const builder = new McapRecordBuilder();
  builder.writeMagic();
  builder.writeHeader({ profile: 'ros2', library: 'test' });
  build(builder);
  return builder.buffer.slice();
}

export function closeMcap(builder: McapRecordBuilder): void {
  builder.writeDataEnd({ dataSectionCrc: 0 });
  builder.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 });
  builder.writeMagic();
}

/** A recording of a robot with a latched topic: `seconds` of 10 Hz odometry and 50 Hz imu. */
export function robotMessages(seconds: number, startNs = 1_700_000_000_000_000_000n): MadeMcap {
  const channels: MadeChannel[] = [
    { topic: '/odom', schema: 'nav_msgs/msg/Odometry' },
    { topic: '/imu', schema: 'sensor_msgs/msg/Imu' },
    {
      topic: '/tf_static',
      schema: 'tf2_msgs/msg/TFMessage',
      metadata: { offered_qos_profiles: '- durability: transient_local' },
    },
  ];
  const messages: MadeMessage[] = [message(2, 0, startNs, 64)];
  for (let i = 0; i < seconds * 50; i += 1) {
    const at = startNs + BigInt(i) * 20_000_000n;
    messages.push(message(1, i + 1, at, 320));
    if (i % 5 === 0) messages.push(message(0, i / 5 + 1, at + 1n, 700));
  }
  return { channels, messages };
}

function message(channel: number, sequence: number, logTime: bigint, size: number): MadeMessage {
  const data = new Uint8Array(size);
  const view = new DataView(data.buffer);
  for (let at = 0; at + 4 <= size; at += 4) {
    view.setUint32(at, Math.imul(sequence + at, 2_654_435_761) >>> (at % 7), true);
  }
  return { channel, sequence, logTime, publishTime: logTime - 7n, data };
}
