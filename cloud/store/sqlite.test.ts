/**
 * Goal: every store keeps its promises on SQLite, and no list ever sorts or scans a whole table.
 * Method: the contract suites on a real file, plans read with EXPLAIN, two connections at once.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { clipList } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { eventList } from '../event/store.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrate } from './migrate.ts';
import { lockFolder, openSqlite } from './sqlite.ts';
import { sqliteFolder, sqliteWorld } from './sqlite.sample.ts';
import { storeContracts } from './stores.contract.ts';

for (const contract of storeContracts) contract('sqlite', sqliteWorld);

async function plan(db: Db, query: { compile(): { sql: string; parameters: readonly unknown[] } }) {
  const { sql: text, parameters } = query.compile();
  const parts = text.split('?');
  const filled = sql.join(
    parts.map((part, i) =>
      i < parameters.length ? sql`${sql.raw(part)}${parameters[i]}` : sql.raw(part),
    ),
    sql``,
  );
  const rows = await sql<{ detail: string }>`explain query plan ${filled}`.execute(db);
  return rows.rows.map((row) => row.detail);
}

const page = { after: { ns: 5n, id: 'clp_x' }, limit: 51 };
const range = { startNs: 1n, endNs: 9n };

test.each([
  ['nothing', {}, 'clip_start'],
  ['time', range, 'clip_start'],
  ['a device', { deviceId: 'd', ...range }, 'clip_device'],
  ['a session', { sessionId: 's' }, 'clip_session'],
  ['a severity', { severity: 'critical' as const, ...range }, 'clip_severity'],
  ['a state', { state: 'stored' as const }, 'clip_state'],
  ['a rule', { rule: 'near-miss', ...range }, 'PRIMARY KEY (kind=? AND term=?'],
  [
    'a rule of a device',
    { rule: 'r', deviceId: 'd', severity: 'info' as const },
    'PRIMARY KEY (kind=? AND term=?',
  ],
  [
    'a tag and a score',
    { tags: ['a', 'b'], scores: [{ score: 's', op: '>' as const, value: 1 }] },
    'PRIMARY KEY (kind=? AND term=?',
  ],
  ['a score', { scores: [{ score: 's', op: '>' as const, value: 1 }] }, 'clip_start'],
])('the clip list narrowed by %s walks an index in list order', async (_, filter, index) => {
  await using world = await sqliteWorld();
  const steps = await plan(world.db, clipList(world.db, filter, page));
  expect(steps[0]).toContain(index);
  expect(steps.join('\n')).not.toMatch(/TEMP B-TREE|^SCAN (?!clip USING INDEX)/m);
});

test('the clips of a rare score are found by its index, and only they are sorted', async () => {
  await using world = await sqliteWorld();
  const rare = { score: 's', op: '>' as const, value: 1 };
  const query = clipList(world.db, { rule: 'r', scores: [rare] }, page, rare);
  const steps = await plan(world.db, query);
  expect(steps[0]).toContain('INDEX clip_value_num (key=? AND num>?)');
  expect(steps.join('\n')).not.toMatch(/^SCAN/m);
});

test.each([
  ['nothing', {}, 'event_at'],
  ['a device', { deviceId: 'd', ...range }, 'event_device'],
  ['a clip', { clip: 'c' }, 'event_clip'],
  ['a severity', { severity: 'info' as const }, 'event_severity'],
  ['a name', { name: 'n' }, 'event_name'],
])('the event list narrowed by %s walks an index in list order', async (_, filter, index) => {
  await using world = await sqliteWorld();
  const steps = await plan(world.db, eventList(world.db, filter, page));
  expect(steps[0]).toContain(index);
  expect(steps.join('\n')).not.toContain('TEMP B-TREE');
});

test('64-bit numbers come back exactly', async () => {
  await using world = await sqliteWorld();
  const most = 2n ** 63n - 1n;
  await world.db.updateTable('device').set({ conn: most }).execute();
  const row = await world.db.selectFrom('device').select('conn').executeTakeFirstOrThrow();
  expect(row.conn).toBe(most);
});

test('a transaction that fails leaves nothing, and a reader sees only whole ones', async () => {
  await using world = await sqliteWorld();
  const reader = openSqlite(world.path, { readOnly: true });
  const failing = world.db.transaction().execute(async (trx) => {
    await deviceStore(trx).revoke('amr-01', 5);
    expect(await deviceStore(reader).get('amr-01')).toMatchObject({ state: 'enrolled' });
    throw new Error('stop');
  });
  await expect(failing).rejects.toThrow('stop');
  expect(await deviceStore(world.db).get('amr-01')).toMatchObject({ state: 'enrolled' });
  await reader.destroy();
});

test('a thread that serves others goes on while a transaction waits for its turn', async () => {
  await using world = await sqliteWorld();
  const other = openSqlite(world.path, { waitOn: systemClock });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const order: string[] = [];
  const first = world.db.transaction().execute(async (trx) => {
    await deviceStore(trx).revoke('amr-01', 5);
    await held;
    order.push('first');
  });
  const second = other.transaction().execute(async (trx) => {
    await deviceStore(trx).revoke('amr-02', 6);
    order.push('second');
  });
  for (let turns = 0; turns < 3; turns += 1) await setImmediate();
  order.push('meanwhile');
  release();
  await Promise.all([first, second]);
  expect(order).toEqual(['meanwhile', 'first', 'second']);
  await other.destroy();
});

test('migrations run once; a database of a newer cloud is refused', async () => {
  await using folder = await sqliteFolder();
  const db = openSqlite(folder.path);
  const first = await migrate(db, { now: () => 1 });
  expect(first[0]).toBe('0001-nouns');
  expect(await migrate(db, { now: () => 2 })).toEqual([]);
  await sql`insert into migration (name, at) values ('9999-later', 3)`.execute(db);
  await expect(migrate(db, { now: () => 4 })).rejects.toMatchObject({ code: 'conflict' });
  await db.destroy();
});

test('a step that fails leaves the database as it was', async () => {
  await using folder = await sqliteFolder();
  const db = openSqlite(folder.path);
  const steps = [
    { name: '0001', statements: ['create table a (x integer) strict', 'create tble b'] },
  ];
  await expect(migrate(db, { now: () => 1, steps })).rejects.toThrow(/syntax/);
  const tables = await sql<{ name: string }>`select name from sqlite_master`.execute(db);
  expect(tables.rows).toEqual([]);
  await db.destroy();
});

test('a folder has one holder, until it lets go', async () => {
  await using folder = await sqliteFolder();
  const held = lockFolder(folder.path);
  expect(() => lockFolder(folder.path)).toThrow(expect.objectContaining({ code: 'conflict' }));
  held[Symbol.dispose]();
  lockFolder(folder.path)[Symbol.dispose]();
});

test('a file that is no database and a folder that is not there are told apart', async () => {
  await using folder = await sqliteFolder();
  await writeFile(folder.path, 'this is not a database, but it is long enough to be read as one');
  expect(() => openSqlite(folder.path)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  expect(() => openSqlite(join(folder.path, 'x', 'y.db'))).toThrow(/unable to open|directory/);
});
