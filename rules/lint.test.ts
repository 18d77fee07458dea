/**
 * Goal: a rule set that a recording cannot serve is told so before it runs on a robot.
 * Method: channels with ROS 2 definitions, rule sets with one fault each.
 */
import type { Channel } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { lintAgainst } from './lint.ts';

const ros = (id: number, topic: string, name: string, definition: string): Channel => ({
  id,
  topic,
  messageEncoding: 'cdr',
  metadata: new Map(),
  schema: { name, encoding: 'ros2msg', data: new TextEncoder().encode(definition) },
  latched: false,
});

const recording = {
  channels: [
    { channel: ros(0, '/odom', 'demo/msg/Odom', 'float64 speed\nstring frame\n'), messages: 500 },
    { channel: ros(1, '/scan', 'demo/msg/Scan', 'float32[] ranges\n'), messages: 100 },
  ],
  durationNs: 10_000_000_000n,
};

function lint(signals: string, rules: string): string[] {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
signals:
  ${signals}
rules:
  ${rules}
`;
  const { ruleSet, problems } = parseRuleSet(text, 'r.yaml');
  if (ruleSet === undefined) throw new Error(JSON.stringify(problems));
  return lintAgainst(ruleSet, recording).map(
    ({ line, column, severity, code, message }) =>
      `${line}:${column} ${severity} ${code}: ${message}`,
  );
}

const speed = 'v: {topic: /odom, path: speed, type: double}';
const rule = '- {id: r, when: v > 1.0}';

test('nothing to say about rules that fit', () => {
  expect(lint(speed, rule)).toEqual([]);
});

test.each([
  ['a topic', 'v: {topic: /odm, path: speed, type: double}', rule, '5:14 error unknown-topic'],
  ['a field', 'v: {topic: /odom, path: sped, type: double}', rule, '5:27 error unknown-field'],
  ['a type', 'v: {topic: /odom, path: frame, type: double}', rule, '5:40 error type'],
  [
    'an absent topic',
    speed,
    '- {id: r, absent: {topic: /imu, for: 1s}}',
    '7:29 error unknown-topic',
  ],
  [
    'a topic of age',
    speed,
    `- {id: r, when: 'age("/imu") > duration("1s")'}`,
    'error unknown-topic',
  ],
  [
    'a captured topic',
    speed,
    '- {id: r, when: v > 1.0, capture: {topics: [/map]}}',
    'warning unknown-topic',
  ],
  ['memory', speed, `- {id: r, when: 'max(v, "24h") > 1.0'}`, 'error memory'],
])('%s', (_, signals, rules, expected) => {
  const problems = lint(signals, rules);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(expected);
});

test('the nearest name is proposed', () => {
  expect(lint('v: {topic: /odom, path: sped, type: double}', rule)[0]).toContain('"speed"');
  expect(lint('v: {topic: /odm, path: speed, type: double}', rule)[0]).toContain('"/odom"');
});
