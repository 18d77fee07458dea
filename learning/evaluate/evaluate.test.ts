/**
 * Goal: figures are what their definitions say, and gates decide as often as the design promises.
 * Method: hand-made tables with known answers; seeded simulations of many candidates.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { type Calibration, compareCalibration, type JudgedTwice } from './calibration.ts';
import {
  bootstrapBounds,
  type Comparison,
  comparePairs,
  holm,
  mcnemarExact,
  mcnemarWorse,
  type JudgedPair,
  unitsNeeded,
} from './compare.ts';
import { type GateFacts, judgeGates, outcomeOf } from './gates.ts';
import { classMetrics, confusion, metricsOf, reliability } from './metrics.ts';
import { fitTemperature } from './temperature.ts';
import { softmax } from '../scores.ts';

const seed = 'evaluate-test';

const units = [
  { probabilities: [0.9, 0.1], truth: 0 },
  { probabilities: [0.6, 0.4], truth: 1 },
  { probabilities: [0.2, 0.8], truth: 1 },
  { probabilities: [0.3, 0.7], truth: 1 },
];

test('accuracy, macro-F1, NLL and ECE of four units by hand', () => {
  const { n, accuracy, macroF1, nll, ece } = metricsOf(units);
  expect([n, accuracy]).toEqual([4, 0.75]);
  // F1 of class 0: 2*1/(1+2); of class 1: 2*2/(3+2).
  expect(macroF1).toBeCloseTo((2 / 3 + 4 / 5) / 2, 12);
  expect(nll).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.8) + Math.log(0.7)) / 4, 12);
  // Each unit is alone in its bin: |1-.9|, |0-.6|, |1-.8|, |1-.7|.
  expect(ece).toBeCloseTo((0.1 + 0.6 + 0.2 + 0.3) / 4, 12);
  expect(confusion(units, 2)).toEqual([
    [1, 0],
    [1, 2],
  ]);
  expect(classMetrics(units, 3)[2]).toEqual({ n: 0, precision: null, recall: null, f1: null });
  expect(reliability(units).reduce((sum, bin) => sum + bin.n, 0)).toBe(4);
  expect(metricsOf([]).accuracy).toBeNaN();
});

test('a certainty of 1 that is wrong costs much, but not the whole mean', () => {
  expect(metricsOf([{ probabilities: [1, 0], truth: 1 }]).nll).toBeCloseTo(27.63, 2);
});

test('the temperature that made logits too sure is found again', () => {
  const random = seededRandom(`${seed}/temperature`);
  const drawn = Array.from({ length: 4000 }, () => {
    const logits = [random.normal() * 2, random.normal() * 2, random.normal() * 2];
    const p = softmax(logits);
    const u = random.next();
    const truth = u < (p[0] ?? 0) ? 0 : u < (p[0] ?? 0) + (p[1] ?? 0) ? 1 : 2;
    return { logits: logits.map((value) => value * 2.5), truth };
  });
  expect(fitTemperature(drawn)).toBeGreaterThan(2.3);
  expect(fitTemperature(drawn)).toBeLessThan(2.7);
  expect(fitTemperature([])).toBe(1);
});

test('McNemar, Holm and n against values worked out by hand', () => {
  // 2 * P(X <= 1), X of 8 fair coins: 2 * 9 / 256.
  expect(mcnemarExact(1, 7)).toBeCloseTo(18 / 256, 12);
  expect(mcnemarExact(0, 0)).toBe(1);
  expect(mcnemarExact(5, 5)).toBe(1);
  expect(mcnemarWorse(7, 1)).toBeCloseTo(9 / 256, 12);
  expect(mcnemarWorse(1, 7)).toBeGreaterThan(0.99);
  expect(mcnemarExact(3000, 3200)).toBeCloseTo(0.0115, 3);
  const adjusted = holm([0.01, 0.04, 0.03]);
  [0.03, 0.06, 0.06].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 12));
  expect(holm([])).toEqual([]);
  // Discordance .1, no difference, margin .02: .1 * (2.4866 / .02)^2.
  expect(unitsNeeded({ discordance: 0.1, difference: 0, margin: 0.02 })).toBe(1546);
  expect(unitsNeeded({ discordance: 0.1, difference: -0.03, margin: 0.02 })).toBeUndefined();
});

/** Pairs of two equally good models that disagree on a tenth of the units. */
function equalPairs(n: number, label: string): readonly JudgedPair[] {
  const random = seededRandom(`${seed}/${label}`);
  return Array.from({ length: n }, (_, i) => {
    const u = random.next();
    return { group: String(i), before: u >= 0.05, after: u < 0.05 || u >= 0.1 };
  });
}

