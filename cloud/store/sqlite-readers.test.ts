/**
 * Goal: reads never stop the main thread, never wait without end, and outlive a thread that dies.
 * Method: real threads on a real file; queries that take long, threads that are killed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { readerWaitMs } from '../limits.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';
import { openSqliteReaders } from './sqlite-readers.ts';
import { readWithin } from './within.ts';

let folder = '';
let write: Db;
const opened: Db[] = [];
const path = (): string => join(folder, 'cloud.db');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-readers-'));
  write = openSqlite(path());
  await migrate(write, { now: () => 1 });
  await deviceStore(write).create({ id: 'dev_1', name: 'amr-01', at: 1 });
});
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
  await write.destroy();
  await rm(folder, { recursive: true });
});

const deps = { clock: systemClock, log: silentLog };
function readers(options: { threads?: number; maxWaiting?: number } = {}, over = {}): Db {
  const db = openSqliteReaders(path(), { ...deps, ...over }, options);
  opened.push(db);
  return db;
}

/** Counts up to n inside the database: it takes long, and nothing ends it. */
const long = (n: number) => sql<{ n: bigint }>`
  with recursive up (i) as (select 1 union all select i + 1 from up where i < ${n})
  select count(*) as n from up`;

test('rows come back as from a connection of this thread, 64 bits wide', async () => {
  const most = 2n ** 63n - 1n;
  await write.updateTable('device').set({ conn: most, site: 'hall' }).execute();
  const read = readers();
  const own = await write.selectFrom('device').selectAll().execute();
  expect(await read.selectFrom('device').selectAll().execute()).toEqual(own);
  expect(await deviceStore(read).get('amr-01')).toEqual(await deviceStore(write).get('amr-01'));
  const mixed = sql`select null as a, 1.5 as b, 'x' as c, ${-1n} as d`;
  expect((await mixed.execute(read)).rows).toEqual([{ a: null, b: 1.5, c: 'x', d: -1n }]);
});

test('the main thread goes on while a query runs, and others pass it by', async () => {
  const read = readers({ threads: 2 });
  const order: string[] = [];
  const slow = long(2_000_000)
    .execute(read)
    .then(() => order.push('long'));
  for (let n = 0; n < 3; n += 1) {
    await deviceStore(read).get('amr-01');
    order.push('short');
  }
  await slow;
  expect(order).toEqual(['short', 'short', 'short', 'long']);
});

test('readers write nothing', async () => {
  const read = readers();
  await expect(deviceStore(read).revoke('amr-01', 5)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('readonly'),
  });
});

test('a transaction sees one moment, and the reader is free afterwards', async () => {
  const read = readers({ threads: 1 });
  const count = async (db: Db): Promise<number> =>
    (await db.selectFrom('device').select('id').execute()).length;
  await read.transaction().execute(async (trx) => {
    expect(await count(trx)).toBe(1);
    await deviceStore(write).create({ id: 'dev_2', name: 'amr-02', at: 1 });
    expect(await count(trx)).toBe(1);
  });
  expect(await count(read)).toBe(2);
  const failing = read.transaction().execute(async (trx) => {
    await count(trx);
    throw new Error('stop');
  });
  await expect(failing).rejects.toThrow('stop');
  expect(await count(read)).toBe(2);
});

test('what waits for a reader is bounded in number and in time', async () => {
  let timeOut = (): void => undefined;
  const clock = {
    ...systemClock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      if (ms !== readerWaitMs) return await systemClock.sleep(ms, signal);
      await new Promise<void>((resolve, reject) => {
        timeOut = resolve;
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
  };
  const read = readers({ threads: 1, maxWaiting: 1 }, { clock });
  let free = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  let began = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    began = resolve;
  });
  const holding = read.transaction().execute(async () => {
    began();
    await held;
  });
  await taken;
  const waiting = deviceStore(read).get('amr-01');
  await expect(deviceStore(read).get('amr-01')).rejects.toMatchObject({
    code: 'unavailable',
    message: 'too many queries wait for the database',
  });
  timeOut();
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable', remedy: expect.anything() });
  free();
  await holding;
  expect(await deviceStore(read).get('amr-01')).toBeDefined();
});

test('a thread that dies fails its query, and a new one answers the next', async () => {
  const file = join(folder, 'later.db');
  const died: unknown[] = [];
  const log = { ...silentLog, error: (_: string, fields?: object) => void died.push(fields) };
  const db = openSqliteReaders(file, { clock: systemClock, log }, { threads: 1 });
  opened.push(db);
  // The file is not there yet: the thread cannot open it.
  await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('unable to open'),
    remedy: expect.stringContaining('folder'),
  });
  const later = openSqlite(file);
  await migrate(later, { now: () => 1 });
  await later.destroy();
  expect(await deviceStore(db).get('amr-01')).toBeUndefined();
  expect(died).toEqual([{ cause: expect.objectContaining({ message: expect.any(String) }) }]);
});

test('an answer that no page needs is refused before it fills the thread', async () => {
  const read = readers({ threads: 1 });
  const rows = sql`with recursive up (i) as
    (select 1 union all select i + 1 from up where i < 9000000) select i, i + 1 as j from up`;
  await expect(rows.execute(read)).rejects.toMatchObject({ code: 'limited' });
  const texts = sql`with recursive up (i) as
    (select 1 union all select i + 1 from up where i < 1000) select hex(zeroblob(100000)) from up`;
  await expect(texts.execute(read)).rejects.toMatchObject({ code: 'limited' });
  expect(await deviceStore(read).get('amr-01')).toBeDefined();
});

test('a wrong statement is an error of its own, and the reader stays', async () => {
  const read = readers({ threads: 1 });
  await expect(sql`selct 1`.execute(read)).rejects.toThrow(/syntax/);
  expect(await deviceStore(read).get('amr-01')).toBeDefined();
});

test('a read that is late is answered as nothing, and its next query is not begun', async () => {
  const read = readers({ threads: 2 });
  const limit = { ms: 20, clock: systemClock };
  const begun: string[] = [];
  const late = readWithin(read, limit, async (trx) => {
    begun.push('long');
    await long(3_000_000).execute(trx);
    await deviceStore(trx).get('amr-01');
    begun.push('next');
  });
  expect(await late).toBeUndefined();
  const soon = readWithin(read, { ms: 20_000, clock: systemClock }, async (trx) => {
    return (await deviceStore(trx).get('amr-01'))?.name;
  });
  expect(await soon).toBe('amr-01');
  await read.destroy();
  expect(begun).toEqual(['long']);
});
