/**
 * Goal: functions with memory give what their one-line descriptions say.
 * Method: random values at random times, each function against the plainest code for it; and a
 * state that is saved and loaded in the middle goes on the same.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemoryFunction } from '../cel/checked.ts';
import { openMoment } from '../cel/compare.ts';
import * as limits from '../limits.ts';
import type { MemoryCell } from './cell.ts';
import { openCell } from './memory.ts';
import type { WindowBudget } from './samples.ts';
import { openSorted } from './sorted.ts';

interface Sample {
  readonly atNs: number;
  readonly value: number;
}

const windowNs = 100;
const samples: fc.Arbitrary<Sample[]> = fc
  .array(
    fc.record({
      stepNs: fc.integer({ min: 0, max: 60 }),
      value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, Number.NaN)),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
  .map((steps) => {
    let atNs = 0;
    return steps.map(({ stepNs, value }) => {
      atNs += stepNs;
      return { atNs, value };
    });
  });

const budget = (): WindowBudget => ({ leftBytes: limits.windowBytes, overflows: 0 });

/** A cell over values that the test sets; NaN stands for unknown in truths. */
function open(fn: MemoryFunction, now: { value: number }, shared = budget()): MemoryCell {
  const isTruth = ['rise', 'fall', 'held', 'once', 'count'].includes(fn);
  return openCell({
    fn,
    moment: openMoment(),
    windowNs,
    quantile: 0.75,
    number: isTruth ? undefined : () => now.value,
    text: undefined,
    truth: isTruth ? () => (Number.isNaN(now.value) ? 2 : now.value > 0 ? 1 : 0) : undefined,
    budget: shared,
  });
}

/** Folds all; gives the answer after each, or undefined where there is none. */
function answers(
  fn: MemoryFunction,
  all: readonly Sample[],
  restartAt = -1,
): (number | undefined)[] {
  const now = { value: 0 };
  let cell = open(fn, now);
  cell.reset(0);
  return all.map(({ atNs, value }, i) => {
    now.value = value;
    cell.fold(atNs);
    if (i === restartAt) {
      const saved = JSON.stringify(cell.save());
      cell = open(fn, now);
      cell.load(JSON.parse(saved) as ReturnType<MemoryCell['save']>);
    }
    return cell.known(atNs) ? cell.number : undefined;
  });
}

/** Real values of the window that ends with place `i`. */
function inWindow(all: readonly Sample[], i: number): number[] {
  const nowNs = all[i]?.atNs ?? 0;
  return all
    .slice(0, i + 1)
    .filter(({ atNs, value }) => atNs > nowNs - windowNs && !Number.isNaN(value))
    .map(({ value }) => value);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? 0;
  return low + (place % 1) * (high - low);
}

const plain: Partial<
  Record<MemoryFunction, (all: readonly Sample[], i: number) => number | undefined>
> = {
  min: (all, i) =>
    inWindow(all, i).reduce<number | undefined>((a, b) => Math.min(a ?? b, b), undefined),
  max: (all, i) =>
    inWindow(all, i).reduce<number | undefined>((a, b) => Math.max(a ?? b, b), undefined),
  avg: (all, i) => (inWindow(all, i).length === 0 ? undefined : mean(inWindow(all, i))),
  p: (all, i) => (inWindow(all, i).length === 0 ? undefined : quantile(inWindow(all, i), 0.75)),
  drop: (all, i) => {
    const value = all[i]?.value ?? Number.NaN;
    return Number.isNaN(value) ? undefined : Math.max(...inWindow(all, i)) - value;
  },
  prev: (all, i) => (i === 0 ? undefined : all[i - 1]?.value),
  gap: (all, i) => (i === 0 ? undefined : (all[i]?.atNs ?? 0) - (all[i - 1]?.atNs ?? 0)),
  age: () => 0,
  rate: (all, i) => {
    const nowNs = all[i]?.atNs ?? 0;
    const count = all.slice(0, i + 1).filter(({ atNs }) => atNs > nowNs - windowNs).length;
    return nowNs < windowNs ? undefined : count / (windowNs / 1e9);
  },
  once: (all, i) => {
    const nowNs = all[i]?.atNs ?? 0;
    const was = all.slice(0, i + 1).some(({ value }, k) => {
      // A truth lasts until the next fold that says otherwise.
      const untilNs = k === i ? nowNs : (all[k + 1]?.atNs ?? nowNs);
      return value > 0 && (k === i || nowNs - untilNs < windowNs);
    });
    return was ? 1 : Number.isNaN(all[i]?.value) ? undefined : 0;
  },
  held: (all, i) => {
    if (Number.isNaN(all[i]?.value)) return undefined;
    let from = i;
    while (from >= 0 && (all[from]?.value ?? 0) > 0) from -= 1;
    const sinceNs = all[from + 1]?.atNs ?? Number.POSITIVE_INFINITY;
    return from < i && (all[i]?.atNs ?? 0) - sinceNs >= windowNs ? 1 : 0;
  },
};

