/**
 * Goal: no bytes whatever make a reader crash, hang or grow, and a repair is always sound.
 * Method: a short seeded run of the target of `npm run fuzz -- recordings`.
 */
import { expect, test } from 'vitest';
import { fuzzRecordings } from './fuzz.sample.ts';

test('bent recordings end well or in a Fault with its place', async () => {
  const { inputs, lines, failures } = await fuzzRecordings({ seed: 2025, inputs: 400 });
  expect(failures).toEqual([]);
  expect(inputs).toBe(400);
  // Every reader met whole files and broken ones, or the run says nothing about it.
  const outcomes = lines.map((line) => line.replace(/ \d+ times$/, ''));
  for (const what of ['read', 'salvaged', 'pushed', 'indexed', 'repaired']) {
    expect(outcomes).toContain(`${what}: whole`);
    expect(outcomes).toContain(`${what}: corrupt`);
  }
});
