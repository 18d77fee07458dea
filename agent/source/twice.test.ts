/**
 * Goal: what was read is not read again when its recorder goes on with it, or writes its header
 * after its index.
 * Method: files as recorders leave them from one look to the next, in one life and over a start.
 */
import { renameSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bagBytes, writeDb3 } from './formats.cases.ts';
import { isWaiting, openFollowed, sessionsOf } from './life.cases.ts';

test('a database that goes on after a pause is read on from its place, in the same session', async () => {
  using at = openFollowed();
  const grow = (count: number): void => {
    rmSync(at.at('a.db3'), { force: true });
    writeDb3(at.at('a.db3'), count);
    at.rest('a.db3', 60_000);
  };
  grow(6_000);
  let grewAt = 0;
  const items = await at.live(
    (life) => {
      // Each wait is told of once, and asked about more often.
      if (!isWaiting(life) || life.items.length === grewAt) return false;
      if (grewAt > 0) return true;
      grewAt = life.items.length;
      grow(10_000);
      return false;
    },
    { n: 1 },
  );
  grow(10_050);
  items.push(...(await at.live(isWaiting, { n: 2 })));
  expect(sessionsOf(items).map(([, count]) => count)).toEqual([6_000, 4_000, 50]);
  const begins = items.filter((item) => item.kind === 'begin');
  expect(new Set(begins.map(({ session }) => session.id)).size).toBe(1);
  expect(begins.map(({ state }) => state)).toEqual([undefined, { n: 1 }, { n: 1 }]);
  expect(await at.live()).toHaveLength(1);
});

test('a bag to which its recorder added after it had ended is read again', async () => {
  using at = openFollowed();
  at.put('a.bag', bagBytes(1, 20), 60_000);
  const items = await at.live();
  at.put('a.bag', bagBytes(2, 20), 60_000);
  items.push(...(await at.live()));
  expect(sessionsOf(items).map(([, count]) => count)).toEqual([20, 40]);
});

test('a bag whose index was there before its header told of it is read once', async () => {
  using at = openFollowed();
  const bytes = bagBytes(3, 20);
  const headBytes = 13 + 4_096;
  // While it is open its header names no index.
  const open = Buffer.from(bytes);
  open.fill(0, open.indexOf('index_pos=') + 10, open.indexOf('index_pos=') + 18);
  expect(open.subarray(headBytes)).toEqual(bytes.subarray(headBytes));
  at.put('a.bag.active', open);
  const items = await at.live();
  renameSync(at.at('a.bag.active'), at.at('a.bag'));
  at.put('a.bag', bytes, 60_000);
  items.push(...(await at.live()));
  expect(sessionsOf(items).map(([, count]) => count)).toEqual([60]);
  // Nor is a copy of it.
  at.put('copy.bag', bytes, 60_000);
  expect(await at.live()).toHaveLength(1);
});
