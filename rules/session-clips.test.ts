/**
 * Goal: a backtest of a whole session says what its robot would have cut, to the byte.
 * Method: real rule sets over generated sessions at any chunking; bytes counted again by hand from
 * the messages, the sums checked against each other, and a forecast of it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareMoments } from './compare-triggers.ts';
import { parseRuleSet } from './document.ts';
import { forecast } from './forecast.ts';
import { trialTriggers } from './limits.ts';
import type { RuleSet } from './rule-set.ts';
import { blockOf, channelsOf, every, inTimeOrder, originNs } from './test-blocks.ts';
import type { TestMessage } from './test-blocks.ts';
import { openTrial, type Trial } from './trial.ts';

const ruleSet = setOf(`
- {id: near, when: v > 1.0, capture: {topics: [/odom, /scan], pre: 2s, post: 1s}}
- {id: far, when: w > 1.0, limits: {cooldown: 3s}, capture: {topics: [/scan], pre: 1s, post: 4s}}
- {id: base, every: {period: 20s, first: 5s}, class: baseline, capture: {pre: 0s, post: 2s}}
`);

function setOf(rules: string): RuleSet {
  const parsed = parseRuleSet(
    `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
signals:
  v: {topic: /odom, path: data, type: double}
  w: {topic: /scan, path: data, type: double}
rules:${rules}`,
    't.yaml',
  );
  if (parsed.ruleSet === undefined) throw new TypeError(JSON.stringify(parsed.problems));
  return parsed.ruleSet;
}

function trialOf(
  set: RuleSet,
  messages: readonly TestMessage[],
  chunk = 50,
  onVerdict?: () => void,
): Trial {
  const channels = channelsOf(messages);
  const trial = openTrial(set, { device: 'amr-01', whole: true, onVerdict });
  for (const channel of channels) trial.take({ kind: 'channel', channel });
  for (let at = 0; at < messages.length; at += chunk) {
    trial.take({ kind: 'block', block: blockOf(messages.slice(at, at + chunk), channels) });
  }
  const ended = trial.end();
  if (ended === undefined) throw new TypeError('no messages');
  return ended;
}

const bytesOf = ({ value }: TestMessage): number => JSON.stringify({ data: value }).length;

/** A minute of odometry and scans whose values jump at the moments of `peaks`. */
function session(peaks: readonly number[]): TestMessage[] {
  const at = (ms: number): number =>
    peaks.some((s) => ms >= s * 1e3 && ms < s * 1e3 + 400) ? 2 : 0;
  return inTimeOrder([
    ...every('/odom', { toMs: 60_000, periodMs: 100 }, at),
    ...every('/scan', { fromMs: 30, toMs: 60_000, periodMs: 250 }, (ms) => at(ms + 3_000)),
    ...every('/image', { toMs: 60_000, periodMs: 500 }, (ms) => 'x'.repeat(ms % 300)),
  ]);
}

const peaks = fc.array(fc.integer({ min: 0, max: 590 }), { maxLength: 12 });

test('clips hold each byte of their range; triggers are clips or suppressed; chunks do not matter', () => {
  fc.assert(
    fc.property(peaks, fc.integer({ min: 1, max: 400 }), (tenths, chunk) => {
      const messages = session(tenths.map((one) => one / 10));
      const trial = trialOf(ruleSet, messages, chunk);
      const { whole } = trial;
      for (const { startNs, endNs, topics, bytes } of whole?.clips ?? []) {
        const inside = messages.filter(({ topic, ms }) => {
          const ns = originNs + BigInt(Math.round(ms * 1e6));
          const isTaken = topics.includes('*') || topics.includes(topic);
          return isTaken && ns >= startNs && ns <= endNs;
        });
        expect(bytes).toBe(inside.reduce((sum, one) => sum + bytesOf(one), 0));
      }
      const markers = whole?.clips.flatMap((clip) => clip.markers) ?? [];
      expect(markers.length).toBeLessThanOrEqual(trial.triggers.length);
      for (const [rule, { fired, suppressed }] of whole?.rules ?? []) {
        const begun = whole?.clips.filter((clip) => clip.markers[0]?.rule === rule).length ?? 0;
        const { merged = 0, overload = 0 } = suppressed;
        expect([rule, begun + merged + overload]).toEqual([rule, fired]);
      }
      expect(trialOf(ruleSet, messages, 1_000)).toEqual(trial);
    }),
    { numRuns: 40, seed: 7 },
  );
});

