/**
 * Goal: docs/reference/rules-by-example.md is true.
 * Method: each row's rule runs over its values; the document is compared with what happened.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nothingPlanned, planClips, type PlanState, triggerFor } from './clip-plan.ts';
import { parseRuleSet } from './document.ts';
import * as limits from './limits.ts';
import { problemLine } from './problem.ts';
import { inTimeOrder, type TestMessage } from './test-blocks.ts';
import { msOf, type Tried, tryRules } from './try-rules.cases.ts';

const file = '../docs/reference/rules-by-example.md';
const text = readFileSync(new URL(file, import.meta.url), 'utf8');

/** `x 0 2 -; mode A B`: one value every 100 ms. */
function messagesOf(values: string): TestMessage[] {
  const messages = values.split(';').flatMap((part) => {
    const [topic = '', ...all] = part.trim().split(' ');
    return all.flatMap((value, i) => {
      const number = Number(value);
      const shown = Number.isNaN(number) ? value : number;
      return value === '-' ? [] : [{ topic: `/${topic}`, ms: i * 100, value: shown }];
    });
  });
  return inTimeOrder(messages);
}

const short = (ms: number): string => String(Math.round(ms));

function firesOf({ outputs, engine, suppressed }: Tried): string {
  const fires = outputs.flatMap((one) => {
    if (one.kind === 'fire') return [short(msOf(one.atNs))];
    return one.kind === 'shadow' ? [`(${short(msOf(one.atNs))})`] : [];
  });
  const off = engine.counters().rules['r']?.off;
  const reasons = Object.entries(suppressed('r')).filter(([reason]) => reason !== 'shadow');
  const held = reasons.filter(([, count = 0]) => count > 0);
  const told = held.map(([reason, count]) => `${count} ${reason}`).join(', ');
  const when = fires.length === 0 ? 'never' : fires.join(', ');
  if (off !== undefined) return 'never: out of scope';
  return told === '' ? when : `${when}; held back: ${told}`;
}

function clipsOf({ outputs }: Tried): string {
  let state: PlanState<null> = nothingPlanned;
  const clips: string[] = [];
  const step = (input: Parameters<typeof planClips<null>>[1]): void => {
    const [next, made] = planClips(state, input);
    state = next;
    for (const output of made) {
      if (output.kind !== 'cut') continue;
      const { startNs, endNs, group } = output.draft;
      const part = group === undefined ? '' : ` (part ${group.part})`;
      clips.push(`${short(msOf(startNs))}..${short(msOf(endNs))}${part}`);
    }
  };
  for (const output of outputs) {
    if (output.kind === 'extend') step(output);
    if (output.kind !== 'fire') continue;
    const trigger = triggerFor(output, { clipNs: limits.clipNs, marker: null });
    step({ kind: 'trigger', trigger });
  }
  step({ kind: 'end' });
  return clips.join(', ');
}

const row = /^\| `\{(.*)\}` \| ([^|]+) \|.*\|$/;

test('every row says what happens', async () => {
  let isOfClips = false;
  let rows = 0;
  const lines = text.split('\n').map((line) => {
    if (line.startsWith('| rule |')) isOfClips = line.includes('clips');
    const [, rule, values = ''] = row.exec(line) ?? [];
    if (rule === undefined) return line;
    rows += 1;
    const tried = tryRules(`- {id: r, ${rule}}`, messagesOf(values), {
      properties: { hw: 'orin-nx', site: 'hall-2' },
    });
    const said = isOfClips ? clipsOf(tried) : firesOf(tried);
    return `| \`{${rule}}\` | ${values} | ${said} |`;
  });
  expect(rows).toBeGreaterThan(28);
  await expect(lines.join('\n')).toMatchFileSnapshot(file);
});

test('the rule set has no problem', () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(text) ?? [];
  expect(parseRuleSet(example, 'rules.yaml').problems.map(problemLine)).toEqual([]);
});
