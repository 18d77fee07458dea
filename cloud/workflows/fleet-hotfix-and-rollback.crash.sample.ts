/**
 * Emergencies as cases of the crash kit: one that is none, a release that takes the bad one's
 * place, and one that robots refuse, after which the bad release is taken back.
 */
import type { Json } from '@fieldloop/core';
import type { Gate } from '../gate/gate.ts';
import { doVerb } from '../rollout/acts.ts';
import {
  type FleetWorld,
  minute,
  openFleet,
  samplePlan,
  sampleWatch,
} from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import type { Db } from '../store/db.ts';
import { hotfixWorkflow } from './fleet-hotfix-and-rollback-deps.ts';
import { type CrashWorld, type PatternCase, patternCase } from './kit/crash.sample.ts';
import { rolledOut } from './rolled-out.sample.ts';
import { rolloutStageWorkflow, stagedRolloutWorkflow } from './staged-rollout-deps.ts';

interface Script {
  readonly name: string;
  /** What two people choose, time after time. */
  readonly ways: readonly string[];
  readonly refuses?: boolean;
}

const corrective = 'sim-stack@1.0.1';

const emergency = ({ name, ways, refuses = false }: Script): PatternCase =>
  patternCase(
    `fleet-hotfix-and-rollback, ${name}`,
    [hotfixWorkflow, stagedRolloutWorkflow, rolloutStageWorkflow],
    async (world) => {
      const { db, clock } = world;
      const fleet = await openFleet(db, 3, clock.now());
      const digest = await fleet.release('1.0.0');
      const fixed = await fleet.release('1.0.1');
      const { id: bad } = await fleet.start(samplePlan('', atOnce));
      await rolledOut(fleet, bad);
      clock.advance(fleet.now - clock.now());
      const input = {
        digest,
        corrective: fixed,
        reason: 'it stops',
        cause: 'usr_ann',
        freeze: true,
      };
      return {
        begin: async () => void (await world.start('fleet-hotfix-and-rollback', input, digest)),
        react: async () => await reacts(world, { fleet, bad, ways, refuses }),
        end: async () => await left(db, fleet),
      };
    },
  );

const atOnce = '- {name: final, percent: 100}';

/** Robots take what they are offered, or refuse it; people answer; a bake passes. */
async function reacts(
  world: CrashWorld,
  of: {
    readonly fleet: FleetWorld;
    readonly bad: string;
    readonly ways: readonly string[];
    readonly refuses: boolean;
  },
): Promise<boolean> {
  const { db, clock } = world;
  const { fleet, bad, ways } = of;
  const rollouts = await db.selectFrom('rollout').select(['id', 'state', 'phase']).execute();
  const first = rollouts.find(({ id }) => id !== bad);
  const isRefused = of.refuses && first?.state === 'running';
  for (const device of fleet.devices) device.habit = isRefused ? 'rejects' : 'good';
  fleet.now = clock.now();
  const before = await statesOf(db);
  await fleet.report();
  await watchRollouts(sampleWatch(db), fleet.now);
  const did = await world.decide((gate) => answerOf(gate, ways));
  if (did || (await statesOf(db)) !== before || (await takesBack(db, fleet.now))) return true;
  // The next look finds that so much of the bake is over.
  if (rollouts.some(({ state, phase }) => state === 'running' && phase === 'baking')) {
    clock.advance(10 * minute);
  }
  return false;
}

/** A person takes an emergency back that is held because its canary refused it. */
async function takesBack(db: Db, at: number): Promise<boolean> {
  const held = await db.selectFrom('rollout').select('id').where('state', '=', 'held').execute();
  for (const { id } of held) {
    await db.transaction().execute(async (trx) => {
      const by = { actor: 'usr_ada', reason: 'they refuse it', at };
      await doVerb(trx, await rolloutStore(trx).get(id), 'rollback', by);
    });
  }
  return held.length > 0;
}

function answerOf({ kind, name, options }: Gate, ways: readonly string[]): string | undefined {
  if (kind === 'emergency') return ways[Number(name.split('-')[1]) - 1];
  return ['lift', 'reviewed', 'promote'].find((one) => options.includes(one));
}

const statesOf = async (db: Db): Promise<string> => {
  const rows = db.selectFrom('rollout_target').select(['state', 'rollout_id', 'device_id']);
  const all = await rows.orderBy('rollout_id').orderBy('device_id').execute();
  return all.map(({ state }) => state).join();
};

/** What is left, without ids and times. */
async function left(db: Db, fleet: FleetWorld): Promise<Json> {
  const freezes = await db.selectFrom('rollout_freeze').select('lifted_at').execute();
  const acts = await db
    .selectFrom('audit')
    .select('action')
    .where('action', 'like', 'incident.%')
    .orderBy('seq')
    .execute();
  const rollouts: Json[] = [];
  for (const { id } of await db.selectFrom('rollout').select('id').orderBy('id').execute()) {
    const { release, state } = await rolloutStore(db).get(id);
    const decisions = await rolloutStore(db).decisions(id, { limit: 100 });
    const targets = await rolloutStore(db).targets(id);
    rollouts.push({
      release,
      state,
      said: decisions.map(({ rule, to }) => `${rule} ${to}`),
      targets: targets.map((target) => target.state).toSorted(),
    });
  }
  return {
    freezes: freezes.length,
    lifted: freezes.filter((row) => row.lifted_at !== null).length,
    incident: acts.map(({ action }) => action),
    rollouts,
    runs: fleet.running().filter((one) => one !== '').length,
  };
}

export const falseAlarm = emergency({ name: 'a false alarm', ways: ['false_alarm'] });
export const replaced = emergency({ name: 'a release in its place', ways: [corrective] });
export const halted = emergency({
  name: 'robots refuse the hotfix and the bad release is taken back',
  ways: [corrective, 'take_back'],
  refuses: true,
});
