/** From inputs to a manifest: the same inputs give the same lines, and the same id. */
import { createHash } from 'node:crypto';
import {
  manifestSchema,
  manifestText,
  snapshotCode,
  type SnapshotItem,
  type SnapshotManifest,
  type Split,
  splits,
  versionIdOf,
} from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { clipFacts, openTasks } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { agreedOn } from './agreed.ts';
import type { GateFacts } from './gates.ts';
import { type BuildInputs, gather } from './gather.ts';
import { findLeaks, type Leaks } from './leaks.ts';
import { lineSink, snapshotItems, type StoodFacts } from './lines.ts';

export interface Composed {
  readonly id: string;
  readonly manifest: SnapshotManifest;
  readonly manifestText: string;
  readonly itemsBytes: number;
  readonly counted: Counted;
  readonly leaks: GateFacts['leaks'];
}

export interface ComposeDeps {
  readonly read: Db;
  readonly signal: AbortSignal;
  /** Takes the lines' bytes. */
  write(piece: Uint8Array): Promise<void>;
  /** Told of items that are written. */
  progress(done: number, total: number): void;
}

export async function compose(
  deps: ComposeDeps,
  inputs: BuildInputs,
  stood?: ReadonlyMap<string, StoodFacts>,
): Promise<Composed> {
  const { read, signal } = deps;
  const gathered = await gather(read, inputs, signal);
  const { leakCosine, onLeak } = inputs.gates;
  const leaks: Leaks =
    leakCosine === null
      ? { labels: new Set(), withoutEmbedding: gathered.items.length, examples: [] }
      : await findLeaks({ read, signal }, gathered.items, leakCosine);
  const items =
    onLeak === 'drop' && leaks.labels.size > 0
      ? gathered.items.filter(({ id }) => !leaks.labels.has(id))
      : gathered.items;
  const dropped = gathered.items.length - items.length;
  const counted = counting();
  const sink = lineSink(async (piece) => await deps.write(piece));
  let done = 0;
  for await (const page of snapshotItems(read, items, stood)) {
    signal.throwIfAborted();
    for (const item of page) {
      counted.add(item);
      await sink.add(item);
    }
    done += page.length;
    deps.progress(done, items.length);
  }
  const { sha256, sizeBytes } = await sink.end();
  const leftOut = { ...gathered.leftOut, ...(dropped === 0 ? {} : { near_equal: dropped }) };
  const manifest = manifestOf(inputs, { itemsSha256: sha256, counted, leftOut });
  return {
    id: versionIdOf(manifest),
    manifest,
    manifestText: manifestText(manifest),
    itemsBytes: sizeBytes,
    counted,
    leaks: {
      found: leaks.labels.size,
      dropped,
      withoutEmbedding: leaks.withoutEmbedding,
      examples: leaks.examples,
    },
  };
}

