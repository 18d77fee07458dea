/**
 * Goal: a straggler changes nothing, a clock that was set begins anew, and 5 s tell them apart.
 * Method: a few messages that step back by chosen times, and the moments at which rules fire.
 */
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { type Engine, openEngine } from './engine.ts';
import * as limits from './limits.ts';
import { problemLine } from './problem.ts';
import {
  blockOf,
  channelsOf,
  every,
  inTimeOrder,
  originNs,
  type TestMessage,
} from './test-blocks.ts';
import { firesOf } from './verdict.ts';

function open(rules: string): Engine {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
signals:
  x: {topic: /x, path: data, type: double}
  y: {topic: /y, path: data, type: double}
rules:
${rules}`;
  const parsed = parseRuleSet(text, 'test.yaml');
  if (parsed.ruleSet === undefined) throw new Error(parsed.problems.map(problemLine).join('\n'));
  return openEngine(parsed.ruleSet, { device: 'amr-01' });
}

/** `fired` as `rule@ms`. */
function run(
  rules: string,
  messages: readonly TestMessage[],
): { readonly engine: Engine; readonly fired: readonly string[] } {
  const engine = open(rules);
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const verdicts = firesOf([...engine.block(0, blockOf(messages, channels)), ...engine.flush()]);
  const fired = verdicts.map(({ ruleId, atNs }) => `${ruleId}@${Number(atNs - originNs) / 1e6}`);
  return { engine, fired };
}

const at = (topic: string, ms: number, value: unknown): TestMessage[] => [{ topic, ms, value }];
const above = (more = ''): string => `- {id: r, when: 'x > 1.0'${more}}`;

test('stragglers on another topic, one a second, leave for, cooldown and history as they are', () => {
  const x = every('/x', { toMs: 10_000, periodMs: 100 }, () => 2);
  const y = every('/y', { toMs: 10_000, periodMs: 1_000 }, () => 0);
  const order = inTimeOrder([...x, ...y]);
  const straggling = order.flatMap((one) =>
    one.topic === '/y' && one.ms > 0 ? [one, { ...one, ms: one.ms - 250, value: 9 }] : [one],
  );
  const rules = `
- {id: cool, when: 'x > 1.0', limits: {cooldown: 60s}}
- {id: hold, when: 'x > 1.0', for: 3s}
- {id: past, when: 'held(x > 1.0, "5s")'}
- {id: never, when: 'y > 1.0'}`;
  const ran = run(rules, straggling);
  expect(ran.fired).toEqual(['cool@0', 'hold@3000', 'past@5000']);
  expect(ran.fired).toEqual(run(rules, order).fired);
  expect(ran.engine.counters()).toMatchObject({ epoch: 0, late: 9 });
});

test('a step back of 5 s is late at any lateness, one ns more is a clock that was set', () => {
  const mostMs = Number(limits.clockJumpNs) / 1e6;
  const to = (backMs: number): TestMessage[] => [
    ...at('/x', 0, 0),
    ...at('/x', 6_000, 0),
    ...at('/x', 6_000 - backMs, 2),
  ];
  const late = run(above(), to(mostMs));
  expect([late.fired, late.engine.counters().late]).toEqual([[], 1]);
  const set = run(above(), to(mostMs + 1e-6));
  expect(set.fired).toEqual([`r@${6_000 - mostMs - 1e-6}`]);
  expect(set.engine.counters()).toMatchObject({ epoch: 1, late: 0 });
});

test('a backward jump on one topic begins a new epoch that knows nothing of the old', () => {
  const messages = [
    ...at('/x', 0, 2),
    ...at('/x', 5_100, 2),
    ...at('/x', 50, 2),
    ...at('/x', 150, 0),
  ];
  const ran = run(above(', limits: {cooldown: 1h}'), messages);
  expect(ran.fired).toEqual(['r@0', 'r@50']);
  expect(ran.engine.counters().epoch).toBe(1);
  expect(ran.engine.counters().late).toBe(0);
});

test('a clock that was never set, then set: 50 years forward are a new epoch', () => {
  const engine = open(above());
  const unset: TestMessage[] = [{ topic: '/x', ms: -1.7e12, value: 2 }];
  const set: TestMessage[] = [{ topic: '/x', ms: 0.001, value: 2 }];
  for (const channel of channelsOf(set)) engine.channel(0, channel);
  const outputs = [
    ...engine.block(0, blockOf(unset, channelsOf(unset))),
    ...engine.block(0, blockOf(set, channelsOf(set))),
    ...engine.flush(),
  ];
  expect(outputs.map(({ kind }) => kind)).toEqual(['fire', 'event', 'fire']);
  expect(outputs[1]).toMatchObject({ name: 'clock_jump', atNs: originNs + 1_000n });
  const verdicts = firesOf(outputs);
  expect(engine.counters().epoch).toBe(1);
  expect(verdicts.map((verdict) => verdict.atNs - originNs)).toEqual([
    -1_700_000_000_000_000_000n,
    1_000n,
  ]);
});
