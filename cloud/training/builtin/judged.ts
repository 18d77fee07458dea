/** What the calibration split says of a trained network. */
import { fitTemperature, topIndex } from '@fieldloop/learning';
import type { Result } from '../contract-names.ts';
import { unitProbabilities } from '../lab/judge.ts';
import type { Data } from './data.ts';

/** Fewer units than this say nothing of a temperature. */
const leastCalibration = 50;

/**
 * Accuracy on the calibration units, and the temperature that fits those of them that stand for
 * others: units chosen because the model doubts them would make it doubt everything.
 */
export function judged(
  { calibration, skipped }: Pick<Data, 'calibration' | 'skipped'>,
  logits: (frame: Float32Array) => Float64Array,
  classes: number,
): Pick<Result, 'metrics' | 'temperature'> {
  const units = calibration.map(({ truth, frames, isChosen }) => ({
    truth,
    isChosen,
    logits: frames.map(logits),
  }));
  const drawn = units.filter(({ isChosen }) => !isChosen);
  const flat = drawn.flatMap(({ truth, logits: each }) =>
    each.map((one) => ({ truth, logits: one })),
  );
  const temperature = drawn.length < leastCalibration ? 1 : fitTemperature(flat);
  const right = units.filter(
    (unit) => topIndex(unitProbabilities(unit.logits, { classes, temperature })) === unit.truth,
  ).length;
  const n = units.length;
  const accuracy = n === 0 ? null : right / n;
  return { temperature, metrics: { calibration: { n, accuracy }, skipped } };
}
