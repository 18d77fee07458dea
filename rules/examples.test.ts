/**
 * Goal: docs/reference/rules-by-example.md is true.
 * Method: each row's rule runs over its values; the document is compared with what happened.
 */
import { readFileSync } from 'node:fs';
import { parseDurationNs } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { nothingPlanned, planClips, type PlanState, triggerFor } from './clip-plan.ts';
import { parseRuleSet } from './document.ts';
import type { ScoreRecord } from './engine-state.ts';
import { openEngine } from './engine.ts';
import * as limits from './limits.ts';
import { problemLine } from './problem.ts';
import { openSessionClips } from './session-clips.ts';
import {
  blockOf,
  channelsOf,
  inTimeOrder,
  originNs,
  type TestMessage,
  wholeBlock,
} from './test-blocks.ts';
import { msOf, ruleSetOf, type Tried, tryRules } from './try-rules.cases.ts';

const file = '../docs/reference/rules-by-example.md';
const text = readFileSync(new URL(file, import.meta.url), 'utf8');

/** `x 0 2 -; mode A +1h B; list 1/2; pose {"x":1}`: one value every 100 ms, or that much later. */
function messagesOf(values: string): TestMessage[] {
  const messages = values.split(';').flatMap((part) => {
    const [topic = '', ...all] = part.trim().split(' ');
    let pausedMs = 0;
    let count = 0;
    return all.flatMap((text) => {
      const [, pause] = /^\+(\w+)$/.exec(text) ?? [];
      if (pause !== undefined) {
        pausedMs += Number(parseDurationNs(pause)) / 1e6;
        return [];
      }
      const ms = pausedMs + count * 100;
      count += 1;
      return text === '-' ? [] : [{ topic: `/${topic}`, ms, value: valueOf(text) }];
    });
  });
  return inTimeOrder(messages);
}

function valueOf(text: string): unknown {
  if (text.startsWith('{')) return JSON.parse(text);
  if (text.includes('/')) return text.split('/').map(Number);
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** What comes of `net` is no message but a score: `1/0`, an embedding; `entropy=1`, a value. */
function scoresOf(messages: readonly TestMessage[]): ScoreRecord[] {
  return messages.flatMap(({ topic, ms, value }) => {
    if (topic !== '/net') return [];
    const [name = '', said = ''] = typeof value === 'string' ? value.split('=') : [];
    const scored = {
      values: name === '' || name === 'topClass' ? {} : { [name]: Number(said) },
      topClass: name === 'topClass' ? said : undefined,
      embedding: typeof value === 'string' ? undefined : base64Of(value as readonly number[]),
    };
    return [{ scorer: 'net', atNs: nsOf(ms), ...scored, ...unsaid }];
  });
}

const unsaid = { latencyMs: 1, modelSha256: '' };
const nsOf = (ms: number): bigint => originNs + BigInt(ms) * 1_000_000n;
const base64Of = (vector: readonly number[]): string =>
  Buffer.from(Float32Array.from(vector).buffer).toString('base64');

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
  const said = verdicts.map(({ atNs, label = {}, priority, class: kind }) => {
    const labels = Object.entries(label).map(([name, value]) => `${name} ${String(value)}`);
    const apart = kind === 'event' ? [] : [`class ${kind}`];
    return `${short(msOf(atNs))}: ${[...labels, `priority ${priority}`, ...apart].join(', ')}`;
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
  const all = messagesOf(values);
  const messages = all.filter(({ topic }) => topic !== '/net');
  const device = { properties: { hw: 'orin-nx', site: 'hall-2' } };
  const tried = tryRules(rules, messages, device, scoresOf(all));
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

/** Budgets, captures or the signal `s` stand in a column of their own before the rule. */
const row = /^\| (?:`(\{.*?\})` \| )?`\{(.*)\}` \| ([^|]+) \|.*\|$/;

/** Values of the set at the end, all of whose rules run. */
const setRow = /^\| (vx [^|]+) \|.*\|$/;

test('every row says what happens', async () => {
  let column: (typeof columns)[number] = 'fires at';
  let key = '';
  let rows = 0;
  const lines = text.split('\n').map((line) => {
    column = columns.find((one) => line.endsWith(`| values | ${one} |`)) ?? column;
    key = /^\| (?:signal `)?(\w+)`? \| rule \|/.exec(line)?.[1] ?? key;
    const [, ofSet] = setRow.exec(line) ?? [];
    if (ofSet !== undefined) return `| ${ofSet} | ${firesOfSet(ofSet)} |`;
    const [, before, rule, values = ''] = row.exec(line) ?? [];
    if (rule === undefined) return line;
    rows += 1;
    const list = `- {id: r, ${rule}}`;
    const name = key === 's' ? '  s' : key;
    const rules = before === undefined ? list : `${name}: ${before}\nrules:\n${list}`;
    const first = before === undefined ? '' : `\`${before}\` | `;
    return `| ${first}\`{${rule}}\` | ${values} | ${told(column, rules, values)} |`;
  });
  expect(rows).toBeGreaterThan(55);
  await expect(lines.join('\n')).toMatchFileSnapshot(file);
});

const [, example = ''] = /```yaml\n([^]*?)```/.exec(text) ?? [];

test('the rule set has no problem', () => {
  expect(parseRuleSet(example, 'rules.yaml').problems.map(problemLine)).toEqual([]);
});

/** `vx` and `mode` come as the set reads them, `entropy` and `scene` are scores of its model. */
function firesOfSet(values: string): string {
  const { ruleSet } = parseRuleSet(example, 'rules.yaml');
  if (ruleSet === undefined) throw new Error('the set of the document is broken');
  const engine = openEngine(ruleSet, { device: 'amr-01' });
  const all = Map.groupBy(messagesOf(values), ({ topic }) => topic);
  const messages = inTimeOrder([
    ...(all.get('/vx') ?? []).map(({ ms, value }) => ({ topic: '/odom', ms, value: odom(value) })),
    ...(all.get('/mode') ?? []).map(({ ms, value }) => ({
      topic: '/autonomy/mode',
      ms,
      value: { data: value },
    })),
  ]);
  const channels = channelsOf(messages);
  for (const channel of channels) engine.channel(0, channel);
  const scenes = new Map((all.get('/scene') ?? []).map(({ ms, value }) => [ms, value]));
  const outputs = (all.get('/entropy') ?? []).flatMap(({ ms, value }) => {
    const embedding = base64Of((scenes.get(ms) ?? []) as readonly number[]);
    const scored = { entropy: Number(value) };
    return engine.score({
      scorer: 'detector',
      atNs: nsOf(ms),
      values: scored,
      embedding,
      ...unsaid,
    });
  });
  outputs.push(...engine.block(0, wholeBlock(messages, channels)), ...engine.flush());
  const fires = outputs.flatMap((one) =>
    one.kind === 'fire' ? [`${one.ruleId}@${short(msOf(one.atNs))}`] : [],
  );
  const held = Object.entries(engine.counters().rules).flatMap(([rule, { suppressed }]) =>
    Object.entries(suppressed).flatMap(([reason, count]) =>
      count > 0 ? [`${count} of ${rule} by ${reason}`] : [],
    ),
  );
  return held.length === 0
    ? fires.join(', ')
    : `${fires.join(', ')}; held back: ${held.join(', ')}`;
}

const odom = (x: unknown): unknown => ({ twist: { twist: { linear: { x } } } });
