import { canonicalJson, Fault, type Ids } from '@fieldloop/core';
import { bit, type Db, type Row } from '../store/db.ts';
import {
  type Act,
  demandModel,
  getAlias,
  modelVersionNamed,
  type NewModelVersion,
  registerVersion,
} from '../store/model-registry.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { demandReadyVersion, trainedClasses } from '../store/training-ref.ts';
import { maxTrainingMs, trainingMs } from '../training-limits.ts';
import { checkRecipe } from './builtin/config.ts';
import { demandClasses, demandDeclaration } from './declaration.ts';
import {
  activeStates,
  builtinTrainer,
  type Config,
  isActive,
  jobKeyOf,
  type Training,
  type TrainingProblem,
  type TrainingProgress,
  type TrainingState,
  trainingStates,
  unknownTraining,
} from './training.ts';

export interface WantedTraining {
  readonly model: string;
  readonly datasetVersion: string;
  /** Id, number or alias; null: none. Absent: the champion, if there is one. */
  readonly base?: string | null | undefined;
  readonly config?: Config | undefined;
  readonly seed?: number | undefined;
  readonly trainer?: string | undefined;
  readonly breaking?: boolean | undefined;
  readonly policy?: string | undefined;
  readonly reason?: string | undefined;
  readonly withinMs?: number | undefined;
}

export interface StartedTraining {
  readonly training: Training;
  /** False: the same work is at work, or done, already. */
  readonly isNew: boolean;
}

type MakingAct = Act & { readonly ids: Pick<Ids, 'ulid'> };

/**
 * Queues a training, once for the same work. Faults: `not_found`, `invalid` for the config and for
 * classes that the model does not have, `conflict` while another one of the model is at work.
 */
