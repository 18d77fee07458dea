import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import { bit, type Db, type Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { PolicyDefinition } from './triage.ts';

export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly definition: PolicyDefinition;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface NewPolicy {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly definition: PolicyDefinition;
  readonly by: string;
  readonly at: number;
}

/** Policies of triage. Changes run inside the caller's transaction. */
export const policyStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create({ by, at, ...made }: NewPolicy): Promise<Policy | undefined> {
    const row = await db
      .insertInto('triage_policy')
      .values({
        id: made.id,
        name: made.name,
        enabled: bit(made.enabled),
        definition: textOf(made.definition),
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { id, name } = made;
    await putOutbox(db, { kind: 'triage.policy_created', subject: id, at, body: { name } });
    return policyOfRow(row);
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<Policy | undefined> {
    const row = await db
      .selectFrom('triage_policy')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && policyOfRow(row);
  },

  /** Fault `not_found` with what to do. */
  async demand(idOrName: string): Promise<Policy> {
    const found = await this.get(idOrName);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no triage policy "${idOrName.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop triage policies`.',
    });
  },

  async enabled(): Promise<readonly Policy[]> {
    const rows = await db
      .selectFrom('triage_policy')
      .selectAll()
      .where('enabled', '=', 1n)
      .orderBy('id')
      .execute();
    return rows.map(policyOfRow);
  },

  async change(
    found: Policy,
    change: { readonly enabled?: boolean | undefined; readonly definition: PolicyDefinition },
    at: number,
  ): Promise<Policy> {
    const row = await db
      .updateTable('triage_policy')
      .set({
        enabled: bit(change.enabled ?? found.enabled),
        definition: textOf(change.definition),
        updated_at: at,
        version: found.version + 1,
      })
      .where('id', '=', found.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const { id, name } = found;
    await putOutbox(db, { kind: 'triage.policy_changed', subject: id, at, body: { name } });
    return policyOfRow(row);
  },

  /** Fault `conflict` once it has windows: the ledger names them for good. */
  async remove(found: Policy, at: number): Promise<void> {
    const used = await db
      .selectFrom('triage_window')
      .select('id')
      .where('policy_id', '=', found.id)
      .limit(1)
      .executeTakeFirst();
    if (used !== undefined) {
      throw new Fault('conflict', `the policy ${found.name} has drawn windows`, {
        remedy: `Switch it off: \`fieldloop triage policy-edit ${found.name} --off\`.`,
      });
    }
    const { id, name } = found;
    await db.deleteFrom('triage_request').where('policy_id', '=', id).execute();
    await db.deleteFrom('triage_policy').where('id', '=', id).execute();
    await putOutbox(db, { kind: 'triage.policy_deleted', subject: id, at, body: { name } });
  },
});

const textOf = (definition: PolicyDefinition): string =>
  canonicalJson(definition as unknown as Json);

export const policyOfRow = (row: Row<'triage_policy'>): Policy => ({
  id: row.id,
  name: row.name,
  enabled: row.enabled === 1n,
  definition: JSON.parse(row.definition) as PolicyDefinition,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
