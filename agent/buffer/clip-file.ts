/** A clip's file read again: its hash, and the manifest that it carries inside. */
import { createHash } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { type ClipManifest, parseClipManifest } from '@fieldloop/proto';
import { readRecording, type RecordingItem } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { hashFile } from './clip-bytes.ts';
import type { PreviewBytes } from './types.ts';

export interface FoundClip {
  readonly clipId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly manifest: ClipManifest;
  readonly priority: number;
  readonly previews?: readonly PreviewBytes[] | undefined;
}

/** Name of the metadata record that every clip carries. */
const clipMetadata = 'fieldloop.clip';

/** Fault `corrupt` or `invalid` when the file is not a whole clip of this agent. */
export async function readClipFile(path: string): Promise<FoundClip> {
  const { sha256, sizeBytes } = await hashFile(path);
  const { metadata, topics, messageCount } = await readContents(path);
  const text = metadata.get('manifest');
  if (text === undefined) throw notAClip(path, 'its metadata has no manifest');
  const inside = parseInside(path, text);
  const manifest = parseClipManifest({ topics, messageCount, ...inside, sha256, sizeBytes });
  const priority = Number(metadata.get('priority') ?? 1);
  return {
    clipId: manifest.clipId,
    sha256,
    sizeBytes,
    manifest,
    priority: Number.isFinite(priority) ? priority : 1,
    previews: previewsIn(manifest, metadata),
  };
}

/** A clip carries its own previews, by their hashes. */
function previewsIn(
  { previews = [] }: ClipManifest,
  metadata: ReadonlyMap<string, string>,
): PreviewBytes[] {
  return previews.flatMap(({ kind, sha256 }) => {
    const bytes = Buffer.from(metadata.get(`preview ${sha256}`) ?? '', 'base64');
    const isWhole = createHash('sha256').update(bytes).digest('hex') === sha256;
    return isWhole ? [{ kind, sha256, bytes }] : [];
  });
}

function parseInside(path: string, text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found !== null) return { ...found };
  } catch (error) {
    throw notAClip(path, 'its manifest is not JSON', error);
  }
  throw notAClip(path, 'its manifest is not an object');
}

interface Contents {
  readonly metadata: ReadonlyMap<string, string>;
  readonly topics: { topic: string; schema: string; count: number }[];
  readonly messageCount: number;
}

/** Walks every record, so a torn file ends in a fault and never in a short manifest. */
async function readContents(path: string): Promise<Contents> {
  await using file = await openFile(path);
  const topics = new Map<number, { topic: string; schema: string; count: number }>();
  let metadata: ReadonlyMap<string, string> | undefined;
  let messageCount = 0;
  const take = (item: RecordingItem): void => {
    if (item.kind === 'channel') {
      const { id, topic, schema } = item.channel;
      if (!topics.has(id)) topics.set(id, { topic, schema: schema?.name ?? '', count: 0 });
    } else if (item.kind === 'metadata' && item.name === clipMetadata) {
      metadata ??= item.metadata;
    } else if (item.kind === 'block') {
      messageCount += item.block.count;
      for (const id of item.block.channelIds.subarray(0, item.block.count)) {
        const topic = topics.get(id);
        if (topic !== undefined) topic.count += 1;
      }
    }
  };
  for await (const item of readRecording(file)) take(item);
  if (metadata === undefined) throw notAClip(path, `it has no metadata ${clipMetadata}`);
  return { metadata, topics: [...topics.values()], messageCount };
}

function notAClip(path: string, why: string, cause?: unknown): Fault {
  return new Fault('corrupt', `this file is not a clip: ${why}`, {
    place: path,
    remedy: 'It stays in quarantine/ of the buffer; delete it when nobody needs it.',
    cause,
  });
}
