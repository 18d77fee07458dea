import { bit, type Db, type Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { SavedQuery } from './saved-query.ts';

export interface NewSavedQuery {
  readonly id: string;
  readonly source: string;
  readonly name: string;
  readonly q: string;
  readonly note: string | undefined;
  readonly shared: boolean;
  readonly owner: string;
  readonly at: number;
}

export interface SavedQueryChange {
  readonly name?: string | undefined;
  readonly q?: string | undefined;
  readonly note?: string | null | undefined;
  readonly shared?: boolean | undefined;
}

/** Saved queries. Changes run inside the caller's transaction. */
export const savedQueryStore = (db: Db) => ({
  /** Undefined when the source has one of this name. */
  async create(made: NewSavedQuery): Promise<SavedQuery | undefined> {
    const { at, shared, note, ...same } = made;
    const row = await db
      .insertInto('saved_query')
      .values({
        ...same,
        note: note ?? null,
        shared: bit(shared),
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.columns(['source', 'name']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await putOutbox(db, {
      kind: 'saved_query.created',
      subject: made.id,
      at,
      body: { name: made.name, source: made.source },
    });
    return savedQueryOfRow(row);
  },

  async get(id: string): Promise<SavedQuery | undefined> {
    const row = await db
      .selectFrom('saved_query')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && savedQueryOfRow(row);
  },

  /** Undefined when another of the source has the new name. */
  async change(
    found: SavedQuery,
    { name, q, note, shared }: SavedQueryChange,
    at: number,
  ): Promise<SavedQuery | undefined> {
    if (name !== undefined && name !== found.name) {
      const taken = await db
        .selectFrom('saved_query')
        .select('id')
        .where('source', '=', found.source)
        .where('name', '=', name)
        .executeTakeFirst();
      if (taken !== undefined) return undefined;
    }
    const row = await db
      .updateTable('saved_query')
      .set({
        ...(name === undefined ? {} : { name }),
        ...(q === undefined ? {} : { q }),
        ...(note === undefined ? {} : { note }),
        ...(shared === undefined ? {} : { shared: bit(shared) }),
        updated_at: at,
        version: found.version + 1,
      })
      .where('id', '=', found.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await putOutbox(db, {
      kind: 'saved_query.changed',
      subject: found.id,
      at,
      body: { name: row.name, source: found.source },
    });
    return savedQueryOfRow(row);
  },

  async remove(found: SavedQuery, at: number): Promise<void> {
    await db.deleteFrom('saved_query').where('id', '=', found.id).execute();
    await putOutbox(db, {
      kind: 'saved_query.deleted',
      subject: found.id,
      at,
      body: { name: found.name, source: found.source },
    });
  },
});

export const savedQueryOfRow = (row: Row<'saved_query'>): SavedQuery => ({
  id: row.id,
  source: row.source,
  name: row.name,
  q: row.q,
  ...(row.note === null ? {} : { note: row.note }),
  shared: row.shared === 1n,
  owner: row.owner,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
