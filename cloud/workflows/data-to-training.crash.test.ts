/**
 * Goal: a worker that dies anywhere between a window and a model leaves the same choices, tasks,
 * labels, version and training as one that lives.
 * Method: the pattern on the real engine, killed at every boundary by the crash kit. Draw, people's
 * answers, consensus and build are the product's own; the end of a training is written as it is
 * when its process was heard of.
 */
import { afterAll, expect, test } from 'vitest';
import { closeThreads, givenUp, trained } from './data-to-training.crash.sample.ts';
import { crashEverywhere } from './kit/crash.sample.ts';

afterAll(closeThreads);

test.each([
  [trained.name, trained, 1],
  [givenUp.name, givenUp, 0],
])(
  '%s: killed at every boundary, the end is the same',
  async (name, one, models) => {
    const found = await crashEverywhere('sqlite', one);
    process.stdout.write(`${name}: killed at ${found.points} boundaries\n`);
    expect(found.differing).toEqual([]);
    expect(found.end).toMatchObject({ left: { windows: 1, models } });
    expect(found.points).toBeGreaterThan(30);
  },
  300_000,
);
