import { type Ids, type Json } from '@fieldloop/core';
import { outcomes } from '@fieldloop/learning';
import { bit, type Db, type Row } from '../store/db.ts';
import type { Act } from '../store/model-registry.ts';
import { putOutbox } from '../store/outbox.ts';
import { markFixed } from '../store/regression.ts';
import {
  type Evaluation,
  type EvaluationInput,
  type EvaluationResult,
  type Measured,
  regressionHash,
  unknownEvaluation,
} from './evaluation.ts';
import { gatherInput, type WantedEvaluation } from './gather.ts';
import { runEvaluation, type RunDeps, type RunOutcome } from './run.ts';

export interface EvaluateDeps extends RunDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: { now(): number };
  readonly ids: Pick<Ids, 'ulid'>;
}

/**
 * Measures a version and writes what was found: the same found again is the same row. A pass makes
 * the failures that it fixes `fixed_in`.
 */
export async function evaluateModel(
  deps: EvaluateDeps,
  wanted: WantedEvaluation,
  by: string,
): Promise<Evaluation> {
  const input = await gatherInput(deps.read, wanted, deps.clock.now());
  const outcome = await runEvaluation(input, deps);
  const act = { at: deps.clock.now(), by, ids: deps.ids };
  return await deps.write
    .transaction()
    .execute(async (trx) => await putEvaluation(trx, { input, ...outcome }, act));
}

export async function putEvaluation(
  trx: Db,
  made: RunOutcome & { readonly input: EvaluationInput },
  { at, by, ids }: Act & { readonly ids: Pick<Ids, 'ulid'> },
): Promise<Evaluation> {
  const { input, result, sha256, measured, outcome } = made;
  const { candidate, against } = input;
  const known = await evaluationRows(trx)
    .where('model_version_id', '=', candidate.id)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (known !== undefined) return evaluationOfRow(known);
  const row = await trx
    .insertInto('evaluation')
    .values({
      id: ids.ulid('evl'),
      model: input.model,
      model_version_id: candidate.id,
      against_id: against?.id ?? null,
      dataset_version_id: input.datasetVersion,
      regression_sha256: regressionHash(input.cases),
      input: JSON.stringify(input),
      result: JSON.stringify(result),
      sha256,
      measured: JSON.stringify(measured),
      outcome,
      created_by: by,
      created_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  for (const one of result.cases) {
    const is_right = one.isRight === undefined ? null : bit(one.isRight);
    await trx
      .insertInto('evaluation_case')
      .values({ evaluation_id: row.id, case_id: one.id, is_right })
      .execute();
  }
  await trx
    .updateTable('model_version')
    .set({ evaluation_id: row.id })
    .where('id', '=', candidate.id)
    .execute();
  const told = { model: input.model, modelVersion: candidate.id, against: against?.id ?? null };
  const body: Json = { ...told, outcome };
  await putOutbox(trx, { kind: 'evaluation.finished', subject: row.id, at, body });
  const evaluation = evaluationOfRow(row);
  if (outcome === 'pass') await closeFixed(trx, evaluation, { at, by });
  return evaluation;
}

/** Of an evaluation that passed, or that a person accepted. Gives how many failures moved. */
export async function closeFixed(
  trx: Db,
  { id, modelVersion, result }: Pick<Evaluation, 'id' | 'modelVersion' | 'result'>,
  act: Act,
): Promise<number> {
  const fixed = result.cases.flatMap(({ failure, fix }) =>
    fix === undefined ? [] : [{ failure, fix }],
  );
  return await markFixed(trx, { modelVersion, evaluation: id }, fixed, act);
}

const evaluationRows = (db: Db) => db.selectFrom('evaluation').selectAll();

/** Fault `not_found`. */
export async function demandEvaluation(db: Db, id: string): Promise<Evaluation> {
  const row = await evaluationRows(db).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw unknownEvaluation(id);
  return evaluationOfRow(row);
}

export interface Reproduced {
  readonly recorded: string;
  readonly reproduced: string;
  readonly same: boolean;
}

/** The recorded input once more. Faults are those of a run: bytes that are gone. */
export async function verifyEvaluation(
  deps: Pick<EvaluateDeps, 'read' | 'bytes' | 'signal' | 'onProgress'>,
  id: string,
): Promise<Reproduced> {
  const known = await demandEvaluation(deps.read, id);
  const { sha256 } = await runEvaluation(known.input, deps);
  return { recorded: known.sha256, reproduced: sha256, same: known.sha256 === sha256 };
}

export function evaluationOfRow(row: Row<'evaluation'>): Evaluation {
  const outcome = outcomes.find((one) => one === row.outcome);
  if (outcome === undefined) throw new TypeError(`outcome ${row.outcome}`);
  return {
    id: row.id,
    model: row.model,
    modelVersion: row.model_version_id,
    ...(row.against_id === null ? {} : { against: row.against_id }),
    datasetVersion: row.dataset_version_id,
    regressionSha256: row.regression_sha256,
    input: JSON.parse(row.input) as EvaluationInput,
    result: JSON.parse(row.result) as EvaluationResult,
    sha256: row.sha256,
    measured: JSON.parse(row.measured) as Measured,
    outcome,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}
