/**
 * The regression set: one case a failure. Who logs, labels or corrects a failure puts it in; every
 * case stays, unless what it rests on was revised.
 */
import type { Ids } from '@fieldloop/core';
import { caseBatch, caseShare, caseSlackNs } from '../training-limits.ts';
import { bit, type Db, type Row } from './db.ts';
import { advanceFailure } from './failure-life.ts';
import type { Act } from './model-registry.ts';
import { putOutbox } from './outbox.ts';

export type PutCase =
  | { readonly kind: 'put' | 'known'; readonly id: string }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * The case of a failure whose clip is here and of which it is known what should have been done. Of
 * a cluster with two sessions or more, one that never trained is held out.
 */
export async function putRegressionCase(
  trx: Db,
  failureId: string,
  { ids, at, by }: Act & { readonly ids: Pick<Ids, 'ulid'> },
): Promise<PutCase> {
  const known = await trx
    .selectFrom('regression_case')
    .select('id')
    .where('failure_id', '=', failureId)
    .executeTakeFirst();
  if (known !== undefined) return { kind: 'known', id: known.id };
  const failure = await trx
    .selectFrom('failure')
    .innerJoin('clip', 'clip.id', 'failure.clip_id')
    .selectAll('failure')
    .select(['clip.sha256', 'clip.session_id as clip_session', 'clip.state as clip_state'])
    .where('failure.id', '=', failureId)
    .executeTakeFirst();
  if (failure === undefined) return { kind: 'refused', why: 'no clip shows it' };
  if (failure.clip_state !== 'stored') return { kind: 'refused', why: 'its clip is not here' };
  const { label } = JSON.parse(failure.should_have_done ?? '{}') as { readonly label?: string };
  if (label === undefined) return { kind: 'refused', why: 'nobody said which class is right' };
  const isInstant = failure.start_ns === failure.end_ns;
  const session = { device: failure.device_id, session: failure.clip_session };
  const id = ids.ulid('rgc');
  await trx
    .insertInto('regression_case')
    .values({
      id,
      failure_id: failureId,
      clip_id: failure.clip_id ?? '',
      clip_sha256: failure.sha256,
      device_id: failure.device_id,
      session_id: failure.clip_session,
      start_ns: failure.start_ns - (isInstant ? caseSlackNs : 0n),
      end_ns: failure.end_ns + (isInstant ? caseSlackNs : 0n),
      class: label,
      share: caseShare,
      held_out: bit(await isHeldOut(trx, failure.cluster, session)),
      cluster: failure.cluster,
      state: 'active',
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  const body = { failure: failureId, cluster: failure.cluster };
  await putOutbox(trx, { kind: 'regression_case.created', subject: id, at, body });
  return { kind: 'put', id };
}

/** Failures that could have a case and have none, a few at once. */
export async function failuresWithoutCase(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('failure')
    .innerJoin('clip', 'clip.id', 'failure.clip_id')
    .leftJoin('regression_case', 'regression_case.failure_id', 'failure.id')
    .select('failure.id')
    .where('failure.state', 'in', ['labelled', 'in_dataset'])
    .where('clip.state', '=', 'stored')
    .where('failure.should_have_done', 'like', '%"label"%')
    .where('regression_case.id', 'is', null)
    .orderBy('failure.id')
    .limit(caseBatch)
    .execute();
  return rows.map(({ id }) => id);
}

/** A session that trained cannot be held out any more; one that is stays so. */
async function isHeldOut(
  trx: Db,
  cluster: string | null,
  of: { readonly device: string; readonly session: string },
): Promise<boolean> {
  if (cluster === null) return false;
  const cases = await trx
    .selectFrom('regression_case')
    .select(['device_id', 'session_id', 'held_out'])
    .where('cluster', '=', cluster)
    .where('state', '=', 'active')
    .execute();
  const own = cases.find((one) => one.session_id === of.session && one.device_id === of.device);
  if (own !== undefined) return own.held_out === 1n;
  if (cases.length === 0 || cases.some(({ held_out }) => held_out === 1n)) return false;
  const trained = await trx
    .selectFrom('dataset_item')
    .innerJoin('clip', 'clip.id', 'dataset_item.clip_id')
    .select('dataset_item.n')
    .where('clip.session_id', '=', of.session)
    .where('clip.device_id', '=', of.device)
    .where('dataset_item.split', 'in', ['train', 'calibration'])
    .limit(1)
    .executeTakeFirst();
  return trained === undefined;
}

/** What the failure rested on was revised. False when it has no case that counts. */
export async function withdrawRegressionCase(
  trx: Db,
  failureId: string,
  { why, at }: Act & { readonly why: string },
): Promise<boolean> {
  const row = await trx
    .updateTable('regression_case')
    .set((set) => ({
      state: 'withdrawn',
      why,
      updated_at: at,
      version: set('version', '+', 1n),
    }))
    .where('failure_id', '=', failureId)
    .where('state', '=', 'active')
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) return false;
  const body = { failure: failureId, why };
  await putOutbox(trx, { kind: 'regression_case.withdrawn', subject: row.id, at, body });
  return true;
}

/** Cases that a model of these classes can be asked about, in the order of their making. */
export async function activeCases(
  db: Db,
  classes: readonly string[],
): Promise<readonly Row<'regression_case'>[]> {
  if (classes.length === 0) return [];
  return await db
    .selectFrom('regression_case')
    .selectAll()
    .where('state', '=', 'active')
    .where('class', 'in', classes)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** Of these cases, those that an accepted version of the model once got right. */
export async function onceRight(db: Db, model: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('evaluation_case')
    .innerJoin('evaluation', 'evaluation.id', 'evaluation_case.evaluation_id')
    .select('evaluation_case.case_id')
    .distinct()
    .where('evaluation.model', '=', model)
    .where('evaluation.outcome', '=', 'pass')
    .where('evaluation_case.is_right', '=', 1n)
    .execute();
  return new Set(rows.map((row) => row.case_id));
}

export interface FixedFailure {
  readonly failure: string;
  readonly fix: 'memorised' | 'generalised';
}

/**
 * Failures in a dataset version become `fixed_in` the model version that gets their case right.
 * Whoever accepts an evaluation calls it: its pass, or a person at the gate. Gives how many moved.
 */
export async function markFixed(
  trx: Db,
  of: { readonly modelVersion: string; readonly evaluation: string },
  fixed: readonly FixedFailure[],
  { at, by }: Act,
): Promise<number> {
  let moved = 0;
  for (const { failure, fix } of fixed) {
    const step = {
      action: 'advance',
      actor: by,
      at,
      state: 'fixed_in',
      detail: { ...of, fix },
    } as const;
    if (await advanceFailure(trx, failure, step, { model: of.modelVersion, fix })) moved += 1;
  }
  return moved;
}
