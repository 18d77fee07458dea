/**
 * Goal: a worker that dies anywhere in an emergency leaves one freeze, lifted, one incident with
 * its review, and every robot where it would be without the death: on the release that takes the
 * bad one's place, or off the bad one when robots refuse that.
 * Method: the crash kit on the real engine with the emergency's own rollouts; robots run what is
 * bad because a rollout brought it.
 */
import { expect, test } from 'vitest';
import { falseAlarm, halted, replaced } from './fleet-hotfix-and-rollback.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

const whole = { freezes: 1, lifted: 1, incident: ['incident.open', 'incident.close'] };

test.each([
  [falseAlarm, { ...whole, rollouts: [{ state: 'completed' }], runs: 3 }, 20],
  [replaced, { ...whole, rollouts: [{}, { state: 'completed' }], runs: 3 }, 60],
  [
    halted,
    { ...whole, rollouts: [{ state: 'rolled_back' }, { state: 'rolled_back' }], runs: 0 },
    80,
  ],
] as const)(
  '$name: killed at its boundaries',
  async (one, left, least) => {
    const { points, differing, end } = await crashDrawn(one);
    expect(end).toMatchObject({ left });
    expect(differing).toEqual([]);
    expect(points).toBeGreaterThan(least);
  },
  300_000,
);
