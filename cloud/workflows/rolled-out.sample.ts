/** A release that a rollout has brought to everybody. */
import { Fault } from '@fieldloop/core';
import { type FleetWorld, minute, sampleWatch } from '../rollout/rollout.sample.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { memoryFlow, type MemoryOptions } from './kit/memory-flow.ts';
import { rolloutDeps, stageDeps } from './staged-rollout-deps.ts';
import { rolloutStage, type StageInput, stagedRollout } from './staged-rollout.ts';

/** A rollout brings its release to everybody, as it would with people who say yes. */
export async function rolledOut(fleet: FleetWorld, id: string): Promise<void> {
  const clock = {
    now: () => fleet.now,
    monotonicMs: () => fleet.now,
    sleep: async () => await Promise.resolve(),
  };
  const ground = { read: fleet.db, write: fleet.db, clock };
  const look = stageDeps(ground);
  const deps = {
    ...look,
    next: async (of: string, e: Parameters<typeof look.next>[1]) => {
      fleet.now += 10 * minute;
      await fleet.report();
      await watchRollouts(sampleWatch(fleet.db), fleet.now);
      return await look.next(of, e);
    },
  };
  const flow = (run: string, children: MemoryOptions['children'] = () => null) =>
    memoryFlow({ run, children, decisions: (name) => (name === 'plan' ? 'approve' : 'promote') });
  const parent = flow(
    `run_${id}`,
    async (_workflow, input, name) =>
      await rolloutStage(flow(`run_${id}_${name}`), deps, input as StageInput),
  );
  const end = await stagedRollout(parent, rolloutDeps(ground), { rollout: id });
  if (end.status !== 'completed') throw new Fault('internal', `it is ${end.status}`);
}
