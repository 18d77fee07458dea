/**
 * Goal: macros and folds of lists say what CEL says, and never more than is known.
 * Method: random macros over random lists against the planner of @bufbuild/cel; items with missing
 * fields: an answer holds whatever these are; sums and extremes and margins by plain code.
 */
import { celEnv, CelScalar, listType, mapType, parse, plan } from '@bufbuild/cel';
import { listState, slotState } from '@fieldloop/recording';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSlots } from '../held.ts';
import { checkCondition, checkNumber } from './check.ts';
import type { FoldTerm } from './checked.ts';
import { openMoment, type Truth } from './compare.ts';
import { compileNumber, compileTruth, type Sources } from './compile.ts';
import type { KnownSignal, Scope } from './context.ts';
import { openListRun } from './fold.ts';
import { compileMargin } from './margin.ts';

interface Item {
  readonly a?: number;
  readonly b?: number;
  readonly s?: string;
  readonly f?: boolean;
}

function openScope() {
  const folds = new Map<string, FoldTerm>();
  const signals: Readonly<Record<string, KnownSignal>> = {
    dets: { type: 'list', topic: '/dets', folds },
    x: { type: 'double', topic: '/x' },
  };
  const scope: Scope = {
    signal: (name) => (Object.hasOwn(signals, name) ? signals[name] : undefined),
    names: Object.keys(signals),
    models: [],
    fences: new Map(),
  };
  return { scope, folds };
}

/** The folds that were asked for, over a list, and expressions that read their answers. */
function sourcesOf(folds: ReadonlyMap<string, FoldTerm>, all: readonly Item[], state = 1) {
  const terms = [...folds.values()];
  const run = openListRun({ path: 'dets', maxItems: 16 }, terms);
  const { fields } = run.spec;
  const { states, numbers, texts } = run.items.values;
  run.items.count = all.length;
  for (const [k, item] of all.entries()) {
    for (const [f, field] of fields.entries()) {
      const place = k * fields.length + f;
      const value = item[field as keyof Item];
      numbers[place] = Number(value ?? 0);
      texts[place] = typeof value === 'string' ? value : undefined;
      states[place] =
        value === undefined
          ? slotState.unknown
          : { number: slotState.number, string: slotState.text, boolean: slotState.truth }[
              typeof value as 'number' | 'string' | 'boolean'
            ];
    }
  }
  const slots = openSlots(terms.length);
  run.answer(state, slots, 0);
  const none = (): never => {
    throw new Error('not here');
  };
  const sources: Sources = {
    moment: openMoment(),
    slots,
    slotOf: (name) => terms.findIndex(({ text }) => text === name),
    memoryOf: none,
    marginOf: (of) => compileMargin(of, sources),
  };
  return sources;
}

function ours(text: string, all: readonly Item[]): Truth {
  const { scope, folds } = openScope();
  const { checked, problems } = checkCondition(text, scope);
  if (checked === undefined) throw new Error(`${text}: ${JSON.stringify(problems)}`);
  return compileTruth(checked, sourcesOf(folds, all))();
}

function numberOf(text: string, all: readonly Item[]): number | undefined {
  const { scope, folds } = openScope();
  const { checked, problems } = checkNumber(text, scope);
  if (checked === undefined) throw new Error(`${text}: ${JSON.stringify(problems)}`);
  const sources = sourcesOf(folds, all);
  const value = compileNumber(checked, sources)();
  return sources.moment.miss ? undefined : value;
}

const variables = { dets: listType(mapType(CelScalar.STRING, CelScalar.DYN)) };
const env = celEnv({ variables });

