import { canonicalJson, type Ids } from '@fieldloop/core';
import { bit, type Db, type Row } from '../store/db.ts';
import type { Act } from '../store/model-registry.ts';
import { putOutbox } from '../store/outbox.ts';
import { type Check, checkOutcomes, type Policy, type Triggers, unknownPolicy } from './policy.ts';
import type { Config } from './training.ts';

export interface NewPolicy {
  readonly model: string;
  readonly dataset: string;
  readonly triggers: Triggers;
  readonly config: Config;
  readonly trainer: string;
  readonly cooldownMs: number;
  readonly enabled: boolean;
  readonly retrainValue: boolean;
}

interface NoteAct {
  readonly ids: Pick<Ids, 'ulid'>;
  readonly at: number;
  readonly againMs?: number;
}

export const policyStore = (db: Db) => ({
  /** Undefined when the model has one. */
  async create(
    of: NewPolicy,
    { ids, at, by }: Act & { readonly ids: Pick<Ids, 'ulid'> },
  ): Promise<Policy | undefined> {
    const row = await db
      .insertInto('training_policy')
      .values({
        id: ids.ulid('tpo'),
        ...columnsOf(of),
        model: of.model,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const body = { model: of.model };
    await putOutbox(db, { kind: 'training_policy.created', subject: row.id, at, body });
    return policyOfRow(row);
  },

  /** Fault `not_found`. By id or by model. */
  async demand(ref: string): Promise<Policy> {
    const row = await db
      .selectFrom('training_policy')
      .selectAll()
      .where((of) => of.or([of('id', '=', ref), of('model', '=', ref)]))
      .executeTakeFirst();
    if (row === undefined) throw unknownPolicy(ref);
    return policyOfRow(row);
  },

  async all(): Promise<readonly Policy[]> {
    const rows = await db.selectFrom('training_policy').selectAll().orderBy('id').execute();
    return rows.map(policyOfRow);
  },

  async change(known: Policy, of: Partial<NewPolicy>, at: number): Promise<void> {
    await db
      .updateTable('training_policy')
      .set({ ...columnsOf({ ...known, ...of }), updated_at: at, version: known.version + 1 })
      .where('id', '=', known.id)
      .execute();
    const body = { model: known.model };
    await putOutbox(db, { kind: 'training_policy.changed', subject: known.id, at, body });
  },

  async remove(known: Policy, at: number): Promise<void> {
    await db.deleteFrom('training_check').where('policy_id', '=', known.id).execute();
    await db.deleteFrom('training_policy').where('id', '=', known.id).execute();
    const body = { model: known.model };
    await putOutbox(db, { kind: 'training_policy.deleted', subject: known.id, at, body });
  },

  /**
   * The answer of a look; one like the last is counted there, unless that one is older than
   * `againMs`. True when it is new.
   */
  async note(
    of: Pick<Check, 'policy' | 'outcome' | 'why' | 'facts' | 'training'>,
    { ids, at, againMs = Infinity }: NoteAct,
  ): Promise<boolean> {
    const last = await db
      .selectFrom('training_check')
      .selectAll()
      .where('policy_id', '=', of.policy)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    const isSame = last?.outcome === of.outcome && last.why === of.why;
    const isOld = at - Number(last?.first_at ?? at) >= againMs;
    if (last !== undefined && isSame && !isOld && of.training === undefined) {
      await db
        .updateTable('training_check')
        .set((set) => ({ last_at: at, times: set('times', '+', 1n) }))
        .where('id', '=', last.id)
        .execute();
      return false;
    }
    await db
      .insertInto('training_check')
      .values({
        id: ids.ulid('tpc'),
        policy_id: of.policy,
        outcome: of.outcome,
        why: of.why,
        facts: JSON.stringify(of.facts),
        training_id: of.training ?? null,
        first_at: at,
        last_at: at,
        times: 1,
      })
      .execute();
    return true;
  },
});

const columnsOf = (of: Omit<NewPolicy, 'model'>) => ({
  dataset: of.dataset,
  triggers: canonicalJson({ ...of.triggers }),
  config: canonicalJson(of.config),
  trainer: of.trainer,
  cooldown_ms: of.cooldownMs,
  enabled: bit(of.enabled),
  retrain_value: bit(of.retrainValue),
});

export function policyOfRow(row: Row<'training_policy'>): Policy {
  return {
    id: row.id,
    model: row.model,
    dataset: row.dataset,
    triggers: JSON.parse(row.triggers) as Triggers,
    config: JSON.parse(row.config) as Config,
    trainer: row.trainer,
    cooldownMs: Number(row.cooldown_ms),
    enabled: row.enabled === 1n,
    retrainValue: row.retrain_value === 1n,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

export function checkOfRow(row: Row<'training_check'>): Check {
  const outcome = checkOutcomes.find((one) => one === row.outcome);
  if (outcome === undefined) throw new TypeError(`check ${row.outcome}`);
  return {
    id: row.id,
    policy: row.policy_id,
    outcome,
    why: row.why,
    facts: JSON.parse(row.facts) as Check['facts'],
    ...(row.training_id === null ? {} : { training: row.training_id }),
    firstAt: Number(row.first_at),
    lastAt: Number(row.last_at),
    times: Number(row.times),
  };
}
