import { Fault } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Freeze } from './freeze.ts';

export interface NewFreeze {
  readonly id: string;
  readonly reason: string;
  readonly cause?: string | undefined;
  readonly by: string;
  readonly person?: string | undefined;
  readonly at: number;
}

export const freezeStore = (db: Db) => ({
  /** Holds from the end of the transaction on: every effect of a rollout reads it in its own. */
  async set(made: NewFreeze): Promise<Freeze> {
    const { id, reason, by, at } = made;
    await db
      .insertInto('rollout_freeze')
      .values({
        id,
        reason,
        cause: made.cause ?? null,
        created_by: by,
        created_person: made.person ?? null,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    await putOutbox(db, { kind: 'freeze.set', subject: id, at, body: { reason, by } });
    return await this.get(id);
  },

  async get(id: string): Promise<Freeze> {
    const row = await db
      .selectFrom('rollout_freeze')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return freezeFromRow(row);
    throw new Fault('not_found', `there is no freeze "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop freezes list`.',
    });
  },

  /** One that is over stays as it is. */
  async lift(
    freeze: Freeze,
    by: { readonly by: string; readonly reason: string; readonly at: number },
  ): Promise<Freeze> {
    const { id, version, liftedAt } = freeze;
    if (liftedAt !== undefined) return freeze;
    const { reason, at } = by;
    await db
      .updateTable('rollout_freeze')
      .set({
        lifted_at: at,
        lifted_by: by.by,
        lift_reason: reason,
        updated_at: at,
        version: version + 1,
      })
      .where('id', '=', id)
      .where('lifted_at', 'is', null)
      .execute();
    await putOutbox(db, { kind: 'freeze.lifted', subject: id, at, body: { reason, by: by.by } });
    return await this.get(id);
  },
});

export const freezeFromRow = (row: Row<'rollout_freeze'>): Freeze => ({
  id: row.id,
  reason: row.reason,
  ...(row.cause === null ? {} : { cause: row.cause }),
  createdBy: row.created_by,
  ...(row.created_person === null ? {} : { createdPerson: row.created_person }),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  ...(row.lifted_at === null ? {} : { liftedAt: Number(row.lifted_at) }),
  ...(row.lifted_by === null ? {} : { liftedBy: row.lifted_by }),
  ...(row.lift_reason === null ? {} : { liftReason: row.lift_reason }),
  version: Number(row.version),
});
