/**
 * Goal: a worker that dies anywhere in a rollout leaves the same robots with the same release, and
 * each decision on record once.
 * Method: the crash kit on the real engine: a rollout that completes and one that is taken back,
 * killed at its boundaries.
 */
import { expect, test } from 'vitest';
import { crashDrawn } from './kit/crash-drawn.sample.ts';
import { completes, refused } from './staged-rollout.crash.sample.ts';

test.each([
  [completes.name, completes, 'completed'],
  [refused.name, refused, 'rolled_back'],
])(
  '%s: killed anywhere it ends the same',
  async (_name, one, state) => {
    const { points, differing, end } = await crashDrawn(one);
    expect(differing).toEqual([]);
    expect(points).toBeGreaterThan(10);
    expect(end).toMatchObject({ left: { state } });
  },
  300_000,
);
