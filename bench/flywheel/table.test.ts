/**
 * Goal: a table is read as it stands or refused at the place that is wrong, and no row is in two
 * parts of a split.
 * Method: small texts, the real files when they are there, and every seed's split.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { splitOf } from './split.ts';
import { readTable, readWindows } from './table.ts';

const rows = (n: number): string =>
  Array.from({ length: n }, (_, i) => `${i},${i / 2},${i % 3 === 0 ? 'stop' : 'go'}`).join('\n');

test('a table has its inputs, its classes in order, and its label column anywhere', () => {
  const table = readTable(`a,b,"do"\n${rows(50)}\n`, { file: 't.csv', label: 'do' });
  expect(table.names).toEqual(['a', 'b']);
  expect(table.classes).toEqual(['stop', 'go']);
  expect([...(table.rows[3] ?? [])]).toEqual([3, 1.5]);
  expect(Array.from(table.labels.subarray(0, 4))).toEqual([0, 1, 1, 0]);
});

test.each([
  ['a,b,do\n1,x,go', 't.csv:2:2', /"x" is not a number/],
  ['a,b,do\n1,2', 't.csv:2', /2 cells/],
  ['a,b,did\n1,2,go', 't.csv:1', /no column "do"/],
])('%j is refused at its place', (text, place, message) => {
  const read = () => readTable(text, { file: 't.csv', label: 'do' });
  expect(read).toThrow(expect.objectContaining({ place, message: expect.stringMatching(message) }));
});

test('a window that is torn is refused', () => {
  expect(() => readWindows('normal\n1 2 3 4 5 6\n', 'lp.data')).toThrow(/6 readings, not 90/);
});

const data = join(import.meta.dirname, '../../../shared/data/flywheel');

test.skipIf(!existsSync(data))('the real files are read whole', () => {
  const read = (file: string): string => readFileSync(join(data, file), 'utf8');
  const wall = readTable(read('wall_following/sensor_readings_24.data'), {
    file: 'wall',
    label: 'OUTPUT',
  });
  expect([wall.rows.length, wall.names.length, wall.classes.length]).toEqual([5456, 24, 4]);
  const lp1 = readWindows(read('robot_execution_failures/lp1.data'), 'lp1');
  expect([lp1.rows.length, lp1.names.length, lp1.classes.length]).toEqual([88, 90, 4]);
  const lp2 = readWindows(read('robot_execution_failures/lp2.data'), 'lp2');
  expect([lp2.rows.length, lp2.classes.length]).toEqual([47, 5]);
});

test.each([0, 1, 2, 3, 4])('the parts of seed %i share no row and miss none', (seed) => {
  const { first, pool, held } = splitOf(5456, seed);
  const all = [...first, ...pool.flat(), ...held.flat()].toSorted((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: 5456 }, (_, n) => n));
  expect(first.length).toBe(1091);
  expect(held.flat().length / 4365).toBeCloseTo(0.25, 1);
});

test.each([47, 88, 600])(
  'of %i rows something is held out, and a tenth of the pool is a row',
  (rows) => {
    const { first, pool, held } = splitOf(rows, 2);
    expect(first.length + pool.flat().length + held.flat().length).toBe(rows);
    expect(held.flat().length).toBeGreaterThanOrEqual(8);
    expect(pool.flat().length).toBeGreaterThan(10);
  },
);
