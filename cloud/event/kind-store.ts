import type { Json } from '@fieldloop/core';
import { bit, type Db, type Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { EventKind, EventShape } from './event.ts';

export interface NewEventKind {
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly colour: string;
  readonly shape: EventShape;
  readonly schema?: Json | undefined;
  readonly isFailure: boolean;
  readonly at: number;
}

/** Null takes away; absent stays. The name stays: events are found by it. */
export interface EventKindPatch {
  readonly description?: string | null | undefined;
  readonly colour?: string | undefined;
  readonly shape?: EventShape | undefined;
  readonly schema?: Json | undefined;
  readonly isFailure?: boolean | undefined;
}

export const eventKindStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create(kind: NewEventKind): Promise<EventKind | undefined> {
    const { id, name, description, colour, shape, schema, isFailure, at } = kind;
    const row = await db
      .insertInto('event_kind')
      .values({
        id,
        name,
        description: description ?? null,
        colour,
        shape,
        schema: schema === undefined ? null : JSON.stringify(schema),
        is_failure: bit(isFailure),
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await putOutbox(db, { kind: 'event_kind.created', subject: id, at, body: { name } });
    return fromRow(row);
  },

  /** By id or by name. */
  async get(idOrName: string): Promise<EventKind | undefined> {
    const row = await db
      .selectFrom('event_kind')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** By name, those of these names. */
  async named(names: readonly string[]): Promise<ReadonlyMap<string, EventKind>> {
    if (names.length === 0) return new Map();
    const rows = await db
      .selectFrom('event_kind')
      .selectAll()
      .where('name', 'in', [...new Set(names)])
      .execute();
    return new Map(rows.map((row) => [row.name, fromRow(row)]));
  },

  /** In the order of names. */
  async list(query: {
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly EventKind[]> {
    let rows = db.selectFrom('event_kind').selectAll().orderBy('name').limit(query.limit);
    if (query.after !== undefined) rows = rows.where('name', '>', query.after);
    return (await rows.execute()).map(fromRow);
  },

  async change(known: EventKind, patch: EventKindPatch, at: number): Promise<EventKind> {
    const { description, colour, shape, schema, isFailure } = patch;
    const row = await db
      .updateTable('event_kind')
      .set({
        ...(description === undefined ? {} : { description }),
        ...(colour === undefined ? {} : { colour }),
        ...(shape === undefined ? {} : { shape }),
        ...(schema === undefined
          ? {}
          : { schema: schema === null ? null : JSON.stringify(schema) }),
        ...(isFailure === undefined ? {} : { is_failure: bit(isFailure) }),
        updated_at: at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const { id, name } = known;
    await putOutbox(db, { kind: 'event_kind.changed', subject: id, at, body: { name } });
    return fromRow(row);
  },

  /** Events of it stay as they are. */
  async remove({ id, name }: Pick<EventKind, 'id' | 'name'>, at: number): Promise<void> {
    await db.deleteFrom('event_kind').where('id', '=', id).execute();
    await putOutbox(db, { kind: 'event_kind.deleted', subject: id, at, body: { name } });
  },
});

const fromRow = (row: Row<'event_kind'>): EventKind => ({
  id: row.id,
  name: row.name,
  ...(row.description === null ? {} : { description: row.description }),
  colour: row.colour,
  shape: row.shape as EventShape,
  ...(row.schema === null ? {} : { schema: JSON.parse(row.schema) as Json }),
  isFailure: row.is_failure === 1n,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
