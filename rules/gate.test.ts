/**
 * Goal: what stands between a trigger and its clip lets through what docs/reference/rules.md says,
 * and every trigger that it holds back is counted with its reason.
 * Method: one rule that fires often, one modifier each, and what came out.
 */
import { expect, test } from 'vitest';
import * as limits from './limits.ts';
import { openEngine } from './engine.ts';
import { countKey, hasKeyRoom, openKeyedLimit } from './keyed-limit.ts';
import { embeddingOf, isNovel, keepEmbedding, openNovelty } from './novelty.ts';
import { blockOf, channelsOf, inTimeOrder, originNs, type TestMessage } from './test-blocks.ts';
import { ruleSetOf, tryRules } from './try-rules.cases.ts';
import { firesOf } from './verdict.ts';

/** `/x` rises at each of these moments, ms. */
const rising = (...at: readonly number[]): TestMessage[] =>
  at.flatMap((ms) => [
    { topic: '/x', ms: ms - 1, value: 0 },
    { topic: '/x', ms, value: 2 },
  ]);
const rule = (more: string): string => `- {id: r, when: 'x > 1.0', ${more}}`;
const minute = 60_000;

test('perMinute and perHour count by the calendar of log time', () => {
  // The recording begins at 22:13:20 UTC: a minute begins at 40 s, an hour at 2,800 s.
  const { fired, suppressed } = tryRules(
    rule('limits: {perMinute: 2, perHour: 5}'),
    rising(1e3, 2e3, 3e3, 41e3, 42e3, 43e3, 101e3, 102e3, 103e3, 2_801e3),
  );
  expect(fired).toEqual(['r@1000', 'r@2000', 'r@41000', 'r@42000', 'r@101000', 'r@2801000']);
  expect(suppressed('r')).toEqual({ limit: 4 });
});

test('a cooldown counts from a trigger that was sampled out, too', () => {
  const drawn = (more: string) =>
    tryRules(rule(`sample: {probability: 0.5, seed: d}${more}`), rising(1e3, 2e3, 3e3, 4e3));
  expect(drawn('').fired).toEqual(['r@2000', 'r@3000']);
  const { fired, suppressed } = drawn(', limits: {cooldown: 1500ms}');
  expect(fired).toEqual(['r@3000']);
  expect(suppressed('r')).toEqual({ cooldown: 2, sampled_out: 1 });
});

test('a clock that was set back does not refill the hour', () => {
  const { fired } = tryRules(rule('limits: {perHour: 2}'), [
    ...rising(60 * minute),
    ...rising(50 * minute, 51 * minute),
  ]);
  // 22:13 + 60 min is 23:13; 50 min later is 23:03 of the same hour.
  expect(fired).toEqual([`r@${60 * minute}`, `r@${50 * minute}`]);
});

test('a clock that is set back over the hour refills neither of the two', () => {
  // The hour begins at 2,800 s.
  const { fired, suppressed } = tryRules(rule('limits: {perHour: 1}'), [
    ...rising(2_799e3, 2_802e3),
    ...rising(2_796e3, 2_803e3, 6_401e3),
  ]);
  expect(fired).toEqual(['r@2799000', 'r@2802000', 'r@6401000']);
  expect(suppressed('r')).toEqual({ limit: 2 });
});

test('per: so many of each key, from its first clip on', () => {
  const modes = ['A', 'A', 'A', 'B', 'A', 'A'];
  const messages = inTimeOrder([
    ...modes.map((value, i) => ({ topic: '/mode', ms: i * 1_000 + 500, value })),
    ...rising(1e3, 2e3, 3e3, 4e3, 5e3, 6e3, 11_100),
  ]);
  const { fired, suppressed } = tryRules(
    rule('limits: {per: {key: mode, max: 2, every: 10s}}'),
    messages,
  );
  expect(fired).toEqual(['r@1000', 'r@2000', 'r@4000', 'r@11100']);
  expect(suppressed('r')).toEqual({ limit: 3 });
});

