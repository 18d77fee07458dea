/**
 * Goal: a training that was stopped ends with the weights of one that was not.
 * Method: trainings broken off after every epoch and resumed from text; the wall data recipe.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { checkpointText, readCheckpoint } from './checkpoint.ts';
import { openNetwork } from './network.ts';
import { type Samples, train, trainEpochs, type TrainOptions, type TrainState } from './train.ts';

const seed = 'checkpoint-test';

function samples(count: number, inputs: number, classes: number): Samples {
  const random = seededRandom(`${seed}/samples`);
  const targets = new Float32Array(count * classes);
  for (let i = 0; i < count; i += 1) targets[i * classes + random.integer(classes)] = 1;
  const values = Float32Array.from({ length: count * inputs }, () => random.normal());
  return { count, inputs: values, targets };
}

const small: Omit<TrainOptions, 'random'> = {
  hidden: [5],
  epochs: 4,
  batch: 7,
  learningRate: 0.01,
  weightDecay: 0.01,
};

test.each([1, 2, 3])('broken off after epoch %i and resumed: the same weights', (stopAt) => {
  const rows = samples(50, 6, 3);
  const whole = train(rows, { ...small, random: seededRandom(seed) });
  let kept = '';
  for (const state of trainEpochs(rows, { ...small, random: seededRandom(seed) })) {
    kept = checkpointText(state);
    if (state.epoch === stopAt) break;
  }
  let last: TrainState | undefined;
  const again = { ...small, random: seededRandom(seed) };
  for (const state of trainEpochs(rows, again, readCheckpoint(kept))) last = state;
  expect(last?.network).toEqual(whole);
});

test('a checkpoint of the last epoch has nothing left to do', () => {
  const rows = samples(20, 6, 3);
  const states = [...trainEpochs(rows, { ...small, random: seededRandom(seed) })];
  const resumed = readCheckpoint(checkpointText(states.at(-1) as TrainState));
  expect([...trainEpochs(rows, { ...small, random: seededRandom(seed) }, resumed)]).toEqual([]);
});

test('the recipe of the wall data can be said: 24-32-4, Adam 3e-3, batch 32, constant', () => {
  const rows = samples(400, 24, 4);
  const recipe: TrainOptions = {
    random: seededRandom(seed),
    hidden: [32],
    epochs: 8,
    batch: 32,
    learningRate: 3e-3,
    weightDecay: 0,
    scheduler: 'constant',
  };
  const losses = [...trainEpochs(rows, recipe)].map(({ loss }) => loss);
  expect(losses).toHaveLength(8);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
});

test('begun with given weights, they are where it starts and stay as they were', () => {
  const rows = samples(30, 6, 3);
  const start = openNetwork([6, 9, 3], seededRandom(seed));
  const before = structuredClone(start);
  const options = { ...small, epochs: 1, learningRate: 1e-9, random: seededRandom(seed), start };
  const after = train(rows, options);
  expect(start).toEqual(before);
  expect(after[0]?.outputs).toBe(9);
  after[0]?.weights.forEach((weight, i) =>
    expect(weight).toBeCloseTo(start[0]?.weights[i] ?? 0, 6),
  );
  const other = openNetwork([5, 3], seededRandom(seed));
  expect(() => train(rows, { ...options, start: other })).toThrow('do not fit');
});

test('what is no checkpoint is called corrupt', () => {
  expect(() => readCheckpoint('{"format":"x"}')).toThrow('cannot be read');
  expect(() => readCheckpoint('{"torn')).toThrow('cannot be read');
});
