/**
 * Goal: outputs that are no score say what is wrong with them, and none is dropped in silence.
 * Method: outputs by hand, of sizes that the model leaves open until it runs.
 */
import { type OutputTensor, parseModelDocument } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import { tinyYaml } from './testing.ts';
import { scoreValues } from './values.ts';

const tensor = (...values: readonly number[]): OutputTensor => ({
  values: Float32Array.from(values),
  dimensions: [1, values.length],
});

const { classes: _, ...plain } = tinyYaml();
const classifier = { ...tinyYaml(), output: { logits: 'l', embedding: 'e' } };
const regressor = { ...plain, task: 'regression', output: { value: 'v', variance: 's' } };
const embedder = { ...plain, task: 'embedding', output: { embedding: 'e' } };
const long = tensor(...Array<number>(1_280).fill(0.5));

test.each([
  ['logits for other classes', classifier, [tensor(1, 2), tensor(1)], /2 logits for 3 classes/],
  ['too long an embedding', embedder, [long], /embedding has 1280 numbers/],
  ['a long one beside logits', classifier, [tensor(1, 2, 3), long], /embedding has 1280 numbers/],
  ['none beside logits', classifier, [tensor(1, 2, 3), tensor()], /embedding has 0 numbers/],
  ['half a variance', regressor, [tensor(1, 2), tensor(1)], /outputs have 2, 1 numbers/],
  ['no value', regressor, [tensor(), tensor()], /outputs have 0, 0 numbers/],
])('%s: the fault has the sizes', (__, yaml, outputs, message) => {
  expect(() => scoreValues(parseModelDocument(yaml), outputs, {})).toThrow(message);
});

test.each([
  ['a logit', classifier, [tensor(1, Number.NaN, 3), tensor(1)]],
  ['an embedding beside logits', classifier, [tensor(1, 2, 3), tensor(Number.NaN)]],
  ['an embedding', embedder, [tensor(1, Number.POSITIVE_INFINITY)]],
  ['a variance', regressor, [tensor(1), tensor(Number.NaN)]],
])('%s that is not finite is no score', (__, yaml, outputs) => {
  expect(scoreValues(parseModelDocument(yaml), outputs, {})).toBeUndefined();
});
