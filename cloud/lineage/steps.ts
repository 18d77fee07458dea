/** The neighbours of a link: what it was made of, and what was made of it. */
import type { Db } from '../store/db.ts';
import { modelVersionsIn, releasesWith } from '../store/lineage-ref.ts';
import { decisionId, decisionOf, type NodeKind } from './lineage.ts';

/** At most `limit` ids, and how many there are. */
export interface Neighbours {
  readonly ids: readonly string[];
  readonly count: number;
}

type Step = (db: Db, id: string, limit: number) => Promise<Neighbours>;

const none: Step = async () => await Promise.resolve({ ids: [], count: 0 });

const all = (ids: readonly (string | null | undefined)[], limit: number): Neighbours => {
  const known = ids.filter((id) => id !== null && id !== undefined);
  return { ids: known.slice(0, limit), count: known.length };
};

type Listed = 'failure' | 'triage_unit' | 'triage_choice' | 'label' | 'training' | 'rollout';

/** Ids of a table's rows with this value in a column, in the order of ids. */
const listed =
  (table: Listed, column: string): Step =>
  async (db, id, limit) => {
    const rows = db.selectFrom(table as 'label').where(column as 'task_id', '=', id);
    const found = await rows.select('id').orderBy('id').limit(limit).execute();
    const { n } = await rows
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .executeTakeFirstOrThrow();
    return { ids: found.map((row) => row.id), count: Number(n) };
  };

