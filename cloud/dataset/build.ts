/**
 * Builds a dataset version: lines into an object, their rows, then the version with its gates. A
 * worker that died begins anew and comes to the same id.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { groupOf, type SnapshotManifest } from '@fieldloop/learning';
import { buildWriteRows } from '../dataset-limits.ts';
import { heldOutSessions, type LabelQuery, ontologyNamed } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import {
  type OperationContext,
  type OperationHandler,
  startOperation,
} from '../store/operations.ts';
import { compose, type Composed, gateFacts } from './compose.ts';
import type { Dataset, DatasetVersion } from './dataset.ts';
import { gateResults } from './gates.ts';
import type { BuildInputs } from './gather.ts';
import { linesOf } from './lines.ts';
import { datasetStore } from './store.ts';

export const buildKind = 'dataset.build';

export interface BuildInput {
  /** Id or name. */
  readonly dataset: string;
  /** Labels as they were at this wall time. */
  readonly asOf: number;
  /** Labels of these batches of tasks alone. */
  readonly batches?: readonly string[] | undefined;
  /** A version whose gates are green needs no sign-off. */
  readonly publish?: boolean | undefined;
  readonly by: string;
}

/** What a build ends in. `unchanged`: the items are those of the parent, which is named. */
export interface BuildResult {
  readonly version: string;
  readonly state: string;
  readonly outcome: string;
  readonly items: number;
  readonly unchanged: boolean;
}

/** Asks for a build, in the caller's transaction. Its id is the operation's. */
export async function askBuild(trx: Db, input: BuildInput, id: string): Promise<void> {
  const { batches, ...same } = input;
  const known = { ...same, ...(batches === undefined ? {} : { batches: [...batches] }) };
  await startOperation(trx, {
    id,
    kind: buildKind,
    input: known,
    by: input.by,
    at: input.asOf,
  });
}

export const buildDataset: OperationHandler = async (input, context) => {
  const made = await buildVersion(input as unknown as BuildInput, context);
  return { ...made };
};

type BuildContext = Pick<
  OperationContext,
  'id' | 'read' | 'write' | 'bytes' | 'clock' | 'signal' | 'progress'
>;

/** Faults: `not_found`, `invalid` without the ontology, `limited`. */
export async function buildVersion(input: BuildInput, context: BuildContext): Promise<BuildResult> {
  const { read, write, bytes, clock, signal } = context;
  const dataset = await datasetStore(write).demand(input.dataset);
  const parent = await datasetStore(write).head(dataset.id);
  const inputs = await inputsOf(write, dataset, { ...input, parent });
  const draft = await bytes.draft(context.id.toLowerCase().replace('_', '-'));
  let composed: Composed;
  try {
    composed = await compose(
      {
        read,
        signal,
        write: async (piece) => await draft.append([piece]),
        progress: (done, total) => context.progress(done, total, 'items'),
      },
      inputs,
    );
    await draft.finish();
  } catch (error) {
    await draft.discard();
    throw error;
  }
  if (parent !== undefined && isSame(parent.manifest, composed.manifest)) {
    return resultOf(parent, true);
  }
  const gates = gateResults(
    inputs.gates,
    await gateFacts({ read, bytes, signal }, inputs, composed),
  );
  await writeRows(context, composed);
  const at = clock.now();
  const made = { ...composed, datasetId: dataset.id, gates };
  const version = await write.transaction().execute(async (trx) => {
    const store = datasetStore(trx);
    const { asOf, batches, by } = input;
    await store.addVersion({ ...made, asOf, batches }, { by, at });
    const built = await store.demandVersion(composed.id);
    const isGreen = built.outcome === 'pass' || built.outcome === 'warn';
    if (input.publish !== true || !isGreen || built.state !== 'draft') return built;
    return await store.decide(built.id, { decision: 'ready' }, { by, at });
  });
  return resultOf(version, false);
}

