/**
 * Goal: every store keeps its promises on PostgreSQL, word for word as on SQLite.
 * Method: the contract suites on a real server, each test on fresh rows; what differs between the
 * two databases is looked at by itself.
 */
import { describe, expect, test } from 'vitest';
import { systemClock } from '@fieldloop/core/system';
import { deviceStore } from '../device/store.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { openPostgres } from './postgres.ts';
import { noPostgres, postgresWorld } from './postgres.sample.ts';
import { storeContracts } from './stores.contract.ts';
import { readWithin } from './within.ts';

describe.skipIf(noPostgres)('stores (needs apt-get install postgresql)', () => {
  for (const contract of storeContracts) contract('postgres', postgresWorld);
});

describe.skipIf(noPostgres)('connections (needs apt-get install postgresql)', () => {
  test('values come back as from SQLite', async () => {
    await using world = await postgresWorld();
    const most = 2n ** 63n - 1n;
    await world.db.updateTable('device').set({ conn: most }).execute();
    const row = await world.db.selectFrom('device').select('conn').executeTakeFirstOrThrow();
    expect(row.conn).toBe(most);
    const query = sql`select 1 as a, 1 = 2 as b, length('xy') as c, sum(n) as d, avg(n) as e,
      count(*) as f, cast(0.1 as double precision) as g, null as h
      from (select 1 as n union all select 2) as numbers`;
    expect((await query.execute(world.db)).rows).toEqual([
      { a: 1n, b: 0n, c: 2n, d: 3n, e: 1.5, f: 2n, g: 0.1, h: null },
    ]);
  });

  test('texts are in the order of their bytes', async () => {
    await using world = await postgresWorld();
    for (const [n, name] of ['a', 'B', 'ä', 'Z', '_', '1'].entries()) {
      await deviceStore(world.db).create({ id: `dev_${n}`, name, at: 1 });
    }
    const rows = await world.db.selectFrom('device').select('name').orderBy('name').execute();
    const names = rows.map((row) => row.name);
    expect(names).toEqual(['1', 'B', 'Z', '_', 'a', 'amr-01', 'amr-02', 'ä']);
  });

  test('writes are serial, in one process and across connections', async () => {
    await using world = await postgresWorld();
    await world.db.updateTable('device').set({ conn: 0 }).execute();
    const other = openPostgres(world.url);
    const raise = async (db: Db): Promise<void> =>
      await db.transaction().execute(async (trx) => {
        const row = await trx.selectFrom('device').select('conn').limit(1).executeTakeFirst();
        await trx
          .updateTable('device')
          .set({ conn: (row?.conn ?? 0n) + 1n })
          .execute();
      });
    const all = Array.from({ length: 60 }, (_, n) => raise(n % 2 === 0 ? other : world.db));
    // A statement of its own waits for its turn like the others.
    const alone = Array.from({ length: 20 }, () =>
      other
        .updateTable('device')
        .set((set) => ({ conn: set('conn', '+', 1n) }))
        .execute(),
    );
    await Promise.all([...all, ...alone]);
    const row = await world.db.selectFrom('device').select('conn').executeTakeFirstOrThrow();
    expect(row.conn).toBe(80n);
    await other.destroy();
  });

  test('readers write nothing, and a transaction of theirs sees one moment', async () => {
    await using world = await postgresWorld();
    const read = openPostgres(world.url, { readOnly: true });
    await expect(deviceStore(read).revoke('amr-01', 5)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the database takes no writes',
    });
    await read.transaction().execute(async (trx) => {
      expect(await deviceStore(trx).get('amr-03')).toBeUndefined();
      await deviceStore(world.db).create({ id: 'dev_3', name: 'amr-03', at: 1 });
      expect(await deviceStore(trx).get('amr-03')).toBeUndefined();
    });
    expect(await deviceStore(read).get('amr-03')).toBeDefined();
    await read.destroy();
  });

  test('a write that waits too long for its turn says so, and leaves a usable connection', async () => {
    await using world = await postgresWorld();
    const hasty = openPostgres(world.url, { lockMs: 20, connections: 1 });
    await world.db.transaction().execute(async () => {
      const late = hasty
        .transaction()
        .execute(async (trx) => await deviceStore(trx).revoke('x', 1));
      await expect(late).rejects.toMatchObject({ code: 'unavailable', details: { busy: true } });
    });
    expect(await deviceStore(hasty).revoke('amr-01', 5)).toBe(true);
    await hasty.destroy();
  });

  test('a read that is late is ended by the server', async () => {
    await using world = await postgresWorld();
    const read = openPostgres(world.url, { readOnly: true, connections: 1 });
    const limit = { ms: 30, clock: systemClock };
    const late = readWithin(
      read,
      limit,
      async (trx) => await sql`select pg_sleep(20)`.execute(trx),
    );
    expect(await late).toBeUndefined();
    // The only connection is free again.
    expect(await deviceStore(read).get('amr-01')).toBeDefined();
    await read.destroy();
  });

  test('a text that no database keeps is the fault of who sent it', async () => {
    await using world = await postgresWorld();
    const made = deviceStore(world.db).create({ id: 'dev_9', name: 'a\u0000b', at: 1 });
    await expect(made).rejects.toMatchObject({ code: 'invalid', remedy: 'Leave it out.' });
  });
});
