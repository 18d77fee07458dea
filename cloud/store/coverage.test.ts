/**
 * Goal: every instant of the coverage has the best state that is true of it, and the sums add up.
 * Method: random spans against an array with one cell a nanosecond.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CoverageRange, coverageOf, coverageOfClip, coverageStates } from './coverage.ts';

const span = fc
  .record({
    state: fc.constantFrom(...coverageStates),
    from: fc.integer({ min: -5, max: 45 }),
    length: fc.nat(20),
  })
  .map(({ state, from, length }) => ({
    state,
    startNs: BigInt(from),
    endNs: BigInt(from + length),
  }));

const cells = 40;
const window = { startNs: 0n, endNs: BigInt(cells) };

test('random spans make the ranges that a look at each instant makes', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 20 }), (spans) => {
      const { ranges, sumsNs } = coverageOf(spans, window);
      const inside = (at: number) => (one: CoverageRange) =>
        one.startNs <= BigInt(at) && BigInt(at) < one.endNs;
      const best = (at: number) =>
        coverageStates.find((state) => spans.filter(inside(at)).some((one) => one.state === state));
      for (let at = 0; at < cells; at += 1) {
        expect(ranges.filter(inside(at)).map(({ state }) => state)).toEqual(
          best(at) === undefined ? [] : [best(at)],
        );
      }
      for (const [i, one] of ranges.entries()) {
        const next = ranges[i + 1];
        expect(one.endNs).toBeGreaterThan(one.startNs);
        const goesOn = next?.startNs === one.endNs && next.state === one.state;
        expect(goesOn).toBe(false);
      }
      for (const state of coverageStates) {
        const count = Array.from({ length: cells }, (_, at) => best(at)).filter((b) => b === state);
        expect(sumsNs[state]).toBe(BigInt(count.length));
      }
    }),
    { numRuns: 500 },
  );
});

test('a clip on the robot, one that is gone, and one whose bytes were erased', () => {
  expect(coverageOfClip('on_device')).toBe('on_robot');
  expect(coverageOfClip('lost')).toBe('missing');
  expect(coverageOfClip('erased')).toBeUndefined();
});
