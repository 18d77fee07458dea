import type { Json } from '@fieldloop/core';
import type { Db } from './db.ts';
import type { OutboxKind } from './outbox-kinds.ts';

/** Something that others may want to hear of. */
export interface OutboxEntry {
  /** `clip.stored`: noun, dot, what happened. */
  readonly kind: OutboxKind;
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
