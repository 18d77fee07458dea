/**
 * Goal: a worker that dies anywhere in a correction leaves the same failure, tasks and case as one
 * that lives, each once.
 * Method: the pattern with its child on the real engine, killed at its boundaries by the crash kit;
 * the robot sends the clip, people resolve the tasks and judge.
 */
import { expect, test } from 'vitest';
import { hardware, revised } from './correction-loop.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

test('killed at its boundaries, a fault of the hardware is one case', async () => {
  const found = await crashDrawn(hardware);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: {
      corrections: [{ state: 'case_opened', verdict: 'hardware', phases: 4 }],
      cases: ['intervention.hardware'],
      failures: [],
      commands: ['pull'],
    },
  });
}, 300_000);

test('killed at its boundaries, a revised verdict takes back what was begun', async () => {
  const found = await crashDrawn(revised);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: {
      corrections: [{ state: 'dismissed', verdict: 'operator' }],
      failures: ['intervention not_a_failure intervention'],
      cases: [],
    },
  });
}, 300_000);
