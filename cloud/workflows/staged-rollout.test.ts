/**
 * Goal: a rollout brings a release to a fleet stage by stage, stops for every harm, and takes back
 * what it brought, in whatever order robots, people and faults come; each decision replays.
 * Method: the body on a memory flow with the real adapters on SQLite, scripted devices, a clock that
 * moves when the body waits; tables of scripts, and a property over scripts by seed.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doVerb } from '../rollout/acts.ts';
import { explainDecision } from '../rollout/explain.ts';
import {
  type FleetWorld,
  type Habit,
  minute,
  openFleet,
  samplePlan,
  sampleWatch,
} from '../rollout/rollout.sample.ts';
import type { Rollout, RolloutVerb } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { freezeStore } from '../freeze/store.ts';
import { releaseStore } from '../release/store.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { memoryFlow, type MemoryOptions } from './kit/memory-flow.ts';
import { rolloutDeps, stageDeps } from './staged-rollout-deps.ts';
import {
  rolloutStage,
  type RolloutOutcome,
  type StageInput,
  stagedRollout,
} from './staged-rollout.ts';

interface Scripted extends Pick<MemoryOptions, 'decisions' | 'faults'> {
  readonly plan?: string;
  readonly stages?: string;
  /** Called each time the body waits; `waits` counts from 1. */
  readonly during?: (fleet: FleetWorld, rollout: string, waits: number) => Promise<void>;
  readonly abortAt?: string;
  readonly devices?: number;
}

interface Played {
  readonly fleet: FleetWorld;
  readonly outcome: RolloutOutcome;
  readonly rollout: Rollout;
  readonly states: Readonly<Record<string, number>>;
}

const maxWaits = 400;