test('a topic that a capture thins counts as it is thinned, and maxBytes leaves topics out', () => {
  const thin = (more: string): RuleSet =>
    setOf(`
- {id: near, when: v > 1.0, capture: {topics: [/odom, /scan], pre: 2s, post: 1s${more}}}
- {id: far, when: w > 5.0, capture: {topics: [/scan]}}
`);
  const messages = session([10]);
  const inside = (topic: string, share: (ms: number) => boolean): number =>
    messages
      .filter((one) => one.topic === topic && one.ms >= 8_000 && one.ms <= 11_000 && share(one.ms))
      .reduce((sum, one) => sum + bytesOf(one), 0);
  const whole = inside('/odom', () => true) + inside('/scan', () => true);
  const bytesWith = (more: string): number | undefined =>
    trialOf(thin(more), messages, 7).whole?.clips[0]?.bytes;
  expect(bytesWith('')).toBe(whole);
  // Odometry at 10 Hz, one a half second of log time: each fifth message.
  const thinned = inside('/odom', (ms) => ms % 500 === 0) + inside('/scan', () => true);
  expect(bytesWith(', downsample: {/odom: 2Hz}')).toBe(thinned);
  expect(thinned).toBeLessThan(whole / 2);
  // Whole topics, as they are named; as on the robot, nothing where none fits.
  const odom = inside('/odom', () => true);
  expect(bytesWith(`, maxBytes: ${odom + 5}B`)).toBe(odom);
  expect(bytesWith(`, maxBytes: ${odom - 1}B`)).toBe(inside('/scan', () => true));
  expect(bytesWith(', maxBytes: 100B')).toBe(0);
});

test('rules that go by the clock fire as they do on the robot, and evaluations are told by rule', () => {
  const { whole, triggers } = trialOf(ruleSet, session([10, 11, 30]));
  const seconds = triggers
    .filter(({ marker }) => marker === 'base')
    .map(({ atNs }) => Number(atNs - originNs) / 1e9);
  expect(seconds).toEqual([5, 25, 45]);
  expect(whole?.rules.get('near')?.evaluations).toBeGreaterThan(0);
  expect(whole?.rules.get('base')?.evaluations).toBe(3);
  expect(whole?.rules.get('far')?.suppressed).toHaveProperty('cooldown', 1);
});

test('a forecast of whole sessions is their total over their hours, with the bytes as counted', () => {
  const seen = Array.from({ length: 6 }, (_, i) => ({
    device: `s${i}`,
    session: `s${i}`,
    sampled: true,
    storedBytes: 1,
    trial: trialOf(ruleSet, session([10 + i, 40])),
  }));
  const told = forecast({ ruleSet, recordings: seen, sessionS: new Map(), dutyHours: 8 });
  const hours =
    seen.reduce((sum, { trial }) => sum + Number(trial.endNs - trial.startNs), 0) / 3.6e12;
  const clips = seen.flatMap(({ trial }) => trial.whole?.clips ?? []);
  const bytes = clips.reduce((sum, clip) => sum + clip.bytes, 0);
  expect(told).toMatchObject({ population: 'sampled', sessions: 6, bootstrapped: true });
  expect(told.recordedHours).toBeCloseTo(hours, 9);
  expect(told.clips.mean).toBeCloseTo((clips.length / hours) * 8, 6);
  expect(told.bytes.mean).toBeCloseTo((bytes / hours) * 8, 4);
  expect(told.rules.map(({ rule, basis }) => `${rule} ${basis}`)).toEqual([
    'near replay',
    'far replay',
    'base replay',
  ]);
  expect(told.clips.low).toBeLessThan(told.clips.mean);
});

test('a rule that never stops firing is counted and cut to the end of the session', () => {
  const runaway = setOf(`
- {id: always, manual: {topic: /odom}, capture: {topics: [/odom], pre: 0s, post: 1s}}
- {id: once, when: v > 1.0, capture: {topics: [/odom], pre: 0s, post: 1s}}
`);
  const messages = every('/odom', { toMs: 60_000, periodMs: 5 }, () => 2);
  let heard = 0;
  const trial = trialOf(runaway, messages, 500, () => (heard += 1));
  expect(trial.triggers).toHaveLength(trialTriggers);
  expect([heard, trial.dropped]).toEqual([12_001, 2_001]);
  expect(trial.whole?.clips.at(-1)?.endNs).toBeGreaterThanOrEqual(trial.endNs);
  const one = { device: 'a', session: 'a', sampled: true, storedBytes: 1, trial };
  const told = forecast({ ruleSet: runaway, recordings: [one], sessionS: new Map(), dutyHours: 8 });
  const hours = Number(trial.endNs - trial.startNs) / 3.6e12;
  expect(told.fires.mean / ((12_001 / hours) * 8)).toBeCloseTo(1, 9);
  const [always] = told.rules;
  expect(always?.fires).toBe(12_000);
  expect((always?.perRobotDay?.mean ?? 0) / ((12_000 / hours) * 8)).toBeCloseTo(1, 9);
});

test('two versions: a moment found a little later is the same moment', () => {
  const moment = (rule: string, s: number) => ({
    rule,
    session: 'a',
    atNs: BigInt(Math.round(s * 1e9)),
  });
  const before = [moment('r', 1), moment('r', 5), moment('r', 9), moment('gone', 2)];
  const after = [moment('r', 1.4), moment('r', 7), moment('r', 9), moment('new', 3)];
  const rules = ['r', 'new', 'gone'];
  expect(compareMoments(before, after, { rules, nearNs: 1_000_000_000n })).toEqual([
    { rule: 'r', matched: 2, gained: [moment('r', 7)], lost: [moment('r', 5)] },
    { rule: 'new', matched: 0, gained: [moment('new', 3)], lost: [] },
    { rule: 'gone', matched: 0, gained: [], lost: [moment('gone', 2)] },
  ]);
});
