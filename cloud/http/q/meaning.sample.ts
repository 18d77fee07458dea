/** Rows and queries for tests: few different values, so that a random query finds something. */
import fc from 'fast-check';
import type { FieldType, QField, QSource } from './source.ts';

/** Texts that a wrong escape, case rule or byte order would give away. */
export const texts = [
  'rain',
  'Rain',
  'dock_1',
  'dockx1',
  '100%',
  '100!',
  'a\\b',
  'über',
  'ÜBER',
  '🤖 z',
  'ﬀ',
  'two words',
  "it's",
  '*',
  '5',
  'true',
];

export const numbers = [0, -1, 0.5, 0.75, 1, 2, 5, 1e-7, 1e21, -0.1];

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

const textValue = fc.oneof(
  fc.constantFrom(...texts).map(quoted),
  fc.constantFrom('rain', 'RAIN', 'ra*', '*N', 'd?ck_1', 'dock?1', '*%', '1*!', '*', '?', '*ü*'),
  fc.constantFrom('🤖*', '?*z', '*\\*'),
);

const numberValue = fc.oneof(
  fc.constantFrom(...numbers).map(String),
  fc.constantFrom('1.0', '1e0', '0.49999', '-2', '100'),
);

const times = ['now', '-1h', '-90m', '-2s', 'today', 'yesterday', '2024-05-31', '-0.5d'];
const exactTimes = ['1717171718000000000', '1717171717999999999', '2024-05-31T16:08:38.0000001Z'];

function valueOf(field: QField): fc.Arbitrary<string> {
  if (field.values !== undefined) return fc.constantFrom(...field.values, '*');
  const of: Readonly<Record<FieldType, fc.Arbitrary<string>>> = {
    text: textValue,
    mixed: fc.oneof(textValue, numberValue, fc.constantFrom('true', 'false')),
    real: numberValue,
    int: numberValue,
    bool: fc.constantFrom('true', 'false'),
    ns: fc.constantFrom(...times, ...exactTimes),
    instant: fc.constantFrom(...times, '2024-05-31T16:08:38.0000001Z', '2024-05-31T16:08:38Z'),
    bytes: fc.constantFrom('0', '1', '4096', '4KiB', '4.1kB', '4096.5', '1MiB'),
    duration: fc.constantFrom('0', '5000', '5s', '4999.999', '5000.0000001', '1m', '-1s'),
  };
  return of[field.type];
}

const orders = ['<', '<=', '>', '>='];

function opsOf({ type, values }: QField): readonly string[] {
  const equal = ['=', '!=', ':', 'in'];
  if (type === 'bool' || values !== undefined) return equal;
  if (type === 'text' || type === 'mixed') return [...equal, ...orders, '~', '..'];
  return [...equal, ...orders, '..'];
}

const term = (source: QSource, keys: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...source.fields), fc.constantFrom(...keys)).chain(([field, key]) =>
    fc.tuple(fc.constantFrom(...opsOf(field)), valueOf(field), valueOf(field)).map(([op, a, b]) => {
      const name = field.name.replace('*', key);
      if (op === 'in') return `${name} in (${a}, ${b})`;
      if (op === '..') return `${name}: ${a}..${b}`;
      return `${name} ${op} ${orders.includes(op) && a === '*' ? '"*"' : a}`;
    }),
  );

const word = fc.constantFrom('rain', 'RA', '"two words"', 'd?ck*', '%', '_', 'amr-01', '🤖');

/** Texts of queries over a source; most are right, and a few are refused. */
export function queries(source: QSource, keys: readonly string[]): fc.Arbitrary<string> {
  const leaf = fc.oneof(
    { weight: 6, arbitrary: term(source, keys) },
    { weight: 1, arbitrary: word },
  );
  return fc.letrec<{ query: string }>((tie) => ({
    query: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a}) and (${b})`),
      fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a}) or (${b})`),
      tie('query').map((a) => `not (${a})`),
    ),
  })).query;
}
