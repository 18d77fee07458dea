/**
 * Goal: no schema, path or message whatever makes reading crash or see a neighbour's bytes.
 * Method: a short seeded run of the target of `npm run fuzz -- schemas`.
 */
import { expect, test } from 'vitest';
import { fuzzSchemas } from './fuzz.sample.ts';

test('bent schemas, paths and messages end in values or Faults', async () => {
  const { inputs, lines, failures } = await fuzzSchemas({ seed: 11, inputs: 4000 });
  expect(failures).toEqual([]);
  expect(inputs).toBe(4000);
  // Every outcome was met, or the run says nothing about it.
  expect(lines.map((line) => line.replace(/ \d+ times$/, '')).toSorted()).toEqual([
    'corrupt message',
    'read',
    'refused path',
    'refused schema',
  ]);
});
