/**
 * Goal: what was spent in the last two periods survives a restart, and a state that knows one
 * period alone is taken up.
 * Method: limits and budgets of an hour that are saved and loaded, asked at the turn of the hour.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { openBudgetKeeper } from './budget.ts';
import * as calendar from './calendar-limit.ts';
import { triggerFor } from './clip-plan.ts';
import { ruleSetOf } from './try-rules.cases.ts';

const hourNs = 3_600_000_000_000;
const atHour = (hour: number): bigint => BigInt(hour) * BigInt(hourNs);
const through = (saved: Json): Json => JSON.parse(JSON.stringify(saved)) as Json;

const openLimit = (): calendar.CalendarLimit =>
  calendar.openCalendarLimit([{ periodNs: hourNs, most: 1 }]);
const roomIn = (limit: calendar.CalendarLimit, ...hours: readonly number[]): boolean[] =>
  hours.map((hour) => calendar.hasRoom(limit, atHour(hour)));

test('a limit knows the last two hours', () => {
  const before = openLimit();
  for (const hour of [7, 8, 9]) calendar.countClip(before, atHour(hour));
  const after = openLimit();
  calendar.loadCalendarLimit(after, through(calendar.saveCalendarLimit(before)));
  for (const limit of [before, after]) {
    expect(roomIn(limit, 7, 8, 9, 10)).toEqual([true, false, false, true]);
  }
});

test('a limit goes on from the state of one hour', () => {
  const limit = openLimit();
  calendar.loadCalendarLimit(limit, [[8], [1]]);
  calendar.countClip(limit, atHour(9));
  expect(roomIn(limit, 7, 8, 9)).toEqual([true, false, false]);
});

const openBudget = () =>
  openBudgetKeeper({ day: undefined, hour: { clips: 1, bytes: 1e9 }, reserve: 0 }, 0n);
type Keeper = ReturnType<typeof openBudget>;
const asks = (keeper: Keeper, ...hours: readonly number[]): boolean[] =>
  hours.map((hour) => {
    const [rule] = ruleSetOf("- {id: r, when: 'x > 1.0', capture: {pre: 0s, post: 0s}}").rules;
    if (rule === undefined) throw new Error('no rule');
    const verdict = { ...rule, ruleId: rule.id, atNs: atHour(hour), priority: 50 };
    keeper.jump();
    return keeper.admit(triggerFor(verdict, { clipNs: 1n, marker: null }), false);
  });

test('a budget knows the last two hours', () => {
  const before = openBudget();
  expect(asks(before, 7, 8, 9)).toEqual([true, true, true]);
  const after = openBudget();
  after.load(through(before.save()));
  for (const keeper of [before, after])
    expect(asks(keeper, 8, 9, 10)).toEqual([false, false, true]);
});

test('a budget goes on from the state of one hour', () => {
  const keeper = openBudget();
  keeper.load({ accounts: [[8, 1, 0]], plan: [], bytes: null });
  expect(asks(keeper, 9, 8, 9)).toEqual([true, false, false]);
});
