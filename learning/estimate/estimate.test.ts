/**
 * Goal: each estimator says what a census would say, and its formulas are those of its source.
 * Method: published or hand-worked values; pair counting and plain redrawing instead of ranks.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairedAuroc } from './paired-bootstrap.ts';
import { populationStability } from './psi.ts';
import { normalTail, studentT, z95 } from './quantile.ts';
import { aurc, auroc, compareAuroc, midranks } from './ranking.ts';
import { captureLift, censusAndAudit, drawnRate, hajek, horvitzThompson, wilson } from './rate.ts';

const seed = 'estimate-test';

test('quantiles are those of the tables', () => {
  // Student's t, two-sided 95 %, from the usual table.
  expect(studentT(0.95, 1)).toBeCloseTo(12.706_2, 3);
  expect(studentT(0.95, 4)).toBeCloseTo(2.776_4, 3);
  expect(studentT(0.95, 30)).toBeCloseTo(2.042_3, 3);
  expect(studentT(0.95, 1e6)).toBeCloseTo(z95, 5);
  expect(normalTail(1.96)).toBeCloseTo(0.024_998, 5);
  expect(normalTail(-1)).toBeCloseTo(0.841_345, 5);
});

test("Wilson's interval of 81 of 263 and of 0 of 20 (Newcombe 1998, table I, method 3)", () => {
  const one = wilson(81, 263);
  expect([one.low, one.high]).toEqual([expect.closeTo(0.2553, 4), expect.closeTo(0.3662, 4)]);
  const none = wilson(0, 20);
  expect([none.low, none.high]).toEqual([0, expect.closeTo(0.1611, 4)]);
  expect(wilson(0, 0)).toMatchObject({ low: 0, high: 1, n: 0 });
});

test('a census has every propensity 1: totals and rates are the plain ones', () => {
  const units = [1, 0, 0, 1, 1].map((value, i) => ({ value, propensity: 1, cluster: `c${i}` }));
  expect(horvitzThompson(units)).toBe(3);
  expect(hajek(units)).toBeCloseTo(0.6, 12);
});

test('over all possible draws the total is exactly that of the census', () => {
  const values = [1, 0, 1, 1, 0];
  const chances = [0.9, 0.2, 0.5, 0.1, 0.7];
  let mean = 0;
  for (let mask = 0; mask < 32; mask += 1) {
    const isIn = (i: number): boolean => ((mask >> i) & 1) === 1;
    const chance = chances.reduce((all, p, i) => all * (isIn(i) ? p : 1 - p), 1);
    const drawn = values.flatMap((value, i) =>
      isIn(i) ? [{ value, propensity: chances[i] ?? 1, cluster: `c${i}` }] : [],
    );
    mean += chance * horvitzThompson(drawn);
  }
  expect(mean).toBeCloseTo(3, 12);
});

test('clips of one size: n_eff is p(1 - p) over the variance of clip rates by clips', () => {
  const rates = [0, 0.5, 1, 0.25, 0.75, 0.5];
  const units = rates.flatMap((rate, clip) =>
    [0, 1, 2, 3].map((i) => ({
      value: Number(i < rate * 4),
      propensity: 0.1,
      cluster: `c${clip}`,
    })),
  );
  const variance = rates.reduce((sum, rate) => sum + (rate - 0.5) ** 2, 0) / 5 / 6;
  const size = 0.25 / variance;
  const found = drawnRate(units);
  const expected = wilson(size / 2, size, studentT(0.95, 5));
  expect(found.value).toBeCloseTo(0.5, 12);
  expect(found.low).toBeCloseTo(expected.low, 9);
  expect(found.high).toBeCloseTo(expected.high, 9);
  expect(found.n).toBe(24);
});

test('one clip alone bounds nothing; clips that agree count once each', () => {
  const clip = (name: string) =>
    [0, 0, 0].map((value) => ({ value, propensity: 0.2, cluster: name }));
  expect(drawnRate(clip('a'))).toMatchObject({ value: 0, low: 0, high: 1 });
  const four = drawnRate(['a', 'b', 'c', 'd'].flatMap(clip));
  expect(four.high).toBeCloseTo(wilson(0, 4, studentT(0.95, 3)).high, 12);
});

test('what was labelled whole has no interval', () => {
  const audit = [1, 0, 0, 0].map((value, i) => ({ value, propensity: 0.5, cluster: `c${i}` }));
  const found = censusAndAudit({ failed: 30, n: 50 }, audit, 100);
  const rest = wilson(1, 4);
  expect(found.value).toBeCloseTo(0.5 * 0.6 + 0.5 * 0.25, 12);
  expect(found.high - found.low).toBeCloseTo((rest.high - rest.low) / 2, 12);
  expect(censusAndAudit({ failed: 3, n: 5 }, [], 5)).toMatchObject({ low: 0.6, high: 0.6 });
});

test("lift is a ratio of rates with Katz's interval, and withheld without failures", () => {
  const lift = captureLift({ failed: 50, n: 100 }, { failed: 20, n: 80 });
  const half = z95 * Math.sqrt(0.5 / 50 + 0.75 / 20);
  expect(lift?.value).toBeCloseTo(2, 12);
  expect(lift?.low).toBeCloseTo(2 * Math.exp(-half), 12);
  expect(lift?.high).toBeCloseTo(2 * Math.exp(half), 12);
  expect(captureLift({ failed: 5, n: 10 }, { failed: 0, n: 10 })).toBeUndefined();
});

const labelled = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.nat(1)), {
  minLength: 2,
  maxLength: 40,
});

test('AUROC is the share of pairs in the right order, ties half', () => {
  fc.assert(
    fc.property(labelled, (units) => {
      const scores = units.map(([score]) => score);
      const failed = units.map(([, one]) => one);
      let [pairs, wins] = [0, 0];
      for (const [bad, isBad] of units) {
        for (const [good, isGood] of units) {
          if (isBad !== 1 || isGood !== 0) continue;
          pairs += 1;
          wins += bad > good ? 1 : bad === good ? 0.5 : 0;
        }
      }
      const found = auroc({ scores, failed });
      const wanted = wins / pairs;
      expect(Number.isNaN(wanted) ? Number.isNaN(found) : Math.abs(found - wanted) < 1e-12).toBe(
        true,
      );
    }),
  );
  expect([...midranks([3, 1, 3, 2])]).toEqual([3.5, 1, 3.5, 2]);
});

test('AURC is the mean error of the k most confident; of equals the mean over their orders', () => {
  expect(aurc({ scores: [0.1, 0.2, 0.3, 0.4], failed: [0, 0, 1, 1] })).toBeCloseTo(
    (0 + 0 + 1 / 3 + 2 / 4) / 4,
    12,
  );
  const both = [
    [0, 1],
    [1, 0],
  ].map((failed) => aurc({ scores: [1, 2], failed }));
  expect(aurc({ scores: [1, 1], failed: [0, 1] })).toBeCloseTo(
    ((both[0] ?? 0) + (both[1] ?? 0)) / 2,
  );
});

/** Units with a true AUROC of the two scores, in groups. */
function population(count: number, strength: readonly [number, number], name: string) {
  const random = seededRandom(`${seed}/${name}`);
  const failed = Uint8Array.from({ length: count }, () => Number(random.next() < 0.3));
  const score = (by: number) => Float64Array.from(failed, (one) => one * by + random.normal());
  const group = Int32Array.from({ length: count }, (_, i) => i >> 1);
  return { failed, a: score(strength[0]), b: score(strength[1]), group };
}

