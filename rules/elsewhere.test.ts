/**
 * Goal: docs/reference/rules-from-elsewhere.md is true: each rule beside another system's is a rule.
 * Method: every rule of its tables is parsed with the signals of the page and run over a minute of
 * driving in which each has its reason to fire.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { openEngine } from './engine.ts';
import { problemLine } from './problem.ts';
import { channelsOf, every, inTimeOrder, originNs, wholeBlock } from './test-blocks.ts';
import type { TestMessage } from './test-blocks.ts';
import { firesOf } from './verdict.ts';

const page = readFileSync(
  new URL('../docs/reference/rules-from-elsewhere.md', import.meta.url),
  'utf8',
);
const [, head = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
/** The last cell of each row that has a rule in it. */
const rules = page
  .split('\n')
  .flatMap((line) => /\| `(\{[^`]*\})` \|$/.exec(line)?.[1] ?? [])
  .map((rule) => rule.replaceAll('\\|', '|'));

/** Warms up in its second half, gets slow, is taken over, and loses its heartbeat. */
function driving(): TestMessage[] {
  const span = { toMs: 60_000, periodMs: 500 };
  return inTimeOrder([
    ...every('/motor/temperature', span, (ms) => ({ temperature: ms < 30_000 ? 60 : 90 })),
    ...every('/motor/state', span, (ms) => ({ rpm: ms < 30_000 ? 500 : 1_500 })),
    ...every('/diagnostics/latency', span, (ms) => ({ value: ms < 20_000 ? 20 : 150 })),
    ...every('/rosout', span, (ms) =>
      ms % 4_000 === 0 ? { level: 40, msg: 'the request timed out' } : { level: 20, msg: 'fine' },
    ),
    ...every('/autonomy/mode', span, (ms) => ({ data: ms < 45_000 ? 'AUTO' : 'MANUAL' })),
    ...every('/heartbeat', { toMs: 40_000, periodMs: 500 }, (ms) =>
      ms < 20_000 || ms % 5_000 === 0 ? { beat: ms } : undefined,
    ),
    { topic: '/snapshot', ms: 33_000, value: {} },
  ]);
}

test('the page has a rule for each row', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  const heads = rows.filter((row) => /^\| (part|there|type) \|/.test(row));
  expect(heads).toHaveLength(5);
  expect(rules.length).toBe(rows.length - heads.length);
  expect(rules.length).toBeGreaterThanOrEqual(27);
});

test('all of them are sound, without a warning, and each fires', () => {
  const lines = rules.map((rule, i) => `- {id: r${i}, ${rule.slice(1)}\n`);
  const text = `${head}rules:\n${lines.join('')}`;
  const { ruleSet, problems } = parseRuleSet(text, 'elsewhere.yaml');
  expect(problems.map(problemLine)).toEqual([]);
  if (ruleSet === undefined) throw new TypeError('the page has no rule set');
  const messages = driving();
  const channels = channelsOf(messages);
  const engine = openEngine(ruleSet, { device: 'amr-01' });
  for (const channel of channels) engine.channel(0, channel);
  const score = {
    scorer: 'detector',
    atNs: originNs + 59_400_000_000n,
    values: { entropy: 0.9, margin: 0.5 },
    latencyMs: 1,
    modelSha256: '',
  };
  const outputs = [
    ...engine.block(0, wholeBlock(messages, channels)),
    ...engine.score(score),
    ...engine.flush(),
  ];
  const fired = new Set(firesOf(outputs).map(({ ruleId }) => ruleId));
  expect(rules.filter((_, i) => !fired.has(`r${i}`))).toEqual([]);
});
