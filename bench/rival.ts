/** The same work with the public readers: @mcap/core, rosmsg2-serialization, rules by hand. */
import { open } from 'node:fs/promises';
import { parse } from '@foxglove/rosmsg';
import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { McapStreamReader } from '@mcap/core';
import { decompress } from 'zstd-napi';
import { type Fires, openHandRules } from './rules-document.ts';

const readBytes = 1024 * 1024;

export interface Work {
  readonly messages: number;
  readonly fires: Fires;
}

/** Reads the file once, CRC checked, decoding only the messages that a rule reads. */
export async function rivalWork(path: string, topics: ReadonlySet<string>): Promise<Work> {
  const rules = openHandRules();
  const reader = new McapStreamReader({
    validateCrcs: true,
    decompressHandlers: { zstd: (data) => decompress(data) },
  });
  const schemas = new Map<number, string>();
  const channels = new Map<number, { topic: string; decoder: MessageReader | undefined }>();
  let messages = 0;
  const drain = (): void => {
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      if (record.type === 'Message') {
        messages += 1;
        const channel = channels.get(record.channelId);
        if (channel?.decoder === undefined) continue;
        rules.take(channel.topic, channel.decoder.readMessage(record.data));
      } else if (record.type === 'Schema') {
        schemas.set(record.id, new TextDecoder().decode(record.data));
      } else if (record.type === 'Channel' && !channels.has(record.id)) {
        const { topic } = record;
        const text = schemas.get(record.schemaId) ?? '';
        const decoder = topics.has(topic)
          ? new MessageReader(parse(text, { ros2: true }))
          : undefined;
        channels.set(record.id, { topic, decoder });
      }
    }
  };
  await using file = await open(path, 'r');
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes);
    if (bytesRead === 0) break;
    reader.append(buffer.subarray(0, bytesRead));
    drain();
  }
  if (!reader.done()) throw new Error(`@mcap/core did not reach the end of ${path}`);
  return { messages, fires: rules.fires };
}
