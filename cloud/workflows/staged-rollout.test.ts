/**
 * Goal: a rollout brings a release to a fleet stage by stage, stops for every harm, and takes back
 * what it brought; each decision replays.
 * Method: the bodies with the real adapters on SQLite, scripted devices, and a clock that moves
 * when the body waits; one script for each way.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { freezeStore } from '../freeze/store.ts';
import { releaseStore } from '../release/store.ts';
import { type Habit, minute, sampleWatch } from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { person, play, putEvent } from './staged-rollout.sample.ts';

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
