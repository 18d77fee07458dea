/**
 * Goal: doubt of boxes, segments and strange inputs is what the formulas say.
 * Method: cases worked out by hand; novelty against all distances sorted.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { boxDoubt, flicker } from './box-scores.ts';
import { novelty, type Rows } from './novelty.ts';
import { segmentDoubt } from './segment-scores.ts';

const box = (x: number, y = 0, name = 'person') => ({ class: name, x, y, width: 10, height: 10 });

test('a detector at one half doubts all, at 0 or 1 nothing; noise boxes do not count', () => {
  expect(boxDoubt([0.5, 0.5])).toBe(1);
  expect(boxDoubt([1, 1])).toBe(0);
  expect(boxDoubt([0.9])).toBeCloseTo(0.36, 12);
  expect(boxDoubt([0.9, 0.05, 0.01])).toBeCloseTo(0.36, 12);
  expect(boxDoubt([])).toBe(0);
  expect(boxDoubt([Number.NaN])).toBeNaN();
});

test('flicker is the share of boxes that the next frame lost', () => {
  expect(flicker([box(0), box(100)], [box(2), box(101)])).toBe(0);
  // Shifted by 4 of 10 pixels, boxes share 6 of 14.
  expect(flicker([box(0), box(100)], [box(4), box(100)])).toBe(0.5);
  expect(flicker([box(0)], [box(0, 0, 'pallet')])).toBe(1);
  expect(flicker([], [box(0)])).toBe(0);
});

test('one box of the next frame stands for one box only', () => {
  expect(flicker([box(0), box(1)], [box(1)])).toBe(0.5);
});

test('segments: doubt of all frames, and again of those at a change of class', () => {
  const sure = [1, 0];
  const torn = [0.5, 0.5];
  expect(segmentDoubt([sure, sure])).toBe(0);
  expect(segmentDoubt([torn, torn])).toBe(1);
  // Classes: 0, 0, 1, 1; the change lies between a torn and a sure frame.
  expect(segmentDoubt([sure, torn, [0, 1], [0, 1]])).toBeCloseTo(1 / 4 + 1 / 2, 12);
  expect(segmentDoubt([])).toBe(0);
});

test('novelty is the distance to the k-th neighbour, as sorting all distances finds it', () => {
  const random = seededRandom('novelty');
  const rows = (count: number): Rows => ({
    width: 5,
    values: Float32Array.from({ length: count * 5 }, () => random.normal()),
  });
  const known = rows(60);
  const asked = rows(20);
  for (const k of [1, 5, 100]) {
    const found = novelty(asked, known, k);
    for (let i = 0; i < 20; i += 1) {
      const all = Array.from({ length: 60 }, (_, j) => {
        let sum = 0;
        for (let d = 0; d < 5; d += 1) {
          sum += ((asked.values[i * 5 + d] ?? 0) - (known.values[j * 5 + d] ?? 0)) ** 2;
        }
        return Math.sqrt(sum);
      }).sort((a, b) => a - b);
      expect(found[i]).toBeCloseTo(all[Math.min(k, 60) - 1] ?? Number.NaN, 6);
    }
  }
  expect([...novelty(rows(1), { width: 5, values: new Float32Array(0) }, 3)]).toEqual([0]);
});
