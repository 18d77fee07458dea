import type { Severity } from '@fieldloop/proto';
import type { Db, Row } from '../store/db.ts';
import type { Silence } from './silence.ts';

type SilenceSaid = Pick<Silence, 'reason' | 'from' | 'until'> & {
  readonly policyId?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly q?: string | undefined;
};

export const silenceStore = (db: Db) => ({
  async create(
    said: SilenceSaid,
    of: { readonly id: string; readonly by: string; readonly at: number },
  ): Promise<Silence> {
    const row = await db
      .insertInto('silence')
      .values({
        id: of.id,
        ...columns(said),
        created_by: of.by,
        created_at: of.at,
        updated_at: of.at,
        version: 1,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return silenceOfRow(row);
  },

  async get(id: string): Promise<Silence | undefined> {
    const row = await db.selectFrom('silence').selectAll().where('id', '=', id).executeTakeFirst();
    return row && silenceOfRow(row);
  },

  /** Those that hold now. */
  async active(now: number): Promise<readonly Silence[]> {
    const rows = await db
      .selectFrom('silence')
      .selectAll()
      .where('until_at', '>', BigInt(now))
      .where('from_at', '<=', BigInt(now))
      .orderBy('id')
      .execute();
    return rows.map(silenceOfRow);
  },

  /** The caller has read the silence in this transaction. */
  async change(silence: Silence, said: SilenceSaid, at: number): Promise<Silence> {
    const row = await db
      .updateTable('silence')
      .set({ ...columns(said), updated_at: at, version: silence.version + 1 })
      .where('id', '=', silence.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return silenceOfRow(row);
  },

  async delete(id: string): Promise<void> {
    await db.deleteFrom('silence').where('id', '=', id).execute();
  },
});

const columns = (said: SilenceSaid) => ({
  reason: said.reason,
  policy_id: said.policyId ?? null,
  device_id: said.deviceId ?? null,
  severity: said.severity ?? null,
  q: said.q ?? null,
  from_at: said.from,
  until_at: said.until,
});

export const silenceOfRow = (row: Row<'silence'>): Silence => ({
  id: row.id,
  reason: row.reason,
  ...(row.policy_id === null ? {} : { policyId: row.policy_id }),
  ...(row.device_id === null ? {} : { deviceId: row.device_id }),
  ...(row.severity === null ? {} : { severity: row.severity as Severity }),
  ...(row.q === null ? {} : { q: row.q }),
  from: Number(row.from_at),
  until: Number(row.until_at),
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
