/**
 * Goal: what time alone brings comes in silence too, however long the rules make it take.
 * Method: a few messages, a long silence, and the moments at which rules fire; `/other` ends the
 * silence and is read by no rule.
 */
import { expect, test } from 'vitest';
import type { TestMessage } from './test-blocks.ts';
import { tryRules } from './try-rules.cases.ts';

const x = (ms: number, value: number): TestMessage => ({ topic: '/x', ms, value });
const other = (ms: number): TestMessage => ({ topic: '/other', ms, value: 0 });
const rule = (when: string): string => `- {id: r, when: '${when}'}`;

test('each call that looks at another one may take a tick more', () => {
  const when = rule('held(age("/x") > duration("250ms"), "250ms")');
  // The recording begins on the grid of ticks: 60 ms later 310 ms is seen at 400, 650 ms at 700.
  expect(tryRules(when, [x(0, 1), x(60, 1), other(5_000)]).fired).toEqual(['r@700']);
  expect(tryRules(when, [x(0, 1), x(60, 1)]).fired).toEqual([]);
});

test('a gap is a duration that nobody wrote', () => {
  const messages = [x(0, 1), x(3_000, 1), other(20_000)];
  expect(tryRules(rule('age("/x") > gap("/x")'), messages).fired).toEqual(['r@6100']);
  const before = [x(0, 1), x(3_000, 1), x(3_100, 1), other(20_000)];
  expect(tryRules(rule('age("/x") > prev(gap("/x"))'), before).fired).toEqual(['r@6200']);
});

test('what a turn of every and a label ask for goes on in silence', () => {
  const held = [x(0, 2), x(100, 2), x(8_000, 0), other(9_900), other(11_000)];
  const turns = `- {id: r, every: {period: 10s}, capture: {pre: 3s, post: 0s},
   when: 'once(held(x > 1.0, "5s"), "20s")'}`;
  expect(tryRules(turns, held).fired).toEqual(['r@10000']);
  const label = `- {id: r, when: 'x < 1.0', label: {times: 'count(held(x > 1.0, "1s"), "20s")'}}`;
  expect(tryRules(label, held).verdicts.map((one) => one.label)).toEqual([{ times: 1 }]);
});

test('behind it ticks rest', () => {
  const looks = (ms: number): number | undefined =>
    tryRules(rule('held(x > 1.0, "1s")'), [x(0, 2), other(ms)]).engine.counters().rules['r']
      ?.evaluations;
  expect(looks(1_000_000)).toBe(looks(10_000));
});
