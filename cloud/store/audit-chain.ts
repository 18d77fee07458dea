import { canonicalJson } from '@fieldloop/core';
import { type AuditEntry, auditHash, auditStart, type NewAuditEntry } from '../audit/audit.ts';
import type { Db } from './db.ts';

/**
 * Adds one entry to the chain. Run inside the transaction of the change it tells of: both are
 * there or neither is, and its write lock orders two writers.
 */
export async function putAudit(db: Db, entry: NewAuditEntry): Promise<AuditEntry> {
  const last = await db
    .selectFrom('audit')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const linked = { ...entry, seq: Number(last?.seq ?? 0n) + 1, prev: last?.hash ?? auditStart };
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
}
