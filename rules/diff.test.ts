/**
 * Goal: what changed between two rule sets is told whole, by meaning and by line.
 * Method: small edits of a document; and for random texts, the diff applied gives the other text.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ruleSetDiff } from './diff.ts';
import { parseRuleSet } from './document.ts';
import { textDiff } from './text-diff.ts';

const first = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
signals:
  v: {topic: /odom, path: data, type: double}
rules:
- {id: fast, severity: info, when: v > 1.0, limits: {cooldown: 2s}}
- {id: slow, severity: info, when: v < 0.1}
`;

const parsed = (text: string) => {
  const { ruleSet } = parseRuleSet(text, 't.yaml');
  if (ruleSet === undefined) throw new TypeError('no rule set');
  return ruleSet;
};

test('a change is told by its rule and field, spelling and order of lines are none', () => {
  const second = first
    .replace('v > 1.0', 'v > 2.0')
    .replace('cooldown: 2s', 'cooldown: 2000ms')
    .replace(
      '- {id: slow, severity: info, when: v < 0.1}',
      '# gone\n- {id: new, severity: critical, when: v < 0.2}',
    );
  expect(ruleSetDiff(parsed(first), parsed(second))).toMatchObject([
    {
      part: 'rule',
      name: 'fast',
      change: 'changed',
      fields: [{ path: 'when', before: 'v > 1.0', after: 'v > 2.0' }],
    },
    { part: 'rule', name: 'slow', change: 'removed' },
    { part: 'rule', name: 'new', change: 'added' },
  ]);
  expect(ruleSetDiff(parsed(first), parsed(`# a comment\n${first}`))).toEqual([]);
  const moved = ruleSetDiff(parsed(first), parsed(first.replace('version: 1', 'version: 2')));
  expect(moved).toMatchObject([
    { part: 'document', fields: [{ path: 'metadata.version', before: 1, after: 2 }] },
  ]);
});

test('lines come as diff -u shows them', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const other = lines.with(9, 'changed').join('\n');
  expect(textDiff(lines.join('\n'), other)).toEqual([
    '@@ -7,7 +7,7 @@',
    ' line 6',
    ' line 7',
    ' line 8',
    '-line 9',
    '+changed',
    ' line 10',
    ' line 11',
    ' line 12',
  ]);
  expect(textDiff('same\n', 'same')).toEqual([]);
});

test('for all texts: the old lines and the changes give the new lines', () => {
  const seed = 20_261_121;
  const text = fc.array(fc.constantFrom<string>('a', 'b', 'c', ''), { maxLength: 30 });
  const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const property = fc.property(text, text, (a, b) => {
    expect(applied(a, textDiff(joined(a), joined(b)))).toEqual(b);
  });
  fc.assert(property, { seed, numRuns: 500 });
});

/** The lines after a diff; a line that is not where the diff says makes it another text. */
function applied(lines: readonly string[], diff: readonly string[]): string[] {
  const result = [...lines];
  let shift = 0;
  let at = 0;
  for (const line of diff) {
    const head = /^@@ -(\d+),(\d+) /.exec(line);
    if (head !== null) {
      at = Number(head[1]) - (head[2] === '0' ? 0 : 1) + shift;
    } else if (line.startsWith('-')) {
      if (result[at] !== line.slice(1)) return ['a removed line is another one'];
      result.splice(at, 1);
      shift -= 1;
    } else if (line.startsWith('+')) {
      result.splice(at, 0, line.slice(1));
      at += 1;
      shift += 1;
    } else {
      if (result[at] !== line.slice(1)) return ['a line of context is another one'];
      at += 1;
    }
  }
  return result;
}
