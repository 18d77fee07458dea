/**
 * Goal: what docs/reference/rules.md says of time, unknown and edges is what the engine does.
 * Method: a few messages at chosen times, and the moments at which rules fire.
 */
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { type Engine, openEngine } from './engine.ts';
import * as limits from './limits.ts';
import { problemLine } from './problem.ts';
import type { RuleSet } from './rule-set.ts';
import {
  blockOf,
  channelsOf,
  every,
  inTimeOrder,
  originNs,
  type TestMessage,
} from './test-blocks.ts';
import { firesOf, type Verdict } from './verdict.ts';

const signals = `
  x: {topic: /x, path: data, type: double}
  y: {topic: /y, path: data, type: double, maxAge: 300ms}
  mode: {topic: /mode, path: data, type: string, latched: true}
  ok: {topic: /ok, path: data, type: bool, latched: true}
`;

function ruleSet(rules: string): RuleSet {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 3}
signals: ${signals}
models: {net: {ref: detector, input: {topic: /camera}}}
rules:
${rules}`;
  const parsed = parseRuleSet(text, 'test.yaml');
  if (parsed.ruleSet === undefined) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.ruleSet;
}

const msOf = (verdict: Verdict): number => Number(verdict.atNs - originNs) / 1e6;

interface Ran {
  readonly engine: Engine;
  readonly verdicts: readonly Verdict[];
  /** `rule@ms`. */
  readonly fired: readonly string[];
}

function run(rules: string, messages: readonly TestMessage[]): Ran {
  const engine = openEngine(ruleSet(rules), { device: 'amr-01' });
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const verdicts = firesOf([...engine.block(0, blockOf(messages, channels)), ...engine.flush()]);
  return { engine, verdicts, fired: verdicts.map((one) => `${one.ruleId}@${msOf(one)}`) };
}

const rule = (when: string, more = ''): string => `- {id: r, when: '${when}'${more}}`;
const xs = (...values: readonly number[]): TestMessage[] =>
  values.map((value, i) => ({ topic: '/x', ms: i * 100, value }));

test('a rule fires when its condition becomes true, and again after it was false', () => {
  expect(run(rule('x > 1.0'), xs(0, 2, 2, 0, 3)).fired).toEqual(['r@100', 'r@400']);
});

test('a condition that holds from the start fires at the first message', () => {
  expect(run(rule('x > 1.0'), xs(2, 2)).fired).toEqual(['r@0']);
});

test('for: fires at the moment when the condition has held long enough, between messages', () => {
  const messages = [...xs(0, 2, 2, 0), { topic: '/x', ms: 500, value: 2 }, ...at('/x', 900, 2)];
  expect(run(rule('x > 1.0', ', for: 250ms'), messages).fired).toEqual(['r@750']);
});

test('for: a message that ends the condition at the very moment comes too late', () => {
  expect(run(rule('x > 1.0', ', for: 200ms'), xs(2, 2, 0)).fired).toEqual(['r@200']);
});

test('clearWhen: fires again only after it held', () => {
  const values = xs(3, 1.5, 3, 0.5, 3);
  expect(run(rule('x > 2.0', ', clearWhen: x < 1.0'), values).fired).toEqual(['r@0', 'r@400']);
});

test('cooldown counts from the last trigger that it let through; what it holds back is counted', () => {
  const messages = every('/x', { toMs: 1_000, periodMs: 100 }, (ms) => (ms / 100) % 2);
  const ran = run(rule('x == 1', ', limits: {cooldown: 350ms}'), messages);
  expect(ran.fired).toEqual(['r@100', 'r@500', 'r@900']);
  expect(ran.engine.counters().rules['r']).toEqual({
    evaluations: 10,
    fired: 3,
    unknown: 0,
    suppressed: { cooldown: 2 },
  });
});

test('unknown: before the first message, and known sides decide && and ||', () => {
  const both = run(rule('x > 1.0 && y > 1.0'), xs(2));
  expect(both.fired).toEqual([]);
  expect(both.engine.counters().rules['r']?.unknown).toBe(1);
  expect(run(rule('x > 1.0 || y > 1.0'), xs(2)).fired).toEqual(['r@0']);
  const decided = run(rule('x > 5.0 && y > 1.0'), xs(2));
  expect(decided.engine.counters().rules['r']?.unknown).toBe(0);
});

test('unknown after maxAge: it breaks a hold and does not arm a fired rule again', () => {
  const messages = inTimeOrder([
    ...at('/y', 0, 2),
    ...at('/x', 500, 0),
    ...at('/y', 1_000, 2),
    ...at('/y', 1_300, 2),
    ...at('/y', 1_600, 2),
  ]);
  expect(run(rule('y > 1.0'), messages).fired).toEqual(['r@0']);
  // Known again at 1000; a message exactly maxAge later still keeps it known.
  expect(run(rule('y > 1.0', ', for: 500ms'), messages).fired).toEqual(['r@1500']);
});

test('a value that is not there, or of another type, is unknown', () => {
  const messages: TestMessage[] = [...at('/x', 0, 'fast'), ...at('/x', 100, null)];
  const ran = run(rule('!(x > 1.0)'), messages);
  expect(ran.fired).toEqual([]);
  expect(ran.engine.counters().rules['r']?.unknown).toBeGreaterThan(0);
});

test('NaN compares false', () => {
  const nan = 'x / y > 0.0 || x / y <= 0.0 || x / y == x / y';
  const messages = [...at('/x', 0, 0), ...at('/y', 10, 0)];
  expect(run(rule(nan), messages).fired).toEqual([]);
  expect(run(rule('x / y != 0.0'), messages).fired).toEqual(['r@10']);
});

test('changed and prev: true at the moment of the change alone', () => {
  const modes = ['AUTO', 'AUTO', 'MANUAL', 'MANUAL', 'AUTO', 'MANUAL'];
  const messages = modes.map((value, i) => ({ topic: '/mode', ms: i * 100, value }));
  const when = 'changed(mode) && prev(mode) == "AUTO" && mode == "MANUAL"';
  const ran = run(rule(when), messages);
  expect(ran.fired).toEqual(['r@200', 'r@500']);
  expect(ran.verdicts[0]?.values).toEqual({
    mode: 'MANUAL',
    'changed(mode)': true,
    'prev(mode)': 'AUTO',
  });
  const later = [...messages.slice(0, 3), ...at('/x', 350, 5)];
  expect(run(rule('changed(mode) && x > 1.0'), later).fired).toEqual([]);
});

test('two changes in a row are two triggers', () => {
  const messages = ['A', 'B', 'C'].map((value, i) => ({ topic: '/mode', ms: i * 100, value }));
  expect(run(rule('changed(mode)'), messages).fired).toEqual(['r@100', 'r@200']);
});

test('absent: fires after the silence, once, and again after the next one', () => {
  const messages = inTimeOrder([
    ...every('/x', { toMs: 500, periodMs: 100 }, () => 1),
    ...at('/x', 2_000, 1),
    ...every('/mode', { toMs: 4_000, periodMs: 500 }, () => 'AUTO'),
  ]);
  const ran = run('- {id: r, absent: {topic: /x, for: 1s}}', messages);
  expect(ran.fired).toEqual(['r@1400', 'r@3000']);
  expect(ran.verdicts[0]?.values).toEqual({ 'age("/x")': 1 });
  expect(ran.verdicts[0]?.expression).toBe('absent /x for 1s');
});

test('absent: a topic that never came is missing from the start', () => {
  const messages = every('/mode', { toMs: 2_000, periodMs: 500 }, () => 'AUTO');
  const ran = run('- {id: r, absent: {topic: /x, for: 1s}}', messages);
  expect(ran.fired).toEqual(['r@1000']);
  expect(ran.verdicts[0]?.values).toEqual({ 'age("/x")': null });
});

test('absent: silence counts from arming', () => {
  const messages = [
    ...at('/x', 0, 1),
    ...at('/ok', 0, false),
    ...at('/ok', 3_000, true),
    ...at('/ok', 5_000, true),
  ];
  const ran = run('- {id: r, absent: {topic: /x, for: 1s, arm: ok}}', messages);
  expect(ran.fired).toEqual(['r@4000']);
});

test('absent: too slow is missing too', () => {
  const messages = inTimeOrder([
    ...every('/x', { toMs: 3_000, periodMs: 100 }, () => 1),
    ...every('/x', { fromMs: 3_000, toMs: 6_000, periodMs: 400 }, () => 1),
  ]);
  const ran = run('- {id: r, absent: {topic: /x, for: 1s, minHz: 5, window: 2s}}', messages);
  expect(ran.fired).toHaveLength(1);
  expect(ran.verdicts[0]?.values['rate("/x", "2s")']).toBe(4.5);
});

/** A turn is taken at once where its clip reaches back to something, so these reach back. */
const turns = (times: string, more = 'capture: {pre: 500ms, post: 0s}'): string =>
  `- {id: r, every: {${times}}, ${more}}`;

test('every: by log time, the first after a period or as said', () => {
  const messages = every('/x', { toMs: 2_550, periodMs: 90 }, () => 1);
  expect(run(turns('period: 1s'), messages).fired).toEqual(['r@1000', 'r@2000']);
  expect(run(turns('period: 1h, first: 0s'), messages).fired).toEqual(['r@0']);
  expect(run(turns('period: 1s', 'when: x > 5.0'), messages).fired).toEqual([]);
});

test('every: a turn that finds nothing to take waits for a message, and the next counts from it', () => {
  const drive = (fromMs: number, toMs: number): TestMessage[] =>
    every('/x', { fromMs, toMs, periodMs: 100 }, () => 1);
  const messages = [...drive(0, 2_500), ...drive(5_300, 7_500)];
  const back = run(turns('period: 1s'), messages).fired;
  expect(back).toEqual(['r@1000', 'r@2000', 'r@5300', 'r@6300', 'r@7300']);
  // With more pre-roll the end of the first drive is still something to take, and only once.
  const far = run(turns('period: 1s', 'capture: {pre: 3s, post: 0s}'), messages).fired;
  expect(far).toEqual(['r@1000', 'r@2000', 'r@3000', 'r@5300', 'r@6300', 'r@7300']);
});

test('every: clips that look forward only begin with a message and miss no period', () => {
  const forward = 'capture: {pre: 0s, post: 1s}';
  const chunk = (fromMs: number): TestMessage[] =>
    every('/x', { fromMs, toMs: fromMs + 1_000, periodMs: 100 }, () => 1);
  const messages = [...chunk(0), ...chunk(2_400), ...chunk(4_800), ...chunk(9_950)];
  const { fired } = run(turns('period: 1s, first: 0s', forward), messages);
  expect(fired).toEqual(['r@0', 'r@2400', 'r@4800', 'r@9950']);
});

test('every: a turn that waited for less than a period moves no later one', () => {
  const messages = every('/x', { toMs: 3_500, periodMs: 300 }, () => 1);
  const { fired } = run(turns('period: 1s', 'capture: {pre: 0s, post: 1s}'), messages);
  expect(fired).toEqual(['r@1200', 'r@2100', 'r@3000']);
});

test('every: a turn that waited sees the values of the message that it waited for', () => {
  const messages = [...at('/x', 0, 1), ...at('/x', 4_000, 9)];
  expect(run(turns('period: 1s', 'when: x > 5.0'), messages).fired).toEqual(['r@4000']);
});

test('every: one message is enough', () => {
  expect(run('- {id: r, every: {period: 1h, first: 0s}}', at('/z', 5, 1)).fired).toEqual(['r@5']);
});

test('a condition of time alone is looked at on a grid of 100 ms', () => {
  const messages = inTimeOrder([
    ...every('/x', { toMs: 1_000, periodMs: 50 }, () => 1),
    ...at('/mode', 4_000, 'AUTO'),
  ]);
  expect(run(rule('age("/x") > duration("1s")'), messages).fired).toEqual(['r@2000']);
  expect(run(rule('rate("/x", "1s") < 5.0'), messages).fired).toEqual(['r@1800']);
  expect(run(rule('held(x > 0.0, "2s")'), messages).fired).toEqual(['r@2000']);
});

test('a rule is looked at with each message that may change it, whatever its value', () => {
  const seconds = Number(originNs / 1_000_000_000n);
  const stamps = [...at('/x', 0, seconds), ...at('/x', 160, seconds), ...at('/x', 400, seconds)];
  expect(run(rule('now() - x > 0.15'), stamps).fired).toEqual(['r@160']);
  const engine = openEngine(ruleSet(rule('1.0 / net.entropy < 0.0')), { device: 'd' });
  const messages = xs(0, 0, 0);
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  engine.block(0, blockOf(messages, channelsOf(messages)));
  const scored = [...engine.score(score(100, 0)), ...engine.score(score(200, -0))];
  expect(firesOf([...scored, ...engine.flush()]).map(msOf)).toEqual([200]);
});

test('out of order inside the lateness is sorted, later is counted and changes nothing', () => {
  const sorted = xs(0, 0, 2, 0, 0, 0);
  const [a, b, c, d, e, f] = sorted;
  const shuffled = [a, c, b, d, e, f].filter((one) => one !== undefined);
  expect(run(rule('x > 1.0 && prev(x) == 0'), shuffled).fired).toEqual(['r@200']);
  const late = [
    ...at('/x', 0, 0),
    ...at('/x', 1_000, 0),
    ...at('/y', 400, 9),
    ...at('/x', 1_100, 0),
  ];
  const ran = run(rule('y > 1.0'), late);
  expect(ran.fired).toEqual([]);
  expect(ran.engine.counters().late).toBe(1);
  expect(ran.engine.counters().epoch).toBe(0);
});

test('equal times: the smaller source first, then the order of the file, scores last', () => {
  const engine = openEngine(ruleSet(rule('x == 2.0 && y == 1.0 && net.entropy > 0.5')), {
    device: 'd',
  });
  const first = xs(2);
  const second: TestMessage[] = [...at('/y', 0, 0), ...at('/y', 0, 1)];
  for (const channel of channelsOf(first)) engine.channel(0, channel);
  for (const channel of channelsOf(second)) engine.channel(1, channel);
  engine.block(1, blockOf(second, channelsOf(second)));
  engine.score(score(0, 0.9));
  engine.block(0, blockOf(first, channelsOf(first)));
  expect(firesOf(engine.flush()).map(msOf)).toEqual([0]);
});

test('scores are signals at the moment of their frame', () => {
  const engine = openEngine(ruleSet(rule('net.entropy > 0.5 && x > 1.0')), {
    device: 'd',
  });
  const messages = xs(0, 2, 2, 2, 2, 2);
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const before = firesOf(engine.block(0, blockOf(messages.slice(0, 4), channels)));
  const scored = firesOf([
    ...engine.score(score(250, 0.9)),
    ...engine.score({ ...score(300, 0), scorer: 'other' }),
  ]);
  const rest = blockOf(messages.slice(4), channels);
  const after = firesOf([...engine.block(0, rest), ...engine.flush()]);
  expect([...before, ...scored, ...after].map(msOf)).toEqual([250]);
  expect(after.at(-1)?.values ?? scored.at(-1)?.values).toEqual({ 'net.entropy': 0.9, x: 2 });
  engine.score(score(10, 1));
  expect(engine.counters().late).toBe(1);
});

test('a score that comes before the first message waits for it', () => {
  const engine = openEngine(ruleSet(rule('net.entropy > 0.5')), { device: 'd' });
  const messages = xs(0, 2, 2, 2, 2, 2);
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  engine.score(score(100, 0.9));
  const verdicts = engine.block(0, blockOf(messages, channelsOf(messages)));
  expect(firesOf([...verdicts, ...engine.flush()]).map(msOf)).toEqual([100]);
});

test('a verdict names the rule, the set, the values and the capture', () => {
  const text = `