const resultOf = (version: DatasetVersion, unchanged: boolean): BuildResult => ({
  version: version.id,
  state: version.state,
  outcome: version.outcome,
  items: version.manifest.counts.items,
  unchanged,
});

/** Equal but for the parent: nothing new came, and no rule changed. */
function isSame(before: SnapshotManifest, after: SnapshotManifest): boolean {
  const rules = ({ parent: _parent, counts: _counts, ...rest }: SnapshotManifest): string =>
    canonicalJson(rest as unknown as Json);
  return rules(before) === rules(after);
}

async function inputsOf(
  db: Db,
  dataset: Dataset,
  of: Pick<BuildInput, 'asOf' | 'batches'> & { readonly parent: DatasetVersion | undefined },
): Promise<BuildInputs> {
  const { selection, splitRule, gates, licences } = dataset.settings;
  const ontology = await ontologyNamed(db, selection.ontology, of.asOf);
  if (ontology === undefined) throw noOntology(selection.ontology);
  const held = await heldOutSessions(db);
  const groups = held.map((one) => groupOf(splitRule, { ...one, lane: 'named' }));
  return {
    dataset: dataset.name,
    parent: of.parent?.id ?? null,
    query: {
      ...selection,
      ontology: ontology.name,
      ontologyN: ontology.n,
      batches: of.batches,
      asOf: of.asOf,
    },
    ontology,
    splitRule,
    gates,
    licences,
    heldOut: [...new Set(groups)].toSorted(),
  };
}

const noOntology = (name: string): Fault =>
  new Fault('invalid', `there is no ontology "${name}"`, {
    place: '/selection/ontology',
    remedy: 'List them with GET /v1/ontologies, or change the data set.',
  });

/** The inputs that a version was made of. Fault `corrupt` when its ontology is gone. */
export async function recordedInputs(db: Db, version: DatasetVersion): Promise<BuildInputs> {
  const { manifest } = version;
  const ontology = await ontologyNamed(db, manifest.ontologySha256);
  if (ontology === undefined) {
    throw new Fault('corrupt', `the ontology ${manifest.ontologySha256} is gone`, {
      place: manifest.ontologySha256,
      remedy: 'Restore it from a backup.',
    });
  }
  const { types, topics, batches } = manifest.selection;
  const query: LabelQuery = {
    ontology: ontology.name,
    ontologyN: ontology.n,
    asOf: version.asOf,
    ...(types === null ? {} : { types }),
    ...(topics === null ? {} : { topics }),
    ...(batches === null ? {} : { batches }),
  };
  const { dataset, parent, splitRule, gates, licences, heldOut } = manifest;
  return { dataset, parent, query, ontology, splitRule, gates, licences, heldOut };
}

/** What the lines say, as rows; those of an earlier try stay. */
async function writeRows({ write, bytes, signal }: BuildContext, made: Composed): Promise<void> {
  const columns = [
    'version_id',
    'n',
    'item_sha256',
    'clip_id',
    'clip_sha256',
    'unit_id',
    'label_id',
    'label_sha256',
    'class',
    'split',
    'group_key',
    'lane',
    'propensity',
  ];
  let rows: (string | number | null)[][] = [];
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    const some = rows;
    rows = [];
    await write.transaction().execute(async (trx) => {
      const once = ['version_id', 'n'];
      await insertMany(trx, { table: 'dataset_item', columns, rows: some, once });
    });
  };
  let n = 0;
  for await (const { text, item } of linesOf(bytes, made.manifest.itemsSha256)) {
    rows.push([
      made.id,
      n,
      sha256Hex(text),
      item.clip,
      item.clipSha256,
      item.unit ?? null,
      item.label,
      item.labelSha256,
      item.class ?? null,
      item.split,
      item.group,
      item.selectedBy.lane,
      item.selectedBy.propensity ?? null,
    ]);
    n += 1;
    if (rows.length >= buildWriteRows) await flush();
  }
  if (rows.length > 0) await flush();
}
