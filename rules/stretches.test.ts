/**
 * Goal: what lies between two readings of a clock that was set counts as no recorded time.
 * Method: log times made here, in blocks of several sizes, against the stretches they were made of.
 */
import { expect, test } from 'vitest';
import * as limits from './limits.ts';
import { openStretches } from './stretches.ts';
import { blockOf, channelsOf, originNs } from './test-blocks.ts';

/** Seconds after the first reading of the clock. */
function stretchesOf(seconds: readonly number[], size: number): (readonly number[])[] {
  const messages = seconds.map((s) => ({ topic: '/x', ms: s * 1_000, value: 0 }));
  const channels = channelsOf(messages);
  const stretches = openStretches();
  for (let i = 0; i < messages.length; i += size) {
    stretches.take(blockOf(messages.slice(i, i + size), channels));
  }
  const secondsOf = (ns: bigint): number => Number(ns - originNs) / 1e9;
  return stretches.all().map((one) => [secondsOf(one.startNs), secondsOf(one.endNs)]);
}

const minute = (fromS: number): number[] => Array.from({ length: 61 }, (_, i) => fromS + i);
const year = 365 * 86_400;

test.each([
  ['one run', minute(0), [[0, 60]]],
  ['a pause', [...minute(0), ...minute(7_200)], [[0, 7_260]]],
  ['a straggler', [...minute(0), 57, ...minute(61)], [[0, 121]]],
  ['a topic behind the other', [...minute(0), ...minute(0)], [[0, 60]]],
  [
    'a clock that was set back',
    [...minute(0), ...minute(-9_000)],
    [
      [0, 60],
      [-9_000, -8_940],
    ],
  ],
  [
    'a clock that found the time',
    [...minute(0), ...minute(year)],
    [
      [0, 60],
      [year, year + 60],
    ],
  ],
  [
    'two clocks in turns',
    minute(0).flatMap((s) => [s, s + year]),
    [
      [0, 60],
      [year, year + 60],
    ],
  ],
])('%s', (_, seconds, expected) => {
  for (const size of [1, 7, 1_000]) expect(stretchesOf(seconds, size)).toEqual(expected);
});

test('a clock that never stops jumping is bounded', () => {
  const seconds = Array.from({ length: 3_000 }, (_, i) => -i * 10);
  const found = stretchesOf(seconds, 100);
  expect(found).toHaveLength(limits.stretches);
  expect(found.at(-1)?.[0]).toBe(-29_990);
});
