/** Runs for measurements: empty steps on a real engine, and many that wait. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Json } from '@fieldloop/core';
import { startRun } from '../../store/run-queue.ts';
import { gateSliceMs } from '../limits.ts';
import type { GateSpec } from './flow.ts';
import type { KitWorld } from './kit.sample.ts';
import { workflow, type Workflow } from './workflow.ts';

/** As many steps as its input says, each without an effect. */
export const emptySteps: Workflow = workflow({
  name: 'empty-steps',
  version: 1,
  deps: () => ({}),
  body: async (flow, _deps, input: { readonly steps: number }) => {
    for (let n = 0; n < input.steps; n += 1) {
      await flow.act(`step/${n}`, async () => await Promise.resolve(n));
    }
    return { kind: 'done' };
  },
});

const weekGate: GateSpec = {
  kind: 'approval',
  question: 'Go on?',
  subject: { id: 'sub_1', digest: 'd' },
  evidence: [],
  options: ['approve', 'reject'],
  who: { role: 'engineer' },
  withinMs: 604_800_000,
  onDeadline: 'hold',
};

/** Waits at a gate for a week. */
export const waitingRun: Workflow = workflow({
  name: 'waiting-run',
  version: 1,
  deps: () => ({}),
  body: async (flow) => {
    const answer = await flow.gate('approval', weekGate);
    return { kind: answer.kind };
  },
});

/** As `waitingRun`; `onAnswer` is called by the step behind the gate. */
export const answeredRun = (onAnswer: (run: string) => void): Workflow =>
  workflow({
    name: 'answered-run',
    version: 1,
    deps: () => ({}),
    body: async (flow) => {
      await flow.gate('approval', weekGate);
      await flow.act('next', async (e) => {
        onAnswer(e.run);
        return await Promise.resolve(1);
      });
      return { kind: 'done' };
    },
  });

/** All that wait have done so for a day: each looks again in six hours. */
export async function letRest({ db, clock, dataDir }: KitWorld): Promise<void> {
  const at = clock.now() + gateSliceMs.maxMs;
  await db
    .updateTable('run')
    .set({ waiting_until: at, updated_at: clock.now() })
    .where('state', '=', 'waiting')
    .execute();
  using engine = new DatabaseSync(join(dataDir, 'workflows.db'));
  engine
    .prepare('update workflow_runs set available_at = ? where finished_at is null')
    .run(new Date(at).toISOString());
}

/** Many at once, in few transactions. */
export async function startMany(
  world: KitWorld,
  one: Workflow,
  of: { readonly count: number; readonly input: Json },
): Promise<readonly string[]> {
  const { ids } = world.ground('start');
  const all = Array.from({ length: of.count }, () => ids.ulid('run'));
  const at = world.clock.now();
  for (let from = 0; from < all.length; from += 500) {
    await world.db.transaction().execute(async (trx) => {
      for (const id of all.slice(from, from + 500)) {
        await startRun(trx, {
          id,
          workflow: one.name,
          workflowVersion: one.version,
          subject: id,
          input: of.input,
          actor: 'usr_ann',
          at,
        });
      }
    });
  }
  return all;
}
