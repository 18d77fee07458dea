/**
 * Goal: a rule set that a recording cannot serve is told so before it runs on a robot.
 * Method: channels with ROS 2 definitions, rule sets with one fault each.
 */
import type { Channel } from '@fieldloop/recording';
import { expect, test } from 'vitest';
import { costOf } from './cost.ts';
import { parseRuleSet } from './document.ts';
import { lintAgainst, lintReadable } from './lint.ts';

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
    {
      channel: ros(
        2,
        '/dets',
        'demo/msg/Dets',
        'demo/Det[] dets\n================\nMSG: demo/Det\nfloat64 score\nstring name\nuint64 id\n',
      ),
      messages: 100,
      bytes: 50_000_000,
    },
    { channel: ros(3, '/fix', 'demo/msg/Fix', 'float64 lat\nstring lon\n'), messages: 2 },
    { channel: ros(4, '/estop', 'demo/msg/Stop', 'bool data\n'), messages: 0 },
    { channel: ros(5, '/count', 'demo/msg/Count', 'int64 stamp\nint64[] all\n'), messages: 500 },
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
  const capture = 'capture: {topics: [/*, "/**/dets"]}';
  expect(lint(speed, `- {id: r, when: v > 1.0, ${capture}}`)).toEqual([]);
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
    'a button that nobody pressed',
    speed,
    "- {id: r, manual: {topic: /button}, priority: '10.0 * v'}",
    '7:29 warning unknown-topic',
  ],
  [
    'a topic of a label',
    speed,
    '- {id: r, when: v > 1.0, label: {late: \'age("/imu")\'}}',
    '7:43 error unknown-topic',
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
  [
    'a captured pattern',
    speed,
    '- {id: r, when: v > 1.0, capture: {topics: [/odom, /map/**]}}',
    'the recording has none of /map/** to capture',
  ],
  ['memory', speed, `- {id: r, when: 'max(v, "24h") > 1.0'}`, 'error memory'],
  [
    'memory of a label',
    speed,
    `- {id: r, when: v > 1.0, label: {peak: 'max(v, "24h")'}}`,
    'error memory',
  ],
  [
    'memory of a priority',
    speed,
    `- {id: r, when: v > 1.0, priority: '10.0 * max(v, "24h")'}`,
    'error memory',
  ],
  [
    'memory of a key',
    speed,
    `- {id: r, when: v > 1.0, limits: {per: {key: 'max(v, "24h")', max: 1, every: 1h}}}`,
    'error memory',
  ],
  ['memory of a margin', speed, `- {id: r, when: '!once(v > 1.0, "24h")'}`, 'error memory'],
  [
    'memory of a rate',
    speed,
    '- {id: r, absent: {topic: /odom, for: 1s, minHz: 6, window: 24h}}',
    'error memory',
  ],
  [
    'the field of an item',
    'd: {topic: /dets, path: dets, type: list}',
    "- {id: r, when: 'd.exists(e, e.scor > 0.5)'}",
    '5:27 error unknown-field',
  ],
  [
    'the type of an item',
    'd: {topic: /dets, path: dets, type: list}',
    "- {id: r, when: 'd.exists(e, e.name > 0.5)'}",
    '5:27 error type',
  ],
  [
    'an integer that a double may not hold',
    'v: {topic: /count, path: stamp, type: double}',
    rule,
    '5:28 warning type: /count stamp is a 64-bit integer: it is unknown from 2^53 on',
  ],
  [
    'the largest of such integers',
    'v: {topic: /count, path: "all[]", type: double, reduce: {fn: max}}',
    rule,
    '5:28 warning type: /count all[]',
  ],
  [
    'such an integer of an item',
    'd: {topic: /dets, path: dets, type: list}',
    "- {id: r, when: 'd.exists(e, e.id > 5.0)'}",
    '5:27 warning type: /dets: id of dets',
  ],
  [
    'a list that is none',
    'd: {topic: /odom, path: speed, type: list}',
    "- {id: r, when: 'size(d) > 1'}",
    '5:27 error unknown-field',
  ],
  [
    'a longitude in words',
    'p: {topic: /fix, path: [lat, lon], type: geo}',
    "- {id: r, when: 'dist(p, geo(1.0, 2.0)) < 5.0'}",
    'error type',
  ],
  [
    'the place of a topic in an expression',
    speed,
    `- {id: r, when: 'v > 1.0 && age("/imu") > duration("1s")'}`,
    '7:31 error unknown-topic',
  ],
  [
    'a silence that is normal',
    speed,
    '- {id: r, absent: {topic: /scan, for: 50ms}}',
    '7:41 warning rate',
  ],
  [
    'a rate that is never reached',
    speed,
    '- {id: r, absent: {topic: /scan, for: 1s, minHz: 20}}',
    '7:52 warning rate',
  ],
  ['a topic without a rate', speed, '- {id: r, absent: {topic: /fix, for: 1s}}', 'warning rate'],
  [
    'a topic without a message',
    speed,
    '- {id: r, absent: {topic: /estop, for: 1s}}',
    '7:29 warning rate: /estop has 0 messages here',
  ],
])('%s', (_, signals, rules, expected) => {
  const problems = lint(signals, rules);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(expected);
});

test('a hold without a margin remembers two numbers, whatever its window', () => {
  const cleared = `- {id: r, when: v > 1.0, clearWhen: 'held(v < 0.5, "24h")'}`;
  expect(lint(speed, cleared)).toEqual([]);
  expect(lint(speed, `- {id: r, when: 'zscore(v, "24h") > 3.0'}`)).toEqual([]);
});

