/**
 * Goal: a publication that floods the line is halted within its first clips, and one that keeps to
 * its forecast is left alone for a month.
 * Method: the pure judge over seeded fleets with known rates, looked at every hour.
 */
import { seededRandom, type Random } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Actual, type Bounds, judge } from './judge.ts';

const quiet: Actual = {
  devices: 1,
  robotDays: 1,
  evaluations: 1e6,
  faults: 0,
  fires: 0,
  clips: 0,
  bytes: 0,
  largestClip: 0,
  byRule: {},
};
const bounds = {
  fires: 10,
  clips: 8,
  bytes: 8e6,
  largestClip: 1e6,
  byRule: { a: 6, b: 4 },
} satisfies Bounds;
const limits = { haltFactor: 3, maxFaults: 0 };

function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let product = random.next(); product > Math.exp(-mean); product *= random.next()) count += 1;
  return count;
}

/** Hours until a halt of ten robots whose rules fire `times` the upper end; undefined: never. */
function hoursToHalt(random: Random, times: number, hours: number): number | undefined {
  let { fires, clips, bytes } = quiet;
  const byRule: Record<string, number> = { a: 0, b: 0 };
  const perHour = (high: number): number => (10 * times * high) / 24;
  for (let hour = 1; hour <= hours; hour += 1) {
    for (const rule of ['a', 'b'] as const) {
      const more = poisson(random, perHour(bounds.byRule[rule]));
      byRule[rule] = (byRule[rule] ?? 0) + more;
      fires += more;
    }
    const cut = poisson(random, perHour(bounds.clips));
    clips += cut;
    for (let i = 0; i < cut; i += 1) bytes += 1e6 * (0.9 + 0.1 * random.next());
    const robotDays = (10 * hour) / 24;
    const actual = { ...quiet, robotDays, fires, clips, bytes, largestClip: 1e6, byRule };
    if (judge(actual, bounds, limits) !== undefined) return hour;
  }
  return undefined;
}

test('rates at the bound itself are halted hardly ever, looked at every hour of a month', () => {
  const random = seededRandom(20_261_121);
  const runs = 300;
  let halted = 0;
  for (let run = 0; run < runs; run += 1) {
    if (hoursToHalt(random, limits.haltFactor, 720) !== undefined) halted += 1;
  }
  // At most one in a thousand is promised.
  expect(halted).toBeLessThanOrEqual(1);
});

test('ten times the upper end is halted within hours, a hundred times within the first', () => {
  const random = seededRandom(3);
  const ten = Array.from({ length: 50 }, () => hoursToHalt(random, 10, 24) ?? 25);
  expect(Math.max(...ten)).toBeLessThanOrEqual(3);
  expect(Math.max(...Array.from({ length: 20 }, () => hoursToHalt(random, 60, 24) ?? 25))).toBe(1);
});

test('one rule that runs wild is named, though the sum is within its bound', () => {
  const halt = judge({ ...quiet, fires: 25, byRule: { a: 0, b: 25 } }, bounds, {
    ...limits,
    haltFactor: 1,
  });
  expect(halt?.by).toBe('rule b');
  expect(halt?.reason).toContain('25 fires of rule b a robot-day is over 1 times');
});

test('a fault of evaluation halts at once, unless some are borne', () => {
  expect(judge({ ...quiet, faults: 1 }, undefined, limits)?.by).toBe('faults');
  expect(judge({ ...quiet, faults: 1 }, undefined, { ...limits, maxFaults: 1 })).toBeUndefined();
});

test('without a forecast the limit on bytes still holds', () => {
  const own = { ...limits, maxMibPerRobotDay: 10 };
  const actual = { ...quiet, robotDays: 0.1, clips: 30, bytes: 30e6, largestClip: 1e6 };
  expect(judge(actual, undefined, own)?.by).toBe('limit');
  expect(judge({ ...actual, robotDays: 3 }, undefined, own)).toBeUndefined();
  expect(judge(actual, undefined, limits)).toBeUndefined();
});

test('for all counts: at or below the bounds nothing is halted', () => {
  const seed = 20_261_121;
  const property = fc.property(
    fc.double({ min: 0.001, max: 1_000, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (robotDays, share) => {
      const at = (high: number): number => Math.floor(high * 3 * share * robotDays);
      const actual = {
        ...quiet,
        robotDays,
        fires: at(bounds.fires),
        clips: at(bounds.clips),
        bytes: at(bounds.bytes),
        largestClip: 1e6,
        byRule: { a: at(6), b: at(4) },
      };
      expect(judge(actual, bounds, limits)).toBeUndefined();
    },
  );
  fc.assert(property, { seed, numRuns: 500 });
});
