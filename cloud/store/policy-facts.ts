/** What a training policy is decided on, from the tables of labels, units, choices and failures. */
import { type DrawnUnit, drawnRate, populationStability, wilson } from '@fieldloop/learning';
import { driftLimit, driftUnits } from '../training-limits.ts';
import type { Policy, PolicyFacts } from '../training/policy.ts';
import type { Db } from './db.ts';
import { getAlias, getModelVersion } from './model-registry.ts';
import { labelsSince, newestReadyVersion } from './training-ref.ts';

export async function policyFacts(db: Db, policy: Policy, now: number): Promise<PolicyFacts> {
  const last = await lastTraining(db, policy.model);
  const newest = await newestReadyVersion(db, policy.dataset);
  const isSeen = newest !== undefined && (await wasTrained(db, policy.model, newest.id));
  const version = newest === undefined || isSeen ? undefined : newest.id;
  const newLabels =
    version === undefined
      ? await labelsResolvedSince(db, policy.dataset, last?.createdAt ?? 0)
      : await labelsSince(db, version, last?.version);
  const champion = await championOf(db, policy.model);
  const { triggers } = policy;
  return {
    now,
    active: last?.isActive === true ? last.id : undefined,
    lastAt: last?.createdAt,
    version,
    newLabels,
    audited: triggers.failureRate === true ? await auditedRate(db, champion?.onnx) : undefined,
    tested: triggers.failureRate === true ? await testedRate(db, champion?.evaluation) : undefined,
    drift: triggers.drift === true ? await driftOf(db, champion?.onnx) : undefined,
    driftLimit,
    cluster: triggers.cluster === undefined ? undefined : await largestCluster(db),
  };
}

async function lastTraining(db: Db, model: string) {
  const row = await db
    .selectFrom('training')
    .select(['id', 'version_id', 'state', 'created_at'])
    .where('model', '=', model)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.id,
    version: row.version_id,
    isActive: ['queued', 'running', 'checking'].includes(row.state),
    createdAt: Number(row.created_at),
  };
}

/** Whatever became of it: a version that failed to train does not begin again by itself. */
async function wasTrained(db: Db, model: string, version: string): Promise<boolean> {
  const row = await db
    .selectFrom('training')
    .select('id')
    .where('model', '=', model)
    .where('version_id', '=', version)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Of the ontology that the data set selects. */
async function labelsResolvedSince(db: Db, dataset: string, since: number): Promise<number> {
  const row = await db
    .selectFrom('dataset')
    .select('settings')
    .where((of) => of.or([of('name', '=', dataset), of('id', '=', dataset)]))
    .executeTakeFirst();
  const { selection } = JSON.parse(row?.settings ?? '{}') as {
    readonly selection?: { readonly ontology?: string };
  };
  if (selection?.ontology === undefined) return 0;
  const found = await db
    .selectFrom('label')
    .innerJoin('ontology', 'ontology.sha256', 'label.ontology_sha256')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('ontology.name', '=', selection.ontology)
    .where('label.superseded_by', 'is', null)
    .where('label.created_at', '>', BigInt(since))
    .executeTakeFirstOrThrow();
  return Number(found.n);
}

export async function championOf(db: Db, model: string) {
  const alias = await getAlias(db, model, 'champion');
  const version = alias && (await getModelVersion(db, alias.modelVersion));
  return version && { onnx: version.onnx.sha256, evaluation: version.evaluation };
}

/** The rate at which the model was wrong where the robots live, from audit labels alone. */
export async function auditedRate(
  db: Db,
  onnx: string | undefined,
): Promise<PolicyFacts['audited']> {
  if (onnx === undefined) return undefined;
  const rows = await db
    .selectFrom('triage_choice')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .innerJoin('label', 'label.unit_id', 'triage_unit.id')
    .select([
      'triage_unit.predicted',
      'triage_unit.clip_id',
      'triage_unit.propensity_device',
      'triage_choice.propensity',
      'label.class',
    ])
    .where('triage_choice.lane', '=', 'audit')
    .where('triage_unit.population', '=', 'fleet')
    .where('triage_unit.model_sha256', '=', onnx)
    .where('label.superseded_by', 'is', null)
    .where('label.class', 'is not', null)
    .execute();
  if (rows.length === 0) return undefined;
  const units = rows.map(
    (row): DrawnUnit => ({
      value: Number(row.class !== row.predicted),
      propensity: row.propensity * row.propensity_device,
      cluster: row.clip_id,
    }),
  );
  return drawnRate(units);
}

export async function testedRate(
  db: Db,
  evaluation: string | undefined,
): Promise<PolicyFacts['tested']> {
  if (evaluation === undefined) return undefined;
  const row = await db
    .selectFrom('evaluation')
    .select('result')
    .where('id', '=', evaluation)
    .executeTakeFirst();
  const { metrics } = JSON.parse(row?.result ?? '{}') as {
    readonly metrics?: { readonly n: number; readonly accuracy: number | null };
  };
  if (metrics === undefined || metrics.n === 0 || metrics.accuracy === null) return undefined;
  return wilson(Math.round((1 - metrics.accuracy) * metrics.n), metrics.n);
}

/** The first scores of the model against its newest ones. */
export async function driftOf(db: Db, onnx: string | undefined): Promise<number | undefined> {
  if (onnx === undefined) return undefined;
  const scores = async (order: 'asc' | 'desc'): Promise<readonly number[]> => {
    const rows = await db
      .selectFrom('triage_score')
      .innerJoin('triage_unit', 'triage_unit.id', 'triage_score.unit_id')
      .select('triage_score.value')
      .where('triage_unit.model_sha256', '=', onnx)
      .where('triage_unit.population', '=', 'fleet')
      .where('triage_score.scorer', '=', 'entropy')
      .orderBy('triage_unit.n', order)
      .limit(driftUnits)
      .execute();
    return rows.map((row) => row.value);
  };
  const count = await db
    .selectFrom('triage_unit')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('model_sha256', '=', onnx)
    .where('population', '=', 'fleet')
    .executeTakeFirstOrThrow();
  // The two samples share no unit.
  if (count.n < BigInt(2 * driftUnits)) return undefined;
  return populationStability(await scores('asc'), await scores('desc'));
}

/** Labelled failures that no model has been shown to fix. */
async function largestCluster(db: Db): Promise<PolicyFacts['cluster']> {
  const rows = await db
    .selectFrom('failure')
    .select('cluster')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('state', 'in', ['labelled', 'in_dataset'])
    .where('cluster', 'is not', null)
    .groupBy('cluster')
    .execute();
  const [first] = rows.toSorted(
    (a, b) => Number(b.n - a.n) || ((a.cluster ?? '') < (b.cluster ?? '') ? -1 : 1),
  );
  return first && { name: first.cluster ?? '', failures: Number(first.n) };
}
