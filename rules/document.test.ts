/**
 * Goal: one meaning has one digest, and no text takes long to read.
 * Method: the same rule set written in other ways; texts of the largest size in unpleasant shapes.
 */
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import * as limits from './limits.ts';

const first = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: a, version: 1}
signals:
  x: {topic: /x, path: data, type: double, maxAge: 1500ms}
rules:
- {id: r, when: x > 1.0, for: 1s}
`;

/** Another order, another style, comments, and defaults written out. */
const second = `# The same.
rules:
  - when: >-
      x > 1.0
    id: "r"
    severity: warning   # the default
    for: 1000ms
    tags: []
    capture: {post: 5s, pre: 10s}
kind: RuleSet
signals: {x: {type: double, path: data, topic: /x, maxAge: 1.5s, latched: false}}
metadata: {version: 1, name: a}
latched: []
apiVersion: "fieldloop.rules/v1"
`;

const digestOf = (text: string): string | undefined => parseRuleSet(text, 'f').ruleSet?.digest;

test('comments, order, style and written-out defaults do not change the digest', () => {
  expect(digestOf(first)).toMatch(/^[0-9a-f]{64}$/);
  expect(digestOf(second)).toBe(digestOf(first));
});

test.each([
  ['a threshold', 'x > 1.0', 'x > 1.1'],
  ['a duration', 'for: 1s', 'for: 2s'],
  ['a version', 'version: 1', 'version: 2'],
])('%s changes it', (_, from, to) => {
  expect(digestOf(first.replace(from, to))).not.toBe(digestOf(first));
});

test('names of JavaScript objects are names like others', () => {
  const text = first.replaceAll('x:', 'constructor:').replaceAll('x > ', 'constructor > ');
  expect(parseRuleSet(text, 'f').ruleSet?.signals[0]?.name).toBe('constructor');
  const proto = first.replace('kind: RuleSet', 'kind: RuleSet\n__proto__: {polluted: true}');
  expect(parseRuleSet(proto, 'f').problems[0]?.code).toBe('unknown-key');
  expect(parseRuleSet(first.replace('x >', 'toString >'), 'f').problems[0]?.code).toBe(
    'unknown-signal',
  );
});

const most = limits.documentBytes - 200;
const fill = (line: (i: number) => string): string => {
  let text = '';
  for (let i = 0; text.length < most - 60; i += 1) text += line(i);
  return text;
};

test.each([
  ['keys', fill((i) => `k${i}: 1\n`)],
  ['the same key', fill(() => 'k: 1\n')],
  [
    'captures that extend each other',
    `captures:\n${fill((i) => `  c${i}: {topics: [/a], extends: c${i + 1}}\n`)}`,
  ],
  ['signals', `signals:\n${fill((i) => `  s${i}: {topic: /a, path: x, type: float}\n`)}`],
  ['rules', `rules:\n${fill((i) => `- {id: r${i}, when: 'y${i} > 1.0 && z > 2.0'}\n`)}`],
  ['items', `rules:\n${fill(() => '- 1\n')}`],
  ['errors', fill(() => 'a: b: c\n')],
  ['brackets', '['.repeat(most)],
  ['quotes', '"a" '.repeat(most / 4)],
  ['a long text', `kind: "${'\\u00e9'.repeat(most / 6)}`],
])('the largest text of %s is refused, with a bounded number of problems', (_, text) => {
  const { ruleSet, problems } = parseRuleSet(text, 'f');
  expect(ruleSet).toBeUndefined();
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(limits.problems);
});
