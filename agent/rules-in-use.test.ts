/**
 * Goal: the rules of the cloud are used over restarts, bad ones are told of with their place, and
 * ones that kill the agent are taken back. Method: a real buffer, opened again as after each end.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import type { Desired, DesiredRules, RuleRef } from '@fieldloop/proto';
import { parseRuleSet } from '@fieldloop/rules';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer/buffer.cases.ts';
import { openRulesInUse, type RulesInUse } from './rules-in-use.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

const text = (name: string): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: ${name}, version: 1}
rules:
- id: sample
  severity: info
  every: {period: 10s}
  capture: {topics: ["*"], pre: 1s, post: 1s}
`;

function ref(name: string, rules = text(name)): RuleRef {
  const digest = parseRuleSet(rules, name).ruleSet?.digest ?? 'f'.repeat(64);
  return { ruleSet: name, version: 1, digest, text: rules, publication: `pub_${name}` };
}

const wanted = (rules: DesiredRules): Desired => ({
  generation: 1n,
  features: 1n,
  sections: [
    { name: 'rules', generation: 1n, sha256: '', document: JSON.parse(JSON.stringify(rules)) },
  ],
});

/** Never sleeps: nothing is proven in these tests. */
const clock = { ...systemClock, sleep: async () => await new Promise<void>(() => undefined) };

const open = (): RulesInUse =>
  openRulesInUse(
    { text: text('own'), file: 'rules.yaml' },
    { buffer: at.buffer, clock, log: silentLog },
  );

test('without a word of the cloud the configuration rules; its rules come and go', () => {
  const rules = open();
  expect(rules.ruleSet.name).toBe('own');
  let changes = 0;
  rules.onChange(() => {
    changes += 1;
  });
  rules.take(wanted({ active: ref('site') }));
  rules.take(wanted({ active: ref('site') }));
  expect(rules).toMatchObject({ ruleSet: { name: 'site' }, given: { active: { name: 'site' } } });
  rules.take(wanted({}));
  expect(rules.ruleSet.name).toBe('own');
  expect(changes).toBe(2);
});

test('they are used at the next start before those of the file, which may be broken by then', () => {
  const first = open();
  first.take(wanted({ active: ref('site'), shadow: ref('next') }));
  first.stop();
  const again = openRulesInUse(
    { text: 'rules: nonsense', file: 'rules.yaml' },
    { buffer: at.buffer, clock, log: silentLog },
  );
  expect(again.ruleSet.name).toBe('site');
  expect(again.given.shadow).toMatchObject({ name: 'next', version: 1 });
});

test('bad ones are told of with line and column; so is a text that is not what it says', () => {
  const rules = open();
  rules.take(wanted({ active: ref('site') }));
  const bad = text('bad').replace('severity: info', 'severity: loud');
  rules.take(wanted({ active: ref('bad', bad) }));
  expect(rules.ruleSet.name).toBe('site');
  expect(rules.state.rejected).toMatchObject({
    publication: 'pub_bad',
    problems: [{ line: 6, column: 13, remedy: expect.any(String) }],
  });
  rules.take(wanted({ active: { ...ref('other'), digest: 'a'.repeat(64) } }));
  expect(rules.state.rejected?.problems[0]?.message).toMatch(/has the digest/);
});

test('three ends that nobody asked for, and the rules of before are back for good', async () => {
  open().take(wanted({ active: ref('site') }));
  const names: string[] = [];
  for (const _ of [1, 2, 3]) {
    // Killed: nothing is said at the end.
    await at.reopen();
    names.push(open().ruleSet.name);
  }
  expect(names).toEqual(['site', 'site', 'own']);
  const rules = open();
  expect(rules.state.returned).toMatchObject({ publication: 'pub_site' });
  rules.take(wanted({ active: ref('site') }));
  expect(rules.ruleSet.name).toBe('own');
});

test('a data thread that dies of them counts as well, and clean stops do not', async () => {
  open().take(wanted({ active: ref('site') }));
  for (const _ of [1, 2, 3, 4]) {
    open().stop();
    await at.reopen();
  }
  const rules = open();
  expect(rules.ruleSet.name).toBe('site');
  for (const _ of [1, 2, 3]) rules.died('the data thread failed');
  expect(rules.ruleSet.name).toBe('own');
});
