/** The rows of long work, for those who start it and for the worker that does it. */
import type { Clock, Ids, Json, Log } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import {
  type LongOperation,
  type OperationProblem,
  type OperationState,
  operationStates,
  type Progress,
} from '../operation/operation.ts';
import type { Db, Row } from './db.ts';
import { putOutbox } from './outbox.ts';

export interface NewOperation {
  readonly id: string;
  readonly kind: string;
  readonly input: Json;
  readonly by: string;
  readonly at: number;
}

/** What a handler works with. It may run twice for one operation: a worker may have died. */
export interface OperationContext {
  readonly id: string;
  readonly read: Db;
  readonly write: Db;
  readonly bytes: BlobStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Aborts when the operation is cancelled or its worker stops. */
  readonly signal: AbortSignal;
  /** Told as often as one likes; written a few times a second. */
  progress(done: number, total?: number, unit?: string): void;
}

/** Does the work and resolves to its result. A Fault becomes the operation's problem. */
export type OperationHandler = (input: Json, context: OperationContext) => Promise<Json>;

/** Run inside the transaction of the request that asks for the work. */
export async function startOperation(db: Db, wanted: NewOperation): Promise<LongOperation> {
  const { id, kind, by, at } = wanted;
  const row = await db
    .insertInto('operation')
    .values({
      id,
      kind,
      state: 'queued',
      input: JSON.stringify(wanted.input),
      created_by: by,
      done: 0,
      attempts: 0,
      cancel_asked: 0,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await putOutbox(db, { kind: 'operation.queued', subject: id, at, body: { kind } });
  return fromRow(row);
}

export const operationRows = (db: Db) => ({
  async get(id: string): Promise<LongOperation | undefined> {
    const row = await db
      .selectFrom('operation')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** Newest first. */
  async list(query: {
    readonly before?: string | undefined;
    readonly state?: OperationState | undefined;
    readonly kind?: string | undefined;
    readonly limit: number;
  }): Promise<readonly LongOperation[]> {
    let rows = db.selectFrom('operation').selectAll().orderBy('id', 'desc').limit(query.limit);
    if (query.before !== undefined) rows = rows.where('id', '<', query.before);
    if (query.state !== undefined) rows = rows.where('state', '=', query.state);
    if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind);
    return (await rows.execute()).map(fromRow);
  },

  /** What a worker that is no more had begun is queued again. Run by the one that begins. */
  async requeue(at: number): Promise<void> {
    await db
      .updateTable('operation')
      .set({ state: 'queued', owner: null, updated_at: at })
      .where('state', '=', 'running')
      .execute();
  },

  /** The oldest that waits, from now on this worker's. Run in a transaction. */
  async claim(owner: string, at: number): Promise<LongOperation | undefined> {
    const next = await db
      .selectFrom('operation')
      .select('id')
      .where('state', '=', 'queued')
      .orderBy('created_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    if (next === undefined) return undefined;
    const row = await db
      .updateTable('operation')
      .set((set) => ({
        state: 'running',
        owner,
        attempts: set('attempts', '+', 1n),
        touched_at: at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', next.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  /** True when the operation shall go on. */
  async touch(id: string, progress: Progress, at: number): Promise<boolean> {
    const row = await db
      .updateTable('operation')
      .set((set) => ({
        done: progress.done,
        total: progress.total ?? null,
        unit: progress.unit ?? null,
        touched_at: at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', id)
      .where('state', '=', 'running')
      .returning('cancel_asked')
      .executeTakeFirst();
    return row?.cancel_asked === 0n;
  },

  async end(
    id: string,
    outcome:
      | { readonly state: 'done'; readonly result: Json }
      | { readonly state: 'failed'; readonly problem: OperationProblem }
      | { readonly state: 'cancelled' },
    at: number,
  ): Promise<void> {
    const row = await db
      .updateTable('operation')
      .set((set) => ({
        state: outcome.state,
        result: outcome.state === 'done' ? JSON.stringify(outcome.result) : null,
        problem: outcome.state === 'failed' ? JSON.stringify(outcome.problem) : null,
        owner: null,
        updated_at: at,
        ended_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', id)
      .where('state', 'in', ['queued', 'running'])
      .returning('kind')
      .executeTakeFirst();
    if (row === undefined) return;
    const { kind } = row;
    await putOutbox(db, { kind: `operation.${outcome.state}`, subject: id, at, body: { kind } });
  },

  /** A waiting one ends at once; a running one when its worker hears of it. */
  async askCancel(id: string, at: number): Promise<void> {
    const waiting = await db
      .updateTable('operation')
      .set((set) => ({
        state: 'cancelled',
        updated_at: at,
        ended_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', id)
      .where('state', '=', 'queued')
      .returning('kind')
      .executeTakeFirst();
    if (waiting !== undefined) {
      const body = { kind: waiting.kind };
      await putOutbox(db, { kind: 'operation.cancelled', subject: id, at, body });
      return;
    }
    await db
      .updateTable('operation')
      .set((set) => ({ cancel_asked: 1, updated_at: at, version: set('version', '+', 1n) }))
      .where('id', '=', id)
      .where('state', '=', 'running')
      .execute();
  },
});

export const isOperationState = (text: string): text is OperationState =>
  operationStates.some((state) => state === text);

function fromRow(row: Row<'operation'>): LongOperation {
  if (!isOperationState(row.state)) throw new TypeError(`operation state ${row.state}`);
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    input: JSON.parse(row.input) as Json,
    createdBy: row.created_by,
    progress: {
      done: Number(row.done),
      ...(row.total === null ? {} : { total: Number(row.total) }),
      ...(row.unit === null ? {} : { unit: row.unit }),
    },
    ...(row.result === null ? {} : { result: JSON.parse(row.result) as Json }),
    ...(row.problem === null ? {} : { problem: JSON.parse(row.problem) as OperationProblem }),
    attempts: Number(row.attempts),
    cancelAsked: row.cancel_asked === 1n,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    version: Number(row.version),
  };
}
