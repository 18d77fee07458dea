/**
 * Goal: a worker that dies anywhere in a correction leaves the same failure, tasks and case as one
 * that lives, each once.
 * Method: the pattern with its child on the real engine, killed at every boundary by the crash kit;
 * the robot sends the clip, people resolve the tasks and judge.
 */
import { expect, test } from 'vitest';
import { hardware, revised } from './correction-loop.crash.sample.ts';
import { crashEverywhere } from './kit/crash.sample.ts';

test('killed at every boundary, a fault of the hardware is one case', async () => {
  const found = await crashEverywhere('sqlite', hardware);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: {
      corrections: [{ state: 'case_opened', verdict: 'hardware', phases: 4 }],
      cases: ['intervention.hardware'],
      failures: [],
      commands: ['pull'],
    },
  });
  process.stdout.write(`correction-loop, hardware: ${found.crashes} crashes\n`);
}, 300_000);

test('killed at every boundary, a revised verdict takes back what was begun', async () => {
  const found = await crashEverywhere('sqlite', revised);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: {
      corrections: [{ state: 'dismissed', verdict: 'operator' }],
      failures: ['intervention not_a_failure intervention'],
      cases: [],
    },
  });
  process.stdout.write(`correction-loop, revised: ${found.crashes} crashes\n`);
}, 300_000);
