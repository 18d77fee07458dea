/** Everything that decides an evaluation, read from the tables at one moment. */
import { Fault } from '@fieldloop/core';
import { type GateLimits, usualLimits } from '@fieldloop/learning';
import { matchingClips } from '../store/clip-selection.ts';
import type { Db } from '../store/db.ts';
import { demandModelVersion, getAlias } from '../store/model-registry.ts';
import type { ModelVersion } from '../model/model.ts';
import { propertiesAt } from '../store/properties.ts';
import { activeCases, onceRight } from '../store/regression.ts';
import { maxEvaluationUnits, maxQuerySlices, maxSliceClips } from '../training-limits.ts';
import {
  type EvaluatedModel,
  evaluationCode,
  type EvaluationInput,
  type Slice,
  type TestCase,
  type TestUnit,
} from './evaluation.ts';

export interface WantedEvaluation {
  /** Id. */
  readonly modelVersion: string;
  /** Id; null: nothing. Absent: the champion, unless that is the version itself. */
  readonly against?: string | null | undefined;
  /** Absent: the one that it was trained on. */
  readonly datasetVersion?: string | undefined;
  readonly clusters?: readonly string[] | undefined;
  readonly limits?: Partial<GateLimits> | undefined;
}

/** Faults: `not_found`, `invalid` when nobody can say which test split is meant. */
export async function gatherInput(
  db: Db,
  wanted: WantedEvaluation,
  now: number,
): Promise<EvaluationInput> {
  const version = await demandModelVersion(db, wanted.modelVersion);
  const against = await againstOf(db, version, wanted.against);
  const datasetVersion = wanted.datasetVersion ?? version.datasetVersion;
  if (datasetVersion === undefined) {
    throw new Fault('invalid', `${version.id} was imported: say on which dataset version`, {
      place: '/body/datasetVersion',
      remedy: 'Name a dataset version that has a test split.',
    });
  }
  const rows = await testRows(db, datasetVersion);
  const units = rows.map(unitOf);
  return {
    code: evaluationCode,
    model: version.model,
    candidate: evaluated(version),
    against: against === undefined ? null : evaluated(against),
    datasetVersion,
    units,
    cases: await casesFor(db, version),
    slices: await slicesOf(db, rows, now),
    clusters: [...(wanted.clusters ?? (await clustersOf(db, version)))],
    limits: { ...usualLimits, ...wanted.limits },
  };
}

async function againstOf(
  db: Db,
  version: ModelVersion,
  against: WantedEvaluation['against'],
): Promise<ModelVersion | undefined> {
  if (against === null) return undefined;
  const id = against ?? (await getAlias(db, version.model, 'champion'))?.modelVersion;
  if (id === undefined || id === version.id) return undefined;
  const found = await demandModelVersion(db, id);
  if (found.model === version.model) return found;
  throw new Fault('invalid', `${id} is a version of another model, ${found.model}`, {
    place: '/body/against',
    remedy: `Name a version of ${version.model}.`,
  });
}

const evaluated = ({ id, onnx, document }: ModelVersion): EvaluatedModel => ({
  id,
  onnx: onnx.sha256,
  document: document.sha256,
  sizeBytes: onnx.sizeBytes,
});

const testRows = async (db: Db, versionId: string) => {
  const rows = await db
    .selectFrom('dataset_item')
    .innerJoin('label', 'label.id', 'dataset_item.label_id')
    .innerJoin('device', 'device.id', 'label.device_id')
    .leftJoin('triage_unit', 'triage_unit.id', 'dataset_item.unit_id')
    .select([
      'dataset_item.n',
      'dataset_item.item_sha256',
      'dataset_item.clip_id',
      'dataset_item.clip_sha256',
      'dataset_item.class',
      'dataset_item.group_key',
      'label.start_ns',
      'label.end_ns',
      'label.device_id',
      'device.name as device',
      'device.site',
      'triage_unit.site as unit_site',
    ])
    .where('dataset_item.version_id', '=', versionId)
    .where('dataset_item.split', '=', 'test')
    .where('label.type', '=', 'classification')
    .where('dataset_item.class', 'is not', null)
    .orderBy('dataset_item.n')
    .limit(maxEvaluationUnits)
    .execute();
  return rows;
};

type TestRow = Awaited<ReturnType<typeof testRows>>[number];

const unitOf = (row: TestRow): TestUnit => ({
  item: row.item_sha256,
  clip: row.clip_sha256,
  startNs: String(row.start_ns),
  endNs: String(row.end_ns),
  class: row.class ?? '',
  group: row.group_key,
});