const calibrationOf = (given: Partial<Calibration>): Calibration => ({
  n: 4000,
  groups: 100,
  bins: 15,
  before: 0.03,
  after: 0.03,
  difference: 0,
  error: 0.005,
  bounds: { low: -0.01, high: 0.01 },
  ...given,
});

const facts = (comparison: Comparison, slices: GateFacts['slices'] = []): GateFacts => {
  const metrics = { n: comparison.n, accuracy: 0.9, macroF1: 0.9, nll: 0.3, ece: 0.02 };
  return {
    metrics,
    comparison,
    calibration: calibrationOf({}),
    slices,
    cases: [],
    clusters: [],
    latencyMs: 1,
    sizeBytes: 1000,
    notFinite: 0,
    unread: 0,
    differences: [],
  };
};

const overall = (given: GateFacts) =>
  judgeGates(given).find(({ name }) => name === 'overall') ?? { outcome: 'fail', reason: '' };

test.each([
  [300, 0.18, 0.42],
  [1000, 0.52, 0.78],
  [3000, 0.9, 1],
])('an equal model passes on %i units about as often as computed', (n, least, most) => {
  let passed = 0;
  const runs = 60;
  for (let run = 0; run < runs; run += 1) {
    const pairs = equalPairs(n, `equal/${n}/${run}`);
    const blocks = pairs.map(({ before, after }) => ({
      n: 1,
      sum: Number(after) - Number(before),
    }));
    const random = seededRandom(`${seed}/draws/${run}`);
    const bounds = bootstrapBounds(blocks, random, 200);
    const comparison = {
      ...comparePairs(pairs.slice(0, 2), random),
      n,
      difference: blocks.reduce((sum, block) => sum + block.sum, 0) / n,
      bounds,
      lost: blocks.filter(({ sum }) => sum < 0).length,
      won: blocks.filter(({ sum }) => sum > 0).length,
    };
    if (overall(facts(comparison)).outcome === 'pass') passed += 1;
  }
  expect(passed / runs).toBeGreaterThanOrEqual(least);
  expect(passed / runs).toBeLessThanOrEqual(most);
});

test('a worse model fails, one that cannot be told names how many units would tell', () => {
  const random = seededRandom(seed);
  const worse = Array.from({ length: 400 }, (_, i) => ({
    group: String(i),
    before: true,
    after: i % 8 !== 0,
  }));
  expect(overall(facts(comparePairs(worse, random))).outcome).toBe('fail');
  const few = comparePairs(equalPairs(60, 'few'), random);
  expect(overall(facts(few))).toMatchObject({ outcome: 'inconclusive' });
  expect(overall(facts(few)).reason).toMatch(/units in \d+ groups would tell/);
  expect(overall({ ...facts(few), comparison: undefined }).outcome).toBe('inconclusive');
});

test('units of a group are drawn together: the interval of few groups is wide', () => {
  const pairs = Array.from({ length: 600 }, (_, i) => ({
    group: String(i % 6),
    before: true,
    after: i % 6 !== 0 || i % 12 === 0,
  }));
  const alone = pairs.map((pair, i) => ({ ...pair, group: String(i) }));
  const width = (of: readonly JudgedPair[]): number => {
    const { bounds } = comparePairs(of, seededRandom(seed));
    return bounds.high - bounds.low;
  };
  expect(width(pairs)).toBeGreaterThan(2 * width(alone));
  // As wide as Student's t of two groups asks, and no wider than what can be.
  const two = pairs.filter(({ group }) => group === '0' || group === '1');
  expect(comparePairs(two, seededRandom(seed)).bounds).toEqual({ low: -1, high: 1 });
  const one = comparePairs(pairs.slice(0, 1), seededRandom(seed));
  expect(one.bounds).toEqual({ low: -1, high: 1 });
  const { outcome, reason } = overall(facts({ ...one, n: 1, lost: 0, won: 1, difference: 1 }));
  expect(outcome).toBe('inconclusive');
  expect(reason).toMatch(/units of one group are alike; \d+ units in 5 groups or more might tell/);
});

