/**
 * Goal: one meaning has one digest, another meaning another one, and sets of before keep theirs.
 * Method: a set whose digest was taken before its keys had company; spellings; each key changed.
 */
import { expect, test } from 'vitest';
import { ruleSetDiff } from './diff.ts';
import { parseRuleSet } from './document.ts';
import { mergeRuleSets } from './merge.ts';
import { problemLine } from './problem.ts';
import type { RuleSet } from './rule-set.ts';

const head = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: a, version: 1}
signals: {x: {topic: /x, path: data, type: double}}
captures: {n: {topics: [/x]}}
`;
function setOf(text: string): RuleSet {
  const { ruleSet, problems } = parseRuleSet(`${head}${text}`, 'a.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  return ruleSet;
}

test('a set of before has the digest that it had', () => {
  const { digest } = setOf(`rules:
- id: a
  when: x > 1.0
  for: 1000ms
  clearWhen: x < 0.5
  limits: {cooldown: 60s}
  sample: {probability: 0.5, seed: b}
  priority: 7
  capture: {set: n, pre: 1s}
- {id: b, absent: {topic: /x, for: 1s, minHz: 3}}
- {id: c, every: {period: 60s}, when: x > 1.0}
`);
  expect(digest).toBe('31bbb08fd084db345b66826b735386fbd4fa21f3841253b169e2123c0846fd6f');
});

const plain = '- {id: r, when: x > 1.0}';
const digestOf = (rule: string, more = ''): string => setOf(`${more}rules:\n${rule}\n`).digest;

test.each([
  ['- {id: r, when: "x  > 1.0"}', '- {id: r, when: "x  > 1.0"} # a comment'],
  [plain, '- {id: r, when: x > 1.0, edge: rising, keep: 0ms, shadow: false, bypassBudget: false}'],
  [plain, '- {id: r, when: x > 1.0, capture: {pre: 10000ms, post: 5s, extendWhile: false}}'],
  [
    '- {id: r, when: x > 1.0, limits: {perHour: 3}}',
    '- {id: r, when: x > 1.0, limits: {cooldown: 0s, perHour: 3}}',
  ],
  [
    '- {id: r, when: x > 1.0, sample: {probability: 0.5}}',
    '- {id: r, when: x > 1.0, sample: {strategy: random, probability: 0.5}}',
  ],
  [
    '- {id: r, when: x > 1.0, capture: {maxDuration: 60s, maxBytes: 1KiB, downsample: {/x: 5Hz}}}',
    '- {id: r, when: x > 1.0, capture: {maxDuration: 1m, maxBytes: 1024B, downsample: {/x: 5.0 Hz}}}',
  ],
  [
    '- {id: r, when: x > 1.0, expires: 2027-01-31, label: {v: x*2.0}}',
    '- {id: r, when: x > 1.0, expires: "2027-01-31T00:00:00.000Z", label: {v: x * 2.0}}',
  ],
  [
    '- {id: r, sequence: {within: 1s, steps: [x > 1.0, x > 2.0]}}',
    '- {id: r, sequence: {within: 1000ms, steps: [x > 1.0, x > 2.0]}}',
  ],
  [
    '- id: r\n  when: |\n    x > 1.0 // fast\n    && x < 9.0 // not broken',
    '- {id: r, when: x > 1.0 && x < 9.0}',
  ],
])('%s is %s', (one, other) => {
  expect(digestOf(one)).toBe(digestOf(other));
});

test('how old further inputs may be is said with them, and a name is no key', () => {
  const of = (input: string) =>
    digestOf(plain, `models: {m: {ref: m, input: {topic: /a${input}}}}\n`);
  expect(of(', more: {s: /b}, maxAge: 1000ms')).toBe(of(', more: {s: /b}'));
  expect(of(', more: {}, maxAge: 3s')).toBe(of(''));
  const named = (every: string) =>
    digestOf(plain, `models: {more: {ref: m, input: {topic: /a}, every: ${every}}}\n`);
  expect(named('200ms')).toBe(named('0.2s'));
});

test('what stands in a comment is no part of the meaning', () => {
  const lines = '- id: r\n  when: |\n    x > 1.0 // fast\n    && x < 9.0';
  const hidden = '- {id: r, when: "x > 1.0 // fast && x < 9.0"}';
  expect(digestOf(hidden)).not.toBe(digestOf(lines));
  expect(digestOf(hidden)).toBe(digestOf(plain));
});

test('each key that changes what happens changes the digest', () => {
  const changes = [
    'edge: both',
    'keep: 1s',
    'shadow: true',
    'bypassBudget: true',
    'expires: 2027-01-31',
    'expires: 2027-02-01',
    'scope: hw = orin',
    'label: {v: x}',
    'label: {v: 2.0 * x}',
    'priority: 10.0 * margin()',
    'limits: {perMinute: 3}',
    'limits: {perHour: 3}',
    'limits: {per: {key: x, max: 1, every: 1h}}',
    'sample: {probability: 0.5}',
    'sample: {strategy: closeTo, within: 0.1}',
    'capture: {extendWhile: true}',
    'capture: {maxDuration: 20s}',
    'capture: {maxBytes: 1MiB}',
    'capture: {downsample: {/x: 5Hz}}',
  ].map((more) => digestOf(`- {id: r, when: x > 1.0, ${more}}`));
  const triggers = [
    plain,
    '- {id: r, manual: {}}',
    '- {id: r, manual: {topic: /x}}',
    '- {id: r, every: {randomUniform: 1m}}',
    '- {id: r, every: {randomUniform: 1m, seed: b}}',
    '- {id: r, sequence: {within: 1s, steps: [x > 1.0, x > 2.0]}}',
  ].map((one) => digestOf(one));
  const budgets = ['{day: {clips: 3}}', '{day: {bytes: 3kB}}', '{hour: {clips: 3}}'].map((one) =>
    digestOf(plain, `budgets: ${one}\n`),
  );
  const inputs = ['', ', more: {s: /b}', ', more: {t: /b}', ', more: {s: /b}, maxAge: 3s'].map(
    (more) => digestOf(plain, `models: {m: {ref: m, input: {topic: /a${more}}}}\n`),
  );
  const all = [...changes, ...triggers, ...budgets, ...inputs];
  expect(new Set(all).size).toBe(all.length);
});

test('a diff names budgets and modifiers; merging keeps budgets that agree', () => {
  const before = setOf(`budgets: {day: {clips: 3}}\nrules:\n${plain}\n`);
  const after = setOf(
    'budgets: {day: {clips: 4}}\nrules:\n- {id: r, when: x > 1.0, edge: both, limits: {perHour: 2}}\n',
  );
  expect(ruleSetDiff(before, after)).toEqual([
    {
      part: 'rule',
      name: 'r',
      change: 'changed',
      fields: [
        { path: 'limits.perHour', after: 2 },
        { path: 'edge', after: 'both' },
      ],
    },
    {
      part: 'document',
      name: 'a',
      change: 'changed',
      fields: [{ path: 'budgets.day.clips', before: 3, after: 4 }],
    },
  ]);
  const text = (clips: number, id: string): string =>
    `${head}budgets: {day: {clips: ${clips}}}\nrules:\n- {id: ${id}, when: x > 1.0}\n`;
  const sets = (clips: number) => [
    { file: 'a.yaml', text: text(3, 'a') },
    { file: 'b.yaml', text: text(clips, 'b') },
  ];
  const name = { name: 'both', version: 1 };
  expect(mergeRuleSets(sets(3), name).ruleSet.budgets?.day?.clips).toBe(3);
  expect(() => mergeRuleSets(sets(4), name)).toThrow(/budgets means one thing in a.yaml/);
});
