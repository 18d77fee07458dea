/**
 * Goal: what a day took is forgotten by no restart, no clock that is set late and no disk that
 * refuses, and what stands in the database by accident stops nothing.
 * Method: books on a shelf in memory, opened again as after a kill and as after a stop.
 */
import { Fault, type Log, silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { SpentShelf } from '../buffer/shelves.ts';
import { keptDays, spentAheadBytes, spentAheadLeastBytes } from '../limits.ts';
import { openDayBook } from './day-book.ts';

interface Shelf extends SpentShelf {
  text: string | undefined;
  writes: number;
}

function shelfWith(text?: string): Shelf {
  return {
    text,
    writes: 0,
    read() {
      return this.text;
    },
    write(next) {
      this.text = next;
      this.writes += 1;
    },
  };
}

const entry = { day: '2026-11-22', key: 'net = lte' };
const spentIn = (shelf: Shelf, day = entry.day): number =>
  openDayBook(shelf, silentLog).spent(day, entry.key);

test('a kill forgets nothing, and a stop notes no more than was spent', () => {
  const shelf = shelfWith();
  const book = openDayBook(shelf, silentLog);
  const ahead: number[] = [];
  for (let total = 1_000; total <= 30_000_000; total += 1_000) {
    book.spend(entry, 1_000);
    ahead.push(spentIn(shelf) - total);
  }
  expect(Math.min(...ahead)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(spentAheadBytes);
  // Not each row is a write on the disk.
  expect(shelf.writes).toBeLessThan(100);
  expect(book.spent(entry.day, entry.key)).toBe(30_000_000);
  book.close();
  expect(spentIn(shelf)).toBe(30_000_000);
});

test('the first byte is noted, a little ahead', () => {
  const shelf = shelfWith();
  openDayBook(shelf, silentLog).spend(entry, 1);
  expect(spentIn(shelf)).toBe(1 + spentAheadLeastBytes);
});

test('a clock that is set after the start comes back to the count of its day', () => {
  const shelf = shelfWith();
  const before = openDayBook(shelf, silentLog);
  before.spend(entry, 5_000_000);
  before.close();
  const book = openDayBook(shelf, silentLog);
  expect(book.spent('1970-1-1', entry.key)).toBe(0);
  book.spend({ ...entry, day: '1970-1-1' }, 100);
  expect(book.spent(entry.day, entry.key)).toBe(5_000_000);
  for (let n = 1; n <= keptDays; n += 1) book.spend({ ...entry, day: `2026-12-${n}` }, 1);
  expect(book.spent(entry.day, entry.key)).toBe(0);
});

test.each([
  ['', 'x', 'null', '[]', '7', '{"2026-11-22": 5}', '{"2026-11-22": {"net = lte": "x"}}'],
  ['{"2026-11-22": {"net = lte": -5}}', '{"2026-11-22": {"net = lte": 1e999}}'],
])('a text that no book wrote (%s) counts nothing', (...texts) => {
  for (const text of texts) {
    const book = openDayBook(shelfWith(text), silentLog);
    book.spend(entry, 7);
    expect(book.spent(entry.day, entry.key)).toBe(7);
  }
});

test('a disk that refuses is told once, and the count goes on', () => {
  const complaints: string[] = [];
  const log: Log = { ...silentLog, warn: (phrase) => complaints.push(phrase) };
  const refuse = (): never => {
    throw new Fault('unavailable', 'the disk is full');
  };
  const book = openDayBook({ read: () => undefined, write: refuse }, log);
  for (let n = 0; n < 100; n += 1) book.spend(entry, 100_000);
  expect(book.spent(entry.day, entry.key)).toBe(10_000_000);
  expect(complaints).toEqual(['what was sent today could not be noted']);
});
