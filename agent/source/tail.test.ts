/**
 * Goal: what a clock is set by within a chunk is no time that its recorder holds back.
 * Method: blocks by hand.
 */
import { expect, test } from 'vitest';
import { blockOf } from '../window/testing.ts';
import { spanMsOf } from './tail.ts';

test.each([
  ['one after the other', [10, 10.5, 12], 2_000],
  ['out of order', [10, 12, 11.5, 12.5], 2_500],
  ['set back', [100, 101, 10, 10.5], 1_500],
  ['set ahead by an hour', [10, 10.5, 3_610, 3_611], 1_500],
  ['one that is late', [100, 40, 101], 0],
  ['alone', [10], 0],
])('%s', (_, times, expected) => {
  const block = blockOf(
    times.map((s) => ({ channelId: 1, atNs: BigInt(s * 1e9), data: new Uint8Array(1) })),
  );
  expect(spanMsOf(block)).toBe(expected);
});