async function casesFor(db: Db, version: ModelVersion): Promise<readonly TestCase[]> {
  const right = await onceRight(db, version.model);
  const cases = await activeCases(db, version.classes);
  return cases.map((row) => ({
    id: row.id,
    failure: row.failure_id,
    clip: row.clip_sha256,
    startNs: String(row.start_ns),
    endNs: String(row.end_ns),
    class: row.class,
    share: row.share,
    heldOut: row.held_out === 1n,
    cluster: row.cluster,
    wasRight: right.has(row.id),
  }));
}

/** The cluster that made a policy start its training, or ask for the data of it. */
async function clustersOf(db: Db, { training }: ModelVersion): Promise<readonly string[]> {
  if (training === undefined) return [];
  const { policy_id: policy, created_at: at } = await db
    .selectFrom('training')
    .select(['policy_id', 'created_at'])
    .where('id', '=', training)
    .executeTakeFirstOrThrow();
  if (policy === null) return [];
  const row = await db
    .selectFrom('training_check')
    .select(['facts', 'outcome', 'training_id'])
    .where('policy_id', '=', policy)
    .where('outcome', 'in', ['started', 'due'])
    .where('first_at', '<=', at)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  // The newest answer before it that was not to wait: its own start, or what asked for its data.
  if (row?.outcome === 'started' && row.training_id !== training) return [];
  const { cluster } = JSON.parse(row?.facts ?? '{}') as { readonly cluster?: string | null };
  return typeof cluster === 'string' ? [cluster] : [];
}

async function slicesOf(db: Db, rows: readonly TestRow[], now: number): Promise<readonly Slice[]> {
  const firmware = await firmwareOf(db, rows);
  const clusters = await clusterOfClips(db, rows);
  return [
    ...slicesBy('class', rows, (row) => row.class),
    ...slicesBy('site', rows, (row) => row.unit_site ?? row.site),
    ...slicesBy('device', rows, (row) => row.device),
    ...slicesBy('firmware', rows, (row) => firmware.get(momentOf(row))),
    ...slicesBy('cluster', rows, (row) => clusters.get(row.clip_id)),
    ...(await querySlices(db, rows, now)),
  ];
}

function slicesBy(
  kind: string,
  rows: readonly TestRow[],
  keyOf: (row: TestRow) => string | null | undefined,
): readonly Slice[] {
  const found = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const name = keyOf(row);
    if (name === null || name === undefined || name === '') return;
    found.set(name, [...(found.get(name) ?? []), i]);
  });
  return [...found]
    .map(([name, units]) => ({ kind, name, units }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A group is one session: what a device ran does not change inside it, or hardly. */
const momentOf = (row: TestRow): string => `${row.device_id} ${row.group_key}`;

async function firmwareOf(
  db: Db,
  rows: readonly TestRow[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const row of rows) {
    if (found.has(momentOf(row))) continue;
    const at = Number(row.start_ns / 1_000_000n);
    const { firmware } = await propertiesAt(db, row.device_id, at);
    found.set(momentOf(row), firmware === undefined ? undefined : String(firmware));
  }
  return found;
}

async function clusterOfClips(
  db: Db,
  rows: readonly TestRow[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const clips = [...new Set(rows.map((row) => row.clip_id))];
  for (let from = 0; from < clips.length; from += 500) {
    const failures = await db
      .selectFrom('failure')
      .select(['clip_id', 'cluster'])
      .where('clip_id', 'in', clips.slice(from, from + 500))
      .where('cluster', 'is not', null)
      .orderBy('id')
      .execute();
    for (const row of failures) found.set(row.clip_id ?? '', row.cluster ?? '');
  }
  return found;
}

/** Queries over clips that everybody sees: each is a slice of the units in its clips. */
async function querySlices(
  db: Db,
  rows: readonly TestRow[],
  now: number,
): Promise<readonly Slice[]> {
  if (rows.length === 0) return [];
  const queries = await db
    .selectFrom('saved_query')
    .select(['name', 'q'])
    .where('source', '=', 'clips')
    .where('shared', '=', 1n)
    .orderBy('name')
    .orderBy('id')
    .limit(maxQuerySlices)
    .execute();
  const slices: Slice[] = [];
  for (const { name, q } of queries) {
    const clips = await clipsOf(db, q, now);
    const units = rows.flatMap((row, i) => (clips.has(row.clip_id) ? [i] : []));
    if (units.length > 0) slices.push({ kind: 'query', name, units });
  }
  return slices;
}

async function clipsOf(db: Db, q: string, now: number): Promise<ReadonlySet<string>> {
  const clips = new Set<string>();
  try {
    for await (const page of matchingClips(db, q, now)) {
      for (const id of page) clips.add(id);
      if (clips.size >= maxSliceClips) break;
    }
  } catch (error) {
    // A query that names what is no more makes no slice.
    if (!(error instanceof Fault)) throw error;
  }
  return clips;
}
