import type { Severity } from '@fieldloop/proto';
import { bit, type Db, type Row } from '../store/db.ts';
import type { Condition, GroupBy } from './condition.ts';
import type { Policy, PolicyDraft, PolicyFault } from './policy.ts';

/** Alert policies with the channels they tell. */
export const policyStore = (db: Db) => ({
  /** False when the name is taken. */
  async create(
    draft: PolicyDraft,
    of: { readonly id: string; readonly by: string; readonly at: number },
  ): Promise<boolean> {
    const done = await db
      .insertInto('alert_policy')
      .values({
        ...columns(draft),
        id: of.id,
        created_by: of.by,
        created_at: of.at,
        updated_at: of.at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
    await putChannels(db, of.id, draft);
    return true;
  },

  /** By id or name. */
  async get(idOrName: string): Promise<Policy | undefined> {
    const row = await db
      .selectFrom('alert_policy')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && (await policiesOfRows(db, [row]))[0];
  },

  /** Every one, in the order of ids. */
  async all(): Promise<readonly Policy[]> {
    const rows = await db.selectFrom('alert_policy').selectAll().orderBy('id').execute();
    return await policiesOfRows(db, rows);
  },

  async count(): Promise<number> {
    const row = await db
      .selectFrom('alert_policy')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },

  /** The caller has read the policy in this transaction. What was wrong with it is forgotten. */
  async change(policy: Policy, draft: PolicyDraft, at: number): Promise<void> {
    await db
      .updateTable('alert_policy')
      .set({
        ...columns(draft),
        fault: null,
        faulty_since: null,
        updated_at: at,
        version: policy.version + 1,
      })
      .where('id', '=', policy.id)
      .execute();
    await db.deleteFrom('alert_policy_channel').where('policy_id', '=', policy.id).execute();
    await putChannels(db, policy.id, draft);
  },

  /** Notes why it cannot be evaluated, or that it can again. */
  async setFault(policy: Policy, fault: PolicyFault | undefined, at: number): Promise<void> {
    await db
      .updateTable('alert_policy')
      .set({
        fault: fault === undefined ? null : JSON.stringify(fault),
        faulty_since: fault?.since ?? null,
        updated_at: at,
        version: policy.version + 1,
      })
      .where('id', '=', policy.id)
      .where('version', '=', BigInt(policy.version))
      .execute();
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('alert_policy_channel').where('policy_id', '=', id).execute();
    await db.deleteFrom('alert_policy').where('id', '=', id).execute();
  },

  /** The first of these that is no channel. */
  async unknownChannel(ids: readonly string[]): Promise<string | undefined> {
    if (ids.length === 0) return undefined;
    const rows = await db.selectFrom('channel').select('id').where('id', 'in', ids).execute();
    const known = new Set(rows.map((row) => row.id));
    return ids.find((id) => !known.has(id));
  },
});

const columns = (draft: PolicyDraft) => ({
  name: draft.name,
  description: draft.description ?? null,
  enabled: bit(draft.enabled),
  condition: JSON.stringify(draft.condition),
  severity: draft.severity,
  for_s: draft.forS,
  group_by: draft.groupBy,
  devices_q: draft.devices ?? null,
  repeat_s: draft.repeatS ?? null,
  ack_within_s: draft.ackWithinS ?? null,
});

async function putChannels(db: Db, policyId: string, draft: PolicyDraft): Promise<void> {
  const rows = [
    ...draft.channels.map((id, position) => ({ role: 'notify', id, position })),
    ...draft.escalateTo.map((id, position) => ({ role: 'escalate', id, position })),
  ];
  if (rows.length === 0) return;
  await db
    .insertInto('alert_policy_channel')
    .values(
      rows.map(({ role, id, position }) => ({
        policy_id: policyId,
        role,
        position,
        channel_id: id,
      })),
    )
    .execute();
}

export async function policiesOfRows(
  db: Db,
  rows: readonly Row<'alert_policy'>[],
): Promise<readonly Policy[]> {
  if (rows.length === 0) return [];
  const channels = await db
    .selectFrom('alert_policy_channel')
    .selectAll()
    .where(
      'policy_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('policy_id')
    .orderBy('role')
    .orderBy('position')
    .execute();
  const byPolicy = Map.groupBy(channels, (row) => row.policy_id);
  return rows.map((row) => {
    const own = byPolicy.get(row.id) ?? [];
    const of = (role: string): readonly string[] =>
      own.filter((one) => one.role === role).map((one) => one.channel_id);
    return fromRow(row, { channels: of('notify'), escalateTo: of('escalate') });
  });
}

const fromRow = (
  row: Row<'alert_policy'>,
  told: Pick<Policy, 'channels' | 'escalateTo'>,
): Policy => ({
  ...told,
  id: row.id,
  name: row.name,
  ...(row.description === null ? {} : { description: row.description }),
  enabled: row.enabled === 1n,
  condition: JSON.parse(row.condition) as Condition,
  severity: row.severity as Severity,
  forS: Number(row.for_s),
  groupBy: row.group_by as GroupBy,
  ...(row.devices_q === null ? {} : { devices: row.devices_q }),
  ...(row.repeat_s === null ? {} : { repeatS: Number(row.repeat_s) }),
  ...(row.ack_within_s === null ? {} : { ackWithinS: Number(row.ack_within_s) }),
  createdBy: row.created_by,
  ...(row.fault === null ? {} : { fault: JSON.parse(row.fault) as PolicyFault }),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
