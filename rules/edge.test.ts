/**
 * Goal: keep, for, clearWhen and the edges fire at the moments that docs/reference/rules.md says.
 * Method: values every 100 ms and the moments at which the rule fired.
 */
import { expect, test } from 'vitest';
import { inTimeOrder } from './test-blocks.ts';
import { tryRules, xs } from './try-rules.cases.ts';

const fired = (more: string, ...values: readonly number[]): readonly string[] =>
  tryRules(`- {id: r, when: 'x > 1.0', ${more}}`, xs(...values)).fired;

test('rising, falling and both', () => {
  expect(fired('edge: rising', 0, 2, 2, 0, 2)).toEqual(['r@100', 'r@400']);
  expect(fired('edge: falling', 0, 2, 2, 0, 2)).toEqual(['r@300']);
  expect(fired('edge: both', 0, 2, 2, 0, 2)).toEqual(['r@100', 'r@300', 'r@400']);
});

test('falling is the end of what held for long enough', () => {
  expect(fired('edge: falling, for: 200ms', 2, 0, 2, 2, 2, 0)).toEqual(['r@500']);
});

test('falling with clearWhen is the moment at which it is cleared', () => {
  expect(fired('edge: falling, clearWhen: x < 0.5', 2, 0.8, 0.2, 2)).toEqual(['r@200']);
});

test('level fires once a cooldown while it holds, between messages too', () => {
  const more = 'edge: level, limits: {cooldown: 250ms}';
  expect(fired(more, 0, 2, 2, 2, 2, 2, 0, 0, 2, 2)).toEqual(['r@100', 'r@350', 'r@600', 'r@850']);
  expect(fired(more, 2, 0, 2, 0, 0, 2)).toEqual(['r@0', 'r@250', 'r@500']);
});

test('keep: a gap that is shorter does not end it, one as long does', () => {
  expect(fired('keep: 150ms', 2, 0, 2, 0, 2)).toEqual(['r@0']);
  expect(fired('keep: 100ms', 2, 0, 2)).toEqual(['r@0', 'r@200']);
  expect(fired('keep: 250ms, edge: falling', 2, 0, 0, 2, 0, 0, 0, 0)).toEqual(['r@650']);
});

test('keep: a hold goes on over a gap, and nothing fires inside one', () => {
  const more = 'for: 350ms, keep: 150ms';
  expect(fired(more, 2, 2, 0, 2, 2)).toEqual(['r@350']);
  // The 350 ms are over inside the gap: whether it is short shows at 400 ms.
  expect(fired(more, 2, 2, 2, 0, 2)).toEqual(['r@400']);
  expect(fired(more, 2, 2, 2, 0, 0, 2, 2)).toEqual([]);
});

test('unknown is a gap of a hold, and no end of what fired', () => {
  const rule = (more: string): string => `- {id: r, when: 'y > 1.0', ${more}}`;
  const ys = (...at: readonly number[]) => at.map((ms) => ({ topic: '/y', ms, value: 2 }));
  const messages = inTimeOrder([...xs(...Array.from({ length: 20 }, () => 0)), ...ys(0, 400, 700)]);
  // Too old from 300 to 400 ms, and from 1000 ms on.
  expect(tryRules(rule('for: 500ms, keep: 50ms'), messages).fired).toEqual(['r@900']);
  expect(tryRules(rule('for: 500ms, keep: 150ms'), messages).fired).toEqual(['r@500']);
  expect(tryRules(rule('edge: falling'), messages).fired).toEqual([]);
});

test('an absence has edges too: it ends with the next message', () => {
  const rule = '- {id: r, absent: {topic: /y, for: 300ms}, edge: both}';
  const messages = inTimeOrder([
    ...xs(...Array.from({ length: 12 }, () => 0)),
    { topic: '/y', ms: 650, value: 1 },
  ]);
  expect(tryRules(rule, messages).fired).toEqual(['r@300', 'r@650', 'r@950']);
});