/**
 * Pairs of a model before and a candidate in sessions of ten units. Of each: how far its truth is
 * from a coin, and how much surer it is of it than it should be (1: it means what it says).
 */
interface Surety {
  readonly skill: number;
  readonly boast: number;
}

function forecasts(
  groups: number,
  label: string,
  [before, after]: readonly [Surety, Surety],
): readonly JudgedTwice[] {
  const random = seededRandom(`${seed}/calibration/${label}`);
  const one = ({ skill, boast }: Surety) => {
    const z = Math.abs(skill + random.normal());
    const right = 1 / (1 + Math.exp(-z));
    const confidence = 1 / (1 + Math.exp(-z * boast));
    return { probabilities: [confidence, 1 - confidence], truth: random.next() < right ? 0 : 1 };
  };
  return Array.from({ length: groups * 10 }, (_, i) => ({
    group: String(i % groups),
    before: one(before),
    after: one(after),
  }));
}

const honest = { skill: 1, boast: 1 };

function calibrationShares(groups: number, of: readonly [Surety, Surety], runs = 60) {
  const count = { pass: 0, inconclusive: 0, fail: 0 };
  for (let run = 0; run < runs; run += 1) {
    const pairs = forecasts(groups, `${groups}/${run}`, of);
    const calibration = compareCalibration(pairs, seededRandom(`${seed}/${run}`), 100);
    const gates = judgeGates({ ...facts(comparePairs([], seededRandom(seed))), calibration });
    const found = gates.find(({ name }) => name === 'calibration');
    count[found?.outcome ?? 'fail'] += 1;
  }
  return {
    pass: count.pass / runs,
    inconclusive: count.inconclusive / runs,
    fail: count.fail / runs,
  };
}

test('calibration: two that mean what they say are hardly told apart by 100 units, by 10,000 they are', () => {
  const few = calibrationShares(10, [honest, honest]);
  expect(few.fail).toBeLessThanOrEqual(0.05);
  expect(few.inconclusive).toBeGreaterThanOrEqual(0.7);
  const many = calibrationShares(1000, [honest, honest], 15);
  expect(many.fail).toBe(0);
  expect(many.pass).toBeGreaterThanOrEqual(0.9);
});

test('calibration: a better model is not flattered by its smaller noise, nor blamed for it', () => {
  const unsure = { skill: 0, boast: 1 };
  const sure = { skill: 2.5, boast: 1 };
  expect(calibrationShares(30, [unsure, sure]).fail).toBeLessThanOrEqual(0.05);
  expect(calibrationShares(30, [sure, unsure]).fail).toBeLessThanOrEqual(0.05);
  // Truly worse by a little more than the limit: it may not pass on 300 units by their noise.
  const loud = { skill: 2.5, boast: 2.2 };
  expect(calibrationShares(30, [unsure, loud]).pass).toBeLessThanOrEqual(0.1);
});

test('calibration: one that is truly worse fails once there are units enough, and never passes', () => {
  const loud = { skill: 1, boast: 3 };
  expect(calibrationShares(10, [honest, loud]).pass).toBeLessThanOrEqual(0.05);
  expect(calibrationShares(150, [honest, loud], 20).fail).toBeGreaterThanOrEqual(0.95);
  expect(calibrationShares(150, [loud, honest], 20).pass).toBeGreaterThanOrEqual(0.95);
});

