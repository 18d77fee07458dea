/**
 * Goal: a robot runs the newest rules that are sound, and never stays down because of rules.
 * Method: the pure choice, through pushes, rejections and deaths.
 */
import type { RuleProblem, RuleRef } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { ruleCrashesWithinMs } from '../limits.ts';
import { type ChosenRules, crashed, ownRules, proven, started, stopped, wish } from './chosen.ts';

const ref = (n: number): RuleRef => ({
  ruleSet: 'site',
  version: n,
  digest: String(n).repeat(64).slice(0, 64),
  text: `version: ${n}`,
  publication: `pub_${n}`,
});
const sound = (): readonly RuleProblem[] => [];
const problem = { line: 3, column: 7, code: 'type', message: 'is a text', remedy: 'Write 1.' };
const broken = (): readonly RuleProblem[] => [problem];
const push = (state: ChosenRules, n: number): ChosenRules => wish(state, { active: ref(n) }, sound);

test('what cannot be read is told of, and the last good one stays', () => {
  const good = push(ownRules, 1);
  expect(good.active).toEqual(ref(1));
  const after = wish(good, { active: ref(2) }, broken);
  expect(after.active).toEqual(ref(1));
  expect(after.rejected).toEqual({
    digest: ref(2).digest,
    publication: 'pub_2',
    role: 'active',
    problems: [problem],
  });
  expect(wish(after, { active: ref(1) }, sound).rejected).toBeUndefined();
  expect(wish(after, {}, sound).active).toBeUndefined();
});

test('another publication of the same rules changes nothing but its name', () => {
  const one = proven(push(ownRules, 1));
  const again = { ...ref(1), publication: 'pub_9' };
  const after = wish(one, { active: again }, broken);
  expect(after).toMatchObject({ active: again, isProven: true });
});

test('three deaths soon after a push bring back what ran before, and it is not tried again', () => {
  let state = push(proven(push(ownRules, 1)), 2);
  for (const at of [10, 20]) {
    state = started(state, at);
    expect(state.active).toEqual(ref(2));
  }
  state = started(state, 30);
  expect(state.active).toEqual(ref(1));
  expect(state.returned).toMatchObject({ digest: ref(2).digest, publication: 'pub_2' });
  expect(push(state, 2).active).toEqual(ref(1));
  expect(push(state, 3).active).toEqual(ref(3));
  const other = { ...ref(2), publication: 'pub_again' };
  expect(wish(state, { active: other }, sound).active).toEqual(other);
});

test('deaths of a thread count as well; back to the configuration when nothing ran before', () => {
  let state = push(ownRules, 1);
  for (const at of [1, 2, 3]) state = crashed(state, at, 'the data thread failed');
  expect(state.active).toBeUndefined();
  expect(state.returned?.reason).toMatch(/failed 3 times/);
});

test('a stop that was asked for, deaths far apart and proven rules do not count', () => {
  let state = push(ownRules, 1);
  for (const at of [1, 2, 3, 4]) state = started(stopped(state), at);
  expect(state).toMatchObject({ active: ref(1), crashes: [] });
  for (const n of [1, 2, 3, 4, 5]) state = started(state, n * ruleCrashesWithinMs);
  expect(state.active).toEqual(ref(1));
  state = proven(state);
  for (const at of [1, 2, 3, 4]) state = started(state, at);
  expect(state.active).toEqual(ref(1));
});

test('a broken shadow is told of and is not evaluated', () => {
  const state = wish(push(ownRules, 1), { active: ref(1), shadow: ref(2) }, broken);
  expect(state).toMatchObject({ active: ref(1), rejected: { role: 'shadow' } });
  expect(state.shadow).toBeUndefined();
  const good = wish(state, { active: ref(1), shadow: ref(3) }, sound);
  expect(good.shadow).toEqual(ref(3));
  expect(good.rejected).toBeUndefined();
});
