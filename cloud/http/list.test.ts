/**
 * Goal: every list pages, sorts, thins and counts in one way, and a cursor cannot be misused.
 * Method: the sample of devices through listPage itself, on a real database of each kind.
 */
import { expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { noPostgres, postgresWorld } from '../store/postgres.sample.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import type { Db } from '../store/db.ts';
import { type ListQuery, listPage, listQuery } from './list.ts';
import { z } from './openapi.ts';
import { openCursors } from './page.ts';
import { deviceSource } from './q/sources/devices.ts';

const worlds = [
  { name: 'sqlite', open: sqliteWorld, skip: '' },
  { name: 'postgres', open: postgresWorld, skip: noPostgres ?? '' },
];

const schema = z.object({ id: z.string(), name: z.string(), site: z.string().optional() });
const cursors = openCursors('key of the test');

const list = async (db: Db, query: Partial<ListQuery>) => {
  const clock = { now: () => 1_000_000, monotonicMs: () => 0, sleep: async () => undefined };
  return await listPage(
    { read: db, clock, cursors },
    { sort: 'name', limit: 50, ...query },
    {
      operation: 'listDevices',
      source: deviceSource,
      rows: db.selectFrom('device').select(['id', 'name', 'site']),
      items: (rows) =>
        rows.map(({ id, name, site }) => ({ id, name, ...(site === null ? {} : { site }) })),
      schema,
    },
  );
};

const names = async (db: Db, query: Partial<ListQuery>): Promise<readonly string[]> =>
  (await list(db, query)).items.map(({ name }) => name);

async function fill(db: Db): Promise<void> {
  for (const n of [3, 4, 5, 6, 7]) {
    const site = n % 2 === 0 ? 'hall-2' : undefined;
    await deviceStore(db).create({ id: `dev_x${n}`, name: `amr-0${n}`, site, at: n * 1000 });
  }
}

for (const { name, open, skip } of worlds) {
  test.skipIf(skip !== '')(`${name}: pages in either direction join to the whole`, async () => {
    await using world = await open();
    await fill(world.db);
    const all = ['amr-01', 'amr-02', 'amr-03', 'amr-04', 'amr-05', 'amr-06', 'amr-07'];
    expect(await names(world.db, {})).toEqual(all);
    expect(await names(world.db, { sort: '-name' })).toEqual(all.toReversed());
    const created = await names(world.db, { sort: '-createdAt', limit: 3 });
    expect(created).toEqual(['amr-07', 'amr-06', 'amr-05']);
    for (const sort of ['name', '-name', 'createdAt', '-createdAt']) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list(world.db, { sort, limit: 2, cursor });
        seen.push(...page.items.map((one) => one.name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen, sort).toEqual(await names(world.db, { sort }));
    }
  });

  test.skipIf(skip !== '')(
    `${name}: a query narrows, and a count counts what it leaves`,
    async () => {
      await using world = await open();
      await fill(world.db);
      const q = 'site = hall-2 or name:*1';
      expect(await names(world.db, { q })).toEqual(['amr-01', 'amr-04', 'amr-06']);
      const counted = await list(world.db, { q, limit: 1, count: 'exact' });
      expect(counted.count).toEqual({ value: 3, exact: true });
      expect(counted.items).toHaveLength(1);
    },
  );

  test.skipIf(skip !== '')(
    `${name}: fields thin the items, and an unknown one names the nearest`,
    async () => {
      await using world = await open();
      await fill(world.db);
      const { items } = await list(world.db, { fields: 'site', q: 'name = amr-04' });
      expect(items).toEqual([{ id: 'dev_x4', site: 'hall-2' }]);
      await expect(list(world.db, { fields: 'name,sitte' })).rejects.toMatchObject({
        code: 'invalid',
        place: '/query/fields',
        message: expect.stringContaining('Did you mean "site"?'),
      });
    },
  );

  test.skipIf(skip !== '')(
    `${name}: a cursor is good for the same list and filters only`,
    async () => {
      await using world = await open();
      await fill(world.db);
      const { nextCursor } = await list(world.db, { limit: 1, q: 'name:amr*' });
      const wrong = [
        list(world.db, { cursor: nextCursor }),
        list(world.db, { cursor: nextCursor, q: 'name:amr*', sort: '-name' }),
        list(world.db, { cursor: `${nextCursor}A`, q: 'name:amr*' }),
      ];
      for (const one of wrong) await expect(one).rejects.toMatchObject({ place: '/query/cursor' });
      const next = await names(world.db, { cursor: nextCursor, q: 'name:amr*', limit: 2 });
      expect(next).toEqual(['amr-02', 'amr-03']);
    },
  );
}

test('the query of a list is checked: its sorts, and nothing unknown', () => {
  const query = listQuery(deviceSource, { site: z.string().optional() });
  expect(query.parse({})).toMatchObject({ sort: 'name', limit: 50 });
  expect(query.safeParse({ sort: '-state' }).success).toBe(false);
  expect(query.safeParse({ p: '1' }).success).toBe(false);
});
