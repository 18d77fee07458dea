import { canonicalJson, type Json } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { type AuditEntry, auditHash, auditStart, type NewAuditEntry } from './audit.ts';

export type AuditStore = ReturnType<typeof auditStore>;

export const auditStore = (db: Db) => ({
  /** Run inside the transaction of the change it tells of; that also orders two writers. */
  async add(entry: NewAuditEntry): Promise<AuditEntry> {
    const last = await db
      .selectFrom('audit')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    const linked = {
      ...entry,
      seq: Number(last?.seq ?? 0n) + 1,
      prev: last?.hash ?? auditStart,
    };
    const hash = auditHash(linked);
    await db
      .insertInto('audit')
      .values({
        seq: linked.seq,
        at: entry.at,
        actor: entry.actor,
        via: entry.via,
        action: entry.action,
        subject: entry.subject,
        detail: canonicalJson(entry.detail ?? {}),
        request_id: entry.requestId ?? null,
        prev: linked.prev,
        hash,
      })
      .execute();
    return { ...linked, hash };
  },

  /** Oldest first, after `seq`. */
  async list(seq: number, limit: number): Promise<readonly AuditEntry[]> {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', BigInt(seq))
      .orderBy('seq')
      .limit(limit)
      .execute();
    return rows.map(fromRow);
  },
});

function fromRow(row: Row<'audit'>): AuditEntry {
  return {
    seq: Number(row.seq),
    at: Number(row.at),
    actor: row.actor,
    via: row.via,
    action: row.action,
    subject: row.subject,
    detail: JSON.parse(row.detail) as Record<string, Json>,
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    prev: row.prev,
    hash: row.hash,
  };
}
