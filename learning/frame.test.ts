/**
 * Goal: training and the robot read the same numbers of the same message, or say why not.
 * Method: messages written by hand against paths, and a declaration of each kind of model.
 */
import { Fault } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { contentTensor, frameContent } from './frame.ts';
import { type ModelYaml, parseModelDocument } from './model-document.ts';
import type { ModelInput } from './model-input.ts';

const decodeImage = () => Promise.reject(new Error('no image here'));
const numbers = (path: string, size: number): ModelInput => ({
  kind: 'numbers',
  topic: '/scan',
  path,
  numbers: { size, mean: [1], std: [2] },
});

test.each([
  ['ranges', { ranges: [1, 3] }],
  ['ranges[]', { ranges: Float32Array.from([1, 3]) }],
  ['a.b[1].c', { a: { b: [{}, { c: [1, 3] }] } }],
  ['dets[].score', { dets: [{ score: 1 }, { score: 3n }] }],
])('%s reaches the numbers, and they come standardised', async (path, message) => {
  const input = numbers(path, 2);
  const tensor = await contentTensor(frameContent(message, input), input, decodeImage);
  expect([...tensor]).toEqual([0, 1]);
});

test.each([
  ['x', { y: 1 }, /there is no "x"/],
  ['x', { x: 'text' }, /not a number/],
  ['x]', { x: 1 }, /not a step of a path/],
])('%s in %j is refused', (path, message, why) => {
  expect(() => frameContent(message, numbers(path, 1))).toThrow(why);
});

const yaml: ModelYaml = {
  id: 'm',
  version: 3,
  task: 'classification',
  classes: ['a', 'b'],
  input: { name: 'x', from: { topic: '/t', path: 'v' }, size: 2, mean: [0], std: [1] },
  output: { logits: ['one', 'two'], embedding: 'h' },
  golden: [{ input: [1, 2], output: [1, 2, 3, 4] }],
};

test('a declaration of an ensemble with an embedding is read whole', () => {
  expect(parseModelDocument(yaml)).toMatchObject({
    version: '3',
    output: { task: 'classification', heads: ['one', 'two'], gives: 'logits', embedding: 'h' },
    temperature: 1,
    inputSize: 2,
  });
});

test('a golden input may be a formula, the one that model.yaml is documented with', () => {
  const golden = [{ input: { seed: 3 }, output: [1, 2, 3, 4] }];
  const [pair] = parseModelDocument({ ...yaml, golden }).golden;
  // As NumPy 2.1 prints 2 * (3 * np.arange(1, 3) * 0.618033988749895 % 1) - 1.
  expect(pair?.input[0]).toBeCloseTo(0.708203932499369, 12);
  expect(pair?.input[1]).toBeCloseTo(0.416407864998739, 12);
});

test.each([
  ['/golden/0/output', { ...yaml, golden: [{ input: [1, 2], output: [1, 2] }] }],
  ['/output/logits', { ...yaml, output: { logits: ['one', 'one'] } }],
  ['/input/size', { ...yaml, input: { ...yaml.input, size: undefined } }],
  ['/', 7],
])('a declaration that is wrong at %s says so', (place, value) => {
  expect(faultOf(() => parseModelDocument(value))).toMatchObject({
    code: 'invalid',
    place,
    remedy: expect.stringMatching(/./),
  });
});

function faultOf(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault');
}
