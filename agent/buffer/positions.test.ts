/**
 * Goal: positions do not grow without limit, and none goes that a restart needs.
 * Method: the table in memory, filled as folders fill it over months.
 */
import { beforeEach, expect, test } from 'vitest';
import { maxGonePositions, maxOpenPlaces } from '../limits.ts';
import { positions } from './positions.ts';
import { migrate } from './schema.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';

let db: Sqlite;
let at: ReturnType<typeof positions>;
beforeEach(() => {
  db = openSqlite(':memory:');
  migrate(db, ':memory:');
  at = positions(db, (body) => body());
});

const count = (): number =>
  (db.get('SELECT count(*) AS n FROM position') as { n: number } | undefined)?.n ?? 0;

function read(source: string, recording: string, readMs: number): void {
  at.savePosition(source, { state: 'read', recording, readMs });
}

test('of recordings that are gone the newest stay; of those that are there all', () => {
  db.transaction(() => {
    for (let i = 0; i < maxGonePositions + 10; i += 1) read(`bags/${i}`, `/bags/${i}.mcap`, i);
  });
  at.keepPositions('bags', ['/bags/0.mcap', '/bags/1.mcap']);
  expect(count()).toBe(maxGonePositions + 2);
  expect(at.position('bags/1')).toMatchObject({ recording: '/bags/1.mcap' });
  expect(at.position('bags/9')).toBeUndefined();
  expect(at.position('bags/10')).toBeDefined();
  at.keepPositions('bags', []);
  expect(count()).toBe(maxGonePositions);
});

test('other folders and what is no recording stay as they are', () => {
  db.transaction(() => {
    for (let i = 0; i <= maxGonePositions; i += 1) read(`bags/${i}`, `/bags/${i}.mcap`, i);
  });
  read('bags-2/1', '/bags-2/1.mcap', 0);
  read('bag/1', '/bag/1.mcap', 0);
  at.savePosition('rules', { digest: 'ab' });
  at.savePosition('bags/session/a', { version: 1, sessionId: 's', savedMs: 1 });
  at.keepPositions('bags', []);
  expect(at.position('bags/0')).toBeUndefined();
  for (const source of ['bags-2/1', 'bag/1', 'rules', 'bags/session/a']) {
    expect(at.position(source)).toBeDefined();
  }
});

test('sessions that are over are forgotten, and of the others the oldest beyond a limit', () => {
  for (let i = 0; i < maxOpenPlaces + 2; i += 1) {
    at.savePosition(`bags/session/${i}`, { version: 1, sessionId: `s${i}`, savedMs: i });
  }
  at.savePosition('bags/session/over', { version: 1, over: true });
  at.savePosition('bags-2/session/over', { version: 1, over: true });
  at.keepPositions('bags', []);
  expect(count()).toBe(maxOpenPlaces + 1);
  expect(at.position('bags/session/1')).toBeUndefined();
  expect(at.position('bags/session/2')).toBeDefined();
});
