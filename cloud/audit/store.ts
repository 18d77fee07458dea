import type { Json } from '@fieldloop/core';
import { auditReadRows } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db, Row } from '../store/db.ts';
import type { AuditEntry, AuditHead, NewAuditEntry, SignedAuditHead } from './audit.ts';

export const auditStore = (db: Db) => ({
  /** Run inside the transaction of the change it tells of; that also orders two writers. */
  add: async (entry: NewAuditEntry): Promise<AuditEntry> => await putAudit(db, entry),

  async get(seq: number): Promise<AuditEntry | undefined> {
    const row = await db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '=', BigInt(seq))
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** These, in this order. */
  async some(seqs: readonly bigint[]): Promise<readonly AuditEntry[]> {
    if (seqs.length === 0) return [];
    const rows = await db.selectFrom('audit').selectAll().where('seq', 'in', seqs).execute();
    const bySeq = new Map(rows.map((row) => [row.seq, fromRow(row)]));
    return seqs.map((seq) => bySeq.get(seq)).filter((entry) => entry !== undefined);
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

  /** Every entry after `seq` up to `through`, oldest first, a bounded number in memory. */
  async *walk(seq: number, through: number = Number.MAX_SAFE_INTEGER): AsyncGenerator<AuditEntry> {
    for (let after = seq; after < through; ) {
      const entries = await this.list(after, auditReadRows);
      for (const entry of entries) {
        if (entry.seq > through) return;
        yield entry;
      }
      const last = entries.at(-1);
      if (last === undefined) return;
      after = last.seq;
    }
  },

  /** Where the chain ends; undefined when it is empty. */
  async last(): Promise<AuditHead | undefined> {
    const row = await db
      .selectFrom('audit')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && { seq: Number(row.seq), hash: row.hash };
  },

  /** False when the chain has not moved since. */
  async addHead(head: SignedAuditHead): Promise<boolean> {
    const { keySha256, ...same } = head;
    const done = await db
      .insertInto('audit_head')
      .values({ ...same, key_sha256: keySha256 })
      .onConflict((conflict) => conflict.column('seq').doNothing())
      .executeTakeFirst();
    return (done.numInsertedOrUpdatedRows ?? 0n) > 0n;
  },

  async lastHead(): Promise<SignedAuditHead | undefined> {
    const row = await db
      .selectFrom('audit_head')
      .selectAll()
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && headOfRow(row);
  },

  /** Oldest first: one a day is few. */
  async heads(): Promise<readonly SignedAuditHead[]> {
    const rows = await db.selectFrom('audit_head').selectAll().orderBy('seq').execute();
    return rows.map(headOfRow);
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
    ...(row.before_json === null ? {} : { before: JSON.parse(row.before_json) as Json }),
    ...(row.after_json === null ? {} : { after: JSON.parse(row.after_json) as Json }),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    ...(row.ip === null ? {} : { ip: row.ip }),
    prev: row.prev,
    hash: row.hash,
  };
}

const headOfRow = (row: Row<'audit_head'>): SignedAuditHead => ({
  seq: Number(row.seq),
  hash: row.hash,
  at: Number(row.at),
  previous: Number(row.previous),
  keySha256: row.key_sha256,
  signature: row.signature,
});