test('calibration: below its least of units or groups nothing is judged, and the words say so', () => {
  const told = (given: Partial<Calibration>) => {
    const calibration = calibrationOf(given);
    const gates = judgeGates({ ...facts(comparePairs([], seededRandom(seed))), calibration });
    return gates.find(({ name }) => name === 'calibration') ?? { outcome: 'fail', reason: '' };
  };
  expect(told({ n: 99, groups: 12 })).toMatchObject({ outcome: 'inconclusive' });
  expect(told({ n: 400, groups: 9 }).reason).toContain('not judged below 100 units in 10 groups');
  const wide = { n: 200, groups: 20, error: 0.02, bounds: { low: -0.04, high: 0.04 } };
  // 200 * (2.4866 * .02 / .02)^2
  expect(told(wide).reason).toMatch(/about 1237 units in 124 groups would tell$/);
  expect(told({ ...wide, difference: 0.02 }).reason).toMatch(/too near the limit$/);
  expect(compareCalibration([], seededRandom(seed))).toBeUndefined();
  const alone = compareCalibration(forecasts(1, 'one', [honest, honest]), seededRandom(seed));
  expect(alone?.bounds).toEqual({ low: -1, high: 1 });
});

test('slices: equal models are hardly ever blocked, a drop of 12 points often is', () => {
  const run = (drop: number): number => {
    let blocked = 0;
    for (let trial = 0; trial < 400; trial += 1) {
      const random = seededRandom(`${seed}/slices/${drop}/${trial}`);
      const slices = Array.from({ length: 10 }, (_, s) => {
        let [lost, won] = [0, 0];
        for (let i = 0; i < 100; i += 1) {
          const u = random.next();
          const worse = s === 0 ? drop : 0;
          if (u < 0.05 + worse) lost += 1;
          else if (u < 0.1 + worse) won += 1;
        }
        const comparison = { n: 100, difference: (won - lost) / 100, lost, won };
        return { kind: 'site', name: `s${s}`, comparison };
      });
      const judged = judgeGates(facts(comparePairs(equalPairs(10, 'x'), random), slices));
      if (judged.some(({ name, outcome }) => name === 'slices' && outcome === 'fail')) blocked += 1;
    }
    return blocked / 400;
  };
  expect(run(0)).toBeLessThan(0.03);
  expect(run(0.12)).toBeGreaterThan(0.45);
});

test('the regression set: a broken case fails, so does the cluster that started the training', () => {
  const random = seededRandom(seed);
  const good = facts(comparePairs(equalPairs(4000, 'good'), random));
  const told = (given: Partial<GateFacts>) =>
    judgeGates({ ...good, ...given }).find(({ name }) => name === 'regression');
  const one = { id: 'rgc_1', cluster: 'fog', isRight: true, wasRight: true };
  expect(told({ cases: [one] })).toMatchObject({ outcome: 'pass' });
  expect(told({ cases: [{ ...one, isRight: false }] })).toMatchObject({ outcome: 'fail' });
  const never = { ...one, isRight: false, wasRight: false };
  expect(told({ cases: [never] })).toMatchObject({ outcome: 'pass' });
  expect(told({ cases: [never], clusters: ['fog'] })).toMatchObject({ outcome: 'fail' });
  const lost = { ...one, isRight: undefined };
  expect(told({ cases: [lost] })).toMatchObject({ outcome: 'inconclusive' });
});

test('fixed limits fail with their numbers; nothing passes by silence', () => {
  const good = facts(comparePairs(equalPairs(4000, 'good'), seededRandom(seed)));
  expect(outcomeOf(judgeGates(good))).toBe('pass');
  const failing: readonly (readonly [string, Partial<GateFacts>])[] = [
    ['latency', { latencyMs: 80 }],
    ['size', { sizeBytes: 1e9 }],
    ['shapes', { differences: ['the input has 3 numbers, not 24'] }],
    ['readable', { notFinite: 1 }],
    ['calibration', { calibration: calibrationOf({ bounds: { low: 0.021, high: 0.05 } }) }],
  ];
  for (const [name, given] of failing) {
    const gates = judgeGates({ ...good, ...given });
    expect(gates.find((gate) => gate.name === name)).toMatchObject({ outcome: 'fail' });
    expect(outcomeOf(gates)).toBe('fail');
  }
  expect(outcomeOf(judgeGates({ ...good, unread: 2 }))).toBe('inconclusive');
  const empty = { ...good.metrics, n: 0 };
  expect(outcomeOf(judgeGates({ ...good, metrics: empty }))).toBe('inconclusive');
});
