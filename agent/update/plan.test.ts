/**
 * Goal: whatever is wished for and whatever fails or ends, what runs is a set that passed its
 * trial or the configuration's, and what failed is not tried again by itself.
 * Method: the pure machine, by hand and through random histories with kills between any two steps.
 */
import type { DesiredModels, ModelRef } from '@fieldloop/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxRuleCrashes, maxTrials } from '../limits.ts';
import {
  accepted,
  type ChosenModels,
  crashed,
  ownModels,
  proven,
  rejected,
  returned,
  started,
  stateOf,
  stopped,
  trying,
  wish,
} from './plan.ts';

const ref = (n: number): ModelRef => ({
  onnx: { sha256: String(n).repeat(64), sizeBytes: 10 },
  document: { sha256: 'd'.repeat(64), sizeBytes: 10 },
});
const desired = (n: number, attempt = 1): DesiredModels => ({
  release: `rel_${n}`,
  rollout: `rol_${n}`,
  attempt,
  models: { who: ref(n) },
});
const fault = { code: 'invalid', message: 'no' };
const running = (n: number): ChosenModels => accepted(trying(wish(ownModels, desired(n))));

test('from the wish to what is trusted', () => {
  const wanted = wish({ ...ownModels, isRunning: true }, desired(1));
  expect(stateOf(wanted)).toMatchObject({ state: 'downloading', set: { rollout: 'rol_1' } });
  expect(stateOf(trying(wanted)).state).toBe('checking');
  const runs = accepted(trying(wanted));
  expect(stateOf(runs)).toMatchObject({ state: 'running', set: { rollout: 'rol_1' } });
  expect(runs).toMatchObject({ isProven: false, previous: { models: {} } });
  expect(proven(runs).isProven).toBe(true);
});

test('a set that failed its trial is not tried again, until somebody means it', () => {
  const state = rejected(trying(wish(ownModels, desired(1))), fault);
  expect(stateOf(state)).toMatchObject({ state: 'rejected', fault });
  expect(wish(state, desired(1)).wanted).toBeUndefined();
  expect(wish(state, desired(1, 2)).wanted).toBeDefined();
  expect(stateOf(wish(state, {}))).toMatchObject({ state: 'idle' });
});

test('a set that failed while it ran goes, what ran before comes, and that is said', () => {
  const second = accepted(trying(wish(proven(running(1)), desired(2))));
  const back = returned(second, fault);
  expect(back.active.models).toEqual({ who: ref(1) });
  expect(stateOf(back)).toMatchObject({ state: 'rolled_back', set: { rollout: 'rol_2' }, fault });
  expect(wish(back, desired(2)).wanted).toBeUndefined();
  // The cloud takes the rollout back: what runs already is what it wants.
  expect(stateOf(wish(back, desired(1, 2)))).toMatchObject({ state: 'running' });
});

test('ends soon after a swap are counted, and after too many the old models are back', () => {
  let state = started(running(1), 0);
  for (let i = 1; i < maxRuleCrashes; i += 1) state = started(state, i * 1_000);
  expect(state.active.models).toEqual({ who: ref(1) });
  state = started(state, 10_000);
  expect(stateOf(state)).toMatchObject({ state: 'rolled_back', fault: { code: 'internal' } });
  expect(state.active.models).toEqual({});
});

test('a model that kills the agent in its trial is given up', () => {
  let state = started(trying(wish(ownModels, desired(1))), 0);
  for (let i = 0; i < maxTrials && state.wanted !== undefined; i += 1) state = started(state, i);
  expect(stateOf(state)).toMatchObject({ state: 'rejected', fault: { code: 'internal' } });
});

test('a goodbye is no crash, and neither is an end of what is proven', () => {
  let state: ChosenModels = running(1);
  for (let i = 0; i < 10; i += 1) state = started(stopped(state), i);
  expect(state.active.models).toEqual({ who: ref(1) });
  state = proven(state);
  for (let i = 0; i < 10; i += 1) state = crashed(started(state, i), i, 'it ended');
  expect(state.active.models).toEqual({ who: ref(1) });
});

test('a shadow beside which the agent keeps ending is given up, and what acts stays', () => {
  const shadow = { rollout: 'rol_9', models: { who: ref(9) } };
  let state = started(wish(proven(running(1)), { ...desired(1), shadow }), 0);
  for (let i = 0; i < maxTrials; i += 1) state = started(state, i);
  expect(state.shadowFault).toMatchObject({ code: 'internal' });
  expect(state.active.models).toEqual({ who: ref(1) });
  expect(wish(state, { ...desired(1), shadow }).shadowFault).toBeDefined();
  expect(wish(state, desired(1)).shadow).toBeUndefined();
});

test('for all histories: what runs passed a trial, and a failed try never comes back by itself', () => {
  const event = fc.record({
    kind: fc.integer({ min: 0, max: 8 }),
    n: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let state: ChosenModels = started(ownModels, 0);
      let nowMs = 0;
      const passed = new Set(['{}']);
      for (const { kind, n } of events) {
        nowMs += 1_000;
        if (kind <= 1) state = wish(state, kind === 0 ? desired(n) : {});
        if (kind === 2 && state.wanted !== undefined) state = trying(state);
        if (kind === 3 && state.isTrying) {
          passed.add(JSON.stringify(state.wanted?.models));
          state = accepted(state);
        }
        if (kind === 4 && state.isTrying) state = rejected(state, fault);
        if (kind === 5 && !state.isProven) state = returned(state, fault);
        if (kind === 6) state = started(state, nowMs);
        if (kind === 7) state = proven(state);
        if (kind === 8) state = JSON.parse(JSON.stringify(started(stopped(state), nowMs))) as never;
        const failed = (state.rejected ?? state.returned)?.set;
        expect(failed && wish(state, failed).wanted).toBeUndefined();
        expect(passed).toContain(JSON.stringify(state.active.models));
        expect(state.isProven || state.previous !== undefined).toBe(true);
        expect(state.isTrying && state.wanted === undefined).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});
