/**
 * Goal: a table is readable at every width and safe whatever a robot named its things.
 * Method: tables of known rows at several widths.
 */
import { expect, test } from 'vitest';
import { type Column, csvText, ndjsonText, table } from './io.ts';
import { showOf } from './show.ts';

const show = showOf({ utc: true });

interface Row {
  readonly name: string;
  readonly why: string;
  readonly size: number;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', of: (row) => row.name },
  { title: 'WHY', of: (row) => row.why, shrinks: true },
  { title: 'SIZE', of: (row) => String(row.size), right: true },
];

const rows: readonly Row[] = [
  { name: 'a', why: 'min_range 0.31, vx 0.52, mode auto', size: 5 },
  { name: 'bcd', why: 'vx 1', size: 12345 },
];

test('columns stand under their titles, numbers at the right', () => {
  expect(table(rows, columns, { show })).toBe(
    [
      'NAME  WHY                                  SIZE',
      'a     min_range 0.31, vx 0.52, mode auto      5',
      'bcd   vx 1                                12345',
      '',
    ].join('\n'),
  );
});

test('in a narrow terminal the long column is cut and every line fits', () => {
  const text = table(rows, columns, { width: 30, show });
  for (const line of text.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(30);
  expect(text).toContain('min_range 0.31, …');
  expect(text).toContain('12345');
});

test('a terminal too narrow for the table still gets every column', () => {
  const text = table(rows, columns, { width: 5, show });
  expect(text.split('\n')[0]).toMatch(/NAME +WHY +SIZE/);
});

test('control characters of a robot never reach the terminal', () => {
  const evil = { name: '\u001b[31mred\u0007\nnext', why: '', size: 0 };
  const text = table([evil], columns, { show });
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(text.trimEnd().split('\n')).toHaveLength(2);
});

test('each line of NDJSON is a document', () => {
  const lines = ndjsonText(rows).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as Row)).toEqual(rows);
});

test('comma-separated values keep commas, quotes and line ends', () => {
  const row = { name: 'a,b', why: 'said "no"\nand left', size: 1 };
  const text = csvText([row], columns, { show, head: true });
  expect(text).toBe('name,why,size\n"a,b","said ""no""\nand left",1\n');
});

test('a time is local, or UTC and says so', () => {
  expect(show.time('2026-01-31T12:00:00.000Z')).toBe('2026-01-31 12:00:00Z');
  expect(showOf({}).time('2026-01-31T12:00:00.000Z')).toMatch(/^2026-0[12]-\d\d \d\d:\d\d:00$/);
  expect(show.time(undefined)).toBe('-');
});
