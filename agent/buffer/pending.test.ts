/**
 * Goal: a burst on a healthy disk loses nothing; on one that refuses, what is critical goes last.
 * Method: a real buffer, many events in one turn of the event loop, and a disk that refuses.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, type Log, silentLog } from '@fieldloop/core';
import { decodeEvents, type WireEvent } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { maxPendingRows } from '../limits.ts';
import type { AgentBuffer } from './buffer.ts';
import { BufferFolder, event } from './buffer.cases.ts';
import { expectSound } from './check.cases.ts';
import { openSqlite } from './sqlite.ts';

let at: BufferFolder;
let isRefused = false;
const said: string[] = [];
const log: Log = { ...silentLog, error: (phrase) => said.push(phrase), child: () => log };

beforeEach(async () => {
  at = await BufferFolder.make();
  isRefused = false;
  said.length = 0;
  await at.reopen({
    log,
    openSqlite: (path) => {
      const db = openSqlite(path);
      const transaction = <T>(body: () => T): T => {
        if (isRefused) throw new Fault('unavailable', 'the disk is read-only');
        return db.transaction(body);
      };
      return { ...db, transaction };
    },
  });
});
afterEach(() => at.remove());

const graveEvent = (name: string): WireEvent => ({ ...event(name), severity: 'critical' });

function kept(buffer: AgentBuffer): string[] {
  const rows = buffer.rows.read('events', 0, { rows: 10_000, bytes: 1e9 });
  return rows.flatMap(({ body }) =>
    decodeEvents(body).rows.map(({ row }) => (row?.kind === 'event' ? row.event.name : '')),
  );
}

test('a burst in one turn of the event loop is kept whole, and nothing is degraded', async () => {
  const names = Array.from({ length: 5_000 }, (_, i) => `burst-${i}`);
  for (const name of names) at.buffer.addEvent(graveEvent(name));
  expect(at.buffer.degraded).toBeUndefined();
  expect(said).toEqual([]);
  expect(kept(at.buffer)).toEqual(names);
  const [before] = at.buffer.rows.ranges();
  await at.reopen();
  expect(kept(at.buffer)).toEqual(names);
  expect(at.buffer.rows.ranges()[0]).toEqual(before);
  await expectSound(at.dir, at.buffer);
}, 60_000);

test('after a burst a lost database gives out no number again', async () => {
  for (let i = 0; i < 2_600; i += 1) at.buffer.addEvent(graveEvent(`burst-${i}`));
  const [before] = at.buffer.rows.ranges();
  await at.buffer.close();
  for (const tail of ['', '-wal', '-shm']) {
    await rm(join(at.dir, `buffer.db${tail}`), { force: true });
  }
  await at.open();
  at.buffer.addEvent(event('next'));
  const [after] = at.buffer.rows.ranges();
  expect(after?.origin).toBe(before?.origin);
  expect(after?.highest).toBeGreaterThan(before?.highest ?? 0);
}, 60_000);

test('a clean close writes what waits', async () => {
  isRefused = true;
  for (const name of ['a', 'b']) at.buffer.addEvent(event(name));
  isRefused = false;
  await at.reopen({ log });
  expect(kept(at.buffer)).toEqual(['a', 'b']);
});

test('a close on a disk that still refuses says what goes with it', async () => {
  isRefused = true;
  at.buffer.addEvent(event('a'));
  await at.reopen();
  expect(said.at(-1)).toBe('rows that the disk refused go with this stop');
});

test('of the rows that wait, the least grave goes first, and it is said', () => {
  isRefused = true;
  for (let i = 0; i < maxPendingRows / 2; i += 1) {
    at.buffer.addEvent(graveEvent(`grave-${i}`));
    at.buffer.addEvent(event(`plain-${i}`));
  }
  at.buffer.addEvent({ ...event('warned'), severity: 'warning' });
  at.buffer.addEvent(graveEvent('last'));
  expect(said.filter((one) => one.startsWith('a row was given up'))).toHaveLength(2);
  isRefused = false;
  expect(at.buffer.counts()).toMatchObject({ pendingRows: 0, degraded: undefined });
  const names = kept(at.buffer);
  expect(names).toHaveLength(maxPendingRows);
  expect(names.filter((name) => name.startsWith('grave'))).toHaveLength(maxPendingRows / 2);
  expect(names.slice(0, 3)).toEqual(['grave-0', 'grave-1', 'grave-2']);
  expect(names.slice(-2)).toEqual(['warned', 'last']);
});

test('more critical rows than may wait: the oldest go', () => {
  isRefused = true;
  for (let i = 0; i < maxPendingRows + 2; i += 1) at.buffer.addEvent(graveEvent(`grave-${i}`));
  at.buffer.addEvent(event('plain'));
  isRefused = false;
  expect(at.buffer.counts().pendingRows).toBe(0);
  const names = kept(at.buffer);
  expect(names[0]).toBe('grave-2');
  expect(names).toHaveLength(maxPendingRows);
  expect(names.includes('plain')).toBe(false);
});
