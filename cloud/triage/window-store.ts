/** Windows: which units are chosen from, and everything that the choice depends on. */
import { canonicalJson, Fault, type Ids, type Json } from '@fieldloop/core';
import { cohortDevices, findCohort, unknownCohort } from '../store/cohort-ref.ts';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { maxWindowUnits } from '../triage-limits.ts';
import { holderStore } from './holder-store.ts';
import { type Policy, policyStore } from './policy-store.ts';
import type { Lane, PolicyDefinition, WindowState } from './triage.ts';
import { unitStore } from './unit-store.ts';

/** A policy as it was when the window was frozen, its cohort as the robots in it. */
export interface FrozenPolicy extends PolicyDefinition {
  readonly devices?: readonly string[] | undefined;
}

export interface LaneResult {
  readonly units: number;
  readonly bytes: number;
  readonly minutes: number;
}

export interface WindowResult {
  /** A named unit that the audit drew too is in both, and its cost in the named lane alone. */
  readonly lanes: Readonly<Record<Lane, LaneResult>>;
  /** Units that were chosen, each once: as many as people are asked about. */
  readonly chosen: number;
  /** Units that could be chosen, by SHA-256 of the model. */
  readonly whole: Readonly<Record<string, number>>;
  readonly audit: { readonly propensity: number };
  readonly suppressed: number;
  readonly unscored: number;
  readonly notes: readonly string[];
}

