/**
 * An operator wants the bytes of a clip: whole, by giving it its turn before all others, or in
 * part, by cutting a clip of its own from the file that the buffer holds.
 */
import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import type { ClipManifest, CommandInputs } from '@fieldloop/proto';
import {
  clipMetadataName,
  type ClipSummary,
  type IndexedMcap,
  markersTopic,
  openIndexedMcap,
  scoresTopic,
  trimMcap,
} from '@fieldloop/recording';
import { createFile, openFile } from '@fieldloop/recording/file';
import type { AgentBuffer } from '../buffer/buffer.ts';
import type { CutClip } from '../buffer/types.ts';
import { maxManifestTopics } from '../limits.ts';
import { stableUuid } from '../stable-id.ts';
import { agentVersion } from '../version.ts';
import type { Answer } from './run.ts';

type Input = CommandInputs['pull'];

export async function pullClip(buffer: AgentBuffer, id: string, input: Input): Promise<Answer> {
  const { clip, topics, startNs, endNs } = input;
  const isWhole = topics === undefined && startNs === undefined && endNs === undefined;
  const derived = stableUuid(Number(BigInt(startNs ?? '0') / 1_000_000n), ['pull', id]);
  if (!isWhole && wasSealed(buffer, derived)) {
    buffer.clips.pull(derived);
    return { clip: derived, derivedFrom: clip, state: 'wanted' };
  }
  const state = isWhole ? buffer.clips.pull(clip) : stateOf(buffer, clip);
  if (state === 'wanted' && isWhole) return { clip, state };
  if (state === 'wanted') {
    const cut = await cutPart(buffer, derived, input);
    const sealed = await buffer.seal(cut);
    if (sealed !== 'sealed') throw noRoom(derived);
    buffer.clips.pull(derived);
    const { sizeBytes } = cut;
    return { clip: derived, derivedFrom: clip, state, sizeBytes };
  }
  // The cloud has these bytes, or will see so when the last words of the transfer arrive.
  if (state === 'deleted') return { clip, state: 'stored' };
  throw gone(clip, state);
}

const wasSealed = (buffer: AgentBuffer, clipId: string): boolean =>
  buffer.clips.get(clipId) !== undefined;

function stateOf(buffer: AgentBuffer, clip: string): ReturnType<AgentBuffer['clips']['pull']> {
  const held = buffer.clips.get(clip);
  return held === undefined || held.state === 'deleting' ? buffer.clips.pull(clip) : 'wanted';
}

async function cutPart(buffer: AgentBuffer, clipId: string, input: Input): Promise<CutClip> {
  const { path, manifest } = buffer.clips.read(input.clip);
  const startNs = later(manifest.startNs, input.startNs);
  const endNs = earlier(manifest.endNs, input.endNs);
  if (startNs > endNs) {
    throw new Fault('invalid', 'the clip has nothing in this range', {
      place: '/input/startNs',
      remedy: `It reaches from ${manifest.startNs} to ${manifest.endNs}.`,
    });
  }
  const inside = partOf(manifest, { clipId, startNs, endNs });
  const partPath = buffer.partPath(clipId);
  await using source = await openFile(path);
  const file = await openIndexedMcap(source);
  await using out = await createFile(partPath);
  const { topics: _, messageCount: __, ...known } = inside;
  const done = await trimMcap(
    out,
    {
      startNs,
      // A plan ends before its end, a clip with it.
      endNs: endNs + 1n,
      ...(input.topics === undefined ? {} : { topics: withNotes(input.topics) }),
      library: `fieldloop-agent ${agentVersion}`,
      note: {
        name: clipMetadataName,
        entries: new Map([
          ['clipId', clipId],
          ['derivedFrom', input.clip],
          ['manifest', canonicalJson(known as unknown as Json)],
        ]),
      },
    },
    withoutItsName(file),
  );
  return { clipId, partPath, ...described(inside, done) };
}

/** Its own id, range and origin; what only the finished file tells comes afterwards. */
function partOf(
  manifest: ClipManifest,
  part: { readonly clipId: string; readonly startNs: bigint; readonly endNs: bigint },
): Omit<ClipManifest, 'sha256' | 'sizeBytes'> {
  // What only the whole clip has: a place in the chain, pictures, counts since the clip before.
  const { sha256: _, sizeBytes: __, prev: ___, previews: ____, ...told } = manifest;
  const { suppressed: _____, ...known } = told;
  const within = manifest.markers.filter(
    ({ atNs }) => BigInt(atNs) >= part.startNs && BigInt(atNs) <= part.endNs,
  );
  return {
    ...known,
    clipId: part.clipId,
    derivedFrom: manifest.clipId,
    startNs: String(part.startNs),
    endNs: String(part.endNs),
    // A clip says why it is there, even a part of it that its moments are outside of.
    markers: within.length === 0 ? manifest.markers.slice(0, 1) : within,
  };
}

function described(
  inside: ReturnType<typeof partOf>,
  done: ClipSummary,
): Pick<CutClip, 'sha256' | 'sizeBytes' | 'manifest' | 'priority'> {
  const { sha256, sizeBytes, messageCount } = done;
  const topics = done.topics.slice(0, maxManifestTopics).map((one) => ({ ...one }));
  return { sha256, sizeBytes, manifest: { ...inside, topics, messageCount, sha256, sizeBytes } };
}

/** Markers and scores go with every part. */
const withNotes = (topics: readonly string[]): readonly string[] => [
  ...new Set([...topics, markersTopic, scoresTopic]),
];

/** Two manifests in one file would be one too many for who finds it without its row. */
const withoutItsName = (file: IndexedMcap): IndexedMcap => ({
  ...file,
  metadata: async () => {
    const all = await file.metadata();
    return new Map([...all].filter(([name]) => name !== clipMetadataName));
  },
});

function later(own: string, asked: string | undefined): bigint {
  const [a, b] = [BigInt(own), BigInt(asked ?? own)];
  return a > b ? a : b;
}

function earlier(own: string, asked: string | undefined): bigint {
  const [a, b] = [BigInt(own), BigInt(asked ?? own)];
  return a < b ? a : b;
}

function gone(clip: string, state: string): Fault {
  const details = { result: { clip, state } };
  if (state === 'evicted') {
    return new Fault('not_found', 'the bytes of this clip went for lack of room', {
      remedy: 'Its manifest is all that is left. Give the buffer of this robot a larger quota.',
      details,
    });
  }
  const why = state === 'unknown' ? 'this robot never had the clip' : `the clip is ${state}`;
  return new Fault('not_found', why, {
    remedy: 'Look for another clip of the same moment; this one cannot be sent.',
    details,
  });
}

const noRoom = (clip: string): Fault =>
  new Fault('limited', 'there is no room for the part of the clip on this robot', {
    remedy: 'Pull the whole clip instead, or wait until others were sent.',
    details: { result: { clip, state: 'evicted' } },
  });
