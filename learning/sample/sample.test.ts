/**
 * Goal: units are chosen as the papers say, repeatably, and never more than a budget pays.
 * Method: the hash draw against a fixed vector and its own rate; BADGE and k-center against plain
 * implementations that compare everything with everything; properties over random budgets.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rows } from '../novelty.ts';
import { softmax } from '../scores.ts';
import { badge } from './badge.ts';
import { fillBudget } from './budget.ts';
import { hashShare, isDrawn } from './hash-draw.ts';
import { kCenter } from './k-center.ts';

const seed = 'sample-test';

const rowsOf = (count: number, width: number, name: string): Rows => {
  const random = seededRandom(`${seed}/${name}`);
  return {
    width,
    values: Float32Array.from({ length: count * width }, () => random.normal()),
  };
};
const rowOf = ({ width, values }: Rows, i: number): number[] => [
  ...values.subarray(i * width, (i + 1) * width),
];
const ascending = (a: number, b: number): number => a - b;
const square = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, d) => sum + (value - (b[d] ?? 0)) ** 2, 0);

test('the draw is SHA-256 of salt, 0 and id, as sha256sum tells it', () => {
  // printf 'salt\0unt_1' | sha256sum begins with the 8 bytes below.
  expect(hashShare('salt', 'unt_1')).toBeCloseTo(Number(0xc74f7005632a78a1n) / 2 ** 64, 15);
});

test('as many are drawn as the propensity says, whatever the order; a greater one keeps them', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => `unt_${i}`);
  const drawn = ids.filter((id) => isDrawn(seed, id, 0.15));
  // 3,000 expected, one deviation is 50.
  expect(Math.abs(drawn.length - 3_000)).toBeLessThan(200);
  expect(drawn.every((id) => isDrawn(seed, id, 0.2))).toBe(true);
  expect(ids.filter((id) => isDrawn('another', id, 0.15))).not.toEqual(drawn);
  expect(ids.every((id) => isDrawn(seed, id, 1))).toBe(true);
});

/** BADGE with gradients written out and no short cut. */
function plainBadge(p: Rows, h: Rows, wanted: number, name: string): number[] {
  const random = seededRandom(name);
  const count = h.values.length / h.width;
  const gradients = Array.from({ length: count }, (_, i) => {
    const chances = rowOf(p, i);
    const top = chances.indexOf(Math.max(...chances));
    return chances.flatMap((chance, k) =>
      rowOf(h, i).map((value) => Math.fround(chance - Number(k === top)) * value),
    );
  });
  const lengths = gradients.map((g) =>
    square(
      g,
      g.map(() => 0),
    ),
  );
  const chosen = [lengths.indexOf(Math.max(...lengths))];
  while (chosen.length < wanted) {
    const weights = gradients.map((g, i) =>
      chosen.includes(i) ? 0 : Math.min(...chosen.map((c) => square(g, gradients[c] ?? []))),
    );
    let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
    chosen.push(
      weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      }),
    );
  }
  return chosen;
}

test('BADGE chooses as k-means++ on written-out gradients does', () => {
  const logits = rowsOf(150, 4, 'logits');
  const probabilities: Rows = {
    width: 4,
    values: Float32Array.from(
      Array.from({ length: 150 }, (_, i) => [
        ...softmax(rowOf(logits, i).map((v) => v * 2)),
      ]).flat(),
    ),
  };
  const embeddings = rowsOf(150, 6, 'embeddings');
  for (const name of ['a', 'b', 'c']) {
    const found = badge({ probabilities, embeddings }, 40, seededRandom(name));
    expect(found).toEqual(plainBadge(probabilities, embeddings, 40, name));
  }
  expect(
    badge({ probabilities, embeddings }, 400, seededRandom('all')).toSorted(ascending),
  ).toEqual(Array.from({ length: 150 }, (_, i) => i));
});

test('BADGE passes over copies of what it has', () => {
  const probabilities: Rows = {
    width: 2,
    values: Float32Array.from([0.6, 0.4, 0.6, 0.4, 0.4, 0.6]),
  };
  const embeddings: Rows = { width: 1, values: Float32Array.from([1, 1, 1]) };
  const [first, second] = badge({ probabilities, embeddings }, 2, seededRandom(seed));
  expect(new Set([first, second])).not.toEqual(new Set([0, 1]));
});

test('k-center always takes the row farthest from all it has', () => {
  const rows = rowsOf(80, 3, 'centers');
  const found = kCenter(rows, 20);
  for (let n = 1; n < found.length; n += 1) {
    const apart = (i: number): number =>
      Math.min(...found.slice(0, n).map((c) => square(rowOf(rows, i), rowOf(rows, c))));
    const most = Math.max(...Array.from({ length: 80 }, (_, i) => apart(i)));
    expect(apart(found[n] ?? 0)).toBeCloseTo(most, 5);
  }
  expect(new Set(kCenter(rows, 500)).size).toBe(80);
  expect(kCenter({ width: 3, values: new Float32Array(9) }, 3)).toEqual([0, 1, 2]);
});

test('a budget is filled by value for the scarcer of the two costs', () => {
  const units = [
    { value: 1, bytes: 10, minutes: 1 },
    { value: 1, bytes: 1, minutes: 1 },
    { value: 0.9, bytes: 1, minutes: 5 },
    { value: 0.5, bytes: 1, minutes: 1 },
  ];
  // Costs as shares of the budget: .5, .2, 1, .2.
  expect(fillBudget(units, { bytes: 20, minutes: 5 })).toEqual([1, 3, 0]);
});

test('for all units: the budget holds, and nothing that still fits was left', () => {
  const unit = fc.record({
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.nat(100),
    minutes: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(unit), fc.nat(300), fc.nat(60), (units, bytes, minutes) => {
      const chosen = fillBudget(units, { bytes, minutes });
      const sum = (of: 'bytes' | 'minutes'): number =>
        chosen.reduce((total, i) => total + (units[i]?.[of] ?? 0), 0);
      expect(sum('bytes')).toBeLessThanOrEqual(bytes);
      expect(sum('minutes')).toBeLessThanOrEqual(minutes + 1e-5);
      expect(new Set(chosen).size).toBe(chosen.length);
      const left = { bytes: bytes - sum('bytes'), minutes: minutes - sum('minutes') };
      units.forEach((one, i) => {
        if (chosen.includes(i)) return;
        expect(one.bytes > left.bytes || one.minutes > left.minutes).toBe(true);
      });
    }),
  );
});
