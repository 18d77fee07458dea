/**
 * Goal: a margin says how far a condition is from its thresholds, and on which side.
 * Method: written examples; random conditions over random and unknown values, whose margin has the
 * sign of their truth; `held` and `once` against the plainest code over values in force.
 */
import { slotState } from '@fieldloop/recording';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSlots } from '../held.ts';
import * as limits from '../limits.ts';
import type { MemoryCell } from '../memory/cell.ts';
import { openCell } from '../memory/memory.ts';
import { checkCondition, checkNumber } from './check.ts';
import type { Checked } from './checked.ts';
import { openMoment } from './compare.ts';
import { compileNumber, compileTruth, type Sources } from './compile.ts';
import type { KnownSignal } from './context.ts';
import { compileMargin } from './margin.ts';

const types = { a: 'double', b: 'double', s: 'string', f: 'bool' } as const;
type Name = keyof typeof types;
type Values = Readonly<Partial<Record<Name, number | string | boolean>>>;
const names = Object.keys(types) as Name[];
const states = { double: slotState.number, string: slotState.text, bool: slotState.truth };

const scope = {
  signal: (name: string): KnownSignal | undefined =>
    Object.hasOwn(types, name) ? { type: types[name as Name], topic: '/t' } : undefined,
  names,
  models: [],
  fences: new Map(),
};

/** Signals that a test sets, and the cells that expressions over them open. */
function openWorld() {
  const slots = openSlots(names.length);
  const cells = new Map<string, MemoryCell>();
  const moment = openMoment();
  const budget = { leftBytes: limits.windowBytes, overflows: 0 };
  const sources: Sources = {
    moment,
    slots,
    slotOf: (name) => names.indexOf(name as Name),
    marginOf: (of) => compileMargin(of, sources),
    memoryOf(term) {
      const known = cells.get(term.text);
      if (known !== undefined) return known;
      const { arg, fn, windowNs = 0, quantile = 0 } = term;
      const isTruth = arg?.type === 'bool';
      const cell = openCell({
        fn,
        moment,
        windowNs,
        quantile,
        number: arg !== undefined && !isTruth ? compileNumber(arg, sources) : undefined,
        text: undefined,
        truth: arg !== undefined && isTruth ? compileTruth(arg, sources) : undefined,
        budget,
      });
      cells.set(term.text, cell);
      return cell;
    },
  };
  const set = (values: Values, nowNs = 0): void => {
    moment.nowNs = nowNs;
    for (const [i, name] of names.entries()) {
      const value = values[name];
      slots.states[i] = value === undefined ? slotState.unknown : states[types[name]];
      if (typeof value === 'string') slots.texts[i] = value;
      else slots.numbers[i] = Number(value ?? 0);
    }
    for (const cell of cells.values()) cell.fold(nowNs);
  };
  return { sources, set };
}

function conditionOf(text: string): Checked {
  const { checked, problems } = checkCondition(text, scope);
  if (checked === undefined) throw new Error(`${text}: ${JSON.stringify(problems)}`);
  return checked;
}

function marginOf(text: string, values: Values): number {
  const { sources, set } = openWorld();
  const margin = compileMargin(conditionOf(text), sources);
  set(values);
  return margin();
}

const far = Number.POSITIVE_INFINITY;
const msNs = 1e6;

describe('by example', () => {
  test.each<[string, Values, number]>([
    ['a > 1.0', { a: 3 }, 2],
    ['a < 1.0', { a: 3 }, -2],
    ['1.0 <= a', { a: 0.5 }, -0.5],
    ['a == 2.0', { a: 5 }, -3],
    ['a == 2.0', { a: 2 }, 0],
    ['a != 2.0', { a: 5 }, 3],
    ['!(a > 1.0)', { a: 3 }, -2],
    ['a > 1.0 && b < 10.0', { a: 3, b: 9.5 }, 0.5],
    ['a > 1.0 || b < 10.0', { a: 3, b: 9.5 }, 2],
    ['a in [1.0, 4.0]', { a: 3.5 }, -0.5],
    ['f ? a > 1.0 : a > 5.0', { f: false, a: 3 }, -2],
    ['s == "AUTO"', { s: 'AUTO' }, far],
    ['f', { f: false }, -far],
    ['s == "AUTO" && a > 1.0', { s: 'AUTO', a: 3 }, 2],
    ['a < 1.0', { a: far }, -far],
    ['a < 1.0', { a: Number.NaN }, -far],
    ['a > 1.0', {}, Number.NaN],
    ['a > 1.0 && b > 1.0', { a: 0 }, -1],
    ['a > 1.0 && b > 1.0', { a: 2 }, Number.NaN],
    ['a > 1.0 || b > 1.0', { a: 2 }, 1],
  ])('%s with %o is %d', (text, values, wanted) => {
    expect(marginOf(text, values)).toBe(wanted);
  });
});

