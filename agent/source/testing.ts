/** Recordings of JSON messages, written for tests. */
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';

export interface Said {
  readonly topic: string;
  readonly atNs: bigint;
  readonly value: unknown;
}

export async function writeRecording(path: string, messages: readonly Said[]): Promise<void> {
  await using file = await createFile(path);
  const writer = await openClipWriter(file, { profile: 'test', library: 'test' });
  const ids = new Map<string, number>();
  for (const [i, { topic, atNs, value }] of messages.entries()) {
    let id = ids.get(topic);
    if (id === undefined) {
      id = ids.size + 1;
      ids.set(topic, id);
      await writer.channel(jsonChannel(id, topic));
    }
    const data = jsonBytes(value);
    await writer.message(id, { sequence: i, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
}

/** A channel of JSON messages without a schema. */
export function jsonChannel(id: number, topic: string, latched = false): Channel {
  return { id, topic, messageEncoding: 'json', metadata: new Map(), latched };
}

export const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
