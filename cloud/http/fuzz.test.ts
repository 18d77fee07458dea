/**
 * Goal: whatever the API is asked, no answer is a bug or outside its document.
 * Method: a short seeded part of `npm run fuzz -- api`, which asks 20,000 times.
 */
import { expect, test } from 'vitest';
import { fuzzApi } from './fuzz.sample.ts';

const requests = 1600;

test('requests drawn from the document find nothing', { timeout: 60_000 }, async () => {
  const seed = 20_261_121;
  const report = await fuzzApi({ seed, requests });
  expect(report.failures, `seed ${seed}`).toEqual([]);
  expect(report.requests).toBe(requests);
  expect(report.reached.length).toBeGreaterThan(report.operations / 4);
});
