/**
 * Goal: docs/reference/rule-expressions.md is true, and leaves no function out.
 * Method: each row runs over its values; the document is compared with what happened.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryFunctions, pureFunctions } from './cel/functions.ts';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { problemLine } from './problem.ts';
import { channelsOf, inTimeOrder, originNs, type TestMessage, wholeBlock } from './test-blocks.ts';
import { firesOf, type Verdict } from './verdict.ts';

const file = '../docs/reference/rule-expressions.md';
const text = readFileSync(new URL(file, import.meta.url), 'utf8');
const [, signals = ''] = /```yaml\n([^]*?)```/.exec(text) ?? [];
const head = 'apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: doc, version: 1}\n';

/** `x 0 2 -; fix 52.1/4.2`: one value every 100 ms. */
function messagesOf(values: string): TestMessage[] {
  const messages = values.split(';').flatMap((part) => {
    const [topic = '', ...all] = part.trim().split(' ');
    return all.flatMap((value, i) =>
      value === '-' ? [] : [{ topic: `/${topic}`, ms: i * 100, value: valueOf(topic, value) }],
    );
  });
  return inTimeOrder(messages);
}

function valueOf(topic: string, value: string): unknown {
  switch (topic) {
    case 'mode':
      return { data: value };
    case 'ok':
      return { data: value === 'true' };
    case 'stamp':
      return { data: Number(originNs / 1_000_000_000n) + Number(value) };
    case 'fix': {
      const [lat, lon] = value.split('/').map(Number);
      return { lat, lon };
    }
    case 'dets': {
      const items = value === '[]' ? [] : value.split(',');
      return {
        items: items.map((item) => {
          const [score, dist] = item.split(':').map(Number);
          return { score, dist };
        }),
      };
    }
    default:
      return { data: Number(value) };
  }
}

function run(expression: string, values: string): Verdict[] {
  const rule = `- {id: r, when: ${JSON.stringify(expression)}, priority: 1000.0 * margin()}\n`;
  const { ruleSet, problems } = parseRuleSet(`${head}${signals}rules:\n${rule}`, 'doc.yaml');
  if (ruleSet === undefined) throw new Error(problems.map(problemLine).join('\n'));
  const messages = messagesOf(values);
  const channels = channelsOf(messages);
  const engine = openEngine(ruleSet, { device: 'doc' });
  for (const channel of channels) engine.channel(0, channel);
  const outputs = [...engine.block(0, wholeBlock(messages, channels)), ...engine.flush()];
  return firesOf(outputs);
}

const row = /^\| `(.*)` \| ((?:x|y|mode|ok|stamp|fix|dets) [^|]*) \|(.*)\|$/;

test('every row says what happens', async () => {
  let wantsMargin = false;
  const seen: string[] = [];
  const lines = text.split('\n').map((line) => {
    if (line.startsWith('| expression |')) wantsMargin = line.includes('margin');
    const [, written, values] = row.exec(line) ?? [];
    // A bar is written with a backslash inside a table.
    const expression = written?.replaceAll('\\|', '|');
    if (expression === undefined || values === undefined) return line;
    seen.push(expression);
    const fired = run(expression, values);
    const at = fired.map(({ atNs }) => String(Number((atNs - originNs) / 1_000_000n)));
    const margins = fired.map(({ margin }) => String(margin));
    const said = (wantsMargin ? margins : at).join(', ');
    return `| \`${written}\` | ${values} | ${said === '' ? 'never' : said} |`;
  });
  const names = [...Object.keys(pureFunctions), ...Object.keys(memoryFunctions), 'matches'];
  const macros = ['exists', 'all', 'exists_one', 'filter', 'map', 'sum'];
  const whole = seen.join('\n');
  const missing = [...names, ...macros].filter((name) => !new RegExp(`\\b${name}\\(`).test(whole));
  expect(missing).toEqual([]);
  await expect(lines.join('\n')).toMatchFileSnapshot(file);
});

test('expressions that differ in their brackets have a memory each', () => {
  const rules = ['ok && x > 1.0 in [false]', '(ok && x > 1.0) in [false]'].map(
    (text, i) => `- {id: r${i}, when: ${JSON.stringify(`rise(${text})`)}}\n`,
  );
  const fired = (some: readonly string[]): string[] => {
    const { ruleSet } = parseRuleSet(`${head}${signals}rules:\n${some.join('')}`, 'doc.yaml');
    if (ruleSet === undefined) throw new Error('refused');
    const messages = messagesOf('ok true true false false; x 2 2 2 2');
    const channels = channelsOf(messages);
    const engine = openEngine(ruleSet, { device: 'doc' });
    for (const channel of channels) engine.channel(0, channel);
    const outputs = [...engine.block(0, wholeBlock(messages, channels)), ...engine.flush()];
    return firesOf(outputs).map(({ ruleId, atNs }) => `${ruleId}@${atNs - originNs}`);
  };
  const alone = rules.map((one) => fired([one]));
  expect(alone[1]).toEqual(['r1@200000000']);
  expect(fired(rules).toSorted()).toEqual(alone.flat().toSorted());
});
