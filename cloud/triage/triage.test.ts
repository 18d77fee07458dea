/**
 * Goal: the capture lane goes to who earned it and to nobody else; score records become the units
 * that they are; a plan keeps lanes apart and pays for what it takes.
 * Method: tables of measurements, records worked out by hand, properties over random units.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framesPerClip } from '../triage-limits.ts';
import { base64Of, floatsOf, parseNote, unitsOf } from './note.ts';
import { auditPropensity, planUnits, type PlanRules, type PlanUnits } from './plan.ts';
import { type Measured, nextHolder } from './triage.ts';

const rules = {
  now: 1000,
  leastLabels: 100,
  lapseMs: 500,
  allowed: ['entropy', 'margin', 'novelty'],
};
const lead = (scorer: string, low: number, high: number, labels = 200): Measured => ({
  scorer,
  labels,
  difference: (low + high) / 2,
  low,
  high,
});

test.each([
  ['a sure lead earns it', 'entropy', [lead('margin', 0.01, 0.1)], 'margin'],
  ['a lead that may be none does not', 'entropy', [lead('margin', -0.01, 0.1)], undefined],
  ['too few labels do not', 'entropy', [lead('margin', 0.01, 0.1, 99)], undefined],
  ['nor does a scorer that the policy has not', 'entropy', [lead('failure', 0.1, 0.2)], undefined],
  [
    'the larger lead wins',
    'entropy',
    [lead('margin', 0.01, 0.1), lead('novelty', 0.1, 0.2)],
    'novelty',
  ],
  ['who holds it keeps it', 'margin', [lead('margin', -0.05, 0.1)], undefined],
  ['until it surely lags', 'margin', [lead('margin', -0.2, -0.01)], 'entropy'],
  [
    'a little better is not enough to replace it',
    'margin',
    [lead('margin', 0.02, 0.1), lead('novelty', 0.03, 0.12)],
    undefined,
  ],
])('%s', (_, scorer, measured, next) => {
  expect(nextHolder({ scorer, labelledAt: 900 }, measured, rules)?.scorer).toBe(next);
});

test('what was not measured for long lapses, and earns nothing either', () => {
  const old = { scorer: 'margin', labelledAt: 499 };
  const change = nextHolder(old, [lead('margin', 0.1, 0.2)], rules);
  expect(change).toMatchObject({ scorer: 'entropy', event: 'lapsed' });
  expect(nextHolder({ scorer: 'entropy' }, [lead('margin', 0.1, 0.2)], rules)).toBeUndefined();
});

const sha = 'a'.repeat(64);
const record = (atNs: number, more: object = {}) =>
  parseNote({
    scorer: 'classifier',
    atNs: String(atNs),
    values: { margin: 0.5 },
    topClass: 'free',
    modelSha256: sha,
    latencyMs: 1,
    ...more,
  });
const clip = {
  startNs: 0n,
  endNs: 10n ** 12n,
  sizeBytes: 1000,
  class: 'baseline',
  propensity: 0.1,
  topics: [{ topic: '/camera', schema: 'sensor_msgs/msg/Image' }],
};
const known = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((one) => one !== undefined);

test('a baseline clip stands for the fleet with its chance; frames that are left out lower it', () => {
  const notes = known(Array.from({ length: framesPerClip * 3 }, (_, i) => record(i)));
  const [whole, ...frames] = unitsOf(clip, notes);
  expect(whole).toMatchObject({ grain: 'clip', population: 'fleet', propensityDevice: 0.1 });
  expect(frames).toHaveLength(framesPerClip);
  expect(frames[0]?.propensityDevice).toBeCloseTo(0.1 / 3, 12);
  expect(frames[0]?.topic).toBe('/camera');
  const triggered = unitsOf({ ...clip, class: 'critical' }, known([record(1)]));
  expect(triggered[0]).toMatchObject({ population: 'inbox', propensityDevice: 1 });
});

test('records twice, outside the clip or broken are no units; a torn embedding is left out', () => {
  expect(parseNote({ scorer: 'x' })).toBeUndefined();
  expect(record(1, { probabilities: [0.2, 'NaN'] })).toBeUndefined();
  expect(record(1, { embedding: 'AAA' })).not.toHaveProperty('embedding');
  const notes = known([record(1), record(1), record(2 * 10 ** 12)]);
  expect(unitsOf(clip, notes)).toHaveLength(2);
  expect(unitsOf(clip, [])).toEqual([]);
  expect([...(floatsOf(base64Of([1.5, -2])) ?? [])]).toEqual([1.5, -2]);
  expect(floatsOf(base64Of([Number.NaN]))).toBeUndefined();
});

function sampleUnits(count: number, seed: number): PlanUnits {
  const random = seededRandom(seed);
  return {
    ids: Array.from({ length: count }, (_, i) => `unt_${seed}_${i}`),
    bytes: Float64Array.from({ length: count }, () => 1 + random.integer(50)),
    device: Int32Array.from({ length: count }, () => random.integer(3)),
    atMs: Float64Array.from({ length: count }, () => random.integer(2 * 86_400_000)),
    value: Float64Array.from({ length: count }, () =>
      random.next() < 0.1 ? Number.NaN : -random.next(),
    ),
    named: Uint8Array.from({ length: count }, () => Number(random.next() < 0.05)),
    probabilities: {
      width: 2,
      values: Float32Array.from({ length: count }, () => random.next()).reduce(
        (rows, p, i) => {
          rows.set([p, 1 - p], 2 * i);
          return rows;
        },
        new Float32Array(2 * count),
      ),
    },
    embeddings: {
      width: 3,
      values: Float32Array.from({ length: 3 * count }, () => random.normal()),
    },
  };
}

test('for all units: lanes share no unit, named ones are left, audit takes what it draws, budgets hold', () => {
  const some = fc.record({ count: fc.nat(80), seed: fc.nat(1e6), minutes: fc.nat(20) });
  fc.assert(
    fc.property(some, ({ count, seed, minutes }) => {
      const units = sampleUnits(count, seed);
      const plan: PlanRules = {
        salt: 'salt',
        audit: 0.1,
        budget: { bytes: 400, minutes },
        minutesPerUnit: 1,
        captureShare: 0.5,
        diversity: 'badge',
        duplicates: { cosine: 0.97, withinMs: 86_400_000 },
        diversityUnits: 40,
      };
      const found = planUnits(units, plan);
      const { audit, capture, diversity, suppressed } = found;
      const all = [...audit, ...capture, ...diversity, ...suppressed.unit];
      expect(new Set(all).size).toBe(all.length);
      const chosen = [...capture, ...diversity];
      expect(chosen.every((i) => units.named[i] === 0)).toBe(true);
      expect(capture.every((i) => !Number.isNaN(units.value[i]))).toBe(true);
      // The budget is what the named lane left: it paid for its own, also where the audit drew it.
      const unpaid = audit.filter((i) => units.named[i] === 0).length;
      expect(chosen.length).toBeLessThanOrEqual(Math.max(0, minutes - unpaid));
      expect(chosen.reduce((sum, i) => sum + (units.bytes[i] ?? 0), 0)).toBeLessThanOrEqual(400);
      expect(planUnits(sampleUnits(count, seed), plan)).toEqual(found);
    }),
    { numRuns: 60 },
  );
});

test('units without embeddings leave the diversity lane to probabilities, or empty, and say so', () => {
  const units = { ...sampleUnits(40, 1), embeddings: undefined };
  const plan: PlanRules = {
    salt: 's',
    audit: 0,
    budget: { bytes: 1e6, minutes: 10 },
    minutesPerUnit: 1,
    captureShare: 0.5,
    diversity: 'badge',
    diversityUnits: 1000,
  };
  const spread = planUnits(units, plan);
  expect(spread.diversity).toHaveLength(5);
  expect(spread.notes.join()).toContain('k-center chose instead');
  const bare = planUnits({ ...units, probabilities: undefined }, plan);
  expect(bare.diversity).toEqual([]);
  expect(bare.notes.join()).toContain('no embeddings');
});

test('the audit pays for its share of the scarcer budget', () => {
  const whole = { units: 1000, bytes: 1e6, minutes: 100 };
  expect(auditPropensity(whole, { bytes: 1e6, minutes: 10 }, 0.15)).toBeCloseTo(0.015, 12);
  expect(auditPropensity(whole, { bytes: 1e5, minutes: 1e9 }, 0.15)).toBeCloseTo(0.015, 12);
  expect(auditPropensity(whole, { bytes: 1e12, minutes: 1e12 }, 0.15)).toBe(1);
});