/** Runs one rollout to its end. */
async function play(db: FleetWorld['db'], script: Scripted): Promise<Played> {
  const fleet = await openFleet(db, script.devices ?? 20);
  await fleet.release('1.0.0');
  const { id } = await fleet.start(samplePlan(script.plan, script.stages));
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

const person = async (fleet: FleetWorld, id: string, verb: RolloutVerb): Promise<void> => {
  await fleet.db.transaction().execute(async (trx) => {
    const rollout = await rolloutStore(trx).get(id);
    await doVerb(trx, rollout, verb, { actor: 'usr_1', reason: 'a test', at: fleet.now });
  });
};

test('a good release reaches everyone, stage by stage, the control last', async () => {
  await using world = await sqliteWorld();
  const seen: string[] = [];
  const { outcome, fleet, rollout, states } = await play(world.db, {
    during: async (of, id) => {
      const targets = await rolloutStore(of.db).targets(id);
      const { stage } = await rolloutStore(of.db).get(id);
      const have = targets.filter(({ role }) => role === 'active');
      const early = have.filter((one) => one.stage > stage);
      if (early.length > 0) seen.push(`${early[0]?.device} before its stage`);
    },
  });
  expect(outcome).toEqual({ status: 'completed', reason: null });
  expect(states).toEqual({ committed: 20 });
  expect(fleet.running().every((runs) => runs.startsWith(rollout.id))).toBe(true);
  expect(seen).toEqual([]);
  const decided = await rolloutStore(world.db).decisions(rollout.id, { limit: 1000 });
  expect(decided.filter(({ action }) => action === 'promote')).toHaveLength(2);
});

test.each<{ habit: Habit; rule: string }>([
  { habit: 'rejects', rule: 'hard_stop_rejected' },
  { habit: 'returns', rule: 'hard_stop_rolled_back' },
  { habit: 'stuck', rule: 'hard_stop_failed' },
])(
  'robots that end it as $habit stop it in its canary, and all go back',
  async ({ habit, rule }) => {
    await using world = await sqliteWorld();
    const { outcome, fleet, rollout } = await play(world.db, {
      during: async (of, _id, waits) => {
        if (waits === 1) for (const device of of.devices) device.habit = habit;
        return await Promise.resolve();
      },
    });
    expect(outcome.status).toBe('rolled_back');
    const decided = await rolloutStore(world.db).decisions(rollout.id, { limit: 1000 });
    expect(decided.map((one) => one.rule)).toContain(rule);
    expect(rollout.stage).toBe(0);
    expect(fleet.running().filter((runs) => runs !== '')).toEqual([]);
  },
);

test('robots that fall silent after they began stop it; who is away goes back on contact', async () => {
  await using world = await sqliteWorld();
  const { outcome, fleet, rollout } = await play(world.db, {
    during: async (of, id, waits) => {
      if (waits !== 5) return;
      const targets = await rolloutStore(of.db).targets(id);
      for (const { deviceId } of targets.filter(({ role }) => role === 'active')) {
        const device = of.devices.find((one) => one.id === deviceId);
        if (device !== undefined) await of.setOnline(device, false);
      }
    },
  });
  expect(outcome.status).toBe('rollback_incomplete');
  for (const device of fleet.devices) await fleet.setOnline(device, true);
  fleet.now += minute;
  await fleet.report();
  await watchRollouts(sampleWatch(world.db), fleet.now);
  await watchRollouts(sampleWatch(world.db), fleet.now + 1);
  expect((await rolloutStore(world.db).get(rollout.id)).state).toBe('rolled_back');
  expect(fleet.running().filter((runs) => runs !== '')).toEqual([]);
});

test('robots that are away hold nothing up, and get it when they come back', async () => {
  await using world = await sqliteWorld();
  const { outcome, fleet, rollout, states } = await play(world.db, {
    during: async (of, _id, waits) => {
      if (waits === 1) for (const one of of.devices.slice(0, 3)) await of.setOnline(one, false);
    },
  });
  expect(outcome.status).toBe('completed');
  expect(states).toEqual({ committed: 17, eligible: 3 });
  for (const device of fleet.devices) await fleet.setOnline(device, true);
  for (let i = 0; i < 3; i += 1) {
    fleet.now += minute;
    await fleet.report();
    await watchRollouts(sampleWatch(world.db), fleet.now);
  }
  expect(fleet.running().every((runs) => runs.startsWith(rollout.id))).toBe(true);
});

test('at no time are more robots at it than the plan says', async () => {
  await using world = await sqliteWorld();
  let most = 0;
  const { outcome } = await play(world.db, {
    plan: 'limits: {inFlight: 3, inFlightPerSite: 1}',
    during: async (of, id) => {
      const targets = await rolloutStore(of.db).targets(id);
      const busy = targets.filter(({ state }) => state === 'offered' || state === 'in_progress');
      most = Math.max(most, busy.length);
      const sites = new Set(busy.map(({ site }) => site));
      expect(sites.size).toBe(busy.length);
    },
  });
  expect(outcome.status).toBe('completed');
  expect(most).toBe(3);
});

test('a person pauses and resumes, halts, aborts; a withdrawn release stops', async () => {
  for (const [verb, status] of [
    ['halt', 'rolled_back'],
    ['abort', 'rolled_back'],
    ['rollback', 'rolled_back'],
  ] as const) {
    await using world = await sqliteWorld();
    const { outcome } = await play(world.db, {
      during: async (of, id, waits) => {
        if (waits === 4) await person(of, id, verb);
      },
    });
    expect(outcome.status, verb).toBe(status);
  }
  await using world = await sqliteWorld();
  const { outcome } = await play(world.db, {
    during: async (of, id, waits) => {
      if (waits === 3) await person(of, id, 'pause');
      if (waits === 8) await person(of, id, 'resume');
    },
  });
  expect(outcome.status).toBe('completed');
  await using other = await sqliteWorld();
  const { outcome: taken, rollout } = await play(other.db, {
    plan: 'onRegression: {rollback: none, case: none}',
    during: async (of, _id, waits) => {
      if (waits !== 5) return;
      const releases = releaseStore(of.db);
      const { id } = await of.db.selectFrom('release').select('id').executeTakeFirstOrThrow();
      await releases.withdraw(await releases.get(id), { at: of.now, reason: 'bad' });
    },
  });
  expect(taken.status).toBe('rolled_back');
  expect(rollout.reason).toMatch(/withdrawn/);
});

test('a freeze holds it, and it goes on when the freeze is lifted', async () => {
  await using world = await sqliteWorld();
  let heldAt = 0;
  let offered = 0;
  const { outcome } = await play(world.db, {
    during: async (of, id, waits) => {
      const freezes = freezeStore(of.db);
      if (waits === 3) await freezes.set({ id: 'frz_1', reason: 'stop', by: 'usr_1', at: of.now });
      if (waits > 3 && waits < 12) {
        const targets = await rolloutStore(of.db).targets(id);
        offered += targets.filter(({ state }) => state === 'offered').length;
        const { state } = await rolloutStore(of.db).get(id);
        if (state === 'held') heldAt = waits;
      }
      if (waits === 12) {
        await freezes.lift(await freezes.get('frz_1'), { by: 'usr_2', reason: 'ok', at: of.now });
      }
    },
  });
  expect(heldAt).toBeGreaterThan(3);
  expect(offered).toBe(0);
  expect(outcome.status).toBe('completed');
});

test('people decide: a plan that is not approved never starts; a gate can take it back', async () => {
  for (const [answer, status] of [
    ['reject', 'denied'],
    [{ kind: 'expired' } as const, 'expired'],
  ] as const) {
    await using world = await sqliteWorld();
    const { outcome, fleet } = await play(world.db, { decisions: { plan: answer } });
    expect(outcome.status).toBe(status);
    expect(fleet.running().filter((runs) => runs !== '')).toEqual([]);
  }
  await using world = await sqliteWorld();
  const stages = `
- {name: canary, percent: 10, bake: 1h, gate: human}
- {name: final, percent: 100}`;
  const { outcome } = await play(world.db, {
    stages,
    decisions: (name) => (name === 'plan' ? 'approve' : 'rollback'),
  });
  expect(outcome.status).toBe('rolled_back');
});

test('a shadow counts beside what runs and gives way to its own stage', async () => {
  await using world = await sqliteWorld();
  const stages = `
- {name: shadow, percent: 50, bake: 1h}
- {name: canary, percent: 50, bake: 1h}
- {name: final, percent: 100}`;
  let shadows = 0;
  const { outcome, states } = await play(world.db, {
    stages,
    // Scripted devices count no frames: a person lets the shadow go on.
    during: async (of, id) => {
      const targets = await rolloutStore(of.db).targets(id);
      shadows = Math.max(shadows, targets.filter(({ role }) => role === 'shadow').length);
    },
  });
  expect(shadows).toBe(10);
  expect(outcome.status).toBe('completed');
  expect(states).toEqual({ committed: 20 });
});

test('canaries that fail more often than the control at the same time are halted', async () => {
  await using world = await sqliteWorld();
  const metrics = 'metrics: [{name: crash, source: "event:crash", weightBp: 10000}]';
  const stages = `
- {name: canary, percent: 40, bake: 24h, maxBake: 72h}
- {name: final, percent: 100}`;
  const random = seededRandom('canary-crashes');
  let n = 0;
  const { outcome, rollout } = await play(world.db, {
    stages,
    plan: `analysis: {${metrics}}\nhardStops: {rejected: 2}`,
    during: async (of, id) => {
      const targets = await rolloutStore(of.db).targets(id);
      for (const { deviceId, state } of targets) {
        const rate = state === 'committed' ? 0.2 : 0.01;
        if (random.next() >= rate) continue;
        n += 1;
        await putEvent(of, deviceId, n);
      }
    },
  });
  expect(outcome.status).toBe('rolled_back');
  const decided = await rolloutStore(world.db).decisions(rollout.id, { limit: 1000 });
  expect(decided.map((one) => one.rule)).toContain('regressed');
  expect(rollout.judgedN).toBeGreaterThan(1);
});

async function putEvent(of: FleetWorld, device: string, n: number): Promise<void> {
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

test('in any order of faults and people it ends where its rows say, and no robot is left over', async () => {
  const habits: readonly Habit[] = ['good', 'good', 'good', 'slow', 'rejects', 'stuck'];
  const verbsAt = fc.array(
    fc.record({
      wait: fc.integer({ min: 1, max: 30 }),
      verb: fc.constantFrom<RolloutVerb>('pause', 'resume', 'halt', 'abort', 'rollback', 'promote'),
    }),
    { maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), verbsAt, fc.nat(3), async (seed, acts, faulty) => {
      await using world = await sqliteWorld();
      const random = seededRandom(seed);
      const { outcome, fleet, rollout, states } = await play(world.db, {
        devices: 8,
        faults: (_step, attempt) =>
          attempt <= faulty && random.next() < 0.2
            ? random.next() < 0.5
              ? 'before'
              : 'after'
            : undefined,
        decisions: (name) =>
          name === 'plan' || random.next() < 0.7
            ? name === 'plan'
              ? 'approve'
              : 'promote'
            : 'rollback',
        during: async (of, id, waits) => {
          if (waits === 1) {
            for (const one of of.devices)
              one.habit = habits[random.integer(habits.length)] ?? 'good';
          }
          for (const { wait, verb } of acts) {
            if (wait === waits) await person(of, id, verb).catch(() => undefined);
          }
          // Nobody leaves a rollout waiting for ever.
          if (waits % 40 === 0) await person(of, id, 'promote').catch(() => undefined);
          if (waits % 40 === 20) await person(of, id, 'resume').catch(() => undefined);
        },
      });
      const ends = ['completed', 'rolled_back', 'rollback_incomplete', 'cancelled'];
      const rows = await rolloutStore(world.db).decisions(rollout.id, { limit: 1000 });
      const said = rows.map(({ rule, to }) => `${rule} ${to}`).slice(-8);
      expect(ends, `${rollout.state}: ${said.join(', ')}; ${JSON.stringify(states)}`).toContain(
        outcome.status,
      );
      expect(rollout.state).toBe(outcome.status);
      const left = fleet.running().filter((runs) => runs.startsWith(rollout.id));
      expect(outcome.status === 'rolled_back' ? left : []).toEqual([]);
      expect(outcome.status === 'completed' ? (states['in_progress'] ?? 0) : 0).toBe(0);
    }),
    { numRuns: 6, seed: 5 },
  );
}, 60_000);
