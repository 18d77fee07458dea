/**
 * A version as files that need no cloud: its manifest, its items with their labels, the clips they
 * are of, and a list of hashes. Everything is streamed; a clip is hashed as it is copied.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import type { SnapshotItem, Split } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { buildReadRows, maxListedClips } from '../dataset-limits.ts';
import { clipFacts, labelBodies, ontologyNamed } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { datasetStore } from './store.ts';
import type { DatasetVersion } from './dataset.ts';
import { itemsOf } from './lines.ts';

export interface BundleDeps {
  readonly read: Db;
  readonly bytes: Pick<BlobStore, 'read' | 'stat'>;
  readonly signal?: AbortSignal | undefined;
}

/** Without it a bundle is not whole. */
export const sumsFile = 'SHA256SUMS';

export const bundleSchema = 'fieldloop.bundle/v1';

/** What a trainer may see: test and held-out sessions never leave the cloud by this way. */
export const trainingSplits: readonly Split[] = ['train', 'calibration'];

/** One line of a bundle's items.ndjson. */
export interface BundleItem extends SnapshotItem {
  readonly body: Json;
  /** Of the clip, beside items.ndjson. */
  readonly file: string;
  readonly atNs: string;
}

export interface BundleFile {
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface BundleOptions {
  readonly splits: readonly Split[];
  /** Labels of type text hold what people wrote. */
  readonly withText: boolean;
}

export interface WrittenBundle {
  readonly version: string;
  readonly items: number;
  readonly clips: number;
  readonly bytes: number;
}

/**
 * Writes the read-only bundle of train and calibration into `folder`. Faults: `not_found`, and
 * `corrupt` that lists every clip whose bytes are not here or are not what their hash says.
 */
export async function trainingBundle(
  deps: BundleDeps,
  versionId: string,
  folder: string,
): Promise<WrittenBundle> {
  const version = await datasetStore(deps.read).demandVersion(versionId);
  const options: BundleOptions = { splits: trainingSplits, withText: true };
  const contents = await bundleContents(deps, version, options);
  await demandClips(deps, contents.clips);
  const broken: ClipTrouble[] = [];
  let bytes = 0;
  for await (const file of bundleFiles(deps, version, { ...options, contents, broken })) {
    if (file.name === sumsFile && broken.length > 0) throw clipsFault(broken);
    bytes += await writeFile(join(folder, file.name), file.content);
  }
  return { version: version.id, items: contents.items, clips: contents.clips.size, bytes };
}

interface ClipTrouble {
  readonly clip: string;
  readonly sha256: string;
  readonly why: string;
}

export interface BundleContents {
  readonly items: number;
  /** By id: hash and bytes. */
  readonly clips: ReadonlyMap<string, { readonly sha256: string; readonly bytes: number }>;
}

/** What would be in it. */
export async function bundleContents(
  deps: BundleDeps,
  version: DatasetVersion,
  options: BundleOptions,
): Promise<BundleContents> {
  const clips = new Map<string, { sha256: string; bytes: number }>();
  let items = 0;
  for await (const item of itemsOf(deps.bytes, version.itemsSha256)) {
    if (!isIn(item, options)) continue;
    items += 1;
    if (!clips.has(item.clip)) clips.set(item.clip, { sha256: item.clipSha256, bytes: item.bytes });
  }
  return { items, clips };
}

const isIn = (item: SnapshotItem, { splits, withText }: BundleOptions): boolean =>
  splits.includes(item.split) && (withText || item.type !== 'text');

/** Fault `corrupt` with all of them unless every clip is stored and its object has its size. */
export async function demandClips(
  { read, bytes }: BundleDeps,
  clips: BundleContents['clips'],
): Promise<void> {
  const facts = await clipFacts(read, [...clips.keys()]);
  const gone: ClipTrouble[] = [];
  for (const [clip, { sha256, bytes: size }] of clips) {
    const state = facts.get(clip)?.state ?? 'unknown';
    if (state !== 'stored') {
      gone.push({ clip, sha256, why: state });
      continue;
    }
    const found = await bytes.stat(sha256);
    if (found === undefined) gone.push({ clip, sha256, why: 'missing' });
    else if (found.sizeBytes !== size) gone.push({ clip, sha256, why: 'another size' });
  }
  if (gone.length > 0) throw clipsFault(gone);
}

function clipsFault(clips: readonly ClipTrouble[]): Fault {
  const first = clips[0];
  return new Fault('corrupt', `the bytes of ${clips.length} clips of this version cannot be had`, {
    place: first === undefined ? 'clips' : `${first.clip}: ${first.why}`,
    remedy: 'Pull them again, or build a version without their labels.',
    details: {
      clips: clips.slice(0, maxListedClips).map((one) => ({ ...one })),
      count: clips.length,
    },
  });
}

/** SHA256SUMS is the last: with it the bundle is whole. `broken` gets clips with other bytes. */
export async function* bundleFiles(
  deps: BundleDeps,
  version: DatasetVersion,
  options: BundleOptions & {
    readonly contents: BundleContents;
    readonly broken: ClipTrouble[];
    /** Told of each file but SHA256SUMS. */
    readonly onSum?: (file: { readonly name: string; readonly sha256: string }) => void;
  },
): AsyncGenerator<BundleFile, void> {
  const { contents, broken, splits, withText } = options;
  const sums: string[] = [];
  const note = (name: string, sha256: string): void => {
    sums.push(`${sha256}  ${name}\n`);
    options.onSum?.({ name, sha256 });
  };
  const summed = (name: string, content: AsyncIterable<Uint8Array>): BundleFile => ({
    name,
    content: hashed(content, (sha256) => note(name, sha256)),
  });
  yield summed('manifest.json', text(version.manifestText));
  const ontology = await ontologyNamed(deps.read, version.manifest.ontologySha256);
  yield summed('ontology.json', text(ontology?.document ?? '{}'));
  const about = {
    schema: bundleSchema,
    version: version.id,
    dataset: version.dataset,
    splits: [...splits],
    text: withText,
    items: contents.items,
    clips: contents.clips.size,
  };
  yield summed('bundle.json', text(canonicalJson(about)));
  yield summed('items.ndjson', bundleLines(deps, version, options));
  const written = new Set<string>();
  for (const [clip, { sha256 }] of contents.clips) {
    deps.signal?.throwIfAborted();
    if (written.has(sha256)) continue;
    written.add(sha256);
    const name = clipFile(sha256);
    yield {
      name,
      content: hashed(deps.bytes.read(sha256), (found) => {
        note(name, sha256);
        if (found !== sha256) broken.push({ clip, sha256, why: 'corrupt' });
      }),
    };
  }
  yield { name: sumsFile, content: text(sums.join('')) };
}

const clipFile = (sha256: string): string => `clips/${sha256}.mcap`;

async function* bundleLines(
  deps: BundleDeps,
  version: DatasetVersion,
  options: BundleOptions,
): AsyncGenerator<Uint8Array, void> {
  let waiting: SnapshotItem[] = [];
  const lines = async (): Promise<Uint8Array> => {
    const some = waiting;
    waiting = [];
    const ids = some.map(({ label }) => label);
    const bodies = await labelBodies(deps.read, ids);
    const written = some.map((item) => {
      const line: BundleItem = {
        ...item,
        body: JSON.parse(bodies.get(item.label) ?? 'null') as Json,
        file: clipFile(item.clipSha256),
        atNs: item.range.startNs,
      };
      return `${canonicalJson(line as unknown as Json)}\n`;
    });
    return Buffer.from(written.join(''), 'utf8');
  };
  for await (const item of itemsOf(deps.bytes, version.itemsSha256)) {
    if (!isIn(item, options)) continue;
    waiting.push(item);
    if (waiting.length < buildReadRows) continue;
    deps.signal?.throwIfAborted();
    yield await lines();
  }
  if (waiting.length > 0) yield await lines();
}

async function* text(content: string): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(Buffer.from(content, 'utf8'));
}

async function* hashed(
  content: AsyncIterable<Uint8Array>,
  onEnd: (sha256: string) => void,
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  onEnd(hash.digest('hex'));
}

/** Whole or not at all: it gets its name when it is complete. */
async function writeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  let bytes = 0;
  {
    await using file = await open(part, 'w');
    for await (const piece of content) {
      await file.write(piece);
      bytes += piece.length;
    }
  }
  await chmod(part, 0o444);
  await rename(part, path);
  return bytes;
}