test('DeLong and the paired bootstrap agree on independent units', () => {
  const units = population(400, [1.5, 0.7], 'agree');
  const single = { ...units, group: Int32Array.from(units.failed, (_, i) => i) };
  const delong = compareAuroc(units.a, units.b, units.failed);
  const boot = pairedAuroc(single, seededRandom(seed));
  expect(boot?.value).toBeCloseTo(delong?.difference.value ?? 0, 12);
  expect(boot?.low).toBeCloseTo(delong?.difference.low ?? 0, 1);
  expect(boot?.high).toBeCloseTo(delong?.difference.high ?? 0, 1);
  expect(delong?.p).toBeLessThan(0.001);
  expect(compareAuroc(units.a, units.a, units.failed)?.p).toBe(1);
});

test('a redrawn AUROC is that of the units repeated as often as they were drawn', () => {
  const units = population(30, [1, 0], 'repeat');
  // One draw: the interval's ends are that draw.
  const found = pairedAuroc(units, seededRandom('one draw'), 1);
  const random = seededRandom('one draw');
  const drawn = Array.from({ length: 15 }, () => random.integer(15)).flatMap((g) => [
    2 * g,
    2 * g + 1,
  ]);
  const of = (scores: Float64Array): number =>
    auroc({
      scores: drawn.map((i) => scores[i] ?? 0),
      failed: drawn.map((i) => units.failed[i] ?? 0),
    });
  expect(found?.low).toBeCloseTo(of(units.a) - of(units.b), 12);
});

test('stability: nothing moved is 0, a shifted half is far above .2', () => {
  const before = Array.from({ length: 1000 }, (_, i) => i / 1000);
  expect(populationStability(before, before)).toBe(0);
  expect(
    populationStability(
      before,
      before.map((v) => v * 0.99),
    ) ?? 1,
  ).toBeLessThan(0.1);
  expect(
    populationStability(
      before,
      before.map((v) => v / 2 + 0.5),
    ) ?? 0,
  ).toBeGreaterThan(0.2);
  expect(populationStability([], before)).toBeUndefined();
});