test('windows over scores need memory by how often their model is asked', () => {
  const withModel = (every: string): string[] =>
    lint(
      speed,
      `- {id: r, when: 'v > 1.0 && p(net.entropy, 0.8, "24h") > 0.7'}
models: {net: {ref: net, input: {topic: /odom}, every: ${every}}}`,
    );
  expect(withModel('20ms')).toEqual([expect.stringContaining('error memory')]);
  expect(withModel('200ms')).toEqual([]);
});

test('how many 64-bit integers there are is no such integer', () => {
  const count = 'v: {topic: /count, path: "all[]", type: double, reduce: {fn: count}}';
  expect(lint(count, rule)).toEqual([]);
});

test('the nearest name is proposed', () => {
  expect(lint('v: {topic: /odom, path: sped, type: double}', rule)[0]).toContain('"speed"');
  expect(lint('v: {topic: /odm, path: speed, type: double}', rule)[0]).toContain('"/odom"');
});

test('a clip that its budget never holds', () => {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
signals: {${speed}}
budgets: {day: {bytes: 10MB}}
rules:
- {id: r, when: v > 1.0, capture: {topics: [/dets]}}
- {id: thin, when: v > 1.0, capture: {topics: [/dets], maxBytes: 1MB}}
`;
  const { ruleSet } = parseRuleSet(text, 'r.yaml');
  if (ruleSet === undefined) throw new Error('not read');
  const problems = lintAgainst(ruleSet, recording);
  expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual(['7 budget']);
});

test('each input of a model is of a topic that comes', () => {
  const model = 'models: {net: {ref: net, input: {topic: /odom, more: {s: /dets, t: /odim}}}}';
  const found = lint(speed, `- {id: r, when: net.value > 1.0}\n${model}`);
  expect(found).toEqual([expect.stringMatching(/error unknown-topic: .*"\/odim".*"\/odom"/)]);
});

test('rules on scores cost by how often their model is asked', () => {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
models: {net: {ref: net, input: {topic: /camera}, every: 200ms}}
rules: [{id: r, when: net.entropy > 0.5}]
`;
  const { ruleSet } = parseRuleSet(text, 'r.yaml');
  if (ruleSet === undefined) throw new Error('the sample is not sound');
  const hz = (frames: number): number | undefined => {
    const [odom] = recording.channels;
    if (odom === undefined) throw new Error('the recording has a channel');
    const channel = { ...odom.channel, topic: '/camera' };
    const channels = [{ ...odom, channel, messages: frames * 10 }];
    return costOf(ruleSet, { channels, durationNs: 10_000_000_000n }).rules[0]?.hz;
  };
  expect(hz(0)).toBe(0);
  expect(hz(2)).toBe(2);
  expect(hz(30)).toBe(5);
});

test('the cost of a set grows with its rates and with what its rules ask', () => {
  const costs = (rule: string, hz: number): number => {
    const text = `apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: test, version: 1}\nsignals: {${speed}}\nrules:\n- {id: r, ${rule}}\n`;
    const { ruleSet } = parseRuleSet(text, 'r.yaml');
    if (ruleSet === undefined) throw new Error('not read');
    const [odom] = recording.channels;
    const channels = odom === undefined ? [] : [{ ...odom, messages: hz * 10 }];
    const cost = costOf(ruleSet, { channels, durationNs: 10_000_000_000n });
    expect(cost.rules.map((one) => one.rule)).toEqual(['r']);
    expect(cost.nsPerSecond).toBe(
      cost.readingNsPerSecond + cost.rules.reduce((sum, one) => sum + one.nsPerSecond, 0),
    );
    return cost.nsPerSecond;
  };
  expect(costs('when: v > 1.0', 100)).toBe(10 * costs('when: v > 1.0', 10));
  expect(costs('when: v > 1.0', 0)).toBe(0);
  const plain = costs('when: v > 1.0', 100);
  expect(costs(`when: 'p(v, 0.9, "1s") > 1.0'`, 100)).toBeGreaterThan(2 * plain);
  const labelled = `when: v > 1.0, label: {high: 'p(v, 0.9, "1s")'}`;
  expect(costs(labelled, 100)).toBeGreaterThan(2 * plain);
  // The margin of a `when` remembers its window besides; clearWhen has no margin.
  const held = `'held(v < 0.5, "1s")'`;
  const cleared = costs(`when: v > 1.0, clearWhen: ${held}`, 100);
  expect(costs(`when: ${held}, clearWhen: v > 1.0`, 100)).toBeGreaterThan(cleared);
});

test('a broken document is compared as far as it could be read', () => {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: test, version: 1}
signals:
  v: {topic: /odom, path: sped, type: double}
  w: {topic: /odom, path: "a..b", type: double, latched: true}
rules:
  - {id: r, when: unknown > 1.0}
  - {id: s, severty: info, absent: {topic: /imu, for: 1s}}
  - {id: t, when: v > 1.0, for: 5}
`;
  const { ruleSet, readable, problems } = parseRuleSet(text, 'r.yaml');
  expect(ruleSet).toBeUndefined();
  expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual([
    '6 bad-value',
    '8 unknown-signal',
    '9 unknown-key',
    '10 duration',
  ]);
  if (readable === undefined) throw new TypeError('nothing was read');
  const found = lintReadable(readable, recording);
  expect(found.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
    '5:27 unknown-field',
    '9:44 unknown-topic',
  ]);
});
