/** Clips whose files hold score records, as robots write them. */
import { sha256Hex } from '@fieldloop/core';
import { type Channel, openClipWriter } from '@fieldloop/recording';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import type { ApiWorld } from '../http/world.sample.ts';
import { base64Of } from './note.ts';

export const scoredModel = sha256Hex('classifier');

const channel: Channel = {
  id: 1,
  topic: '/fieldloop/scores',
  messageEncoding: 'json',
  metadata: new Map(),
  latched: false,
};

/** A clip's file with these documents on the topic of scores, a tenth of a second apart. */
async function fileOf(documents: readonly unknown[], startNs: bigint): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const out = {
    write: async (bytes: Uint8Array) => {
      parts.push(bytes.slice());
      await Promise.resolve();
    },
    sync: async () => await Promise.resolve(),
  };
  const writer = await openClipWriter(out, { profile: '', library: 'test' });
  await writer.channel(channel);
  for (const [sequence, document] of documents.entries()) {
    const atNs = startNs + BigInt(sequence) * 100_000_000n;
    const data = new TextEncoder().encode(JSON.stringify(document));
    await writer.message(1, { sequence, logTimeNs: atNs, publishTimeNs: atNs, data });
  }
  await writer.finish();
  return new Uint8Array(Buffer.concat(parts));
}

/** Frame `i` of a clip, whose model says `free` with a chance of `p`. */
export const scored = (startNs: bigint, i: number, p: number) => ({
  scorer: 'classifier',
  atNs: String(startNs + BigInt(i) * 100_000_000n),
  values: { entropy: 1 - p, margin: 1 - p },
  topClass: p > 0.5 ? 'free' : 'person',
  probabilities: [p, 1 - p],
  embedding: base64Of([p, 1, i]),
  latencyMs: 2,
  modelSha256: scoredModel,
});

/** Clip `n` with these documents, and its id. */
export async function putScored(
  world: ApiWorld,
  n: number,
  documents: readonly unknown[],
): Promise<string> {
  const startNs = sampleStartNs + BigInt(n) * 1_000_000_000n;
  const { clipId } = await world.putClip(n, { bytes: await fileOf(documents, startNs), startNs });
  return idOfUuid('clp', clipId);
}
