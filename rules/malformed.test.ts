/**
 * Goal: whatever is wrong with a rule set, people hear where, what and what to do, all at once.
 * Method: the cases of malformed.cases.ts; the table in docs is written from what was said.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import * as limits from './limits.ts';
import { malformedRules as malformedSets } from './malformed.cases.ts';
import { malformedModifiers } from './malformed-modifiers.cases.ts';
import { malformedTerms, soundHolds } from './malformed-terms.cases.ts';
import type { RuleProblem } from './problem.ts';

const malformedRules = [...malformedSets, ...malformedModifiers, ...malformedTerms];
const said = (text: string): readonly RuleProblem[] => parseRuleSet(text, 'rules.yaml').problems;
const placeOf = ({ line, column, code }: RuleProblem): string => `${line}:${column} ${code}`;

test.each(malformedRules)('$name', ({ text, expect: places }) => {
  const problems = said(text);
  expect(problems.map(placeOf)).toEqual(places);
});

test.each(soundHolds)('nothing to say: %s', (text) => {
  expect(said(text)).toEqual([]);
});

test('docs/reference/bad-input/rules.md shows what is said', async () => {
  const cell = (value: string): string => value.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
  const rows = malformedRules.flatMap(({ name, text }) =>
    said(text).map(({ line, column, code, message, remedy, severity }) => {
      const kind = severity === 'warning' ? `${code} (warning)` : code;
      return `| ${cell(name)} | ${kind} | \`rules.yaml:${line}:${column}\` ${cell(message)} | ${cell(remedy)} |`;
    }),
  );
  const table = `# Bad input: rules

Written by \`rules/malformed.test.ts\` from \`rules/malformed.cases.ts\`.

| input | code | place and message | remedy |
|---|---|---|---|
${rows.join('\n')}
`;
  await expect(table).toMatchFileSnapshot('../docs/reference/bad-input/rules.md');
});

test('no text makes it throw, hang or say nothing', () => {
  const [whole] = malformedRules.filter(({ name }) => name === 'for longer than maxAge');
  const text = whole?.text ?? '';
  const junk = fc.constantFrom(
    '{',
    '}',
    '[',
    '"',
    "'",
    ':',
    '- ',
    '\n',
    '&a',
    '*a',
    '!',
    '|',
    '>',
    '\t',
    '#',
    '0',
    'vx',
  );
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.nat(12),
      fc.array(junk, { maxLength: 4 }),
      (at, cut, more) => {
        const mutated = text.slice(0, at) + more.join('') + text.slice(at + cut);
        const { ruleSet, problems } = parseRuleSet(mutated, 'rules.yaml');
        expect(problems.length).toBeLessThanOrEqual(limits.problems);
        const errors = problems.filter(({ severity }) => severity === 'error');
        expect(ruleSet === undefined).toBe(errors.length > 0);
        for (const { line, column, message, remedy } of problems) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(mutated.split('\n').length);
          expect(message).not.toBe('');
          expect(remedy).not.toBe('');
        }
      },
    ),
    { numRuns: 300, seed: 20_251_121 },
  );
});

test('a document at the limits is read in time, one beyond is refused', () => {
  const rules = Array.from({ length: limits.rules }, (_, i) => `- {id: r${i}, when: v${i} > 1.0}`);
  const signals = Array.from(
    { length: limits.signals },
    (_, i) => `  v${i}: {topic: /t${i}, path: x, type: double, latched: true}`,
  );
  const build = (some: readonly string[], more: readonly string[]): string =>
    `apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: many, version: 1}\nsignals:\n${some.join('\n')}\nrules:\n${more.join('\n')}\n`;
  expect(said(build(signals, rules))).toEqual([]);
  const more = [...rules, '- {id: one-more, when: v0 > 1.0}'];
  expect(said(build(signals, more)).map((one) => one.code)).toEqual(['limit']);
  const other = [...signals, '  one_more: {topic: /t, path: x, type: double, latched: true}'];
  expect(said(build(other, rules)).map((one) => one.code)).toEqual(['limit']);
  expect(said('x'.repeat(limits.documentBytes + 1)).map((one) => one.code)).toEqual(['limit']);
});
