import { canonicalJson, type Json } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import type { Approval, ApprovalState } from './approval.ts';

export interface NewApproval {
  readonly id: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, Json>>;
  readonly reason: string;
  readonly askedBy: string;
  readonly askedPerson?: string | undefined;
  readonly at: number;
  readonly expiresAt: number;
}

export const approvalStore = (db: Db) => ({
  async get(id: string): Promise<Approval | undefined> {
    const row = await db.selectFrom('approval').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  },

  /** These, in this order. */
  async some(ids: readonly string[]): Promise<readonly Approval[]> {
    if (ids.length === 0) return [];
    const rows = await db.selectFrom('approval').selectAll().where('id', 'in', ids).execute();
    const byId = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => byId.get(id)).filter((one) => one !== undefined);
  },

  /** The caller's request for this that waits or was approved, whether its time is over or not. */
  async live(of: {
    readonly action: string;
    readonly subject: string;
    readonly askedBy: string;
  }): Promise<Approval | undefined> {
    const row = await db
      .selectFrom('approval')
      .selectAll()
      .where('action', '=', of.action)
      .where('subject', '=', of.subject)
      .where('asked_by', '=', of.askedBy)
      .where('state', 'in', ['open', 'approved'])
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** Requests of a caller that wait for a decision. */
  async openOf(askedBy: string, now: number): Promise<number> {
    const { count } = await db
      .selectFrom('approval')
      .select((of) => of.fn.countAll<bigint>().as('count'))
      .where('asked_by', '=', askedBy)
      .where('state', '=', 'open')
      .where('expires_at', '>', BigInt(now))
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  /** Nothing when a request for the same by the same caller came first. */
  async add(asked: NewApproval): Promise<void> {
    await db
      .insertInto('approval')
      .values({
        id: asked.id,
        action: asked.action,
        subject: asked.subject,
        detail: canonicalJson(asked.detail),
        reason: asked.reason,
        state: 'open',
        asked_by: asked.askedBy,
        asked_person: asked.askedPerson ?? null,
        expires_at: asked.expiresAt,
        created_at: asked.at,
        updated_at: asked.at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  /** The request in its new state, a version later. */
  async move(
    approval: Approval,
    to: {
      readonly state: ApprovalState;
      readonly decidedBy?: string | undefined;
      readonly note?: string | undefined;
    },
    at: number,
  ): Promise<Approval> {
    const row = await db
      .updateTable('approval')
      .set({
        state: to.state,
        ...(to.decidedBy === undefined ? {} : { decided_by: to.decidedBy, decided_at: at }),
        ...(to.note === undefined ? {} : { note: to.note }),
        ...(to.state === 'used' ? { used_at: at } : {}),
        updated_at: at,
        version: approval.version + 1,
      })
      .where('id', '=', approval.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },
});

function fromRow(row: Row<'approval'>): Approval {
  return {
    id: row.id,
    action: row.action,
    subject: row.subject,
    detail: JSON.parse(row.detail) as Record<string, Json>,
    reason: row.reason,
    state: row.state as ApprovalState,
    askedBy: row.asked_by,
    ...(row.asked_person === null ? {} : { askedPerson: row.asked_person }),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.used_at === null ? {} : { usedAt: Number(row.used_at) }),
    expiresAt: Number(row.expires_at),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
