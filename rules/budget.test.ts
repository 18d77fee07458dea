/**
 * Goal: no day and no hour holds more clips or bytes than the budget, critical rules have their
 * share, and what a budget holds back is counted.
 * Method: triggers at chosen times over messages of a known size.
 */
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { every, inTimeOrder, type TestMessage } from './test-blocks.ts';
import { tryRules } from './try-rules.cases.ts';

/** `/x` rises at each of these moments, ms. */
const rising = (...at: readonly number[]): TestMessage[] =>
  at.flatMap((ms) => [
    { topic: '/x', ms: ms - 1, value: 0 },
    { topic: '/x', ms, value: 2 },
  ]);
const capture = 'capture: {pre: 1s, post: 1s, topics: [/big]}';
const rules = (budgets: string, ...more: readonly string[]): string =>
  `budgets: ${budgets}\nrules:\n${more.join('\n')}`;
const rule = (id: string, more = ''): string => `- {id: ${id}, when: 'x > 1.0', ${capture}${more}}`;

test('clips of an hour, and again in the next', () => {
  // The recording begins at 22:13:20 UTC: the next hour begins at 2,800 s.
  const messages = rising(10e3, 20e3, 30e3, 2_790e3, 2_810e3);
  const { fired, suppressed } = tryRules(rules('{hour: {clips: 2}}', rule('r')), messages);
  expect(fired).toEqual(['r@10000', 'r@20000', 'r@2810000']);
  expect(suppressed('r')).toEqual({ budget: 2 });
});

test('a clip that goes on across the hour leaves the new hour what it has spent', () => {
  const set = rules(
    '{hour: {clips: 1}}',
    "- {id: long, when: 'x > 1.0', capture: {pre: 0s, post: 1s, extendWhile: true}}",
    // Too long for an open clip to take it in.
    '- {id: other, when: \'mode == "S"\', capture: {pre: 2s, post: 118s}}',
  );
  const messages = inTimeOrder([
    ...every('/x', { fromMs: 2_799_000, toMs: 2_810_000, periodMs: 100 }, () => 2),
    ...every('/mode', { fromMs: 2_801_000, toMs: 2_810_000, periodMs: 1_000 }, (ms) =>
      ms % 2_000 === 0 ? 'S' : '',
    ),
  ]);
  const { fired, suppressed } = tryRules(set, messages);
  expect(fired).toEqual(['long@2799000', 'other@2802000']);
  expect(suppressed('other')).toEqual({ budget: 3 });
});

test('a clock that is set back over the hour finds both hours spent', () => {
  const messages = [...rising(2_799e3, 2_802e3), ...rising(2_796e3, 2_803e3)];
  const { fired } = tryRules(rules('{hour: {clips: 1}}', rule('r')), messages);
  expect(fired).toEqual(['r@2799000', 'r@2802000']);
});

test('a trigger that becomes part of an open clip takes none', () => {
  const messages = rising(10e3, 11e3, 12e3, 20e3);
  const { fired } = tryRules(rules('{day: {clips: 1}}', rule('r')), messages);
  expect(fired).toEqual(['r@10000', 'r@11000', 'r@12000']);
});

test('a share is for critical rules alone, and who bypasses is counted', () => {
  const set = rules(
    '{day: {clips: 4}, reserve: {critical: 25%}}',
    rule('info', ', severity: info'),
    `- {id: stop, when: 'mode == "STOP"', severity: critical, ${capture}}`,
    `- {id: by, when: 'mode == "BY"', bypassBudget: true, ${capture}}`,
  );
  const modes = ['BY', '', 'STOP', '', 'STOP', '', 'BY'];
  const messages = inTimeOrder([
    ...rising(10e3, 20e3, 30e3),
    ...modes.map((value, i) => ({ topic: '/mode', ms: 35e3 + i * 10e3, value })),
  ]);
  const { fired, suppressed } = tryRules(set, messages);
  expect(fired).toEqual(['info@10000', 'info@20000', 'info@30000', 'by@35000', 'by@95000']);
  expect([suppressed('stop'), suppressed('info')]).toEqual([{ budget: 2 }, {}]);
  const without = tryRules(
    set,
    messages.filter(({ value }) => value !== 'BY'),
  );
  expect(without.fired).toEqual(['info@10000', 'info@20000', 'info@30000', 'stop@55000']);
});

test.each([
  [5, 1],
  [10, 2],
  [100, 20],
])('a reserve of four fifths of %d clips leaves %d', (clips, left) => {
  const set = rules(`{day: {clips: ${clips}}, reserve: {critical: 80%}}`, rule('r'));
  const messages = rising(...Array.from({ length: 25 }, (_, i) => (i + 1) * 10e3));
  expect(tryRules(set, messages).fired).toHaveLength(left);
  const head = 'apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: n, version: 1}\n';
  const signals = 'signals: {x: {topic: /x, path: data, type: double}}\n';
  expect(parseRuleSet(`${head}${signals}${set}`, 'n.yaml').problems).toEqual([]);
});

test('bytes are those of the topics of the clip within its range', () => {
  // A message of /big is 13 bytes and comes every 100 ms: a clip of 2 s holds about 260.
  const big = every('/big', { toMs: 60_000, periodMs: 100 }, () => 123);
  const other = every('/other', { toMs: 60_000, periodMs: 10 }, () => 1);
  const messages = inTimeOrder([...big, ...other, ...rising(10e3, 20e3, 30e3, 40e3)]);
  const fired = (bytes: string): readonly string[] =>
    tryRules(rules(`{day: {bytes: ${bytes}}}`, rule('r')), messages).fired;
  expect(fired('200B')).toEqual(['r@10000']);
  expect(fired('300B')).toEqual(['r@10000', 'r@20000']);
  expect(fired('600B')).toEqual(['r@10000', 'r@20000', 'r@30000']);
});

test('what a clip in the making has taken counts already', () => {
  const big = every('/big', { toMs: 60_000, periodMs: 100 }, () => 123);
  const messages = inTimeOrder([
    ...big,
    ...rising(10e3),
    { topic: '/mode', ms: 10_900, value: 'S' },
  ]);
  const set = (bytes: string): string =>
    rules(
      `{hour: {bytes: ${bytes}}}`,
      rule('r'),
      `- {id: s, when: 'mode == "S"', capture: {pre: 0s, post: 1s, topics: [/big]}}`,
    );
  expect(tryRules(set('200B'), messages).fired).toEqual(['r@10000']);
  expect(tryRules(set('300B'), messages).fired).toEqual(['r@10000', 's@10900']);
});

test('what a moment between messages has cost does not hold the message behind it', () => {
  const set = rules(
    '{hour: {bytes: 10B}}',
    `- id: r
  when: x > 1.0
  edge: level
  limits: {cooldown: 1500ms}
  capture: {topics: [/big], pre: 0s, post: 9s}`,
  );
  const messages = inTimeOrder([
    { topic: '/x', ms: 0, value: 2 },
    { topic: '/big', ms: 1_400, value: 123 },
    { topic: '/big', ms: 1_600, value: 123 },
    { topic: '/big', ms: 4_000, value: 123 },
  ]);
  // Half of the second has passed at 1500 ms: half of the 13 bytes so far.
  expect(tryRules(set, messages).fired).toEqual(['r@0', 'r@1500']);
});
