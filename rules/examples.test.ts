/**
 * Goal: docs/reference/rules-by-example.md is true.
 * Method: each row's rule runs over its values; the document is compared with what happened.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nothingPlanned, planClips, type PlanState, triggerFor } from './clip-plan.ts';
import { parseRuleSet } from './document.ts';
import type { ScoreRecord } from './engine-state.ts';
import * as limits from './limits.ts';
import { problemLine } from './problem.ts';
import { openSessionClips } from './session-clips.ts';
import { blockOf, channelsOf, inTimeOrder, originNs, type TestMessage } from './test-blocks.ts';
import { msOf, ruleSetOf, type Tried, tryRules } from './try-rules.cases.ts';

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

/** `net 1/0` is no message: it is the embedding of a score. */
function scoresOf(values: string): ScoreRecord[] {
  const [, embeddings = ''] = /(?:^|; )net ([^;]+)/.exec(values) ?? [];
  return embeddings.split(' ').flatMap((text, i) => {
    if (!text.includes('/')) return [];
    const bytes = Float32Array.from(text.split('/'), Number).buffer;
    const embedding = Buffer.from(bytes).toString('base64');
    const atNs = originNs + BigInt(i * 100) * 1_000_000n;
    return [{ scorer: 'net', atNs, values: {}, embedding, latencyMs: 1, modelSha256: '' }];
  });
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

/** What each trigger carries: its labels and its priority. */
function saysOf({ verdicts }: Tried): string {
  const said = verdicts.map(({ atNs, label = {}, priority }) => {
    const labels = Object.entries(label).map(([name, value]) => `${name} ${String(value)}`);
    return `${short(msOf(atNs))}: ${[...labels, `priority ${priority}`].join(', ')}`;
  });
  return said.join('; ');
}

/** Of the messages in its clips, as a backtest counts them. */
function bytesOf({ verdicts }: Tried, rules: string, messages: readonly TestMessage[]): string {
  const clips = openSessionClips(ruleSetOf(rules));
  const channels = channelsOf(messages);
  for (const channel of channels) clips.channel(channel);
  clips.block(blockOf(messages, channels));
  for (const verdict of verdicts) {
    clips.fire(triggerFor(verdict, { clipNs: limits.clipNs, marker: verdict.ruleId }));
  }
  return clips
    .end()
    .clips.map(({ bytes }) => bytes)
    .join(', ');
}

const columns = ['fires at', 'clips from .. to', 'bytes of its clip', 'says'] as const;

function told(column: (typeof columns)[number], rules: string, values: string): string {
  const messages = messagesOf(values).filter(({ topic }) => topic !== '/net');
  const device = { properties: { hw: 'orin-nx', site: 'hall-2' } };
  const tried = tryRules(rules, messages, device, scoresOf(values));
  switch (column) {
    case 'fires at':
      return firesOf(tried);
    case 'clips from .. to':
      return clipsOf(tried);
    case 'bytes of its clip':
      return bytesOf(tried, rules, messages);
    case 'says':
      return saysOf(tried);
  }
}

/** Budgets stand in a column of their own, before the rule. */
const row = /^\| (?:`(\{.*?\})` \| )?`\{(.*)\}` \| ([^|]+) \|.*\|$/;

test('every row says what happens', async () => {
  let column: (typeof columns)[number] = 'fires at';
  let rows = 0;
  const lines = text.split('\n').map((line) => {
    column = columns.find((one) => line.endsWith(`| values | ${one} |`)) ?? column;
    const [, budgets, rule, values = ''] = row.exec(line) ?? [];
    if (rule === undefined) return line;
    rows += 1;
    const list = `- {id: r, ${rule}}`;
    const rules = budgets === undefined ? list : `budgets: ${budgets}\nrules:\n${list}`;
    const first = budgets === undefined ? '' : `\`${budgets}\` | `;
    return `| ${first}\`{${rule}}\` | ${values} | ${told(column, rules, values)} |`;
  });
  expect(rows).toBeGreaterThan(45);
  await expect(lines.join('\n')).toMatchFileSnapshot(file);
});

test('the rule set has no problem', () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(text) ?? [];
  expect(parseRuleSet(example, 'rules.yaml').problems.map(problemLine)).toEqual([]);
});
