/**
 * Goal: docs/reference/rules.md is true.
 * Method: its rule set is parsed, its expressions are checked against it, and its table of
 * functions is compared with the one that the type check uses.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryFunctions, pureFunctions } from './cel/functions.ts';
import { parseRuleSet } from './document.ts';
import { problemLine } from './problem.ts';
import { ruleSetJsonSchema } from './schema.ts';

const text = readFileSync(new URL('../docs/reference/rules.md', import.meta.url), 'utf8');

const blocks = (language: string): string[] =>
  [...text.matchAll(/```(\w+)\n([^]*?)```/g)].flatMap(([, name, body]) =>
    name === language && body !== undefined ? [body] : [],
  );

const [example = ''] = blocks('yaml');

test('the rule set has no problem', () => {
  const { problems, ruleSet } = parseRuleSet(example, 'rules.yaml');
  expect(problems.map(problemLine)).toEqual([]);
  expect(ruleSet?.rules).toHaveLength(5);
});

test('the expressions are sound', () => {
  const expressions = blocks('cel').flatMap((block) => block.trim().split('\n'));
  expect(expressions.length).toBeGreaterThan(5);
  const rules = expressions.map((one, i) => `- id: r${i}\n  when: ${JSON.stringify(one)}\n`);
  const { problems } = parseRuleSet(`${example}${rules.join('')}`, 'rules.yaml');
  expect(problems.map(problemLine)).toEqual([]);
});

test('the table of functions is the one of the type check', () => {
  const rows = [...Object.entries(pureFunctions), ...Object.entries(memoryFunctions)].map(
    ([name, { args, gives, summary }]) =>
      `| \`${name}(${args.join(', ')})\` | ${gives} | ${summary} |`,
  );
  const written = text.split('\n').filter((line) => /^\| `\w+\(/.test(line));
  expect(written).toEqual(rows);
});

test('every key of a rule and of a signal is described', () => {
  const schema = JSON.stringify(ruleSetJsonSchema());
  const keys = new Set(
    [...schema.matchAll(/"(\w+)":\{"(?:description|type|\$ref|default)/g)].map((m) => m[1] ?? ''),
  );
  const missing = [...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
  expect(
    missing.filter(
      (key) =>
        !['properties', 'propertyNames', 'items', 'additionalProperties', 'description'].includes(
          key,
        ),
    ),
  ).toEqual([]);
});