test('per: keys are bounded, the one that began first is forgotten', () => {
  const limit = openKeyedLimit(1, 1e12);
  for (let i = 0; i <= limits.limitKeys; i += 1) countKey(limit, `k${i}`, i);
  expect(limit.keys.size).toBe(limits.limitKeys);
  expect([hasKeyRoom(limit, 'k0', 9e9), hasKeyRoom(limit, 'k1', 9e9)]).toEqual([true, false]);
});

const base64 = (...numbers: readonly number[]): string =>
  Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

test('novelty: what is unlike all that was kept, by cosine', () => {
  const novelty = openNovelty(0.25);
  const [east, near, north] = [base64(1, 0), base64(2, 0.4), base64(0, 3)].map(embeddingOf);
  expect(isNovel(novelty, east)).toBe(true);
  keepEmbedding(novelty, east);
  expect([isNovel(novelty, near), isNovel(novelty, north)]).toEqual([false, true]);
  expect(isNovel(novelty, embeddingOf(undefined))).toBe(true);
  for (const none of ['', 'AAAA', base64(0, 0), base64(Number.NaN, 1)]) {
    expect(embeddingOf(none)).toBeUndefined();
  }
  for (let i = 0; i < limits.noveltyKept; i += 1) keepEmbedding(novelty, north);
  expect(isNovel(novelty, east)).toBe(true);
});

/** What a rule by novelty keeps: it triggers at each second, half a second behind a score. */
function keptOf(embeddings: readonly (string | undefined)[]) {
  const set = ruleSetOf(
    rule('sample: {strategy: novelty, embedding: net.embedding, minDistance: 0.25}'),
  );
  const engine = openEngine(set, { device: 'amr-01' });
  const messages = rising(...embeddings.map((_, i) => (i + 1) * 1e3));
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  const outputs = embeddings.flatMap((embedding, i) => {
    const atNs = originNs + BigInt(i * 1_000 + 500) * 1_000_000n;
    const record = { scorer: 'net', atNs, values: {}, latencyMs: 1, modelSha256: '' };
    return engine.score(embedding === undefined ? record : { ...record, embedding });
  });
  outputs.push(...engine.block(0, blockOf(messages, channelsOf(messages))), ...engine.flush());
  const at = firesOf(outputs).map(({ atNs, propensity }) => [
    Number(atNs - originNs) / 1e6,
    propensity,
  ]);
  return { at, sampledOut: engine.counters().rules['r']?.suppressed.sampled_out };
}

test('novelty in a rule: the embedding of the moment decides', () => {
  const vectors = [base64(1, 0), base64(1, 0.1), base64(0, 1), base64(0.1, 1)];
  expect(keptOf(vectors)).toEqual({
    at: [
      [1_000, 1],
      [3_000, 1],
    ],
    sampledOut: 2,
  });
});

test('novelty in a rule: a score without an embedding has nothing in common with those before', () => {
  expect(keptOf([base64(1, 0), undefined, base64(1, 0)])).toEqual({
    at: [
      [1_000, 1],
      [2_000, 1],
    ],
    sampledOut: 1,
  });
});

test('closeTo: what is near the threshold for sure, and a share of the rest', () => {
  const values = [1.1, 5, 1.2, 9, 1.05];
  const messages = values.flatMap((value, i) => [
    { topic: '/x', ms: i * 1_000, value: 0 },
    { topic: '/x', ms: i * 1_000 + 500, value },
  ]);
  const near = tryRules(rule('sample: {strategy: closeTo, within: 0.25}'), messages);
  expect(near.fired).toEqual(['r@500', 'r@2500', 'r@4500']);
  expect(near.verdicts[0]?.propensity).toBe(1);
  expect(near.verdicts[0]?.margin).toBeCloseTo(0.1, 12);
  const share = 'sample: {strategy: closeTo, within: 0.25, probability: 0.999999}';
  const more = tryRules(rule(share), messages).verdicts;
  expect(more.map(({ propensity }) => propensity)).toEqual([1, 0.999999, 1, 0.999999, 1]);
});

