/**
 * Goal: no list sorts or scans a whole table: every order that a list offers walks an index, and a
 * condition that leads is found by its own.
 * Method: the plans that both databases make for the queries of pages, read with EXPLAIN.
 * PostgreSQL is forbidden to scan and sort, so that what is left in a plan had no index.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leafRows } from '../http/q/compile.ts';
import { queryTree } from '../http/q/filter.ts';
import { pageQuery } from '../http/q/page-plan.ts';
import type { QSource } from '../http/q/source.ts';
import { sources } from '../http/q/sources/list.ts';
import type { Db } from './db.ts';
import { type RawBuilder, sql } from './kysely.ts';
import { noPostgres, postgresWorld } from './postgres.sample.ts';
import { sqliteWorld } from './sqlite.sample.ts';
import type { StoreWorld } from './store.contract.ts';

const orders = sources.flatMap((source) =>
  Object.keys(source.sorts).flatMap((name) =>
    [name, `-${name}`].map((sort) => ({ source, list: source.name, sort })),
  ),
);

/** What the only list of a source always narrows it by. */
const within: Readonly<Record<string, RawBuilder<boolean>>> = {
  deliveries: sql<boolean>`delivery.target_id = ${'some'}`,
};

const page = ({ source, sort }: { readonly source: QSource; readonly sort: string }) =>
  pageQuery(
    { source, terms: [], where: [within[source.name]].filter((one) => one !== undefined) },
    { sort, after: { key: '5', id: '7' }, limit: 51 },
    undefined,
  );

/** Conditions whose rows may be gathered first, written as a person would. */
const leads = sources.flatMap((source) =>
  source.fields.flatMap((field) => {
    const name = field.name.replace(/\.\*$|\.<\w+>$/, '.some');
    const values = field.type === 'text' ? ['some'] : ['7'];
    return values.flatMap((value) => {
      const found = rowsOf(source, `${name} = ${value}`);
      return found === undefined ? [] : [{ list: source.name, condition: name, found }];
    });
  }),
);

function rowsOf(source: QSource, q: string): RawBuilder<unknown> | undefined {
  try {
    const tree = queryTree(q, source, { now: 1, pointer: '/q' });
    return tree.kind === 'leaf' ? leafRows(tree) : undefined;
  } catch {
    // A field of another type, or one that wants a name of its own.
    return undefined;
  }
}

test('there is something to look at', () => {
  expect(orders.length).toBeGreaterThan(30);
  expect(leads.length).toBeGreaterThan(10);
});

function suite(
  open: () => Promise<StoreWorld>,
  plan: (db: Db, query: Explained) => Promise<string>,
) {
  let world: StoreWorld;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(async () => await world[Symbol.asyncDispose]());

  test.each(orders)('$list in the order of $sort walk an index', async (order) => {
    expect(await plan(world.db, page(order))).not.toMatch(wasteful);
  });

  test.each(leads)('$list with $condition are found by its index', async ({ found }) => {
    expect(await plan(world.db, sql`${found} limit 10`)).not.toMatch(wasteful);
  });
}

/**
 * A scan without an index, or a sort of all rows. What sorts only those that are alike in the
 * index's column walks it: names are alike once, and times of arrival a few times.
 */
const wasteful = /TEMP B-TREE FOR ORDER|^SCAN (?!.*USING)|Seq Scan|(?<!Incremental )Sort  /m;

type Explained = RawBuilder<unknown>;

describe('on SQLite', () => {
  suite(sqliteWorld, async (db, query) => {
    const { rows } = await sql<{ detail: string }>`explain query plan ${query}`.execute(db);
    return rows.map((row) => row.detail).join('\n');
  });
});

describe.skipIf(noPostgres)('on PostgreSQL (needs apt-get install postgresql)', () => {
  suite(postgresWorld, async (db, query) =>
    db.transaction().execute(async (trx) => {
      for (const way of ['seqscan', 'sort', 'bitmapscan']) {
        await sql.raw(`set local enable_${way} = off`).execute(trx);
      }
      const { rows } = await sql<Record<string, string>>`explain ${query}`.execute(trx);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    }),
  );
});
