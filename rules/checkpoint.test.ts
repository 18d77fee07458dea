/**
 * Goal: a checkpoint is bounded, whatever a rule set keeps of the past.
 * Method: every limit of a rule's state filled up, and the size of the saved text.
 */
import { expect, test } from 'vitest';
import { saveEngine } from './checkpoint.ts';
import { openState } from './engine.ts';
import { countKey } from './keyed-limit.ts';
import * as limits from './limits.ts';
import { keepEmbedding } from './novelty.ts';
import { parseRuleSet } from './document.ts';
import { ruleSetOf } from './try-rules.cases.ts';

const novel =
  'sample: {strategy: novelty, embedding: net.embedding, minDistance: 0.1}, ' +
  'limits: {perDay: 5, per: {key: mode, max: 2, every: 1h}}';
const rulesOf = (count: number): string =>
  Array.from({ length: count }, (_, i) => `- {id: r${i}, when: 'x > 1.0', ${novel}}`).join('\n');

test('all that rules may keep is a few megabytes', () => {
  const set = ruleSetOf(`budgets: {day: {bytes: 1GiB}}\nrules:\n${rulesOf(limits.noveltyRules)}`);
  const state = openState(set, { device: 'amr-01' });
  for (const { gate } of state.program.runs) {
    for (let i = 0; i < limits.noveltyKept + 1; i += 1) {
      keepEmbedding(gate.novelty ?? { minDistance: 0, kept: [] }, new Int8Array(1_024).fill(i));
    }
    for (let i = 0; i < limits.limitKeys + 1; i += 1) {
      const key = String(i).padStart(limits.limitKeyCharacters, 'k');
      if (gate.keyed !== undefined) countKey(gate.keyed, key, i);
    }
  }
  for (let i = 0; i < limits.ledgerRows + 1; i += 1) {
    state.suppressions.note('r0', 'limit', BigInt(i) * 3_600_000_000_000n);
  }
  // Ten minutes of pre-roll over forty topics.
  for (let s = 0; s < 600; s += 1) {
    for (let k = 0; k < 40; k += 1) {
      state.budget?.meter?.add(`/topic/number_${k}`, BigInt(s) * 1_000_000_000n, 123_456);
    }
  }
  const { length } = JSON.stringify(saveEngine(state));
  expect(length).toBeGreaterThan(1_000_000);
  expect(length).toBeLessThan(6_000_000);
});

test('more rules that sample by novelty are refused', () => {
  const head = 'apiVersion: fieldloop.rules/v1\nkind: RuleSet\nmetadata: {name: n, version: 1}\n';
  const signals = 'signals: {x: {topic: /x, path: data, type: double}}\n';
  const models = 'models: {net: {ref: net, input: {topic: /camera}}}\n';
  const rules = rulesOf(limits.noveltyRules + 1).replaceAll('key: mode', 'key: x');
  const { problems } = parseRuleSet(`${head}${signals}${models}rules:\n${rules}\n`, 'n.yaml');
  expect(problems.map(({ message }) => message)).toEqual(['9 rules sample by novelty, at most 8']);
});
