/**
 * Goal: drawn moments are one a part of the day, spread evenly, and the same whenever one asks.
 * Method: a year of moments of one rule counted; sets of rules with and without messages around.
 */
import { expect, test } from 'vitest';
import { nextDrawn, partLengthNs } from './drawn-moments.ts';
import { every, originNs } from './test-blocks.ts';
import { tryRules } from './try-rules.cases.ts';

const dayNs = 86_400_000_000_000n;
const minute = 60_000_000_000;
const drawn = { device: 'amr-01', rule: 'r', seed: '', partNs: 45 * minute };

function momentsOf(from: bigint, count: number, of = drawn): bigint[] {
  const moments: bigint[] = [];
  for (let at = from; moments.length < count; moments.push(at)) at = nextDrawn(of, at);
  return moments;
}

test('each part of the day has one moment, and it stands anywhere in it', () => {
  const start = 19_000n * dayNs;
  const moments = momentsOf(start - 1n, 32 * 300);
  const parts = moments.map((at) => Number((at - start) / BigInt(drawn.partNs)));
  expect(parts).toEqual(moments.map((_, i) => i));
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const at of moments) {
    const share = Number((at - start) % BigInt(drawn.partNs)) / drawn.partNs;
    tenths[Math.floor(share * 10)] = (tenths[Math.floor(share * 10)] ?? 0) + 1;
  }
  // 960 each: five standard deviations are 147.
  for (const count of tenths) expect(Math.abs(count - 960)).toBeLessThan(147);
});

test('the same day has the same moments, whenever one begins to look', () => {
  const day = momentsOf(20_000n * dayNs, 32);
  for (const at of day) expect(nextDrawn(drawn, at - 1n)).toBe(at);
  expect(nextDrawn(drawn, (day[4] ?? 0n) + 1n)).toBe(day[5]);
  const other = momentsOf(20_000n * dayNs, 32, { ...drawn, device: 'amr-02' });
  expect(other.filter((at) => day.includes(at))).toEqual([]);
});

test('the last part of a day is shorter where the day is no multiple', () => {
  const of = { ...drawn, partNs: 50 * minute };
  const last = 20_000n * dayNs + dayNs - 1n;
  expect(partLengthNs(of, last)).toBe(40 * minute);
  expect(momentsOf(20_000n * dayNs - 1n, 29, of).at(-1)).toBeLessThan(20_001n * dayNs);
});

const rule = (more = ''): string =>
  `- {id: r, every: {randomUniform: 10s}${more}, capture: {pre: 0s, post: 2s}, class: baseline}`;

test('the rule fires at its moments and says its propensity', () => {
  const messages = every('/x', { toMs: 100_000, periodMs: 100 }, () => 1);
  const { verdicts } = tryRules(rule(), messages);
  expect(verdicts.length).toBeGreaterThanOrEqual(9);
  for (const { propensity } of verdicts) expect(propensity).toBeCloseTo(0.2, 12);
  const of = { device: 'amr-01', rule: 'r', seed: '', partNs: 10_000_000_000 };
  const wanted = momentsOf(originNs - 1n, verdicts.length, of);
  // With the message that follows the moment.
  for (const [i, { atNs }] of verdicts.entries()) {
    expect(Number(atNs - (wanted[i] ?? 0n))).toBeLessThan(100_000_001);
  }
  const sampled = tryRules(rule(', sample: {probability: 0.5}'), messages).verdicts;
  for (const { propensity } of sampled) expect(propensity).toBeCloseTo(0.1, 12);
});

test('a moment in a gap passes: moved to the end of the gap it would not be random', () => {
  const messages = every('/x', { toMs: 100_000, periodMs: 100 }, (ms) =>
    ms > 20_000 && ms < 80_000 ? undefined : 1,
  );
  const all = tryRules(
    rule(),
    every('/x', { toMs: 100_000, periodMs: 100 }, () => 1),
  ).verdicts;
  const seen = tryRules(rule(), messages).verdicts;
  const outside = all.filter(({ atNs }) => {
    const ms = Number(atNs - originNs) / 1e6;
    return ms <= 20_000 || ms > 80_000;
  });
  expect(seen.map(({ atNs }) => atNs)).toEqual(outside.map(({ atNs }) => atNs));
});
