/** MCAP out, as a live stream without chunks and as a chunked file: the door to @mcap/core. */
import { zstdCompressSync } from 'node:zlib';
import { McapRecordBuilder, McapWriter } from '@mcap/core';
import { outputs, qosOf } from './channels.ts';
import { schemaText } from './definitions.ts';
import { limits } from './limits.ts';
import type { SensorMessage } from './sensor/observe.ts';
import type { Published } from './shift/outputs.ts';

const library = 'fieldloop-sim';
const profile = 'ros2';

/** What a reader gets first: magic, header, every schema, every channel. */
export function streamHead(robot: string): Uint8Array {
  const builder = new McapRecordBuilder();
  builder.writeMagic();
  builder.writeHeader({ profile, library });
  const names = schemaNames(outputs);
  for (const [i, name] of names.entries()) {
    builder.writeSchema({ id: i + 1, name, encoding: 'ros2msg', data: schemaBytes(name) });
  }
  for (const [i, output] of outputs.entries()) {
    builder.writeChannel({
      id: i + 1,
      schemaId: names.indexOf(output.schema) + 1,
      topic: output.topic,
      messageEncoding: 'cdr',
      metadata: new Map([
        ['offered_qos_profiles', qosOf(output)],
        ['robot', robot],
      ]),
    });
  }
  return builder.buffer.slice();
}

/** One message record. */
export function streamMessage(message: SensorMessage): Uint8Array {
  const builder = new McapRecordBuilder();
  builder.writeMessage({
    channelId: message.channelId,
    sequence: message.sequence,
    logTime: message.logTimeNs,
    publishTime: message.logTimeNs,
    data: message.data,
  });
  return builder.buffer.slice();
}

/** What ends a stream in order, so that what was read of it is a whole file. */
export function streamTail(): Uint8Array {
  const builder = new McapRecordBuilder();
  builder.writeDataEnd({ dataSectionCrc: 0 });
  builder.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 });
  builder.writeMagic();
  return builder.buffer.slice();
}

export interface Recorder {
  add(message: SensorMessage): Promise<void>;
  /** Writes the summary; gives the bytes of the whole file. */
  finish(): Promise<number>;
}

/** A file as rosbag2 would leave it: zstd chunks, message and chunk indexes, statistics. */
export async function openRecorder(
  write: (bytes: Uint8Array) => Promise<void>,
  robot: string,
  /** In the order of the channel ids of messages; without a schema: JSON. */
  published: readonly Published[] = outputs,
): Promise<Recorder> {
  let position = 0n;
  const writer = new McapWriter({
    writable: {
      position: () => position,
      write: async (bytes: Uint8Array) => {
        position += BigInt(bytes.length);
        await write(bytes);
      },
    },
    chunkSize: limits.chunkBytes,
    compressChunk: (data) => ({ compression: 'zstd', compressedData: zstdCompressSync(data) }),
  });
  await writer.start({ profile, library });
  const schemaIds = new Map<string, number>();
  for (const name of schemaNames(published)) {
    const schema = { name, encoding: 'ros2msg', data: schemaBytes(name) };
    schemaIds.set(name, await writer.registerSchema(schema));
  }
  const channelIds: number[] = [];
  for (const output of published) {
    const { schema } = output;
    channelIds.push(
      await writer.registerChannel({
        schemaId: schema === undefined ? 0 : (schemaIds.get(schema) ?? 0),
        topic: output.topic,
        messageEncoding: schema === undefined ? 'json' : 'cdr',
        metadata: new Map([
          ['offered_qos_profiles', qosOf(output)],
          ['robot', robot],
        ]),
      }),
    );
  }
  return {
    add: (message) =>
      writer.addMessage({
        channelId: channelIds[message.channelId - 1] ?? 0,
        sequence: message.sequence,
        logTime: message.logTimeNs,
        publishTime: message.logTimeNs,
        data: message.data,
      }),
    async finish() {
      await writer.end();
      return Number(position);
    },
  };
}

function schemaNames(published: readonly Published[]): string[] {
  return [...new Set(published.flatMap(({ schema }) => schema ?? []))];
}

function schemaBytes(name: string): Uint8Array {
  return new TextEncoder().encode(schemaText(name));
}