const body = fc.letrec<{ test: string; number: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('d.a', 'd.b', '1.0', '0.5'),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*'), tie('number'))
      .map(([x, op, y]) => `(${x} ${op} ${y})`),
  ),
  test: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('d.f', 'd.s == "cat"', 'd.s in ["cat", "dog"]', 'd.s.startsWith("c")'),
    fc
      .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    fc
      .tuple(tie('test'), fc.constantFrom('&&', '||'), tie('test'))
      .map(([x, op, y]) => `((${x}) ${op} (${y}))`),
    tie('test').map((x) => `!(${x})`),
  ),
}));
const list = fc.oneof(
  { weight: 2, arbitrary: fc.constant('dets') },
  { weight: 1, arbitrary: body.test.map((x) => `dets.filter(d, ${x})`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(body.test, body.test)
      .map(([x, y]) => `dets.filter(d, ${x}).filter(d, ${y})`),
  },
);
const atom = fc.oneof(
  fc
    .tuple(list, fc.constantFrom('exists', 'all', 'exists_one'), body.test)
    .map(([some, macro, x]) => `${some}.${macro}(d, ${x})`),
  fc.tuple(list, fc.nat(3)).map(([some, n]) => `double(size(${some})) > ${n}.0`),
  fc
    .tuple(list, body.test, body.number)
    .map(([some, x, y]) => `double(size(${some}.map(d, ${x}, ${y}))) > 1.0`),
);
const condition = fc.oneof(
  atom,
  fc
    .tuple(atom, fc.constantFrom('&&', '||', '=='), atom)
    .map(([x, op, y]) => `(${x}) ${op} !(${y})`),
);

const number = fc.constantFrom(0, 1, 2, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY);
const whole = fc.record(
  {
    a: number,
    b: number,
    s: fc.constantFrom('cat', 'dog', ''),
    f: fc.boolean(),
  },
  { noNullPrototype: true },
);
const settings = { numRuns: 300, seed: 20_251_121 };
/** CEL's size is an int; ours is a double like every number. */
const plainText = (text: string): string => text.replaceAll('double(size', '(size');

test('equal to the planner of CEL on items that are known', () => {
  fc.assert(
    fc.property(condition, fc.array(whole, { maxLength: 6 }), (text, dets) => {
      const theirs = plan(env, parse(text))({ dets });
      expect(ours(plainText(text), dets)).toBe(theirs === true ? 1 : 0);
    }),
    settings,
  );
});

test('what is said of items with missing fields is true whatever these are', () => {
  const holes = fc.array(fc.subarray(['a', 'b', 's', 'f'] as const), {
    minLength: 6,
    maxLength: 6,
  });
  const items = fc.array(whole, { maxLength: 6 });
  fc.assert(
    fc.property(
      condition,
      items,
      holes,
      fc.array(whole, { minLength: 6 }),
      (raw, all, gone, other) => {
        const text = plainText(raw);
        const part = all.map(
          (item, k): Item =>
            Object.fromEntries(
              Object.entries(item).filter(([key]) => !gone[k]?.some((one) => one === key)),
            ),
        );
        const answer = ours(text, part);
        if (answer === 2) return;
        const filled = part.map((item, k): Item => ({ ...other[k], ...item }));
        expect(ours(text, filled)).toBe(answer);
      },
    ),
    settings,
  );
});

describe('numbers of lists', () => {
  const all: readonly Item[] = [{ a: 3, b: 1 }, { a: 1, b: 5 }, { a: 2 }];
  test.each<[string, readonly Item[], number | undefined]>([
    ['least(dets.map(d, d.a))', all, 1],
    ['greatest(dets.map(d, d.a * 2.0))', all, 6],
    ['sum(dets.map(d, d.a))', all, 6],
    ['dets.map(d, d.a).sum()', all, 6],
    ['dets.map(d, d.a > 1.5, d.a).sum()', all, 5],
    ['least(dets.filter(d, d.a > 1.5).map(d, d.a))', all, 2],
    ['size(dets)', all, 3],
    ['dets.filter(d, d.a > 1.5).size()', all, 2],
    ['least(dets.map(d, d.a))', [], undefined],
    ['sum(dets.map(d, d.a))', [], 0],
    ['size(dets)', [], 0],
    // One item that is not known.
    ['sum(dets.map(d, d.b))', all, undefined],
    ['dets.filter(d, d.b > 0.0).size()', all, undefined],
    ['dets.filter(d, d.a < 3.0 && d.b > 0.0).size()', [{ a: 4 }, { a: 1, b: 2 }], 1],
  ])('%s of %j is %s', (text, items, wanted) => {
    expect(numberOf(text, items)).toBe(wanted);
  });
});

test('margins of macros: the best item of exists, the worst of all', () => {
  const margin = (text: string, all: readonly Item[]): number => {
    const { scope, folds } = openScope();
    const { checked } = checkCondition(text, scope);
    if (checked === undefined) throw new Error(text);
    expect(checkNumber('margin()', scope, checked).problems).toEqual([]);
    return compileMargin(checked, sourcesOf(folds, all))();
  };
  const all: readonly Item[] = [
    { a: 0.75, b: 2 },
    { a: 0.25, b: 1 },
  ];
  expect(margin('dets.exists(d, d.a > 0.5 && d.b < 3.0)', all)).toBe(0.25);
  expect(margin('dets.all(d, d.a > 0.5)', all)).toBe(-0.25);
  expect(margin('dets.filter(d, d.b > 1.5).all(d, d.a > 0.5)', all)).toBe(0.25);
  expect(margin('dets.exists(d, d.a > 0.5)', [])).toBe(Number.NEGATIVE_INFINITY);
  expect(margin('dets.exists(d, d.a > 0.5)', [{}])).toBe(Number.NaN);
  expect(margin('dets.exists(d, d.a > 0.5)', [{}, { a: 2 }])).toBe(1.5);
  expect(margin('dets.exists_one(d, d.a > 0.5)', all)).toBe(Number.POSITIVE_INFINITY);
  expect(margin('size(dets) > 3', all)).toBe(-1);
});

test('a list that is absent, too long or corrupt has no answer', () => {
  const { scope, folds } = openScope();
  const { checked } = checkCondition('dets.exists(d, d.a > 0.5) || size(dets) == 0', scope);
  if (checked === undefined) throw new Error('not read');
  for (const state of [listState.unknown, listState.overflow, listState.fault]) {
    expect(compileTruth(checked, sourcesOf(folds, [{ a: 2 }], state))()).toBe(2);
  }
});

test.each([
  ['dets', 'type'],
  ['dets == dets', 'type'],
  ['prev(dets) == dets', 'type'],
  ['changed(dets)', 'type'],
  ['x.exists(d, d.a > 1.0)', 'type'],
  ['dets.filter(d, d.a > 1.0)', 'type'],
  ['dets.map(d, d.a).exists(e, e > 1.0)', 'not-supported'],
  ['dets.map(d, d.a).map(e, e).sum() > 1.0', 'not-supported'],
  ['dets.exists(d, d.a > x)', 'not-supported'],
  ['dets.exists(d, d.inner.exists(e, e.a > 1.0))', 'not-supported'],
  ['dets.exists(d, prev(d.a) > 1.0)', 'not-supported'],
  ['dets.exists(d, now() > 1.0)', 'not-supported'],
  ['dets.exists(d, d.a)', 'sound'],
  ['dets.exists(d, d.a + 1.0)', 'type'],
  ['dets.exists(d, e.a > 1.0)', 'unknown-signal'],
  ['dets[0].a > 1.0', 'not-supported'],
  ['dets.exists(d, d.r[0].a > 1.0)', 'sound'],
  ['dets.exists(dets, dets > 1.0)', 'sound'],
  ['least(dets) > 1.0', 'sound'],
  ['dets.exists(d, dist(geo(d.lat, d.lon), geo(1.0, 2.0)) < 5.0)', 'sound'],
])('%s is %s', (text, code) => {
  const { checked, problems } = checkCondition(text, openScope().scope);
  expect(checked === undefined ? problems.map((one) => one.code) : ['sound']).toEqual([code]);
  for (const { message, remedy } of problems) expect([message, remedy]).not.toContain('');
});
