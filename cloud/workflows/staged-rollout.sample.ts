/** One rollout from its plan to its end: bodies on a memory flow, adapters on a database. */
import { expect } from 'vitest';
import { doVerb } from '../rollout/acts.ts';
import type { RolloutPlan } from '../rollout/document.ts';
import { explainDecision } from '../rollout/explain.ts';
import {
  type FleetWorld,
  minute,
  openFleet,
  samplePlan,
  sampleWatch,
} from '../rollout/rollout.sample.ts';
import type { Rollout, RolloutVerb } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { memoryFlow, type MemoryOptions } from './kit/memory-flow.ts';
import { rolloutDeps, stageDeps } from './staged-rollout-deps.ts';
import {
  rolloutStage,
  type RolloutOutcome,
  type StageInput,
  stagedRollout,
} from './staged-rollout.ts';

export interface Scripted extends Pick<MemoryOptions, 'decisions' | 'faults'> {
  readonly plan?: string;
  readonly stages?: string;
  /** The whole plan, in place of the two above. */
  readonly document?: RolloutPlan;
  /** Called each time the body waits; `waits` counts from 1. */
  readonly during?: (fleet: FleetWorld, rollout: string, waits: number) => Promise<void>;
  readonly abortAt?: string;
  readonly devices?: number;
}

export interface Played {
  readonly fleet: FleetWorld;
  readonly outcome: RolloutOutcome;
  readonly rollout: Rollout;
  readonly states: Readonly<Record<string, number>>;
}

const maxWaits = 400;

/** Runs one rollout to its end. */
export async function play(db: FleetWorld['db'], script: Scripted): Promise<Played> {
  const fleet = await openFleet(db, script.devices ?? 20);
  await fleet.release('1.0.0');
  const { id } = await fleet.start(script.document ?? samplePlan(script.plan, script.stages));
  const clock = {
    now: () => fleet.now,
    monotonicMs: () => fleet.now,
    sleep: async () => await Promise.resolve(),
  };
  const ground = { read: db, write: db, clock };
  let waits = 0;
  const look = stageDeps(ground);
  const deps = {
    ...look,
    // The world moves on when the body looks.
    next: async (of: string, e: Parameters<typeof look.next>[1]) => {
      waits += 1;
      if (waits > maxWaits) return { action: 'over', state: 'running' as const, reason: 'no end' };
      fleet.now += 10 * minute;
      await script.during?.(fleet, id, waits);
      await fleet.report();
      await watchRollouts(sampleWatch(db), fleet.now);
      return await look.next(of, e);
    },
  };
  const options: MemoryOptions = {
    decisions: script.decisions ?? ((name) => (name === 'plan' ? 'approve' : 'promote')),
    ...(script.faults === undefined ? {} : { faults: script.faults }),
    ...(script.abortAt === undefined ? {} : { abortAt: script.abortAt }),
    escalations: () => 'retry',
  };
  const outcome = await stagedRollout(
    memoryFlow({
      ...options,
      run: 'run_parent',
      children: async (_workflow, input, name) =>
        await rolloutStage(
          memoryFlow({ ...options, run: `run_${name}` }),
          deps,
          input as StageInput,
        ),
    }),
    rolloutDeps(ground),
    { rollout: id },
  );
  await fleet.report();
  fleet.now += minute;
  await fleet.report();
  await watchRollouts(sampleWatch(db), fleet.now);
  const rollout = await rolloutStore(db).get(id);
  const targets = await rolloutStore(db).targets(id);
  const states: Record<string, number> = {};
  for (const { state } of targets) states[state] = (states[state] ?? 0) + 1;
  await demandReplays(db, id);
  return { fleet, outcome, rollout, states };
}

async function demandReplays(db: FleetWorld['db'], id: string): Promise<void> {
  const rows = await rolloutStore(db).decisions(id, { limit: 1000 });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter((row) => explainDecision(row).replay === 'differs')).toEqual([]);
}

export const person = async (fleet: FleetWorld, id: string, verb: RolloutVerb): Promise<void> => {
  await fleet.db.transaction().execute(async (trx) => {
    const rollout = await rolloutStore(trx).get(id);
    await doVerb(trx, rollout, verb, { actor: 'usr_1', reason: 'a test', at: fleet.now });
  });
};

/** A crash that the device told of a minute ago. */
export async function putEvent(of: FleetWorld, device: string, n: number): Promise<void> {
  await of.db
    .insertInto('event')
    .values({
      id: `evt_${n}`,
      device_id: device,
      kind: 'event',
      name: 'crash',
      severity: 'critical',
      at_ns: n,
      end_ns: n,
      synced: 1,
      tags: '[]',
      values_json: '{}',
      received_at: of.now - minute,
    })
    .execute();
}
