/**
 * Goal: the numbers that rules read are the textbook ones.
 * Method: values worked out by hand, and properties over random logits.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entropy, margin, softmax, topIndex } from './scores.ts';

test('softmax of ln 1, ln 2, ln 5 is 1/8, 2/8, 5/8', () => {
  const p = softmax([0, Math.log(2), Math.log(5)]);
  expect([...p].map((value) => Math.round(value * 1e12) / 1e12)).toEqual([0.125, 0.25, 0.625]);
  expect(margin(p)).toBeCloseTo(1 - (0.625 - 0.25), 12);
  expect(topIndex(p)).toBe(2);
});

test('a temperature of 2 takes the square root of the odds', () => {
  const p = softmax([0, Math.log(9)], 2);
  expect(p[1]).toBeCloseTo(0.75, 12);
});

test('logits of a thousand do not overflow', () => {
  expect([...softmax([1000, 1000, -1000])]).toEqual([0.5, 0.5, 0]);
});

test('entropy is 0 of certainty, 1 of ignorance, and half of ln 4 for two of four', () => {
  expect(entropy([1, 0, 0])).toBe(0);
  expect(entropy([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(1, 12);
  expect(entropy([0.5, 0.5, 0, 0])).toBeCloseTo(0.5, 12);
  expect(entropy([1])).toBe(0);
});

test('a NaN among the logits is not taken for a score', () => {
  const p = softmax([1, Number.NaN, 2]);
  expect(entropy(p)).toBeNaN();
  expect(margin(p)).toBeNaN();
});

test('the first of equals leads, and nothing leads nothing', () => {
  expect(topIndex([1, 3, 3])).toBe(1);
  expect(topIndex([])).toBe(-1);
});

test('for all logits: probabilities sum to 1, a shift changes nothing, scores stay in [0, 1]', () => {
  const logits = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(logits, fc.double({ min: -99, max: 99, noNaN: true }), (values, shift) => {
      const p = softmax(values);
      const shifted = softmax(values.map((value) => value + shift));
      expect([...p].reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      p.forEach((value, i) => expect(shifted[i]).toBeCloseTo(value, 9));
      for (const score of [entropy(p), margin(p)]) {
        expect(score).toBeGreaterThanOrEqual(-1e-12);
        expect(score).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
  );
});
