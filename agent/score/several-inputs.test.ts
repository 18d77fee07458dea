/**
 * Goal: a model of several inputs is fed each by its name and its own preprocessing, and what does
 * not fit is told before a robot runs it, or frame by frame.
 * Method: real ONNX Runtime on a graph that adds its inputs up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { parseClassifier } from '@fieldloop/learning';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { readModel } from './model.ts';
import { filesIn } from './model-files.ts';
import { scorerDeps } from './scorer.cases.ts';
import { openScorer, type Scorer } from './scorer.ts';
import { sumOnnx, sumYaml, tinyYaml, writeModel } from './testing.ts';

const channel = jsonChannel(1, '/numbers');
const state = jsonChannel(2, '/state');
const frame = { channel, bytes: jsonBytes({ values: [1, 2] }) };
const speed = (value: unknown) => ({ channel: state, bytes: jsonBytes({ speed: value }) });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-inputs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = async (yaml: Record<string, unknown>): Promise<Scorer> =>
  await openScorer(readModel(filesIn(writeModel(folder, yaml, sumOnnx()))), scorerDeps);

test('each input is fed by its name, after its own preprocessing', async () => {
  await using scorer = await load(sumYaml());
  const told = [];
  for (const value of [7, -1]) {
    const more = new Map([['speed', speed(value)]]);
    told.push(await scorer.score({ ...frame, more }));
  }
  // The speed less 1, over 2, added to the first of the frame's numbers.
  expect(told).toMatchObject([
    { scored: { values: { value: 4 } } },
    { scored: { values: { value: 0 } } },
  ]);
  await scorer.golden();
});

test.each([
  ['nothing for an input', new Map(), 'message', /input "speed": the rules name no topic for it/],
  ['a field that is not there', new Map([['speed', { ...frame }]]), 'message', /input "speed": /],
  ['a list for one number', new Map([['speed', speed([1, 2])]]), 'shape', /takes 1 numbers, got 2/],
])('%s is no score of this frame, and the next one has its own', async (_, more, reason, why) => {
  await using scorer = await load(sumYaml());
  const result = await scorer.score({ ...frame, more });
  expect(result).toMatchObject({ reason, message: expect.stringMatching(why) });
  const next = await scorer.score({ ...frame, more: new Map([['speed', speed(1)]]) });
  expect(next).toMatchObject({ scored: { values: { value: 1 } } });
});

const { moreInputs, ...alone } = sumYaml();
const [input] = moreInputs;

test.each([
  [
    'an input that nothing feeds',
    { ...alone, golden: [{ input: [1, 2], output: [1, 2] }] },
    /says nothing of its inputs speed/,
  ],
  [
    'one that the model lacks',
    { moreInputs: [{ ...input, name: 'mass' }] },
    /moreInputs\[0\].name is "mass", the model has x, speed/,
  ],
  [
    'one of another size',
    { moreInputs: [{ ...input, size: 2 }], golden: [{ input: [1, 2, 3, 4], output: [4, 5] }] },
    /model.yaml feeds 2 numbers/,
  ],
  ['a name twice', { moreInputs: [{ ...input, name: 'x' }] }, /"x" is named twice/],
  [
    'golden inputs of one alone',
    { golden: [{ input: [1, 2], output: [4, 5] }] },
    /has 2 numbers, the model's input has 3/,
  ],
])('%s is told when the model is loaded', async (_, change, why) => {
  const base = 'moreInputs' in change || !('id' in change) ? sumYaml() : {};
  const fault = await load({ ...base, ...change }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ message: expect.stringMatching(why) });
});

test('training and evaluation say that they take one input', () => {
  const golden = [{ input: [1, 0.5, 0], output: [2, 1, -1.5] }];
  expect(() => parseClassifier({ ...tinyYaml(), moreInputs, golden })).toThrow(
    /it takes several inputs/,
  );
});
