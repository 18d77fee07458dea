/**
 * Goal: a clip goes on while its rule holds, ends `post` later, and is split where it is too long.
 * Method: the outputs of the engine, given to the planner of clips in their order.
 */
import { expect, test } from 'vitest';
import { type ClipDraft, nothingPlanned, planClips, triggerFor } from './clip-plan.ts';
import * as limits from './limits.ts';
import { every, inTimeOrder, originNs, type TestMessage } from './test-blocks.ts';
import { msOf, tryRules } from './try-rules.cases.ts';
import type { EngineOutput } from './verdict.ts';

function clipsOf(outputs: readonly EngineOutput[]): ClipDraft<string>[] {
  let state: Parameters<typeof planClips<string>>[0] = nothingPlanned;
  const cut: ClipDraft<string>[] = [];
  const step = (input: Parameters<typeof planClips<string>>[1]): void => {
    const [next, made] = planClips(state, input);
    state = next;
    for (const output of made) if (output.kind === 'cut') cut.push(output.draft);
  };
  for (const output of outputs) {
    if (output.kind === 'extend') {
      // Time as far as it is known to have passed: the end moves by 3 s at most.
      step({ kind: 'time', watermarkNs: output.throughNs - 3_000_000_000n });
      step(output);
    }
    if (output.kind !== 'fire') continue;
    const marker = output.ruleId;
    step({ kind: 'trigger', trigger: triggerFor(output, { clipNs: limits.clipNs, marker }) });
  }
  step({ kind: 'end' });
  return cut;
}

const ranges = (outputs: readonly EngineOutput[]): string[] =>
  clipsOf(outputs).map(({ startNs, endNs, group }) => {
    const part = group === undefined ? '' : ` part ${group.part}`;
    return `${Math.round(msOf(startNs))}-${Math.round(msOf(endNs))}${part}`;
  });

const rule = (more: string, capture: string): string =>
  `- {id: r, when: 'x > 1.0'${more}, capture: {extendWhile: true, ${capture}}}`;
/** Holds from 5 s to before `untilS`. */
const held = (untilS: number, toS = 60): TestMessage[] =>
  every('/x', { toMs: toS * 1_000, periodMs: 250 }, (ms) =>
    ms >= 5_000 && ms < untilS * 1_000 ? 2 : 0,
  );

test('the clip ends post after the condition ended', () => {
  const capture = 'pre: 2s, post: 3s';
  expect(ranges(tryRules(rule('', capture), held(20)).outputs)).toEqual(['3000-23000']);
  expect(ranges(tryRules(rule('', capture), held(5.5)).outputs)).toEqual(['3000-8500']);
  expect(ranges(tryRules(rule(', for: 2s', capture), held(20)).outputs)).toEqual(['5000-23000']);
});

test('with a short post the end moves in steps of a second', () => {
  const { outputs } = tryRules(rule('', 'pre: 0s, post: 0s'), held(9.5));
  expect(ranges(outputs)).toEqual(['5000-10000']);
});

test('with clearWhen it goes on until that holds', () => {
  const messages = every('/x', { toMs: 30_000, periodMs: 250 }, (ms) =>
    ms < 5_000 ? 0 : ms < 8_000 ? 2 : ms < 12_000 ? 0.8 : 0,
  );
  const set = rule(', clearWhen: x < 0.5', 'pre: 0s, post: 1s');
  expect(ranges(tryRules(set, messages).outputs)).toEqual(['5000-13000']);
});

test('unknown does not hold, and what holds again before the end goes on', () => {
  const set = `- {id: r, when: 'y > 1.0', capture: {extendWhile: true, pre: 0s, post: 1s}}`;
  const ys = [0, 200, 400, 1_000, 1_200, 9_000].map((ms) => ({ topic: '/y', ms, value: 2 }));
  const messages = inTimeOrder([...every('/x', { toMs: 12_000, periodMs: 100 }, () => 0), ...ys]);
  // Too old at 700 ms: the end is 1.7 s then; known again from 1 s until 1.5 s.
  expect(ranges(tryRules(set, messages).outputs)).toEqual(['0-2500']);
});

test('what is longer than maxDuration becomes parts of one group', () => {
  const set = rule('', 'pre: 2s, post: 3s, maxDuration: 10s');
  const { outputs } = tryRules(set, held(30));
  expect(ranges(outputs)).toEqual([
    '3000-13000 part 1',
    '13000-23000 part 2',
    '23000-33000 part 3',
  ]);
  const ids = new Set(clipsOf(outputs).map(({ group }) => group?.id));
  expect([...ids]).toEqual([`r@${originNs + 5_000_000_000n}`]);
  for (const { markers } of clipsOf(outputs)) expect(markers).toEqual(['r']);
});

test('no moment has more parts than the limit', () => {
  const set = rule('', 'pre: 0s, post: 1s, maxDuration: 1s');
  const clips = clipsOf(tryRules(set, held(100, 110)).outputs);
  expect(clips).toHaveLength(limits.groupParts);
});

test('a trigger that became no clip holds none open', () => {
  const set = rule(', limits: {cooldown: 60s}', 'pre: 0s, post: 1s');
  const messages = every('/x', { toMs: 20_000, periodMs: 250 }, (ms) =>
    (ms >= 1_000 && ms < 2_000) || (ms >= 10_000 && ms < 15_000) ? 2 : 0,
  );
  expect(ranges(tryRules(set, messages).outputs)).toEqual(['1000-3000']);
});
