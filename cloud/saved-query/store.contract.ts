/**
 * Goal: a name means one query of a source, whoever saves and changes at the same time.
 * Method: queries made, renamed and removed, on a fresh database of each adapter.
 */
import { expect, test } from 'vitest';
import { savedQueryText } from '../http/q/saved.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { type NewSavedQuery, savedQueryStore } from './store.ts';

const made = (n: number, more: Partial<NewSavedQuery> = {}): NewSavedQuery => ({
  id: `qry_${n}`,
  source: 'clips',
  name: 'wet',
  q: 'tag:rain',
  note: undefined,
  shared: true,
  owner: 'usr_1',
  at: 5,
  ...more,
});

export function savedQueryStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a saved query is found by its name and id, within its source`, async () => {
    await using world = await open();
    const queries = savedQueryStore(world.db);
    const first = await queries.create(made(1));
    expect(first).toMatchObject({ name: 'wet', q: 'tag:rain', shared: true, version: 1 });
    expect(await queries.create(made(2))).toBeUndefined();
    expect(await queries.create(made(3, { source: 'events', q: 'name:x' }))).toBeDefined();
    expect(await savedQueryText(world.db, 'clips', 'wet')).toBe('tag:rain');
    expect(await savedQueryText(world.db, 'events', 'qry_3')).toBe('name:x');
    await expect(savedQueryText(world.db, 'events', 'qry_1')).rejects.toMatchObject({
      code: 'not_found',
      place: '/query/saved',
    });
  });

  test(`${name}: a change keeps the name unique and counts up; what is removed is gone`, async () => {
    await using world = await open();
    const queries = savedQueryStore(world.db);
    const first = await queries.create(made(1));
    await queries.create(made(2, { name: 'dry', q: '-tag:rain' }));
    if (first === undefined) throw new Error('it was not made');
    expect(await queries.change(first, { name: 'dry' }, 6)).toBeUndefined();
    const changed = await queries.change(first, { name: 'wet', q: 'tag:wet', note: 'n' }, 6);
    expect(changed).toMatchObject({ q: 'tag:wet', note: 'n', version: 2, updatedAt: 6 });
    await queries.remove(first, 7);
    expect(await queries.get('qry_1')).toBeUndefined();
    const told = await world.db
      .selectFrom('outbox')
      .select('kind')
      .where('subject', 'like', 'qry%')
      .orderBy('seq')
      .execute();
    expect(told.map(({ kind }) => kind)).toEqual([
      'saved_query.created',
      'saved_query.created',
      'saved_query.changed',
      'saved_query.deleted',
    ]);
  });
}
