/**
 * Goal: compiled conditions say what CEL says.
 * Method: random expressions over random values, against the planner of @bufbuild/cel; and with
 * unknown signals: an answer holds whatever values the unknown ones have.
 */
import { celEnv, celFunc, CelScalar, parse, plan } from '@bufbuild/cel';
import { slotState } from '@fieldloop/recording';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSlots } from '../held.ts';
import { checkCondition } from './check.ts';
import { openMoment, type Truth } from './compare.ts';
import { compileTruth } from './compile.ts';
import type { KnownSignal } from './context.ts';

const { BOOL, DOUBLE, STRING } = CelScalar;
const types = {
  a: 'double',
  b: 'double',
  c: 'double',
  s: 'string',
  t: 'string',
  f: 'bool',
  g: 'bool',
} as const;
type Name = keyof typeof types;
const names = Object.keys(types) as Name[];

const scope = {
  signal: (name: string): KnownSignal | undefined =>
    Object.hasOwn(types, name) ? { type: types[name as Name], topic: '/t' } : undefined,
  names,
  models: [],
  fences: new Map(),
};

const oneDouble = (name: string, f: (x: number) => number) => celFunc(name, [DOUBLE], DOUBLE, f);
const twoDoubles = (name: string, f: (x: number, y: number) => number) =>
  celFunc(name, [DOUBLE, DOUBLE], DOUBLE, f);

const variables = { a: DOUBLE, b: DOUBLE, c: DOUBLE, s: STRING, t: STRING, f: BOOL, g: BOOL };

const env = celEnv({
  variables,
  funcs: [
    oneDouble('abs', Math.abs),
    oneDouble('sqrt', Math.sqrt),
    oneDouble('floor', Math.floor),
    oneDouble('ceil', Math.ceil),
    twoDoubles('least', Math.min),
    twoDoubles('greatest', Math.max),
    twoDoubles('hypot', (x, y) => Math.sqrt(x * x + y * y)),
    twoDoubles('ttc', (x, v) => (v <= 0 ? Number.POSITIVE_INFINITY : x / v)),
  ],
});

type Bindings = Parameters<ReturnType<typeof plan<typeof variables>>>[0];
type Values = Readonly<Record<Name, number | string | boolean>>;

const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 2, Number.NaN, Number.POSITIVE_INFINITY),
  fc.double(),
);
const string = fc.constantFrom('', 'AUTO', 'MANUAL', 'auto', 'é😀');
const values: fc.Arbitrary<Values> = fc.record({
  a: number,
  b: number,
  c: number,
  s: string,
  t: string,
  f: fc.boolean(),
  g: fc.boolean(),
});

const { condition } = fc.letrec<{ condition: string; double: string; text: string }>((tie) => ({
  double: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '1.5', '0.0', '-2.0', '1e3'),
    fc
      .tuple(tie('double'), fc.constantFrom('+', '-', '*', '/'), tie('double'))
      .map(([x, op, y]) => `(${x} ${op} ${y})`),
    tie('double').map((x) => `-(${x})`),
    fc
      .tuple(fc.constantFrom('abs', 'sqrt', 'floor', 'ceil'), tie('double'))
      .map(([fn, x]) => `${fn}(${x})`),
    fc
      .tuple(fc.constantFrom('least', 'greatest', 'hypot'), tie('double'), tie('double'))
      .map(([fn, x, y]) => `${fn}(${x}, ${y})`),
    tie('text').map((x) => `double(size(${x}))`),
    // Products have no unit, so that times and distances may meet here.
    fc.tuple(tie('double'), tie('double')).map(([x, y]) => `(1.0 * ttc(1.0 * ${x}, 1.0 * ${y}))`),
    fc
      .tuple(tie('condition'), tie('double'), tie('double'))
      .map(([when, x, y]) => `(${when} ? ${x} : ${y})`),
  ),
  text: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('s', 't', '"AUTO"', "'é😀'", '""'),
    fc
      .tuple(tie('condition'), tie('text'), tie('text'))
      .map(([when, x, y]) => `(${when} ? ${x} : ${y})`),
  ),
  condition: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom('f', 'g', 'true', 'false'),
    fc
      .tuple(tie('double'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('double'))
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    fc
      .tuple(tie('text'), fc.constantFrom('==', '!='), tie('text'))
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||', '==', '!='), tie('condition'))
      .map(([x, op, y]) => `((${x}) ${op} (${y}))`),
    tie('condition').map((x) => `!(${x})`),
    tie('double').map((x) => `${x} in [0.0, 1.0, 1.5]`),
    tie('text').map((x) => `${x} in ["AUTO", "x"]`),
    fc
      .tuple(fc.constantFrom('startsWith', 'endsWith', 'contains', 'matches'), tie('text'))
      .map(([fn, x]) => `${x}.${fn}("AU")`),
    tie('text').map((x) => `${x}.matches("^[A-Z]+.?(TO|AL)$")`),
    tie('text').map((x) => `double(size(${x})) > 1.0`),
  ),
}));

