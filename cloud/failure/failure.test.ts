/**
 * Goal: a failure takes only the steps of its life that make sense, and finds the clip that shows
 * it best.
 * Method: the table walked from every state; clips in every state and distance.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkStep,
  chooseClip,
  conditionsOf,
  conditionValues,
  type FailureState,
  failureStates,
  nearestSignals,
  nextStates,
  reopened,
} from './failure.ts';

const second = 1_000_000_000n;
const moment = { startNs: 100n * second, endNs: 101n * second };
const clip = (id: string, state: string, from: number, to: number) => ({
  id,
  state,
  startNs: BigInt(from) * second,
  endNs: BigInt(to) * second,
});

test('every state but the closed and the dismissed ones leads on, and all are reached from open', () => {
  const reached = new Set<FailureState>(['open']);
  for (const state of reached) for (const next of nextStates[state]) reached.add(next);
  expect([...reached].sort()).toEqual([...failureStates].sort());
  expect(() => checkStep('open', 'released')).toThrow(/cannot become released/);
  expect(() => checkStep('closed', 'open')).toThrow(
    expect.objectContaining({ code: 'conflict', remedy: 'From closed it becomes recurred.' }),
  );
});

test('what was fixed recurs; what was dismissed begins where it stands', () => {
  expect(reopened('closed', 'linked')).toBe('recurred');
  expect(reopened('released', 'unrecoverable')).toBe('recurred');
  expect(reopened('wont_fix', 'linked')).toBe('linked');
  expect(reopened('not_a_failure', 'searching')).toBe('open');
  expect(() => reopened('open', 'searching')).toThrow(/cannot become/);
});

test.each([
  ['bytes that are here', [clip('a', 'on_device', 99, 105), clip('b', 'stored', 103, 110)], 'b'],
  ['the one that overlaps most', [clip('a', 'stored', 90, 97), clip('b', 'stored', 95, 102)], 'b'],
  ['one at the very edge', [clip('a', 'stored', 80, 95)], 'a'],
])('the clip that is chosen: %s', (_, clips, id) => {
  expect(chooseClip(moment, clips)).toEqual({ link: 'linked', clip: id, pull: false });
});

test.each([
  ['none', [], { link: 'searching', pull: false }],
  ['one too far', [clip('a', 'stored', 80, 94)], { link: 'searching', pull: false }],
  ['on its way', [clip('a', 'uploading', 99, 105)], { link: 'pulling', clip: 'a', pull: false }],
  ['on the robot', [clip('a', 'on_device', 99, 105)], { link: 'pulling', clip: 'a', pull: true }],
  ['gone', [clip('a', 'evicted', 99, 105)], { link: 'unrecoverable', clip: 'a', pull: false }],
] as const)('the clip is %s', (_, clips, expected) => {
  expect(chooseClip(moment, clips)).toEqual(expected);
});

test('the choice does not depend on the order of the clips', () => {
  const some = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    state: fc.constantFrom('stored', 'uploading', 'on_device', 'evicted'),
    from: fc.integer({ min: 85, max: 110 }),
    length: fc.nat(10),
  });
  const clips = fc.uniqueArray(some, { selector: ({ id }) => id });
  fc.assert(
    fc.property(clips, (given) => {
      const all = given.map(({ id, state, from, length }) => clip(id, state, from, from + length));
      expect(chooseClip(moment, all.toReversed())).toEqual(chooseClip(moment, all));
    }),
  );
});

test('signals are those of the nearest verdict, when one is near', () => {
  const at = (n: number) => ({ atNs: BigInt(n) * second, values: { n } });
  expect(nearestSignals(moment, [at(96), at(102), at(99)])).toEqual({ n: 99 });
  expect(nearestSignals(moment, [at(94), at(107)])).toEqual({});
});

test('conditions name what was measured, and are one list for queries', () => {
  const conditions = conditionsOf(
    { firmware: '1.4', site: 'hall-1', 'models.detector': 'ab', hw: 'orin', arms: 2 },
    { vx: 0.5, mode: 'auto', gone: null },
  );
  expect(conditions).toEqual({
    signals: { vx: 0.5, mode: 'auto', gone: null },
    firmware: '1.4',
    site: 'hall-1',
    models: { detector: 'ab' },
    properties: { hw: 'orin', arms: 2 },
  });
  expect(conditionValues(conditions)).toContainEqual({ key: 'models.detector', value: 'ab' });
  expect(conditionValues(conditions)).toContainEqual({ key: 'signals.vx', value: 0.5 });
  expect(conditionValues(conditions).map(({ key }) => key)).not.toContain('signals.gone');
});
