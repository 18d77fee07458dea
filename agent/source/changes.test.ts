/**
 * Goal: a new file is heard of at once, also in a new folder, and a recorder that writes and writes
 * into one costs nothing.
 * Method: real folders and the system's own watches.
 */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Changes, openChanges } from './changes.ts';

let folder: string;
let changes: Changes;
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-changes-'));
  mkdirSync(join(folder, 'state'));
  const except = join(folder, 'state');
  changes = openChanges(folder, { clock: systemClock, log: silentLog, deep: true, except });
});
afterEach(() => {
  changes.close();
  rmSync(folder, { recursive: true });
});

/** Milliseconds until it looks again, of at most `ms`. */
async function waited(ms: number): Promise<number> {
  const began = systemClock.monotonicMs();
  await changes.next(ms, never);
  return systemClock.monotonicMs() - began;
}

/** Until nothing is new: a watch that has just begun asks for another look. */
async function settle(): Promise<void> {
  while ((await waited(600)) < 600);
}

test('a file in a new folder, and one that is renamed, are heard of at once', async () => {
  await settle();
  mkdirSync(join(folder, 'day', 'run'), { recursive: true });
  expect(await waited(20_000)).toBeLessThan(10_000);
  await settle();
  writeFileSync(join(folder, 'day', 'run', 'a.mcap.active'), 'x');
  expect(await waited(20_000)).toBeLessThan(10_000);
  await settle();
  renameSync(join(folder, 'day', 'run', 'a.mcap.active'), join(folder, 'day', 'run', 'a.mcap'));
  expect(await waited(20_000)).toBeLessThan(10_000);
});

test('a folder that another one took the place of, as a disk that is mounted, is heard of', async () => {
  const day = join(folder, 'day');
  mkdirSync(day);
  await settle();
  // The folder of old is still there, under another name.
  renameSync(day, join(folder, 'state', 'day'));
  mkdirSync(day);
  await settle();
  writeFileSync(join(day, 'a.mcap'), 'x');
  expect(await waited(3_000)).toBeLessThan(2_000);
});

test('what is written into a file, and what the agent does in its own folder, is no change', async () => {
  writeFileSync(join(folder, 'a.mcap'), 'x');
  await settle();
  const writing = setInterval(() => {
    appendFileSync(join(folder, 'a.mcap'), 'more');
    writeFileSync(join(folder, 'state', String(performance.now())), 'clip');
  }, 20);
  expect(await waited(500)).toBeGreaterThanOrEqual(499);
  clearInterval(writing);
});

test('files that come one after the other are looked at together', async () => {
  await settle();
  let n = 0;
  const coming = setInterval(() => writeFileSync(join(folder, `${(n += 1)}.mcap`), 'x'), 5);
  const began = systemClock.monotonicMs();
  for (let look = 0; look < 4; look += 1) await changes.next(20_000, never);
  clearInterval(coming);
  // Four looks have three pauses of a quarter of a second between them.
  expect(systemClock.monotonicMs() - began).toBeGreaterThan(700);
});