const states = { double: slotState.number, string: slotState.text, bool: slotState.truth };

/** Our answer; signals in `missing` are unknown. */
function ours(text: string, given: Values, missing: ReadonlySet<Name> = new Set()): Truth {
  const slots = openSlots(names.length);
  for (const [i, name] of names.entries()) {
    const value = given[name];
    slots.states[i] = missing.has(name) ? slotState.unknown : states[types[name]];
    if (typeof value === 'string') slots.texts[i] = value;
    else slots.numbers[i] = Number(value);
  }
  // CEL's size is an int; ours is a double like every number.
  const { checked, problems } = checkCondition(text.replaceAll('double(size', '(size'), scope);
  if (checked === undefined) throw new Error(`${text}: ${JSON.stringify(problems)}`);
  return compileTruth(checked, {
    moment: openMoment(),
    slots,
    slotOf: (name) => names.indexOf(name as Name),
    memoryOf: () => {
      throw new Error('no memory here');
    },
    marginOf: () => {
      throw new Error('no margin here');
    },
  })();
}

/** CEL's own answer on known values. */
function theirs(text: string, given: Values): unknown {
  return plan(env, parse(text))(given as Bindings);
}

const settings = { numRuns: 1_000, seed: 20_251_121 };

test('equal to the planner of CEL on known values', () => {
  fc.assert(
    fc.property(condition, values, (text, given) => {
      expect(ours(text, given)).toBe(theirs(text, given) === true ? 1 : 0);
    }),
    settings,
  );
});

test('what is said with unknown signals is true for every value they may have', () => {
  const missing = fc.subarray(names, { minLength: 1 }).map((some) => new Set(some));
  fc.assert(
    fc.property(condition, values, missing, values, (text, given, unknown, other) => {
      const answer = ours(text, given, unknown);
      if (answer === 2) return;
      const filled = Object.fromEntries(
        names.map((name) => [name, unknown.has(name) ? other[name] : given[name]]),
      ) as Values;
      expect(ours(text, filled)).toBe(answer);
    }),
    settings,
  );
});

test('unknown is three-valued as Kleene has it', () => {
  const given: Values = { a: 2, b: 0, c: 0, s: 'x', t: '', f: true, g: false };
  const b = new Set<Name>(['b']);
  expect(ours('a > 1.0 && b > 1.0', given, b)).toBe(2);
  expect(ours('b > 1.0 && a < 1.0', given, b)).toBe(0);
  expect(ours('b > 1.0 || a > 1.0', given, b)).toBe(1);
  expect(ours('!(b > 1.0)', given, b)).toBe(2);
  expect(ours('b == b', given, b)).toBe(2);
  expect(ours('(a > 1.0 ? a : b) > 1.0', given, b)).toBe(1);
  expect(ours('b + (a > 1.0 ? 1.0 : 2.0) > 0.0', given, b)).toBe(2);
  expect(ours('b + size(a > 1.0 ? s : t) > 0.0', given, b)).toBe(2);
  expect(ours('size(b > 1.0 || f ? s : t) > 0.0', given, b)).toBe(1);
});

test.each([
  'a > -(0.0)',
  'a > -0.0',
  'a > -(2.0)',
  '-(-a) > 1e300',
  's == "\\u00e9\\n"',
  'a - (b - c) > -1.0',
  '(f ? a : b) > 0.0',
  'a in [-0.0, 1.0]',
  'a in [9007199254740993.0, -123456789012345678901.0]',
])('the canonical text of %s reads as itself', (text) => {
  const { checked } = checkCondition(text, scope);
  expect(checkCondition(checked?.text ?? '', scope).checked?.text).toBe(checked?.text);
});