const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value * 1e9) / 1e9 + 0;

const settings = { numRuns: 200, seed: 20_251_121 };

describe('against the plainest code', () => {
  test.each(Object.keys(plain) as MemoryFunction[])('%s', (fn) => {
    fc.assert(
      fc.property(samples, (all) => {
        for (const [i, answer] of answers(fn, all).entries()) {
          const wanted = plain[fn]?.(all, i);
          // Sums in another order differ in the last bits.
          expect(rounded(answer), `place ${i}`).toBe(rounded(wanted));
        }
      }),
      settings,
    );
  });
});

const all: readonly MemoryFunction[] = [
  ...(Object.keys(plain) as MemoryFunction[]),
  'changed',
  'rise',
  'fall',
  'count',
  'zscore',
];

test.each(all)('%s goes on after a restart', (fn) => {
  fc.assert(
    fc.property(samples, fc.nat(59), (some, restartAt) => {
      expect(answers(fn, some, restartAt % some.length)).toEqual(answers(fn, some));
    }),
    settings,
  );
});

test('zscore: unknown for ten values, then how many deviations a value is away', () => {
  const quiet = Array.from({ length: 40 }, (_, i) => ({ atNs: i, value: i % 2 }));
  const results = answers('zscore', [...quiet, { atNs: 40, value: 5 }]);
  expect(results.slice(0, 10).every((one) => one === undefined)).toBe(true);
  expect(results[20]).toBeCloseTo(-1, 1);
  expect(results[40]).toBeGreaterThan(8);
});

test('zscore: a value too large to be squared is told of, and forgotten', () => {
  const values = Array.from({ length: 60 }, (_, i) => (i === 30 ? 1e160 : i === 59 ? 9 : i % 2));
  const results = answers(
    'zscore',
    values.map((value, atNs) => ({ atNs, value })),
  );
  expect(results[30]).toBeGreaterThan(1e159);
  expect(results.slice(31, 41).every((one) => one === undefined)).toBe(true);
  expect(results[59]).toBeGreaterThan(8);
});

test.each([3.402_823_466_385_288_6e38, 1e16, -1e300])('avg: %d leaves no trace', (huge) => {
  const values = Array.from({ length: 300 }, (_, i) => (i === 50 ? huge : 0.01));
  const all = values.map((value, atNs) => ({ atNs, value }));
  for (const restartAt of [-1, 100]) {
    for (const answer of answers('avg', all, restartAt).slice(150)) {
      expect(answer).toBeCloseTo(0.01, 12);
    }
  }
});

test('avg: goes on from a state that tells no losses', () => {
  const now = { value: 3 };
  const cell = open('avg', now);
  cell.load([3, 0, { capacity: 16, times: [0, 1], values: [1, 2] }]);
  cell.fold(2);
  expect(cell.known(2) && cell.number).toBe(2);
});

test('avg: an infinity lasts as long as its window', () => {
  const far = Number.POSITIVE_INFINITY;
  const all = Array.from({ length: 200 }, (_, i) => ({ atNs: i, value: i === 20 ? far : 1 }));
  const results = answers('avg', all);
  expect([19, 20, 119, 120].map((i) => results[i])).toEqual([1, far, far, 1]);
});

test('at its bound a window gives up the oldest sample and counts it', () => {
  const shared: WindowBudget = { leftBytes: 16 * 64, overflows: 0 };
  const now = { value: 0 };
  const cell = open('avg', now, shared);
  cell.reset(0);
  for (let i = 0; i < 100; i += 1) {
    now.value = i;
    cell.fold(1 + i / 1_000);
  }
  expect(cell.known(2) && cell.number).toBe(mean(Array.from({ length: 64 }, (_, i) => 36 + i)));
  expect(shared.overflows).toBe(36);
});

test('a quantile between an infinity and anything else is that infinity', () => {
  const far = Number.POSITIVE_INFINITY;
  const between = (...values: number[]): number => {
    const sorted = openSorted();
    for (const value of values) sorted.insert(value);
    return sorted.quantile(0.75);
  };
  expect(between(far, far)).toBe(far);
  expect(between(1, far)).toBe(far);
  expect(between(-far, 1)).toBe(-far);
  expect(between(-far, -far)).toBe(-far);
  expect(between(1, 2)).toBe(1.75);
});
