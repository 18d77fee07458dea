/**
 * Goal: a worker that dies anywhere in a rollout leaves the same robots with the same release, and
 * each decision on record once.
 * Method: the crash kit on the real engine: a rollout that completes and one that is taken back,
 * killed at each boundary.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { type Habit, openFleet, samplePlan, sampleWatch } from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { type CrashCase, crashEverywhere } from './kit/crash.sample.ts';
import { rolloutStageWorkflow, stagedRolloutWorkflow } from './staged-rollout-deps.ts';

const stages = `
- {name: canary, percent: 50}
- {name: final, percent: 100}`;

const rollout = (name: string, habit: Habit): CrashCase => ({
  name,
  async open(world) {
    const { db, clock } = world;
    const fleet = await openFleet(db, 4, clock.now());
    for (const device of fleet.devices) device.habit = habit;
    await fleet.release('1.0.0');
    const { id } = await fleet.start(samplePlan('', stages));
    const states = async (): Promise<string> =>
      (await rolloutStore(db).targets(id)).map(({ state }) => state).join();
    return {
      workflows: [stagedRolloutWorkflow, rolloutStageWorkflow],
      begin: async () => void (await world.start('staged-rollout', { rollout: id }, id)),
      async react() {
        fleet.now = clock.now();
        const before = await states();
        await fleet.report();
        await watchRollouts(sampleWatch(db), fleet.now);
        const did = await world.decide(() => 'approve');
        return did || (await states()) !== before;
      },
      async end(): Promise<Json> {
        const { state, stage } = await rolloutStore(db).get(id);
        const rows = await rolloutStore(db).decisions(id, { limit: 100 });
        const said = rows.map(({ rule, to }) => `${rule} ${to}`);
        const runs = fleet.running().map((one) => one !== '');
        return { state, stage, said, runs, states: await states() };
      },
    };
  },
});

test.each([
  { name: 'everybody takes it', habit: 'good', state: 'completed' },
  { name: 'its canaries refuse it', habit: 'rejects', state: 'rolled_back' },
] as const)(
  '$name: killed anywhere it ends as $state',
  async ({ name, habit, state }) => {
    const { points, differing, end } = await crashEverywhere('sqlite', rollout(name, habit));
    expect(differing).toEqual([]);
    expect(points).toBeGreaterThan(10);
    expect(end).toMatchObject({ left: { state } });
  },
  60_000,
);
