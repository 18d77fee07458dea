/** The deliveries' rows. */
import type { Json } from '@fieldloop/core';
import { deliveryRows, deliverySweepRows } from '../alert-limits.ts';
import { bit, type Db, type Row } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { Attempt, Delivery, DeliveryState, Outcome, TargetKind } from './delivery.ts';

export interface NewDelivery {
  readonly id: string;
  readonly target: { readonly kind: TargetKind; readonly id: string };
  /** The same key for the same target is one delivery. */
  readonly key: string;
  readonly kind: string;
  readonly subject: string;
  readonly seq?: bigint | undefined;
  readonly body: Json;
  readonly at: number;
}

export const deliveryQueue = (db: Db) => ({
  /** Adds what is not there yet. */
  async put(deliveries: readonly NewDelivery[]): Promise<void> {
    for (let at = 0; at < deliveries.length; at += deliveryRows) {
      await db
        .insertInto('delivery')
        .values(deliveries.slice(at, at + deliveryRows).map(toRow))
        .onConflict((conflict) => conflict.columns(['target_id', 'dedupe_key']).doNothing())
        .execute();
    }
  },

  async get(id: string): Promise<Delivery | undefined> {
    const row = await db.selectFrom('delivery').selectAll().where('id', '=', id).executeTakeFirst();
    return row && deliveryOfRow(row);
  },

  /** What is due for a target, the longest due first. */
  async due(targetId: string, now: number, limit: number): Promise<readonly Delivery[]> {
    const rows = await db
      .selectFrom('delivery')
      .selectAll()
      .where('target_id', '=', targetId)
      .where(isWaiting)
      .where('due_at', '<=', BigInt(now))
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(deliveryOfRow);
  },

  /** How many wait for a target, due or not. */
  async waiting(targetId: string): Promise<number> {
    const row = await db
      .selectFrom('delivery')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .where('target_id', '=', targetId)
      .where(isWaiting)
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },

  /** Targets with something due. */
  async dueTargets(now: number): Promise<readonly string[]> {
    const rows = await db
      .selectFrom('delivery')
      .select('target_id')
      .where(isWaiting)
      .where('due_at', '<=', BigInt(now))
      .groupBy('target_id')
      .execute();
    return rows.map((row) => row.target_id);
  },

  /** Notes a try; `dueAt` is that of the next one, undefined when there is none. */
  async tried(
    delivery: Delivery,
    tried: { readonly at: number; readonly durationMs: number; readonly outcome: Outcome },
    dueAt: number | undefined,
  ): Promise<DeliveryState> {
    const { outcome, at, durationMs } = tried;
    const state = outcome.ok ? 'delivered' : dueAt === undefined ? 'failed' : 'waiting';
    const done = at + durationMs;
    const said = { status: outcome.status ?? null, error: outcome.error ?? null };
    const row = await db
      .updateTable('delivery')
      .set((set) => ({
        ...said,
        state,
        attempts: set('attempts', '+', 1n),
        tries: set('tries', '+', 1n),
        ...(dueAt === undefined ? {} : { due_at: dueAt }),
        updated_at: done,
        ended_at: state === 'waiting' ? null : done,
      }))
      .where('id', '=', delivery.id)
      .returning('attempts')
      .executeTakeFirst();
    if (row === undefined) return state;
    await db
      .insertInto('delivery_attempt')
      .values({
        delivery_id: delivery.id,
        n: row.attempts,
        at,
        duration_ms: durationMs,
        ok: bit(outcome.ok),
        ...said,
        answer: outcome.answer ?? null,
      })
      .execute();
    return state;
  },

  /** Makes it due now with all its tries before it; false when it is not of this target. */
  async redeliver(targetId: string, id: string, at: number): Promise<boolean> {
    const done = await db
      .updateTable('delivery')
      .set({ state: 'waiting', tries: 0, due_at: at, updated_at: at, ended_at: null })
      .where('id', '=', id)
      .where('target_id', '=', targetId)
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  },

  /** Newest first. */
  async list(query: {
    readonly targetId?: string | undefined;
    readonly subject?: string | undefined;
    readonly state?: DeliveryState | undefined;
    readonly kind?: string | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Delivery[]> {
    let rows = db.selectFrom('delivery').selectAll().orderBy('id', 'desc').limit(query.limit);
    if (query.targetId !== undefined) rows = rows.where('target_id', '=', query.targetId);
    if (query.subject !== undefined) rows = rows.where('subject', '=', query.subject);
    if (query.state !== undefined) rows = rows.where('state', '=', query.state);
    if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind);
    if (query.before !== undefined) rows = rows.where('id', '<', query.before);
    return (await rows.execute()).map(deliveryOfRow);
  },

  async attempts(id: string): Promise<readonly Attempt[]> {
    const rows = await db
      .selectFrom('delivery_attempt')
      .selectAll()
      .where('delivery_id', '=', id)
      .orderBy('n')
      .execute();
    return rows.map((row) => ({
      n: Number(row.n),
      at: Number(row.at),
      durationMs: Number(row.duration_ms),
      ok: row.ok === 1n,
      ...(row.status === null ? {} : { status: Number(row.status) }),
      ...(row.error === null ? {} : { error: row.error }),
      ...(row.answer === null ? {} : { answer: row.answer }),
    }));
  },

  /** Removes what ended before; returns how many, at most `deliverySweepRows`. */
  async sweep(before: number): Promise<number> {
    const rows = await db
      .selectFrom('delivery')
      .select('id')
      .where('ended_at', '<', BigInt(before))
      .orderBy('ended_at')
      .limit(deliverySweepRows)
      .execute();
    const ids = rows.map((row) => row.id);
    await remove(db, ids);
    return ids.length;
  },

  /** Removes everything of a target that is removed itself. */
  async forget(targetId: string): Promise<void> {
    await db
      .deleteFrom('delivery_attempt')
      .where('delivery_id', 'in', (of) =>
        of.selectFrom('delivery').select('id').where('target_id', '=', targetId),
      )
      .execute();
    await db.deleteFrom('delivery').where('target_id', '=', targetId).execute();
  },
});

/** In words, not as a parameter: only so do both databases see that a partial index serves it. */
const isWaiting = sql<boolean>`state = 'waiting'`;

async function remove(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.deleteFrom('delivery_attempt').where('delivery_id', 'in', ids).execute();
  await db.deleteFrom('delivery').where('id', 'in', ids).execute();
}

const toRow = (delivery: NewDelivery) => ({
  id: delivery.id,
  target_kind: delivery.target.kind,
  target_id: delivery.target.id,
  dedupe_key: delivery.key,
  kind: delivery.kind,
  subject: delivery.subject,
  seq: delivery.seq ?? null,
  body: JSON.stringify(delivery.body),
  state: 'waiting',
  attempts: 0,
  tries: 0,
  due_at: delivery.at,
  created_at: delivery.at,
  updated_at: delivery.at,
});

export function deliveryOfRow(row: Row<'delivery'>): Delivery {
  return {
    id: row.id,
    target: { kind: row.target_kind as TargetKind, id: row.target_id },
    kind: row.kind,
    subject: row.subject,
    ...(row.seq === null ? {} : { seq: row.seq }),
    body: JSON.parse(row.body) as Json,
    state: row.state as DeliveryState,
    attempts: Number(row.attempts),
    tries: Number(row.tries),
    dueAt: Number(row.due_at),
    ...(row.status === null ? {} : { status: Number(row.status) }),
    ...(row.error === null ? {} : { error: row.error }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
  };
}
