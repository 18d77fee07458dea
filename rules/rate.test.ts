/**
 * Goal: intervals hold what they promise, and evidence against a bound does not cry wolf.
 * Method: published values, and seeded simulations at rates that are known.
 */
import { seededRandom, type Random } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { logEvidence, logGamma, poissonTail, weightedInterval } from './rate.ts';

const counted = (n: number) => weightedInterval({ sum: n, squares: n, most: 1 });

/** Knuth's product of uniforms; for means of some dozens. */
function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let product = random.next(); product > Math.exp(-mean); product *= random.next()) count += 1;
  return count;
}

test('equal weights give the exact interval of a Poisson count', () => {
  // Ulm, American Journal of Epidemiology 131:373 (1990), table 1.
  const published = [
    [0, 0, 3.689],
    [1, 0.0253, 5.572],
    [5, 1.6235, 11.668],
    [10, 4.7954, 18.39],
    [100, 81.364, 121.627],
  ] as const;
  for (const [n, low, high] of published) {
    const interval = counted(n);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 2);
  }
});

test('the tail of a Poisson count is right, and so is ln gamma', () => {
  expect(poissonTail(3, 1)).toBeCloseTo(1 - Math.exp(-1) * 2.5, 12);
  expect(poissonTail(0, 1)).toBe(1);
  expect(poissonTail(20, 3)).toBeCloseTo(8.2e-11, 11);
  expect(logGamma(101)).toBeCloseTo(363.739_375_555_563_5, 9);
});

test('intervals of weighted counts hold the truth at least 95 times in 100', () => {
  const random = seededRandom(20_261_121);
  const weights = [0.1, 0.5, 2];
  const means = [12, 4, 1.5];
  const truth = weights.reduce((sum, w, i) => sum + w * (means[i] ?? 0), 0);
  let held = 0;
  const rounds = 2_000;
  for (let round = 0; round < rounds; round += 1) {
    const counts = means.map((mean) => poisson(random, mean));
    const sum = counts.reduce((total, n, i) => total + n * (weights[i] ?? 0), 0);
    const squares = counts.reduce((total, n, i) => total + n * (weights[i] ?? 0) ** 2, 0);
    const { low, high } = weightedInterval({ sum, squares, most: 2 });
    if (low <= truth && truth <= high) held += 1;
  }
  expect(held / rounds).toBeGreaterThan(0.95);
});

test('at the bound itself, evidence looked at every hour of a month passes 1000 hardly ever', () => {
  const random = seededRandom(7);
  const limit = Math.log(1_000);
  const runs = 2_000;
  const perHour = 0.25;
  let crossed = 0;
  for (let run = 0; run < runs; run += 1) {
    let count = 0;
    for (let hour = 1; hour <= 720; hour += 1) {
      count += poisson(random, perHour);
      if (logEvidence(count, hour, perHour) >= limit) {
        crossed += 1;
        break;
      }
    }
  }
  // Ville promises at most 0.001; two runs in 2,000 are the mean of the worst case.
  expect(crossed / runs).toBeLessThanOrEqual(0.003);
});

test('a rate far over the bound is found within the exposure of a few events', () => {
  expect(logEvidence(12, 1 / 24, 3)).toBeGreaterThan(Math.log(1_000));
  expect(logEvidence(3, 1, 3)).toBeLessThan(Math.log(2));
  expect(logEvidence(0, 1_000, 3)).toBeLessThan(0);
});