const { condition } = fc.letrec<{ condition: string; double: string }>((tie) => ({
  double: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('a', 'b', '1.0', '0.0'),
    fc
      .tuple(tie('double'), fc.constantFrom('+', '-', '*'), tie('double'))
      .map(([x, op, y]) => `(${x} ${op} ${y})`),
    fc.tuple(tie('condition'), tie('double')).map(([when, x]) => `(${when} ? ${x} : b)`),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('f', 's == "AUTO"', 'true', 'a in [0.0, 2.0]'),
    fc
      .tuple(tie('double'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('double'))
      .map(([x, op, y]) => `${x} ${op} ${y}`),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||', '=='), tie('condition'))
      .map(([x, op, y]) => `((${x}) ${op} (${y}))`),
    tie('condition').map((x) => `!(${x})`),
    fc
      .tuple(fc.constantFrom('held', 'once'), tie('condition'))
      .map(([fn, x]) => `${fn}(${x}, "100ms")`),
  ),
}));

const number = fc.constantFrom(0, 1, 2, -1, Number.NaN, far, -far, 1e308);
const values: fc.Arbitrary<Values> = fc.record(
  { a: number, b: number, s: fc.constantFrom('AUTO', ''), f: fc.boolean() },
  { requiredKeys: [] },
);
const steps = fc.array(fc.record({ stepMs: fc.integer({ min: 0, max: 80 }), values }), {
  minLength: 1,
  maxLength: 12,
});

test('the sign of a margin is the truth of its condition', () => {
  fc.assert(
    fc.property(condition, steps, (text, all) => {
      const { sources, set } = openWorld();
      const term = conditionOf(text);
      const truth = compileTruth(term, sources);
      const margin = compileMargin(term, sources);
      let nowNs = 0;
      for (const step of all) {
        nowNs += step.stepMs * msNs;
        set(step.values, nowNs);
        const value = margin();
        const is = truth();
        expect(Number.isNaN(value), `${text} unknown`).toBe(is === 2);
        // At the border a condition may be either.
        const said = value > 0 ? 1 : value < 0 ? 0 : is;
        expect(said, text).toBe(is);
        expect(Object.is(value, -0)).toBe(false);
      }
    }),
    { numRuns: 1_000, seed: 20_251_121 },
  );
});

test('held and once are the extremes of what was in force in the window', () => {
  const samples = fc.array(
    fc.record({ stepMs: fc.integer({ min: 1, max: 80 }), a: fc.integer({ min: -3, max: 3 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(samples, (all) => {
      const { sources, set } = openWorld();
      const held = compileMargin(conditionOf('held(a > 0.5, "100ms")'), sources);
      const once = compileMargin(conditionOf('once(a > 0.5, "100ms")'), sources);
      const seen: { atNs: number; margin: number }[] = [];
      let nowNs = 0;
      for (const { stepMs, a } of all) {
        nowNs += stepMs * msNs;
        set({ a }, nowNs);
        seen.push({ atNs: nowNs, margin: a - 0.5 });
        const inForce = seen
          .filter((_, i) => (seen[i + 1]?.atNs ?? far) > nowNs - 100 * msNs)
          .map(({ margin }) => margin);
        // A hold that began with the first message has not lasted yet.
        const lowest = Math.min(...inForce);
        const isYoung = nowNs - (seen[0]?.atNs ?? 0) < 100 * msNs;
        expect(held()).toBe(isYoung && lowest > 0 ? 0 : lowest);
        expect(once()).toBe(Math.max(...inForce));
      }
    }),
    { numRuns: 300, seed: 20_251_121 },
  );
});

test('margin() is a number like others, in a priority only', () => {
  const whole = conditionOf('a > 1.0 && b < 10.0');
  const { checked } = checkNumber('100.0 + 40.0 * margin()', scope, whole);
  if (checked === undefined) throw new Error('not read');
  const { sources, set } = openWorld();
  const priority = compileNumber(checked, sources);
  set({ a: 3, b: 9.5 });
  expect(priority()).toBe(120);
  expect(sources.moment.miss).toBe(false);
  set({ a: 3 });
  priority();
  expect(sources.moment.miss).toBe(true);
  expect(checkCondition('margin() > 1.0', scope).problems[0]?.code).toBe('type');
  expect(checkNumber('margin(a)', scope, whole).problems[0]?.code).toBe('type');
  expect(checkNumber('max(margin(), "1s")', scope, whole).problems[0]?.code).toBe('not-supported');
});
