/**
 * Goal: what a model says of its certainty is fitted on moments that stand for others.
 * Method: logits whose truth was drawn by them, beside hard ones that somebody chose.
 */
import { seededRandom } from '@fieldloop/core';
import { softmax } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import { judged } from './judged.ts';

/** Logits that are too sure by 2; `hard` ones are right no more often than a coin. */
function units(n: number, of: { readonly isHard: boolean; readonly isChosen: boolean }) {
  const random = seededRandom(`judged ${n} ${of.isHard}`);
  return Array.from({ length: n }, () => {
    const half = random.normal() * 2;
    const truth = random.next() < (of.isHard ? 0.5 : (softmax([half, 0])[0] ?? 0)) ? 0 : 1;
    return { truth, frames: [Float32Array.of(2 * half, 0)], isChosen: of.isChosen };
  });
}

const temperatureOf = (calibration: ReturnType<typeof units>): number =>
  judged({ calibration, skipped: 0 }, (frame) => Float64Array.from(frame), 2).temperature ?? 0;

test('units that were chosen do not move the temperature, drawn ones make it', () => {
  const drawn = units(2000, { isHard: false, isChosen: false });
  const hard = { isHard: true, isChosen: true };
  const alone = temperatureOf(drawn);
  expect(alone).toBeGreaterThan(1.7);
  expect(alone).toBeLessThan(2.3);
  expect(temperatureOf([...drawn, ...units(2000, hard)])).toBe(alone);
  expect(temperatureOf([...drawn, ...units(2000, { ...hard, isChosen: false })])).toBeGreaterThan(
    3,
  );
});

test('of fewer than fifty drawn ones the logits stay as they are, and all count for accuracy', () => {
  const few = units(49, { isHard: false, isChosen: false });
  const chosen = units(300, { isHard: true, isChosen: true });
  expect(temperatureOf([...few, ...chosen])).toBe(1);
  const { metrics } = judged(
    { calibration: [...few, ...chosen], skipped: 0 },
    (frame) => Float64Array.from(frame),
    2,
  );
  expect(metrics.calibration.n).toBe(349);
});