function manifestOf(
  inputs: BuildInputs,
  of: {
    readonly itemsSha256: string;
    readonly counted: Counted;
    readonly leftOut: Readonly<Record<string, number>>;
  },
): SnapshotManifest {
  const { counted, itemsSha256, leftOut } = of;
  const { query } = inputs;
  return {
    schema: manifestSchema,
    dataset: inputs.dataset,
    parent: inputs.parent,
    selection: {
      ontology: query.ontology,
      types: query.types ?? null,
      topics: query.topics ?? null,
      batches: query.batches ?? null,
    },
    itemsSha256,
    counts: {
      items: counted.items(),
      clips: counted.clips.size,
      bytes: [...counted.clips.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      splits: counted.splits,
      classes: counted.classes,
      lanes: counted.lanes,
      leftOut,
    },
    ontologySha256: inputs.ontology.sha256,
    splitRule: inputs.splitRule,
    heldOut: inputs.heldOut,
    gates: inputs.gates,
    licences: inputs.licences,
    residency: Object.keys(counted.residency).toSorted(),
    code: snapshotCode,
  };
}

export type Counted = ReturnType<typeof counting>;

/** What gates and the manifest ask of all items; it grows with clips, classes and groups alone. */
function counting() {
  const bySplit: Record<Split, number> = { train: 0, calibration: 0, test: 0, regression: 0 };
  const classes: Record<string, number> = {};
  const lanes: Record<string, number> = {};
  const trainClasses: Record<string, number> = {};
  const privacy: Record<string, number> = {};
  const residency: Record<string, number> = {};
  const clips = new Map<string, { readonly sha256: string; readonly bytes: number }>();
  const groups = new Map<string, Split>();
  const torn = new Set<string>();
  const more = (counts: Record<string, number>, key: string): void =>
    void (counts[key] = (counts[key] ?? 0) + 1);
  return {
    splits: bySplit,
    classes,
    lanes,
    trainClasses,
    privacy,
    residency,
    clips,
    groups,
    torn,
    items: (): number => splits.reduce((sum, split) => sum + bySplit[split], 0),
    add(item: SnapshotItem): void {
      const { class: name, split, group } = item;
      bySplit[split] += 1;
      more(classes, name ?? item.type);
      more(lanes, item.selectedBy.lane);
      if (split === 'train' && name !== undefined) more(trainClasses, name);
      more(privacy, item.privacy);
      more(residency, item.residency ?? 'unstated');
      if (!clips.has(item.clip))
        clips.set(item.clip, { sha256: item.clipSha256, bytes: item.bytes });
      const before = groups.get(group);
      if (before === undefined) groups.set(group, split);
      else if (before !== split) torn.add(group);
    },
  };
}

/** What gates judge, with a look at tasks, bytes and the parent. */
export async function gateFacts(
  deps: { readonly read: Db; readonly bytes: BlobStore; readonly signal: AbortSignal },
  inputs: BuildInputs,
  { counted, leaks, manifest }: Composed,
): Promise<GateFacts> {
  const { read } = deps;
  const ofTrain = { ...counted.trainClasses };
  const isClassified = Object.keys(ofTrain).length > 0;
  if (isClassified) for (const name of inputs.ontology.classes) ofTrain[name] ??= 0;
  return {
    openTasks: await openTasks(read, inputs.query),
    items: counted.items(),
    agreement: await agreedOn(deps, {
      itemsSha256: manifest.itemsSha256,
      classes: inputs.ontology.classes,
      bounds: inputs.gates.alpha,
    }),
    trainClasses: ofTrain,
    leaks,
    torn: [...counted.torn].toSorted(),
    moved: await movedGroups(read, inputs.parent, counted.groups),
    badClips: await badClips(deps, counted, inputs.gates.bytes === 'hashed'),
    clips: counted.clips.size,
    privacy: counted.privacy,
    residency: counted.residency,
    test: counted.splits.test,
  };
}

async function movedGroups(
  read: Db,
  parent: string | null,
  groups: ReadonlyMap<string, Split>,
): Promise<GateFacts['moved']> {
  if (parent === null) return [];
  const rows = await read
    .selectFrom('dataset_item')
    .select(['group_key', 'split'])
    .distinct()
    .where('version_id', '=', parent)
    .orderBy('group_key')
    .execute();
  return rows.flatMap(({ group_key: group, split: from }) => {
    const to = groups.get(group);
    return to === undefined || to === from ? [] : [{ group, from, to }];
  });
}

/** Clips whose bytes are not here, or are not what their hash says. */
export async function badClips(
  deps: { readonly read: Db; readonly bytes: BlobStore; readonly signal: AbortSignal },
  { clips }: { readonly clips: ReadonlyMap<string, { readonly sha256: string }> },
  isHashed: boolean,
): Promise<GateFacts['badClips']> {
  const facts = await clipFacts(deps.read, [...clips.keys()]);
  const seen = new Map<string, string | undefined>();
  const bad: { readonly clip: string; readonly why: string }[] = [];
  for (const [clip, { sha256 }] of clips) {
    deps.signal.throwIfAborted();
    const state = facts.get(clip)?.state ?? 'unknown';
    if (state !== 'stored') {
      bad.push({ clip, why: state });
      continue;
    }
    if (!seen.has(sha256)) seen.set(sha256, await wrongWith(deps.bytes, sha256, isHashed));
    const why = seen.get(sha256);
    if (why !== undefined) bad.push({ clip, why });
  }
  return bad;
}

async function wrongWith(
  bytes: BlobStore,
  sha256: string,
  isHashed: boolean,
): Promise<string | undefined> {
  if ((await bytes.stat(sha256)) === undefined) return 'missing';
  if (!isHashed) return undefined;
  const hash = createHash('sha256');
  for await (const piece of bytes.read(sha256)) hash.update(piece);
  return hash.digest('hex') === sha256 ? undefined : 'corrupt';
}
