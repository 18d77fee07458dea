import type { Json } from '@fieldloop/core';
import { putAudit } from '../store/audit-chain.ts';
import type { Db, Row } from '../store/db.ts';
import type { AuditEntry, NewAuditEntry } from './audit.ts';

export const auditStore = (db: Db) => ({
  /** Run inside the transaction of the change it tells of; that also orders two writers. */
  add: async (entry: NewAuditEntry): Promise<AuditEntry> => await putAudit(db, entry),

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
