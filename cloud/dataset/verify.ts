/** Proves a version: its texts match their hashes, and its inputs make the same id again. */
import { sha256Hex } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import { shownOffenders } from '../dataset-limits.ts';
import type { Db } from '../store/db.ts';
import { recordedInputs } from './build.ts';
import { badClips, compose } from './compose.ts';
import type { DatasetVersion } from './dataset.ts';
import { itemsOf, linesOf, type StoodFacts } from './lines.ts';

export interface VerifyDeps {
  readonly read: Db;
  readonly bytes: BlobStore;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
}

export interface Verified {
  readonly version: string;
  readonly ok: boolean;
  readonly items: number;
  readonly clips: number;
  /** What does not match, the first of it. */
  readonly wrong: readonly { readonly what: string; readonly why: string }[];
  readonly wrongCount: number;
}

/** Reads manifest, items, rows and the bytes of every clip again. */
export async function verifyVersion(deps: VerifyDeps, version: DatasetVersion): Promise<Verified> {
  const wrong: { what: string; why: string }[] = [];
  let wrongCount = 0;
  const blame = (what: string, why: string): void => {
    wrongCount += 1;
    if (wrong.length < shownOffenders) wrong.push({ what, why });
  };
  if (sha256Hex(version.manifestText) !== version.id) {
    blame('manifest', 'its SHA-256 is not the id of the version');
  }
  if (version.manifest.itemsSha256 !== version.itemsSha256) {
    blame('items', 'the manifest names other items');
  }
  const clips = new Map<string, { readonly sha256: string }>();
  let n = 0;
  const rows = rowHashes(deps.read, version.id);
  try {
    for await (const { text, item } of linesOf(deps.bytes, version.itemsSha256)) {
      deps.signal.throwIfAborted();
      clips.set(item.clip, { sha256: item.clipSha256 });
      const row = await rows.next();
      if (row.done === true || row.value !== sha256Hex(text)) {
        blame(`item ${n}`, 'its row does not have the hash of its line');
      }
      n += 1;
      if (n % 1000 === 0) deps.progress(n, version.manifest.counts.items, 'items');
    }
  } catch (error) {
    deps.signal.throwIfAborted();
    blame('items', error instanceof Error ? error.message : String(error));
  }
  if (n !== version.manifest.counts.items) {
    blame('items', `${n} lines, ${version.manifest.counts.items} in the manifest`);
  }
  for (const { clip, why } of await badClips(deps, { clips }, true)) blame(clip, why);
  return {
    version: version.id,
    ok: wrongCount === 0,
    items: n,
    clips: clips.size,
    wrong,
    wrongCount,
  };
}

async function* rowHashes(read: Db, versionId: string): AsyncGenerator<string, void> {
  for (let from = 0; ; from += 1000) {
    const rows = await read
      .selectFrom('dataset_item')
      .select('item_sha256')
      .where('version_id', '=', versionId)
      .where('n', '>=', BigInt(from))
      .where('n', '<', BigInt(from + 1000))
      .orderBy('n')
      .execute();
    if (rows.length === 0) return;
    for (const row of rows) yield row.item_sha256;
  }
}

export interface Rebuilt {
  readonly version: string;
  /** The id that the recorded inputs give now. */
  readonly rebuilt: string;
  readonly same: boolean;
  /** Members of the manifest that differ. */
  readonly differs: readonly string[];
}

/** Makes the version of its recorded inputs again and compares; nothing is written. */
export async function rebuildVersion(deps: VerifyDeps, version: DatasetVersion): Promise<Rebuilt> {
  const inputs = await recordedInputs(deps.read, version);
  const stood = new Map<string, StoodFacts>();
  for await (const { label, privacy, residency } of itemsOf(deps.bytes, version.itemsSha256)) {
    stood.set(label, { privacy, residency });
  }
  const made = await compose(
    {
      read: deps.read,
      signal: deps.signal,
      write: async () => await Promise.resolve(),
      progress: (done, total) => deps.progress(done, total, 'items'),
    },
    inputs,
    stood,
  );
  const [before, after] = [version.manifest, made.manifest];
  const differs = Object.keys(after).filter((key) => {
    const name = key as keyof typeof after;
    return JSON.stringify(sorted(before[name])) !== JSON.stringify(sorted(after[name]));
  });
  return { version: version.id, rebuilt: made.id, same: made.id === version.id, differs };
}

/** The same order of members, whoever wrote them. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