export async function startTraining(
  trx: Db,
  wanted: WantedTraining,
  act: MakingAct,
): Promise<StartedTraining> {
  const facts = await factsOf(trx, wanted);
  const jobKey = jobKeyOf(facts);
  const known = await trainingRows(trx)
    .where('job_key', '=', jobKey)
    .where('state', 'in', [...activeStates, 'done'])
    .executeTakeFirst();
  if (known !== undefined) return { training: trainingOfRow(known), isNew: false };
  const busy = await activeTraining(trx, facts.model);
  if (busy !== undefined) {
    throw new Fault('conflict', `the model ${facts.model} is in training already: ${busy.id}`, {
      remedy: `Wait for it, or stop it with \`fieldloop trainings stop ${busy.id}\`.`,
    });
  }
  const { at, by, ids } = act;
  const withinMs = Math.min(wanted.withinMs ?? trainingMs, maxTrainingMs);
  const row = await trx
    .insertInto('training')
    .values({
      id: ids.ulid('trn'),
      model: facts.model,
      version_id: facts.datasetVersion,
      base_id: facts.base ?? null,
      config: canonicalJson(facts.config),
      seed: facts.seed,
      trainer: facts.trainer,
      job_key: jobKey,
      breaking: bit(facts.breaking),
      policy_id: wanted.policy ?? null,
      reason: wanted.reason ?? null,
      state: 'queued',
      attempt: 0,
      stop_asked: 0,
      deadline_at: at + withinMs,
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const body = { model: facts.model, dataset: facts.datasetVersion };
  await putOutbox(trx, { kind: 'training.queued', subject: row.id, at, body });
  return { training: trainingOfRow(row), isNew: true };
}

async function factsOf(trx: Db, wanted: WantedTraining) {
  const model = await demandModel(trx, wanted.model);
  const version = await demandReadyVersion(trx, wanted.datasetVersion);
  const base = await baseOf(trx, model.name, wanted.base);
  const trainer = wanted.trainer ?? builtinTrainer;
  const given = wanted.config ?? {};
  const config: Config =
    trainer === builtinTrainer ? checkRecipe(given, base !== undefined) : given;
  const breaking = wanted.breaking ?? false;
  if (base === undefined) demandDeclaration(model);
  const classes = base?.classes ?? demandDeclaration(model).classes;
  demandClasses(await trainedClasses(trx, version.id), { classes, config, breaking });
  const seed = wanted.seed ?? 0;
  return {
    model: model.name,
    datasetVersion: version.id,
    ...(base === undefined ? {} : { base: base.id }),
    config,
    seed,
    trainer,
    breaking,
  };
}

async function baseOf(trx: Db, model: string, base: WantedTraining['base']) {
  if (base === null) return undefined;
  if (base !== undefined) return await modelVersionNamed(trx, model, base);
  const champion = await getAlias(trx, model, 'champion');
  return champion && (await modelVersionNamed(trx, model, champion.modelVersion));
}

const trainingRows = (db: Db) => db.selectFrom('training').selectAll();

export async function activeTraining(db: Db, model: string): Promise<Training | undefined> {
  const row = await trainingRows(db)
    .where('model', '=', model)
    .where('state', 'in', activeStates)
    .executeTakeFirst();
  return row && trainingOfRow(row);
}

/** What a workflow waits for. Fault `not_found`. */
export async function lookAtTraining(db: Db, id: string): Promise<Training> {
  const row = await trainingRows(db).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw unknownTraining(id);
  return trainingOfRow(row);
}

/** The model version that a training made. Fault `conflict` as long as there is none. */
export async function acceptTraining(db: Db, id: string): Promise<string> {
  const { modelVersion, state, problem } = await lookAtTraining(db, id);
  if (modelVersion !== undefined) return modelVersion;
  throw new Fault('conflict', `the training ${id} is ${state} and made no model version`, {
    remedy: problem?.remedy ?? 'Wait until it is done.',
    details: problem === undefined ? {} : { problem: { ...problem } },
  });
}

/** Asks its process to end; one that waits ends at once. Fault `conflict` when it is over. */
export async function stopTraining(trx: Db, id: string, { at, by }: Act): Promise<Training> {
  const known = await lookAtTraining(trx, id);
  if (!isActive(known)) {
    throw new Fault('conflict', `the training ${id} is ${known.state} already`, {
      remedy: 'Start another one.',
    });
  }
  if (known.stopAsked) return known;
  if (known.state === 'queued') {
    return await trainingStore(trx).end(known, { state: 'stopped' }, { at, by });
  }
  await change(trx, known, { stop_asked: 1 }, at);
  return { ...known, stopAsked: true, version: known.version + 1 };
}

export const trainingStore = (db: Db) => ({
  /** Those at work, the oldest first. */
  async active(): Promise<readonly Training[]> {
    const rows = await trainingRows(db)
      .where('state', 'in', activeStates)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return rows.map(trainingOfRow);
  },

  /** Its process begins, for the first time or again. */
  async began(known: Training, attempt: number, at: number): Promise<Training> {
    const first = known.state === 'queued' ? { started_at: at } : {};
    await change(db, known, { state: 'running', attempt, ...first }, at);
    const body = { model: known.model, attempt };
    await putOutbox(db, { kind: 'training.started', subject: known.id, at, body });
    return await lookAtTraining(db, known.id);
  },

  async checking(known: Training, at: number): Promise<void> {
    await change(db, known, { state: 'checking' }, at);
  },

  /** Shown only: nobody waits for it, and no version counts it. */
  async progress(id: string, progress: TrainingProgress, at: number): Promise<void> {
    await db
      .updateTable('training')
      .set({ progress: JSON.stringify(progress), updated_at: at })
      .where('id', '=', id)
      .execute();
  },

  /** Its model version and its end in one. What ended meanwhile registers nothing. */
  async done(
    known: Training,
    made: Omit<NewModelVersion, 'model' | 'training'>,
    act: MakingAct,
  ): Promise<Training> {
    const now = await lookAtTraining(db, known.id);
    if (!isActive(now)) return now;
    const wanted = { ...made, model: known.model, training: known.id };
    const version = await registerVersion(db, wanted, act);
    await change(
      db,
      now,
      { state: 'done', model_version_id: version.id, ended_at: act.at },
      act.at,
    );
    const body = { model: known.model, modelVersion: version.id };
    await putOutbox(db, { kind: 'training.done', subject: known.id, at: act.at, body });
    return await lookAtTraining(db, known.id);
  },

  /** Ends without a model. */
  async end(
    known: Training,
    how:
      | { readonly state: 'stopped' }
      | { readonly state: 'failed'; readonly problem: TrainingProblem },
    { at, by }: Act,
  ): Promise<Training> {
    const problem = how.state === 'failed' ? how.problem : undefined;
    const text = problem === undefined ? {} : { problem: JSON.stringify(problem) };
    await change(db, known, { state: how.state, ended_at: at, ...text }, at);
    const kind: OutboxKind = `training.${how.state}`;
    const { code = null, message = null } = problem ?? {};
    const body =
      problem === undefined ? { model: known.model, by } : { model: known.model, code, message };
    await putOutbox(db, { kind, subject: known.id, at, body });
    return await lookAtTraining(db, known.id);
  },
});

async function change(
  db: Db,
  known: Training,
  columns: Partial<{
    state: TrainingState;
    attempt: number;
    stop_asked: number;
    started_at: number;
    ended_at: number;
    model_version_id: string;
    problem: string;
  }>,
  at: number,
): Promise<void> {
  await db
    .updateTable('training')
    .set((set) => ({ ...columns, updated_at: at, version: set('version', '+', 1n) }))
    .where('id', '=', known.id)
    .execute();
}

export function trainingOfRow(row: Row<'training'>): Training {
  const state = trainingStates.find((one) => one === row.state);
  if (state === undefined) throw new TypeError(`training state ${row.state}`);
  return {
    id: row.id,
    model: row.model,
    datasetVersion: row.version_id,
    ...(row.base_id === null ? {} : { base: row.base_id }),
    config: JSON.parse(row.config) as Config,
    seed: Number(row.seed),
    trainer: row.trainer,
    jobKey: row.job_key,
    breaking: row.breaking === 1n,
    ...(row.policy_id === null ? {} : { policy: row.policy_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    state,
    attempt: Number(row.attempt),
    stopAsked: row.stop_asked === 1n,
    ...(row.progress === null ? {} : { progress: JSON.parse(row.progress) as TrainingProgress }),
    ...(row.problem === null ? {} : { problem: JSON.parse(row.problem) as TrainingProblem }),
    ...(row.model_version_id === null ? {} : { modelVersion: row.model_version_id }),
    deadlineAt: Number(row.deadline_at),
    ...(row.started_at === null ? {} : { startedAt: Number(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
