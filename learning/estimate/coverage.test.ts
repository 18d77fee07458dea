/**
 * Goal: a 95 % interval holds the truth in 95 of 100 draws, for the draw it is meant for, and the
 * tempting wrong ways do not.
 * Method: a population whose census is known, failures in runs as on a robot; thousands of seeded
 * audit draws of it.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { pairedAuroc } from './paired-bootstrap.ts';
import { auroc } from './ranking.ts';
import { censusAndAudit, type DrawnUnit, drawnRate, type Figure, hajek, wilson } from './rate.ts';

const seed = 'coverage-test';
const draws = 1_200;
const frames = 15;

/** 250 clips of 15 frames; a score that knows something of the failures. */
function census() {
  const random = seededRandom(`${seed}/census`);
  const units: { failed: number; clip: string; score: number }[] = [];
  for (let clip = 0; clip < 250; clip += 1) {
    // Some places are worse than others, and a failure lasts.
    const level = 0.3 + 0.25 * random.normal();
    let failed = Number(random.next() < level);
    for (let i = 0; i < frames; i += 1) {
      if (random.next() < 0.2) failed = Number(random.next() < level);
      units.push({ failed, clip: `c${clip}`, score: failed + random.normal() });
    }
  }
  return { units, rate: units.reduce((sum, { failed }) => sum + failed, 0) / units.length };
}
const { units, rate } = census();

/** Share of draws whose interval holds the truth, and the mean of what they said. */
function coverage(name: string, figure: (draw: ReturnType<typeof seededRandom>) => Figure) {
  let [hits, sum] = [0, 0];
  for (let n = 0; n < draws; n += 1) {
    const found = figure(seededRandom(`${seed}/${name}/${n}`));
    sum += found.value;
    if (found.low <= rate && rate <= found.high) hits += 1;
  }
  return { covered: hits / draws, mean: sum / draws };
}

const drawnBy = (
  random: ReturnType<typeof seededRandom>,
  propensity: (i: number) => number,
): DrawnUnit[] =>
  units.flatMap(({ failed }, i) =>
    random.next() < propensity(i)
      ? [{ value: failed, propensity: propensity(i), cluster: `u${i}` }]
      : [],
  );

test('units drawn one by one: Wilson covers, and the mean is the census', () => {
  const { covered, mean } = coverage('units', (random) => drawnRate(drawnBy(random, () => 0.04)));
  expect(covered).toBeGreaterThan(0.935);
  expect(covered).toBeLessThan(0.97);
  expect(mean).toBeCloseTo(rate, 2);
});

test('unequal propensities that follow the failures: weighted covers, unweighted never', () => {
  const chance = (i: number): number => ((units[i]?.score ?? 0) > 0.5 ? 0.12 : 0.03);
  const weighted = coverage('weighted', (random) => drawnRate(drawnBy(random, chance)));
  expect(weighted.covered).toBeGreaterThan(0.93);
  expect(weighted.mean).toBeCloseTo(rate, 2);
  const plain = coverage('weighted', (random) => {
    const drawn = drawnBy(random, chance);
    return wilson(
      drawn.reduce((sum, { value }) => sum + value, 0),
      drawn.length,
    );
  });
  expect(plain.covered).toBeLessThan(0.05);
});

test('whole clips drawn: n_eff covers, frame by frame counting does not', () => {
  const clips = [...new Set(units.map(({ clip }) => clip))];
  const drawnClips = (random: ReturnType<typeof seededRandom>): DrawnUnit[] => {
    const chosen = new Set(clips.filter(() => random.next() < 0.08));
    return units.flatMap(({ failed, clip }) =>
      chosen.has(clip) ? [{ value: failed, propensity: 0.08, cluster: clip }] : [],
    );
  };
  const { covered, mean } = coverage('clips', (random) => drawnRate(drawnClips(random)));
  expect(covered).toBeGreaterThan(0.93);
  expect(covered).toBeLessThan(0.975);
  expect(mean).toBeCloseTo(rate, 1);
  const wrong = coverage('clips', (random) => {
    const drawn = drawnClips(random);
    return wilson(hajek(drawn) * drawn.length, drawn.length);
  });
  expect(wrong.covered).toBeLessThan(0.75);
});

test('the highest scores labelled whole, the rest audited: covers, and is narrower', () => {
  const order = units
    .map((_, i) => i)
    .sort((a, b) => (units[b]?.score ?? 0) - (units[a]?.score ?? 0));
  const top = new Set(order.slice(0, 375));
  const failed = [...top].reduce((sum, i) => sum + (units[i]?.failed ?? 0), 0);
  const widths: number[] = [];
  const { covered, mean } = coverage('census', (random) => {
    const audit = drawnBy(random, (i) => (top.has(i) ? 0 : 0.04));
    const found = censusAndAudit({ failed, n: top.size }, audit, units.length);
    const alone = drawnRate(audit);
    widths.push((found.high - found.low) / (alone.high - alone.low));
    return found;
  });
  expect(covered).toBeGreaterThan(0.935);
  expect(mean).toBeCloseTo(rate, 2);
  expect(Math.max(...widths)).toBeLessThan(0.95);
});

test('the difference of two AUROCs: the bootstrap over groups covers the census', () => {
  const random = seededRandom(`${seed}/auroc`);
  const other = units.map(({ failed }) => 0.6 * failed + random.normal());
  const failed = units.map((unit) => unit.failed);
  const truth =
    auroc({ scores: units.map(({ score }) => score), failed }) - auroc({ scores: other, failed });
  const rounds = 250;
  let hits = 0;
  for (let n = 0; n < rounds; n += 1) {
    const draw = seededRandom(`${seed}/auroc/${n}`);
    const drawn = units.flatMap((_, i) => (draw.next() < 0.03 ? [i] : []));
    const found = pairedAuroc(
      {
        a: drawn.map((i) => units[i]?.score ?? 0),
        b: drawn.map((i) => other[i] ?? 0),
        failed: drawn.map((i) => failed[i] ?? 0),
        group: Int32Array.from(drawn, (_, i) => i),
      },
      draw,
      300,
    );
    if (found !== undefined && found.low <= truth && truth <= found.high) hits += 1;
  }
  expect(hits / rounds).toBeGreaterThan(0.91);
});
