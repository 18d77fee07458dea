/**
 * Goal: a worker that dies anywhere in a rollout leaves the same robots with the same release, and
 * each decision on record once.
 * Method: the crash kit on the real engine: a rollout that completes and one that is taken back,
 * killed at each boundary.
 */
import { expect, test } from 'vitest';
import { crashEverywhere } from './kit/crash.sample.ts';
import { completes, refused } from './staged-rollout.crash.sample.ts';

test.each([
  [completes.name, completes, 'completed'],
  [refused.name, refused, 'rolled_back'],
])(
  '%s: killed anywhere it ends the same',
  async (name, one, state) => {
    const { points, differing, end } = await crashEverywhere('sqlite', one);
    process.stdout.write(`${name}: killed at ${points} boundaries\n`);
    expect(differing).toEqual([]);
    expect(points).toBeGreaterThan(10);
    expect(end).toMatchObject({ left: { state } });
  },
  300_000,
);
