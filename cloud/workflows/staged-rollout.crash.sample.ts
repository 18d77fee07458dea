/** A rollout that completes and one that is taken back, as cases of the crash kit. */
import type { Json } from '@fieldloop/core';
import { type Habit, openFleet, samplePlan, sampleWatch } from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { type PatternCase, patternCase } from './kit/crash.sample.ts';
import { rolloutStageWorkflow, stagedRolloutWorkflow } from './staged-rollout-deps.ts';

const stages = `
- {name: canary, percent: 50}
- {name: final, percent: 100}`;

const rollout = (name: string, habit: Habit): PatternCase =>
  patternCase(
    `staged-rollout, ${name}`,
    [stagedRolloutWorkflow, rolloutStageWorkflow],
    async ({ db, clock, ...world }) => {
      const fleet = await openFleet(db, 4, clock.now());
      for (const device of fleet.devices) device.habit = habit;
      await fleet.release('1.0.0');
      const { id } = await fleet.start(samplePlan('', stages));
      const states = async (): Promise<string> =>
        (await rolloutStore(db).targets(id)).map(({ state }) => state).join();
      return {
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
  );

export const completes = rollout('everybody takes it', 'good');
export const refused = rollout('its canaries refuse it', 'rejects');
