/** Messages of a stored clip at given log times: what was labelled, as the robot recorded it. */
import { Fault } from '@fieldloop/core';
import { type Channel, decodeMessage, openIndexedMcap } from '@fieldloop/recording';
import type { BlobStore } from '../blob/blob.ts';
import { objectReadable } from '../blob/object-readable.ts';

export interface ClipSource {
  readonly clip: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * For each of the times, in their order, the last message of the topic at or before it: decoded, or
 * undefined where there is none. Faults: `invalid` for a topic that the clip does not have, `corrupt`.
 */
export async function messagesAt(
  bytes: Pick<BlobStore, 'read'>,
  source: ClipSource,
  wanted: { readonly topic: string; readonly timesNs: readonly bigint[] },
): Promise<readonly unknown[]> {
  const { topic, timesNs } = wanted;
  const name = source.clip;
  const object = { name, sha256: source.sha256, sizeBytes: source.bytes };
  const file = await openIndexedMcap(objectReadable(bytes, object));
  const channel = [...file.channels.values()].find((one) => one.topic === topic);
  if (channel === undefined) {
    throw new Fault('invalid', `${name} has no topic "${topic}"`, {
      place: topic,
      remedy: 'Choose a topic that every clip of the version has.',
    });
  }
  const last = timesNs.reduce((most, at) => (at > most ? at : most), 0n);
  const latest: { atNs: bigint; message: Uint8Array }[] = [];
  const found = timesNs.map((): (typeof latest)[number] | undefined => undefined);
  for await (const block of file.blocks({ endNs: last + 1n, channels: new Set([channel.id]) })) {
    for (let i = 0; i < block.count; i += 1) {
      if (block.channelIds[i] !== channel.id) continue;
      const atNs = block.baseNs + BigInt(block.timesNs[i] ?? 0);
      for (const [k, time] of timesNs.entries()) {
        const before = found[k];
        if (atNs > time || (before !== undefined && before.atNs > atNs)) continue;
        found[k] = { atNs, message: block.data.subarray(block.starts[i], block.ends[i]) };
      }
    }
    // A block's bytes are used again by the next one.
    for (const [k, one] of found.entries()) {
      if (one !== undefined) found[k] = { ...one, message: one.message.slice() };
    }
  }
  return found.map((one) => (one === undefined ? undefined : decoded(channel, one.message)));
}

function decoded(channel: Channel, message: Uint8Array): unknown {
  if (channel.messageEncoding !== 'json') return decodeMessage(channel, message);
  return JSON.parse(new TextDecoder().decode(message)) as unknown;
}
