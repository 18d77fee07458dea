/**
 * Goal: the retrain value is the difference that is there, and its interval holds the truth about
 * as often as it says; lucky seeds and lucky groups make it wider.
 * Method: simulated trainings whose true difference is known, over a few hundred seeded worlds.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { retrainValue } from './retrain.ts';

const groups = 24;
const perGroup = 12;
const group = Int32Array.from({ length: groups * perGroup }, (_, unit) =>
  Math.floor(unit / perGroup),
);

/** Five models a lane; each group is harder or easier for both, each seed luckier or not. */
function world(seed: string, gain: number) {
  const random = seededRandom(seed);
  const hard = Array.from({ length: groups }, () => 0.08 * random.normal());
  const taught = Array.from({ length: groups }, () => gain + 0.05 * random.normal());
  const model = (more: readonly number[], luck: number): Uint8Array =>
    Uint8Array.from(group, (g) =>
      Number(random.next() < 0.7 + (hard[g] ?? 0) + (more[g] ?? 0) + luck),
    );
  const none = hard.map(() => 0);
  const lane = Array.from({ length: 5 }, () => model(taught, 0.01 * random.normal()));
  const audit = Array.from({ length: 5 }, () => model(none, 0.01 * random.normal()));
  return { lane, audit, group };
}

test('nothing gained is inside its interval in 95 of 100 worlds or more, a gain of a tenth is found', () => {
  const worlds = 200;
  let [held, found] = [0, 0];
  for (let n = 0; n < worlds; n += 1) {
    const none = retrainValue(world(`none ${n}`, 0), seededRandom(`draw ${n}`), 400);
    if (none !== undefined && none.low <= 0 && none.high >= 0) held += 1;
    const some = retrainValue(world(`some ${n}`, 0.1), seededRandom(`draw ${n}`), 400);
    if (some !== undefined && some.low > 0) found += 1;
  }
  process.stdout.write(`retrain value: held ${held}, found ${found} of ${worlds}\n`);
  expect(held / worlds).toBeGreaterThan(0.92);
  expect(found / worlds).toBeGreaterThan(0.9);
});

test('the same lanes differ by nothing at all; without groups or seeds there is no figure', () => {
  const { lane } = world('same', 0);
  const same = retrainValue({ lane, audit: lane, group }, seededRandom('s'));
  expect(same).toEqual({ value: 0, low: 0, high: 0, n: group.length });
  const one = new Int32Array(group.length);
  expect(retrainValue({ lane, audit: lane, group: one }, seededRandom('s'))).toBeUndefined();
  expect(retrainValue({ lane: [], audit: [], group }, seededRandom('s'))).toBeUndefined();
});

test('it is the mean difference of the accuracies', () => {
  const lane = [Uint8Array.of(1, 1, 1, 0), Uint8Array.of(1, 1, 0, 1)];
  const audit = [Uint8Array.of(1, 0, 1, 0), Uint8Array.of(0, 0, 0, 1)];
  const figure = retrainValue(
    { lane, audit, group: Int32Array.of(0, 0, 1, 1) },
    seededRandom('mean'),
  );
  expect(figure?.value).toBeCloseTo(3 / 8, 12);
  expect(figure?.low).toBeGreaterThanOrEqual(0);
  expect(figure?.high).toBeLessThanOrEqual(1);
});
