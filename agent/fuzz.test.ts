/**
 * Goal: no configuration, pushed document, byte of the wire or local request breaks the agent.
 * Method: a short seeded part of `npm run fuzz -- config`.
 */
import { expect, test } from 'vitest';
import { fuzzConfig } from './fuzz.sample.ts';

test('bent inputs are taken or refused, and refusals have their places', async () => {
  const seed = 20_261_121;
  const { inputs, lines, failures } = await fuzzConfig({ seed, inputs: 500 });
  expect(failures, `seed ${seed}`).toEqual([]);
  expect(inputs).toBe(500);
  expect(lines.join('\n')).toMatch(/configuration taken: \d/);
  expect(lines.join('\n')).toMatch(/wire refused: \d/);
});
