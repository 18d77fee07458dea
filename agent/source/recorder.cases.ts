/** A recorder for tests: recordings written in pieces, at the moments that a test chooses. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { jsonBytes, jsonChannel, type Said } from './testing.ts';

/** The bytes of a whole MCAP, with the offset behind each of its chunks. */
export async function mcapBytes(
  messages: readonly Said[],
  options: {
    readonly firstId?: number;
    readonly channelOf?: (id: number, topic: string) => Channel;
  } = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  const sink = {
    write: (bytes: Uint8Array) => Promise.resolve(void parts.push(Buffer.from(bytes))),
    sync: () => Promise.resolve(),
  };
  const writer = await openClipWriter(sink, { profile: 'test', library: 'test' });
  const { firstId = 1, channelOf = jsonChannel } = options;
  const ids = new Map<string, number>();
  for (const [i, { topic, atNs, value }] of messages.entries()) {
    let id = ids.get(topic);
    if (id === undefined) {
      id = firstId + ids.size;
      ids.set(topic, id);
      await writer.channel(channelOf(id, topic));
    }
    const data = jsonBytes(value);
    await writer.message(id, { sequence: i, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
  return Buffer.concat(parts);
}

/** Where each whole chunk ends: the places at which a recorder's writes would end. */
export function chunkEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 8; at + 9 <= bytes.length; ) {
    const next = at + 9 + Number(bytes.readBigUInt64LE(at + 1));
    if (bytes[at] === 6) ends.push(next);
    if (bytes[at] === 15) return ends;
    at = next;
  }
  return ends;
}

/** A file that a recorder has open: `write` puts all bytes up to `end` on the disk. */
export function openRecorder(path: string, bytes: Buffer): { write(end?: number): void } {
  mkdirSync(dirname(path), { recursive: true });
  let at = 0;
  return {
    write(end = bytes.length) {
      if (end <= at) return;
      if (at === 0) writeFileSync(path, bytes.subarray(0, end));
      else appendFileSync(path, bytes.subarray(at, end));
      at = end;
    },
  };
}
