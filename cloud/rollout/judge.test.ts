/**
 * Goal: the judge's numbers are those of the closed form, it falsely halts at most α of all
 * rollouts however often it looks, and it sees a threefold regression.
 * Method: the worked example by hand; products of factors for any counts; seeded simulation.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  borneDifference,
  boundedValue,
  calmRatios,
  type EventMetric,
  type Evidence,
  harmRatios,
  judge,
  noEvidence,
  nullShare,
  offsetOf,
  weigh,
} from './judge.ts';
import { forecastOf, proofFleet } from './simulate.ts';

const crash: EventMetric = { name: 'crash', kind: 'event', weight: 1, margin: 1.1, calmMargin: 2 };
const limits = { alpha: 0.05, beta: 0.05 };
const arms = { canary: 8, control: 32 };

const saw = (before: Evidence, k: number, x: number, p = 0.2): Evidence =>
  weigh(before, [crash], {
    counts: { crash: { k, x, p } },
    heard: arms,
    assigned: arms,
    planned: 0.2,
  });

const shown = (evidence: Evidence): readonly string[] =>
  (evidence.metrics['crash']?.harm ?? []).map((log) => Math.exp(log).toFixed(2));

test('five events of which four in canaries go on, a sixth in a canary halts', () => {
  expect(nullShare(0.2, 1.1)).toBeCloseTo(0.2157, 4);
  const five = saw(saw(noEvidence, 3, 2), 2, 2);
  expect(shown(five)).toEqual(['1.88', '3.03', '6.03', '13.48', '27.87', '45.44']);
  const early = judge(five, [crash], limits);
  expect(early.e).toBeCloseTo(16.3, 1);
  expect(early.outcome).toBe('inconclusive');
  const six = saw(five, 1, 1);
  expect(shown(six)).toEqual(['2.23', '4.11', '9.91', '28.25', '74.80', '154.48']);
  const late = judge(six, [crash], limits);
  expect(late.e).toBeCloseTo(45.6, 1);
  expect(late.outcome).toBe('regressed');
});

test('the evidence is the product of its factors, in whatever pieces the counts come', () => {
  const pieces = fc.array(
    fc.record({ k: fc.nat(4), x: fc.nat(4), p: fc.double({ min: 0.05, max: 0.95, noNaN: true }) }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(pieces, (found) => {
      const counts = found.map(({ k, x, p }) => ({ k, x: Math.min(k, x), p }));
      const evidence = counts.reduce((all, { k, x, p }) => saw(all, k, x, p), noEvidence);
      harmRatios.forEach((ratio, i) => {
        const product = counts.reduce((all, { k, x, p }) => {
          const q = (p * 1.1) / (p * 1.1 + 1 - p);
          return (all * ratio ** x) / (1 + q * (ratio - 1)) ** k;
        }, 1);
        expect(evidence.metrics['crash']?.harm[i]).toBeCloseTo(Math.log(product), 9);
      });
    }),
    { numRuns: 100, seed: 7 },
  );
});

test('under the null no single event raises the expected evidence', () => {
  for (const p of [0.05, 0.2, 0.5, 0.9]) {
    const q = nullShare(p, 1.1);
    const of = (k: number, x: number): Evidence => saw(noEvidence, k, x, p);
    const [canary, control] = [of(1, 1), of(1, 0)].map((one) => judge(one, [crash], limits).e);
    expect(q * (canary ?? 0) + (1 - q) * (control ?? 0)).toBeLessThanOrEqual(1 + 1e-12);
    // Worse than twice the control: the test for calm must not gain either.
    const worse = nullShare(p, 2);
    const calm = [of(1, 1), of(1, 0)].map(
      (one) => judge(one, [crash], limits).metrics['crash']?.calm ?? 0,
    );
    expect(worse * (calm[0] ?? 0) + (1 - worse) * (calm[1] ?? 0)).toBeLessThanOrEqual(1 + 1e-12);
  }
  expect(calmRatios.every((ratio) => ratio < 1)).toBe(true);
});

test('many events at the same rate show calm; none at all show nothing', () => {
  const quiet = saw(noEvidence, 0, 0);
  expect(judge(quiet, [crash], limits).outcome).toBe('inconclusive');
  let evidence = quiet;
  for (let i = 0; i < 40; i += 1) evidence = saw(evidence, 5, 1);
  expect(judge(evidence, [crash], limits).outcome).toBe('non_inferior');
});

test('an arm that nobody heard is no data, an exposure off the plan is imbalanced', () => {
  const interval = { counts: { crash: { k: 3, x: 3, p: 0.2 } }, assigned: arms, planned: 0.2 };
  const unheard = weigh(noEvidence, [crash], { ...interval, heard: { canary: 8, control: 0 } });
  expect(judge(unheard, [crash], limits)).toMatchObject({ outcome: 'no_data', e: 1 });
  const lost = { canary: 30, control: 2 };
  const off = weigh(noEvidence, [crash], {
    ...interval,
    counts: {},
    heard: lost,
    assigned: lost,
    planned: 0.2,
  });
  expect(judge(off, [crash], limits).outcome).toBe('imbalanced');
});

test('a bounded metric halts on a lasting difference and bears a small one', () => {
  const metric = { name: 'latency', kind: 'bounded', weight: 1 } as const;
  const after = (difference: number): number => {
    let evidence = noEvidence;
    for (let i = 0; i < 30; i += 1) {
      const counts = { latency: { difference } };
      const interval = { counts, heard: arms, assigned: arms, planned: 0.2 };
      evidence = weigh(evidence, [metric], interval);
    }
    return judge(evidence, [metric], limits).e;
  };
  expect(after(0.5)).toBeGreaterThan(20);
  expect(after(borneDifference)).toBeCloseTo(1, 6);
  expect(after(-0.3)).toBeLessThan(1);
  expect(boundedValue(10, 10, 1)).toBe(0.5);
  expect(boundedValue(20, 10, 1)).toBe(1);
  expect(boundedValue(0, 10, 1)).toBe(0);
});

test('the weight of a device is drawn towards the fleet by two events', () => {
  expect(offsetOf(0, 3.36)).toBeCloseTo(2 / 5.36, 6);
  expect(offsetOf(10, 10)).toBe(1);
});

test('at hourly looks at most 5 % of 1,000 nulls are halted', () => {
  const seed = 'rollout-nulls';
  const { halted } = forecastOf({ ...proofFleet, factor: 1, weight: 1 }, 1000, seededRandom(seed));
  expect(halted, `seed ${seed}`).toBeLessThanOrEqual(0.05);
});

test('at least 99 % of 500 threefold regressions are halted, most of them in the canary', () => {
  const seed = 'rollout-threefold';
  const found = forecastOf({ ...proofFleet, factor: 3, weight: 0.3 }, 500, seededRandom(seed));
  const { halted, meanExposed, p95Exposed } = found;
  expect(halted, `seed ${seed}`).toBeGreaterThanOrEqual(0.99);
  expect(meanExposed).toBeLessThanOrEqual(25);
  expect(p95Exposed).toBeLessThanOrEqual(80);
});
