/** Recordings of JSON messages, written for tests. */
import { openClipWriter } from '@fieldloop/recording';
import { createFile } from '@fieldloop/recording/file';
import { jsonBytes, jsonChannel } from '../window/testing.ts';

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
