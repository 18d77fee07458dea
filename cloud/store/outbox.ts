import type { Json } from '@fieldloop/core';
import type { Db } from './db.ts';

/** Something that others may want to hear of. */
export interface OutboxEntry {
  /** `clip.stored`: noun, dot, what happened. */
  readonly kind: string;
  /** The entity's id. */
  readonly subject: string;
  readonly at: number;
  readonly body: Json;
}

/** Written in the transaction of the change it tells of: both are there or neither is. */
export async function putOutbox(db: Db, entry: OutboxEntry): Promise<void> {
  const { kind, subject, at } = entry;
  await db
    .insertInto('outbox')
    .values({ kind, subject, at, body: JSON.stringify(entry.body) })
    .execute();
}

/** Entries after `seq`, oldest first. */
export async function listOutbox(
  db: Db,
  seq: bigint,
  limit: number,
): Promise<readonly (OutboxEntry & { readonly seq: bigint })[]> {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    kind: row.kind,
    subject: row.subject,
    at: Number(row.at),
    body: JSON.parse(row.body) as Json,
  }));
}
