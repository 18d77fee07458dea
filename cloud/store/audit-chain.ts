import { canonicalJson, type Json } from '@fieldloop/core';
import {
  auditDocument,
  type AuditEntry,
  auditHash,
  auditStart,
  type NewAuditEntry,
} from '../audit/audit.ts';
import { maxAuditDocumentBytes } from '../limits.ts';
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
  const { before: whole, after: wholeAfter, ...rest } = entry;
  const before = auditDocument(whole, maxAuditDocumentBytes);
  const after = auditDocument(wholeAfter, maxAuditDocumentBytes);
  const linked = {
    ...rest,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
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
      before_json: jsonOrNull(before),
      after_json: jsonOrNull(after),
      request_id: entry.requestId ?? null,
      ip: entry.ip ?? null,
      prev: linked.prev,
      hash,
    })
    .execute();
  return { ...linked, hash };
}

/** JSON null is a document, and no document is no value. */
const jsonOrNull = (value: Json | undefined): string | null =>
  value === undefined ? null : canonicalJson(value);
