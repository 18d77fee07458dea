/**
 * Goal: every store keeps its promises on SQLite, and a writer never stands in the way of readers.
 * Method: the contract suites on a real file, and several connections at once.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { openSqlite } from './sqlite.ts';
import { lockFolder } from './sqlite-file.ts';
import { sqliteFolder, sqliteWorld } from './sqlite.sample.ts';
import { storeContracts } from './stores.contract.ts';

for (const contract of storeContracts) contract('sqlite', sqliteWorld);

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
  expect(() => openSqlite(join(folder.path, 'x', 'y.db'))).toThrow(/its folder does not exist/);
});