export const downSteps: Readonly<Record<NodeKind, Step>> = {
  async clip(db, id, limit) {
    const failures = await listed('failure', 'clip_id')(db, id, limit);
    const units = await listed('triage_unit', 'clip_id')(db, id, limit);
    const tasks = await db
      .selectFrom('task')
      .select('id')
      .where('clip_id', '=', id)
      .where('unit_id', 'is', null)
      .where('failure_id', 'is', null)
      .orderBy('id')
      .execute();
    const bare = all(
      tasks.map((row) => row.id),
      limit,
    );
    const count = failures.count + units.count + bare.count;
    return { ids: [...failures.ids, ...units.ids, ...bare.ids], count };
  },
  async failure(db, id, limit) {
    const failure = await db
      .selectFrom('failure')
      .select('clip_id')
      .where('id', '=', id)
      .executeTakeFirst();
    const tasks = await db
      .selectFrom('task')
      .select('id')
      .where('clip_id', '=', failure?.clip_id ?? '')
      .where('failure_id', '=', id)
      .orderBy('id')
      .execute();
    const fixes = await db
      .selectFrom('failure')
      .innerJoin('regression_case', 'regression_case.failure_id', 'failure.id')
      .innerJoin('evaluation_case', 'evaluation_case.case_id', 'regression_case.id')
      .innerJoin('evaluation', 'evaluation.id', 'evaluation_case.evaluation_id')
      .select('evaluation.id')
      .where('failure.id', '=', id)
      .whereRef('evaluation.model_version_id', '=', 'failure.model')
      .orderBy('evaluation.id')
      .execute();
    return all(
      [...tasks, ...fixes].map((row) => row.id),
      limit,
    );
  },
  async unit(db, id, limit) {
    const choices = await listed('triage_choice', 'unit_id')(db, id, limit);
    const tasks = await db
      .selectFrom('task')
      .select('id')
      .where('unit_id', '=', id)
      .where('choice_id', 'is', null)
      .orderBy('id')
      .execute();
    const bare = all(
      tasks.map((row) => row.id),
      limit,
    );
    return { ids: [...choices.ids, ...bare.ids], count: choices.count + bare.count };
  },
  async choice(db, id, limit) {
    const tasks = await db
      .selectFrom('task')
      .innerJoin('triage_choice', 'triage_choice.unit_id', 'task.unit_id')
      .select('task.id')
      .where('triage_choice.id', '=', id)
      .where('task.choice_id', '=', id)
      .orderBy('task.id')
      .execute();
    return all(
      tasks.map((row) => row.id),
      limit,
    );
  },
  task: listed('label', 'task_id'),
  async label(db, id, limit) {
    const rows = await db
      .selectFrom('dataset_item')
      .innerJoin('dataset_version', 'dataset_version.id', 'dataset_item.version_id')
      .select(['dataset_version.id', 'dataset_version.n'])
      .where('dataset_item.label_id', '=', id)
      .orderBy('dataset_version.n')
      .orderBy('dataset_version.id')
      .execute();
    return all(
      rows.map((row) => row.id),
      limit,
    );
  },
  async dataset_version(db, id, limit) {
    const trainings = await listed('training', 'version_id')(db, id, limit);
    const models = await db
      .selectFrom('model_version')
      .select('id')
      .where('dataset_version_id', '=', id)
      .where('training_id', 'is', null)
      .orderBy('id')
      .execute();
    const bare = all(
      models.map((row) => row.id),
      limit,
    );
    return { ids: [...trainings.ids, ...bare.ids], count: trainings.count + bare.count };
  },
  async training(db, id, limit) {
    const rows = await db
      .selectFrom('model_version')
      .select('id')
      .where('training_id', '=', id)
      .execute();
    return all(
      rows.map((row) => row.id),
      limit,
    );
  },
  async model_version(db, id, limit) {
    const evaluations = await db
      .selectFrom('evaluation')
      .select('id')
      .where('model_version_id', '=', id)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    if (evaluations.length > 0) {
      return all(
        evaluations.map((row) => row.id),
        limit,
      );
    }
    return await releasesOf(db, id, limit);
  },
  async evaluation(db, id, limit) {
    const row = await db
      .selectFrom('evaluation')
      .select('model_version_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return await releasesOf(db, row?.model_version_id ?? '', limit);
  },
  release: listed('rollout', 'release_id'),
  async rollout(db, id, limit) {
    const rows = await db
      .selectFrom('rollout_decision')
      .select('seq')
      .where('rollout_id', '=', id)
      .orderBy('seq')
      .execute();
    return all(
      rows.map(({ seq }) => decisionId(id, seq)),
      limit,
    );
  },
  rollout_decision: none,
};

async function releasesOf(db: Db, modelVersionId: string, limit: number): Promise<Neighbours> {
  const row = await db
    .selectFrom('model_version')
    .select('onnx_sha256')
    .where('id', '=', modelVersionId)
    .executeTakeFirst();
  return row === undefined
    ? await none(db, '', limit)
    : all(await releasesWith(db, row.onnx_sha256), limit);
}

export const upSteps: Readonly<Record<NodeKind, Step>> = {
  clip: none,
  async failure(db, id, limit) {
    const row = await db
      .selectFrom('failure')
      .select('clip_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.clip_id], limit);
  },
  async unit(db, id, limit) {
    const row = await db
      .selectFrom('triage_unit')
      .select('clip_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.clip_id], limit);
  },
  async choice(db, id, limit) {
    const row = await db
      .selectFrom('triage_choice')
      .select('unit_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.unit_id], limit);
  },
  async task(db, id, limit) {
    const row = await db
      .selectFrom('task')
      .select(['choice_id', 'unit_id', 'failure_id', 'clip_id'])
      .where('id', '=', id)
      .executeTakeFirst();
    const chosen = row?.choice_id ?? row?.unit_id;
    const from = [chosen, row?.failure_id].filter((one) => one !== null && one !== undefined);
    return all(from.length === 0 ? [row?.clip_id] : from, limit);
  },
  async label(db, id, limit) {
    const row = await db
      .selectFrom('label')
      .select('task_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.task_id], limit);
  },
  async dataset_version(db, id, limit) {
    const rows = await db
      .selectFrom('dataset_item')
      .select('label_id')
      .where('version_id', '=', id)
      .orderBy('n')
      .limit(limit)
      .execute();
    const version = await db
      .selectFrom('dataset_version')
      .select('items')
      .where('id', '=', id)
      .executeTakeFirst();
    return { ids: rows.map((row) => row.label_id), count: Number(version?.items ?? 0n) };
  },
  async training(db, id, limit) {
    const row = await db
      .selectFrom('training')
      .innerJoin('dataset_version', 'dataset_version.id', 'training.version_id')
      .select('dataset_version.id')
      .where('training.id', '=', id)
      .executeTakeFirst();
    return all([row?.id], limit);
  },
  async model_version(db, id, limit) {
    const row = await db
      .selectFrom('model_version')
      .select(['training_id', 'dataset_version_id'])
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.training_id ?? row?.dataset_version_id], limit);
  },
  async evaluation(db, id, limit) {
    const row = await db
      .selectFrom('evaluation')
      .select('model_version_id')
      .where('id', '=', id)
      .executeTakeFirst();
    const fixed = await db
      .selectFrom('evaluation_case')
      .innerJoin('regression_case', 'regression_case.id', 'evaluation_case.case_id')
      .innerJoin('failure', 'failure.id', 'regression_case.failure_id')
      .select('failure.id')
      .where('evaluation_case.evaluation_id', '=', id)
      .where('failure.model', '=', row?.model_version_id ?? '')
      .orderBy('failure.id')
      .execute();
    return all([row?.model_version_id, ...fixed.map((one) => one.id)], limit);
  },
  async release(db, id, limit) {
    const models = await modelVersionsIn(db, id);
    const evaluations: string[] = [];
    const bare: string[] = [];
    for (const model of models) {
      const { ids } = await downSteps.model_version(db, model, limit);
      const own = ids.filter((one) => one.startsWith('evl_'));
      if (own.length === 0) bare.push(model);
      evaluations.push(...own);
    }
    return all([...evaluations, ...bare], limit);
  },
  async rollout(db, id, limit) {
    const row = await db
      .selectFrom('rollout')
      .select('release_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return all([row?.release_id], limit);
  },
  rollout_decision: async (_db, id, limit) =>
    await Promise.resolve(all([decisionOf(id).rollout], limit)),
};
