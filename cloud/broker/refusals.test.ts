/**
 * Goal: refusals are told, and nobody can fill the log, the audit or the memory with them.
 * Method: floods of the same and of different refusals on a real database.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { auditStore } from '../audit/store.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite.ts';
import { networkOf } from './rate-limit.ts';
import { openRefusals } from './refusals.ts';

test('one reason for one device is told once a minute, with what was not told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refusals-'));
  const db = openSqlite(join(folder, 'cloud.db'));
  await migrate(db, systemClock);
  let nowMs = 0;
  const told: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_phrase, fields) => told.push(fields) };
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const refusals = openRefusals({ db, clock, log });
  const one = { action: 'enroll.refused', reason: 'spent', remote: '10.0.0.1' } as const;
  for (let i = 0; i < 30; i += 1) refusals.tell(one);
  refusals.tell({ ...one, remote: '10.0.0.2' });
  refusals.tell({ action: 'connect.refused', reason: 'no certificate', remote: '10.0.0.3' });
  nowMs = 61_000;
  refusals.tell(one);
  await refusals.settled();
  const entries = await auditStore(db).list(0, 100);
  expect(entries.map(({ actor, subject }) => [actor, subject])).toEqual([
    ['10.0.0.1', 'enrolment'],
    ['10.0.0.2', 'enrolment'],
    ['10.0.0.1', 'enrolment'],
  ]);
  expect(told).toHaveLength(4);
  expect(told.at(-1)).toMatchObject({ alsoSince: 29 });
  await db.destroy();
  rmSync(folder, { recursive: true });
});

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '::ffff:10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