test('a rule in the shadow is told of, counted, and makes no clip', () => {
  const { fired, verdicts, suppressed } = tryRules(rule('shadow: true'), rising(1e3, 2e3));
  expect(fired).toEqual(['(r@1000)', '(r@2000)']);
  expect(verdicts).toEqual([]);
  expect(suppressed('r')).toEqual({ shadow: 2 });
});

test('from its expiry on a rule makes no clip', () => {
  const { fired, suppressed } = tryRules(
    rule('expires: "2023-11-14T22:13:22Z"'),
    rising(1_999, 2_000, 3_000),
  );
  expect(fired).toEqual(['r@1999']);
  expect(suppressed('r')).toEqual({ expired: 2 });
});

test('scope: a device that it does not name leaves the rule out', () => {
  const more = 'scope: "hw = orin-nx and not site:hall*"';
  const off = (properties: Readonly<Record<string, string>>): string | undefined =>
    tryRules(rule(more), rising(1e3), { properties }).engine.counters().rules['r']?.off;
  expect(off({ hw: 'orin-nx', site: 'yard' })).toBeUndefined();
  expect(off({ hw: 'orin-nx', site: 'hall-2' })).toMatch(/not in its scope: hw = orin-nx/);
  expect(off({})).toMatch(/not in its scope/);
  expect(tryRules(rule(more), rising(1e3)).fired).toEqual(['r@1000']);
  expect(tryRules(rule(more), rising(1e3), { properties: {} }).fired).toEqual([]);
});

test('labels and the priority are values of the moment', () => {
  const messages = [{ topic: '/mode', ms: 0, value: 'AUTO' }, ...rising(1e3)];
  const more = 'label: {phase: mode, twice: x * 2.0, old: y}, priority: 10.0 + 5.0 * margin()';
  const [verdict] = tryRules(rule(more), messages).verdicts;
  expect(verdict?.label).toEqual({ phase: 'AUTO', twice: 4, old: null });
  expect(verdict?.priority).toBe(15);
  const unknown = tryRules(rule('severity: info, priority: y'), messages).verdicts[0];
  expect(unknown?.priority).toBe(10);
});

test('manual: each message of its topic, and whoever asks', () => {
  const set = '- {id: r, manual: {topic: /button}}\n- {id: s, manual: {}}';
  const messages = [...rising(1e3, 2e3), { topic: '/button', ms: 2_500, value: 1 }];
  expect(tryRules(set, messages).fired).toEqual(['r@2500']);
  const engine = openEngine(ruleSetOf(set), { device: 'amr-01' });
  expect(engine.ask('s', originNs)).toBe(false);
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  engine.block(0, blockOf(messages, channelsOf(messages)));
  expect([engine.ask('s', originNs + 2_500_000_000n), engine.ask('x', originNs)]).toEqual([
    true,
    false,
  ]);
  const fired = firesOf(engine.flush()).map(({ ruleId, atNs }) => [ruleId, atNs - originNs]);
  expect(fired).toEqual([
    ['r', 2_500_000_000n],
    ['s', 2_500_000_000n],
  ]);
});

test('what was held back is told by rule, reason and hour of log time', () => {
  const { engine } = tryRules(
    rule('limits: {cooldown: 30s}'),
    rising(1e3, 2e3, 2_900e3, 2_901e3, 2_902e3),
  );
  const hour = 3_600_000_000_000n;
  const first = (originNs / hour) * hour;
  expect(engine.takeSuppressions()).toEqual([
    { rule: 'r', reason: 'cooldown', hourNs: first, count: 1 },
    { rule: 'r', reason: 'cooldown', hourNs: first + hour, count: 2 },
  ]);
  expect(engine.takeSuppressions()).toEqual([]);
});
