/**
 * Goal: `through` is the highest number below which nothing is missing, in whatever order rows come.
 * Method: compare with a plain set of numbers over generated histories.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, type LaneProgress, missingBelow, newLane, rangesOf } from './lane.ts';
import { rangesText, withRange } from './lane.ts';

const range = fc
  .tuple(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 0n, max: 8n }))
  .map(([from, length]) => ({ from, to: from + length }));

test('through passes no hole and forgets nothing', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 40, size: 'max' }), (arrivals) => {
      let lane: LaneProgress = newLane;
      const here = new Set<bigint>();
      for (const { from, to } of arrivals) {
        const next = withRange(lane, from, to);
        expect(next).toBeDefined();
        lane = next ?? lane;
        for (let seq = from; seq <= to; seq += 1n) here.add(seq);
      }
      let through = 0n;
      while (here.has(through + 1n)) through += 1n;
      expect(lane.through).toBe(through);
      for (let seq = 1n; seq < 75n; seq += 1n) expect(holds(lane, seq)).toBe(here.has(seq));
      expect(rangesOf(rangesText(lane.ranges))).toEqual(lane.ranges);
    }),
  );
});

test('the seventeenth range past a hole is not taken, what fills the hole is', () => {
  let lane: LaneProgress = newLane;
  for (let i = 1n; i <= 16n; i += 1n) lane = withRange(lane, i * 10n, i * 10n + 1n) ?? lane;
  expect(lane.ranges).toHaveLength(16);
  expect(withRange(lane, 500n, 501n)).toBeUndefined();
  expect(withRange(lane, 12n, 12n)?.ranges).toHaveLength(16);
  expect(withRange(lane, 1n, 9n)?.through).toBe(11n);
});

test('what the device no longer has is a gap up to its lowest row', () => {
  const lane = { through: 10n, ranges: [] };
  expect(missingBelow(lane, 11n)).toBeUndefined();
  expect(missingBelow(lane, 5n)).toBeUndefined();
  expect(missingBelow(lane, 15n)).toEqual({ from: 11n, to: 14n });
});