export interface TriageWindow {
  readonly id: string;
  readonly policyId: string;
  readonly policy: string;
  readonly definition: FrozenPolicy;
  readonly salt: string;
  readonly fromN: number;
  readonly toN: number;
  readonly asOf: number;
  /** Scorer that holds the capture lane, by SHA-256 of the model. */
  readonly holder: Readonly<Record<string, string>>;
  readonly state: WindowState;
  readonly units: number;
  readonly result?: WindowResult;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface FreezeDeps {
  readonly ids: Pick<Ids, 'ulid'>;
  readonly at: number;
  readonly by: string;
}

/**
 * Freezes what came since the last window of the policy. A window that is frozen and not drawn yet
 * is given back as it is. Runs inside the caller's transaction. Faults: `not_found` for the policy
 * or its cohort, `conflict` when nothing came.
 */
export async function freezeWindow(
  trx: Db,
  { policy: name, reason }: { readonly policy: string; readonly reason: string },
  deps: FreezeDeps,
): Promise<TriageWindow> {
  const policy = await policyStore(trx).demand(name);
  const windows = windowStore(trx);
  const last = await windows.last(policy.id);
  if (last?.state === 'frozen') return last;
  const range = await rangeOf(trx, last);
  const definition = await frozenOf(trx, policy, deps.at);
  const models = await modelsIn(trx, definition, range);
  const units = models.reduce((sum, { n }) => sum + n, 0);
  if (units === 0 && !(await hasNamed(trx, policy.id))) {
    throw new Fault('conflict', `no unit of ${definition.model} came since the last window`, {
      remedy: 'Wait for clips with scores of this model; see `fieldloop triage items`.',
    });
  }
  const holder: Record<string, string> = {};
  for (const { sha256 } of models) holder[sha256] = await holderStore(trx).of(policy.id, sha256);
  const id = deps.ids.ulid('twi');
  const row = await trx
    .insertInto('triage_window')
    .values({
      id,
      policy_id: policy.id,
      policy: policy.name,
      definition: canonicalJson(definition as unknown as Json),
      salt: `${definition.salt}/${id}`,
      from_n: range.fromN,
      to_n: range.toN,
      as_of: deps.at,
      holder: canonicalJson(holder),
      state: 'frozen',
      units,
      result: null,
      reason,
      created_by: deps.by,
      created_at: deps.at,
      updated_at: deps.at,
      version: 1,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await putOutbox(trx, {
    kind: 'triage.frozen',
    subject: id,
    at: deps.at,
    body: { policy: policy.name, units },
  });
  return windowOfRow(row);
}

async function hasNamed(trx: Db, policyId: string): Promise<boolean> {
  const asked = await trx
    .selectFrom('triage_request')
    .select('clip_id')
    .where('policy_id', '=', policyId)
    .where('window_id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return asked !== undefined;
}

interface Range {
  readonly fromN: bigint;
  readonly toN: bigint;
}

async function rangeOf(trx: Db, last: TriageWindow | undefined): Promise<Range> {
  const fromN = BigInt(last?.toN ?? 0);
  const end = await unitStore(trx).end();
  const most = fromN + BigInt(maxWindowUnits);
  return { fromN, toN: end > most ? most : end };
}

/** The policy with the robots of its cohort, as it stands at this moment. */
export async function frozenOf(db: Db, policy: Policy, now: number): Promise<FrozenPolicy> {
  const { cohort: name } = policy.definition;
  if (name === undefined) return policy.definition;
  const cohort = await findCohort(db, name);
  if (cohort === undefined) throw unknownCohort(name);
  const devices = await cohortDevices(db, cohort, { now });
  return { ...policy.definition, devices: devices.map(({ id }) => id) };
}

/** Units of a policy in a range of intake. */
export function unitsIn(db: Db, definition: FrozenPolicy, { fromN, toN }: Range) {
  const { model, grain, population, devices } = definition;
  let rows = db
    .selectFrom('triage_unit')
    .where('triage_unit.model_id', '=', model)
    .where('triage_unit.grain', '=', grain)
    .where('triage_unit.n', '>', fromN)
    .where('triage_unit.n', '<=', toN);
  if (population !== 'any') rows = rows.where('triage_unit.population', '=', population);
  if (devices !== undefined) rows = rows.where('triage_unit.device_id', 'in', [...devices, '']);
  return rows;
}

/** Models whose units are in a range, and how many. */
export async function modelsIn(
  db: Db,
  definition: FrozenPolicy,
  range: Range,
): Promise<readonly { readonly sha256: string; readonly n: number }[]> {
  const rows = await unitsIn(db, definition, range)
    .select('triage_unit.model_sha256')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .groupBy('triage_unit.model_sha256')
    .orderBy('triage_unit.model_sha256')
    .execute();
  return rows.map(({ model_sha256: sha256, n }) => ({ sha256, n: Number(n) }));
}

export const windowStore = (db: Db) => ({
  async get(id: string): Promise<TriageWindow | undefined> {
    const row = await db
      .selectFrom('triage_window')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && windowOfRow(row);
  },

  /** Fault `not_found` with what to do. */
  async demand(id: string): Promise<TriageWindow> {
    const found = await this.get(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no window "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop triage windows`.',
    });
  },

  /** The newest of a policy, void ones aside. */
  async last(policyId: string): Promise<TriageWindow | undefined> {
    const row = await db
      .selectFrom('triage_window')
      .selectAll()
      .where('policy_id', '=', policyId)
      .where('state', '<>', 'void')
      .orderBy('to_n', 'desc')
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && windowOfRow(row);
  },

  /** Windows that wait to be drawn, the oldest first. */
  async frozen(limit: number): Promise<readonly TriageWindow[]> {
    const rows = await db
      .selectFrom('triage_window')
      .selectAll()
      .where('state', '=', 'frozen')
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(windowOfRow);
  },

  /** False when it is over already: a second draw of the same window changes nothing. */
  async finish(
    found: TriageWindow,
    to: { readonly state: 'drawn' | 'void'; readonly result?: WindowResult },
    at: number,
  ): Promise<boolean> {
    const done = await db
      .updateTable('triage_window')
      .set({
        state: to.state,
        result: to.result === undefined ? null : canonicalJson(to.result as unknown as Json),
        updated_at: at,
        version: found.version + 1,
      })
      .where('id', '=', found.id)
      .where('state', '=', 'frozen')
      .executeTakeFirst();
    return done.numUpdatedRows === 1n;
  },
});

export const windowOfRow = (row: Row<'triage_window'>): TriageWindow => ({
  id: row.id,
  policyId: row.policy_id,
  policy: row.policy,
  definition: JSON.parse(row.definition) as FrozenPolicy,
  salt: row.salt,
  fromN: Number(row.from_n),
  toN: Number(row.to_n),
  asOf: Number(row.as_of),
  holder: JSON.parse(row.holder) as Record<string, string>,
  state: row.state as WindowState,
  units: Number(row.units),
  ...(row.result === null ? {} : { result: JSON.parse(row.result) as WindowResult }),
  reason: row.reason,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
