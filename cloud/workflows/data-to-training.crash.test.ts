/**
 * Goal: a worker that dies anywhere between a window and a model leaves the same choices, tasks,
 * labels, version and training as one that lives.
 * Method: the pattern on the real engine, killed at its boundaries by the crash kit. Draw, people's
 * answers, consensus and build are the product's own; the end of a training is written as it is
 * when its process was heard of.
 */
import { afterAll, expect, test } from 'vitest';
import { closeThreads, givenUp, trained } from './data-to-training.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

afterAll(closeThreads);

test.each([
  [trained.name, trained, 1],
  [givenUp.name, givenUp, 0],
])(
  '%s: killed at its boundaries, the end is the same',
  async (_name, one, models) => {
    const found = await crashDrawn(one);
    expect(found.differing).toEqual([]);
    expect(found.end).toMatchObject({ left: { windows: 1, models } });
    expect(found.points).toBeGreaterThan(30);
  },
  300_000,
);