- id: near
  severity: critical
  when: x / y < 2.0 && ok
  capture: {topics: [/x], pre: 3s, post: 2s}
  tags: [safety]
`;
  const messages = [...at('/x', 0, 1), ...at('/ok', 0, true), ...at('/y', 10, 1)];
  expect(run(text, messages).verdicts).toEqual([
    {
      kind: 'fire',
      margin: 1,
      ruleId: 'near',
      ruleSet: 'test',
      version: 3,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      severity: 'critical',
      tags: ['safety'],
      class: 'event',
      atNs: originNs + 10_000_000n,
      expression: 'x / y < 2.0 && ok',
      values: { x: 1, y: 1, ok: true },
      capture: { topics: ['/x'], preNs: 3_000_000_000n, postNs: 2_000_000_000n },
      priority: 100,
    },
  ]);
});

test('advance evaluates what waits, and time goes on without messages', () => {
  const engine = openEngine(ruleSet('- {id: r, absent: {topic: /x, for: 1s}}'), {
    device: 'd',
  });
  const messages = xs(1);
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  expect(engine.advance(originNs)).toEqual([]);
  engine.block(0, blockOf(messages, channelsOf(messages)));
  expect(engine.advance(originNs + 999_999_999n)).toEqual([]);
  expect(firesOf(engine.advance(originNs + 1_000_000_000n)).map(msOf)).toEqual([1_000]);
  expect(engine.advance(originNs)).toEqual([]);
});

test('too many messages to hold: the oldest is evaluated early, and that is counted', () => {
  const engine = openEngine(ruleSet(rule('x > 1.0')), { device: 'd' });
  const count = limits.heldMessages + 10;
  const messages = Array.from({ length: count }, (_, i) => ({
    topic: '/x',
    ms: i / 1e4,
    value: i === 3 ? 2 : 0,
  }));
  for (const channel of channelsOf(messages)) engine.channel(0, channel);
  const early = engine.block(0, blockOf(messages, channelsOf(messages)));
  expect(early.map((one) => Number(one.atNs - originNs))).toEqual([300]);
  expect(engine.counters().early).toBeGreaterThan(0);
  engine.flush();
  expect(engine.counters()).toMatchObject({ messages: count, late: 0 });
});

test('a checkpoint of another rule set is refused', () => {
  const engine = openEngine(ruleSet(rule('x > 1.0')), { device: 'd' });
  const other = openEngine(ruleSet(rule('x > 2.0')), { device: 'd' });
  expect(() => other.restore(engine.checkpoint())).toThrow(/another digest/);
});

function at(topic: string, ms: number, value: unknown): TestMessage[] {
  return [{ topic, ms, value }];
}

function score(ms: number, entropy: number): Parameters<Engine['score']>[0] {
  const atNs = originNs + BigInt(ms) * 1_000_000n;
  const values = { entropy, margin: 0.1 };
  return { scorer: 'detector', atNs, values, latencyMs: 5, modelSha256: '' };
}
