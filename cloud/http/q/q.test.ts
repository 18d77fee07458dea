/**
 * Goal: a query means what the reference says, and what is wrong is shown where it is.
 * Method: queries over items of a small source of every type, through the plain evaluator.
 */
import { Fault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { passesQuery } from './evaluate.ts';
import { queryTree } from './filter.ts';
import { column, type FieldType, type QField, type QSource } from './source.ts';
import { sources } from './sources/list.ts';
import { lineAndColumn } from './wrong.ts';

const field = (name: string, type: FieldType, more: Partial<QField> = {}): QField => ({
  name,
  type,
  says: 'For the test.',
  example: '',
  place: column('device.name'),
  ...more,
});

const source: QSource = {
  name: 'samples',
  table: 'device',
  sorts: { name: { column: 'device.name', type: 'text' } },
  sort: 'name',
  words: ['name', 'tag'],
  fields: [
    field('name', 'text'),
    field('severity', 'text', { values: ['critical', 'warning', 'info'] }),
    field('tag', 'text', { json: 'tags' }),
    field('scores.*', 'real'),
    field('why.values.*', 'mixed'),
    field('atNs', 'ns'),
    field('receivedAt', 'instant'),
    field('sizeBytes', 'bytes'),
    field('durationMs', 'duration'),
    field('count', 'int'),
    field('online', 'bool'),
  ],
};

/** 2026-01-31T12:00:00Z */
const now = Date.UTC(2026, 0, 31, 12);
const tree = (q: string) => queryTree(q, source, { now, pointer: '/query/q' });
const passes = (q: string, item: Readonly<Record<string, unknown>>) => passesQuery(tree(q), item);
const ns = (text: string): string => `${BigInt(Date.parse(text)) * 1_000_000n}`;

const item = {
  name: 'Near-Miss 7',
  severity: 'critical',
  tags: ['rain', 'dock_1', '100%'],
  scores: { 'det.entropy': 0.75, zero: 0 },
  why: { values: { vx: 1.5, mode: 'auto', on: true, 'odd name': 3, none: null } },
  atNs: ns('2026-01-31T11:00:00Z'),
  receivedAt: '2026-01-31T11:30:00.000Z',
  sizeBytes: 1_572_864,
  durationMs: 2500.5,
  count: 3,
  online: true,
};

test.each([
  ['', true],
  ['severity = critical', true],
  ['severity:critical and tag:rain', true],
  ['severity=critical tag:snow', false],
  ['tag:snow or tag:rain', true],
  ['tag:snow or severity=info tag:rain', false],
  ['(tag:snow or severity = critical) tag:rain', true],
  ['NOT tag:snow AND -tag:ice', true],
  ['not not tag:rain', true],
  ['severity in (info, critical)', true],
  ['severity in (info)', false],
  ['tag in (snow, dock*)', true],
  ['tag:dock*', true],
  ['tag:DOCK*', true],
  ['tag = DOCK_1', false],
  ['tag:dock?1', true],
  ['tag:"dock*"', false],
  ['tag ~ 100%', true],
  ['tag ~ "1*"', false],
  ['tag ~ 1*', true],
  ['tag:*', true],
  ['name ~ near*7', true],
  ['name = "Near-Miss 7"', true],
  ["name = 'Near-Miss 7'", true],
  ['name > M', true],
  ['miss', true],
  ['MISS rain', true],
  ['near-miss', true],
  ['-near', false],
  ['"ss 7"', true],
  ['oc', true],
  ['oc?', false],
  ['*oc*', true],
  ['scores.det.entropy > 0.7', true],
  ['scores.det.entropy >= 75e-2', true],
  ['scores.det.entropy: 0.5..0.75', false],
  ['scores.det.entropy: 0.75..1', true],
  ['scores.det.entropy in (0.1..0.2, 0.75)', true],
  ['scores.zero = -0', true],
  ['scores.zero:*', true],
  ['scores.none:*', false],
  ['scores.none < 1', false],
  ['not scores.none < 1', true],
  ['scores.none != 1', false],
  ['tag != snow', true],
  ['tag != rain', false],
  ['why.values.vx > 1', true],
  ['why.values.vx: *..2', true],
  ['why.values.vx: 2..*', false],
  ['why.values.mode = auto', true],
  ['why.values.mode > 1', false],
  ['why.values.mode ~ a*', true],
  ['why.values.on = true', true],
  ['why.values.on = 1', false],
  ['why.values.vx = "1.5"', false],
  ['why.values.vx in (auto, 1.5)', true],
  ['why.values."odd name" = 3', true],
  ['why.values.none:*', false],
  ['atNs > -2h', true],
  ['atNs > -30m', false],
  ['atNs: -1.5h..now', true],
  ['atNs: today', true],
  ['atNs = yesterday', false],
  ['atNs: 2026-01-31', true],
  ['atNs in (yesterday, today)', true],
  ['atNs < 2026-01-31T12:30:00+01:00', true],
  ['atNs = 2026-01-31T11:00Z', true],
  ['atNs = 2026-01-31T11:00:00.000000001Z', false],
  [`atNs = ${ns('2026-01-31T11:00:00Z')}`, true],
  [`atNs < ${'9'.repeat(30)}`, true],
  ['receivedAt > 2026-01-31T11:29:59.9999999Z', true],
  ['receivedAt = 2026-01-31T11:30:00.0000001Z', false],
  ['receivedAt < 2026-01-31T11:30:00.0000001Z', true],
  ['sizeBytes = 1.5MiB', true],
  ['sizeBytes > 1MB', true],
  ['sizeBytes > 1.6mib', false],
  ['sizeBytes <= 1572864.5', true],
  ['sizeBytes = 1572864.5', false],
  ['durationMs = 2500.5', true],
  ['durationMs > 2.5s', true],
  ['durationMs: 2s..3s', true],
  ['durationMs >= 1m', false],
  ['count = 3', true],
  ['count: 3..4', true],
  ['count: 1..3', false],
  ['count > 2.5', true],
  ['count >= -1e300', true],
  ['count in (1, 2, 5)', false],
  ['online = true', true],
  ['online = false', false],
  ['online != false', true],
])('%s is %s', (q, expected) => {
  expect(passes(q, item)).toBe(expected);
});

const wrong = (q: string): { detail: string; place: string; at: string } => {
  try {
    tree(q);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [, line = '', col = ''] = /^q (\d+):(\d+): /.exec(error.message) ?? [];
    return {
      detail: `${error.message.replace(/^q \d+:\d+: /, '')} ${error.remedy}`,
      place: error.place ?? '',
      at: `${line}:${col}`,
    };
  }
  return { detail: 'nothing is wrong', place: '', at: '' };
};

test.each([
  ['severty = critical', '1:1', 'Did you mean "severity"?'],
  ['tag:rain and\n  score.det.entropy > 1', '2:3', 'Did you mean "scores.det.entropy"?'],
  ['severity = critcal', '1:12', 'Did you mean "critical"?'],
  ['severity > info', '1:12', 'no order'],
  ['tag:rain and', '1:13', 'expected at the end'],
  ['tag:', '1:5', 'a value is expected'],
  ['(tag:rain', '1:1', 'never closed'],
  ['tag:rain)', '1:9', 'nothing opened'],
  ['()', '1:1', 'nothing inside'],
  ['tag:"rain', '1:5', 'Close it with'],
  ['severity in (info', '1:13', 'never closed'],
  ['severity in ()', '1:14', 'a value is expected'],
  ['count = many', '1:9', 'is a number'],
  ['count = 5s', '1:9', 'has no unit'],
  ['sizeBytes > 5parsec', '1:13', 'KiB'.toLowerCase()],
  ['atNs > noon', '1:8', 'RFC 3339'],
  ['atNs > 2026-02-31', '1:8', 'RFC 3339'],
  ['count: 1..x', '1:11', 'is a number'],
  ['count > 1..2', '1:9', 'takes no range'],
  ['count ~ 1*', '1:9', 'no patterns'],
  ['online > true', '1:10', 'no order'],
  ['scores.det.entropy = 1e999', '1:22', 'as large'],
  ['= 5', '1:1', 'a condition is expected'],
  ['a\u0000b', '1:2', 'cannot be in a text'],
  ['"a\\nb"', '1:4', 'backslash'],
  [`${'('.repeat(17)}a${')'.repeat(17)}`, '1:16', '16 levels'],
  ['a '.repeat(65), '1:129', '64 conditions'],
  ['x'.repeat(2049), '1:2049', '2048 characters'],
])('%j is refused at %s', (q, at, says) => {
  expect(wrong(q)).toMatchObject({ at, place: '/query/q', detail: expect.stringContaining(says) });
});

test('everything that is wrong is said at once', () => {
  expect(wrong('severty = x and count = many').detail).toContain('(and 1 more)');
});

const pieces = `and or not in - ( ) , .. : = != > <= ~ " ' severity scores.a why.values.vx atNs
  sizeBytes online tag * ? 5 -1h now 1.5MiB true 2026-01-31 \\ % ü 🤖 1e309`.split(/\s+/u);

/** Where a text is refused; undefined for a query. Anything but a fault of the query is thrown. */
function refusedAt(q: string, of: QSource): { line: number; col: number } | undefined {
  try {
    passesQuery(queryTree(q, of, { now, pointer: '/query/q' }), {});
    return undefined;
  } catch (error) {
    const at = /^q (\d+):(\d+): /.exec(error instanceof Fault ? error.message : '');
    if (!(error instanceof Fault) || error.code !== 'invalid' || at === null) throw error;
    return { line: Number(at[1]), col: Number(at[2]) };
  }
}

test('any text is a query or is refused at a place inside it', () => {
  const some = fc.array(fc.constantFrom(...pieces), { maxLength: 30 });
  const text = fc.oneof(
    some.map((parts) => parts.join('')),
    some.map((parts) => parts.join(' ')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(source, ...sources), (q, of) => {
      const at = refusedAt(q, of);
      const end = lineAndColumn(q, q.length);
      return at === undefined || (at.line <= end.line && at.col > 0);
    }),
    { numRuns: 3000 },
  );
});

test('the example of every field of every source is a query of it', () => {
  for (const of of sources) {
    for (const { name, example } of of.fields) {
      expect(() => queryTree(example, of, { now, pointer: `/${name}` }), example).not.toThrow();
    }
  }
});
