/**
 * Goal: no document and no expression crashes, hangs or is answered without a place.
 * Method: a short run of the target that `npm run fuzz -- rules` runs long.
 */
import { expect, test } from 'vitest';
import { fuzzRules } from './fuzz.sample.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? '2025');

test(`documents and expressions, seed ${seed}`, async () => {
  const { failures, inputs, lines } = await fuzzRules({ seed, inputs: 2_000 });
  expect(failures).toEqual([]);
  expect(inputs).toBe(2_000);
  expect(lines.map((line) => line.split(':')[0])).toContain('document accepted, fired');
});
