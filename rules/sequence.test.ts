/**
 * Goal: a sequence fires when its steps rise one strictly after the other and in time, once each.
 * Method: two or three signals, the moments at which the rule fired, and a model that keeps every
 * attempt against the engine's one attempt a step, over random messages.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Truth } from './cel/compare.ts';
import { openSequence } from './sequence.ts';
import { inTimeOrder, type TestMessage } from './test-blocks.ts';
import { tryRules } from './try-rules.cases.ts';

const two = `- {id: r, sequence: {within: 1s, steps: ['x > 1.0', 'y > 1.0']}}`;
const at = (topic: string, ms: number, value: number): TestMessage => ({ topic, ms, value });
const fired = (...messages: readonly TestMessage[]): readonly string[] =>
  tryRules(two, inTimeOrder(messages)).fired;

test('fires with the last step, within the time of the first', () => {
  expect(fired(at('/x', 0, 2), at('/y', 500, 2))).toEqual(['r@500']);
  expect(fired(at('/x', 0, 2), at('/y', 1_000, 2))).toEqual(['r@1000']);
  expect(fired(at('/x', 0, 2), at('/y', 1_001, 2))).toEqual([]);
  expect(fired(at('/y', 0, 2), at('/x', 100, 2))).toEqual([]);
});

test('what holds already does not rise; it has to end and begin', () => {
  expect(fired(at('/y', 0, 2), at('/x', 100, 2), at('/y', 200, 2))).toEqual([]);
  expect(fired(at('/y', 0, 2), at('/x', 100, 2), at('/y', 200, 0), at('/y', 300, 2))).toEqual([
    'r@300',
  ]);
});

test('steps of one moment are not one after the other', () => {
  expect(fired(at('/x', 100, 2), at('/y', 100, 2))).toEqual([]);
  // The attempt that began earlier is there all the same.
  const again = [at('/x', 0, 2), at('/x', 50, 0), at('/x', 100, 2), at('/y', 100, 2)];
  expect(fired(...again)).toEqual(['r@100']);
});

test('overlapping attempts: the one that began last counts, a trigger uses up all', () => {
  const twice = [at('/x', 0, 2), at('/x', 500, 0), at('/x', 700, 2), at('/y', 1_500, 2)];
  expect(fired(...twice)).toEqual(['r@1500']);
  const again = [at('/x', 0, 2), at('/y', 100, 2), at('/y', 200, 0), at('/y', 300, 2)];
  expect(fired(...again)).toEqual(['r@100']);
});

test('fires again although one of its signals is unknown at every look', () => {
  // `y` is known for 300 ms, `x` until it is null.
  const episode = (ms: number): TestMessage[] => [
    at('/x', ms, 2),
    { topic: '/x', ms: ms + 100, value: null },
    at('/y', ms + 400, 0),
    at('/y', ms + 500, 2),
    at('/x', ms + 900, 0),
  ];
  const episodes = [0, 10_000, 20_000].flatMap(episode);
  expect(fired(...episodes)).toEqual(['r@500', 'r@10500', 'r@20500']);
});

test('moments such as changed() are steps', () => {
  const rule = `- {id: r, sequence: {within: 1s, steps: ['changed(mode)', 'x > 1.0']}}`;
  const messages = [
    { topic: '/mode', ms: 0, value: 'A' },
    { topic: '/mode', ms: 100, value: 'B' },
    at('/x', 200, 2),
    { topic: '/mode', ms: 300, value: 'C' },
    at('/x', 400, 0),
    at('/x', 500, 2),
  ];
  expect(tryRules(rule, messages).fired).toEqual(['r@200', 'r@500']);
});

/** Every attempt that ever began, none forgotten before the trigger that uses them up. */
function modelOf(within: number): (now: number, rises: readonly boolean[]) => boolean {
  let attempts: { start: number; step: number; at: number }[] = [];
  return (now, rises) => {
    const grown = attempts.flatMap((one) =>
      rises[one.step] === true && one.at < now && now - one.start <= within
        ? [{ ...one, step: one.step + 1, at: now }]
        : [],
    );
    attempts = [...attempts, ...grown];
    if (rises[0] === true) attempts.push({ start: now, step: 1, at: now });
    if (!attempts.some(({ step }) => step === rises.length)) return false;
    attempts = [];
    return true;
  };
}

test('one attempt a step is as good as keeping all of them', () => {
  const looks = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 4 }),
      truths: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom<Truth>(0, 1, 0, 1, 2))),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(looks, fc.integer({ min: 1, max: 12 }), (all, within) => {
      let truths: readonly Truth[] = [0, 0, 0];
      const sequence = openSequence(
        [0, 1, 2].map((i) => (): Truth => truths[i] ?? 2),
        within,
      );
      const model = modelOf(within);
      const was = [false, false, false];
      let now = 0;
      for (const look of all) {
        now += look.gap;
        truths = look.truths;
        const rises = truths.map((truth, i) => truth === 1 && was[i] === false);
        truths.forEach((truth, i) => {
          if (truth !== 2) was[i] = truth === 1;
        });
        expect(sequence.step(now) === 1).toBe(model(now, rises));
      }
    }),
    { seed: 20_261_121, numRuns: 500 },
  );
});
