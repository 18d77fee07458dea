/**
 * Goal: the writer's thread may die, and nobody is told that something is stored which is not.
 * Method: a real thread on a real file; a database that is taken away under it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { encodeEvents } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite.ts';
import { openWriter } from './writer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-writer-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const payload = encodeEvents({
  origin: 1n,
  firstSeq: 1n,
  rows: [{ kind: 'gap', gap: { count: 1n, reason: 'lost' } }],
});
const rows = { device: 'amr-01', lane: 'events', payload, at: 1 } as const;

test('calls and their Faults cross to the thread and back', async () => {
  const databasePath = join(folder, 'cloud.db');
  const db = openSqlite(databasePath);
  await migrate(db, { now: () => 1 });
  await deviceStore(db).create({ id: 'dev_1', name: 'amr-01', at: 1 });
  const writer = openWriter(
    { clock: systemClock, log: silentLog },
    { database: { kind: 'sqlite', path: databasePath } },
  );
  const stored = await writer.submit('rows', rows);
  expect(stored).toEqual([{ lane: 'events', origin: 1n, through: 1n, refused: [] }]);
  expect(payload.length).toBeGreaterThan(0);
  const values = [{ series: 'cpu.load', unit: '1', value: 0.5 }];
  await writer.submit('telemetry', { device: 'amr-01', values, at: 2 });
  // A robot that only tells numbers is heard of all the same.
  expect(await deviceStore(db).get('amr-01')).toMatchObject({ presence: { lastSeen: 2 } });
  const bad = { ...rows, payload: Buffer.from('ff', 'hex') };
  await expect(writer.submit('rows', bad)).rejects.toMatchObject({ code: 'invalid' });
  await writer[Symbol.asyncDispose]();
  await db.destroy();
});

test('a thread that dies fails what it was asked as unavailable, and is started again', async () => {
  let wake = (): void => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const slept: number[] = [];
  const clock = {
    ...systemClock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      slept.push(ms);
      if (slept.length > 1) return await systemClock.sleep(60_000, signal);
      wake();
    },
  };
  // A folder in the place of the database: the thread cannot even begin.
  const writer = openWriter(
    { clock, log: silentLog },
    { database: { kind: 'sqlite', path: folder } },
  );
  const failure = await writer.submit('rows', rows).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  expect(failure).toMatchObject({ code: 'unavailable' });
  await woken;
  await writer[Symbol.asyncDispose]();
});
