/**
 * Goal: robots that are away, come late or were halted with others never keep a rollout from its
 * end, and get what their fleet has when they are there.
 * Method: the bodies with the real adapters on SQLite; robots leave and come back in each stage.
 */
import { expect, test } from 'vitest';
import { minute, sampleWatch } from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { watchRollouts } from '../rollout/watch.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { person, play } from './staged-rollout.sample.ts';

const stages = `
- {name: shadow, percent: 50, bake: 1h}
- {name: canary, percent: 30, bake: 1h}
- {name: broad, percent: 80, bake: 1h}
- {name: final, percent: 100}`;

test.each(['shadow', 'canary', 'broad', 'final'])(
  'a robot that is away while %s begins holds nothing up, and has it in the end',
  async (stage) => {
    await using world = await sqliteWorld();
    const index = ['shadow', 'canary', 'broad', 'final'].indexOf(stage);
    let left = '';
    const { outcome, fleet, rollout } = await play(world.db, {
      devices: 10,
      stages,
      during: async (of, id) => {
        const now = await rolloutStore(of.db).get(id);
        if (left !== '' || now.stage !== index) return;
        const targets = await rolloutStore(of.db).targets(id);
        const waits = targets.find(
          (one) => one.role === 'none' && (stage === 'shadow' ? one.shadow : one.stage === index),
        );
        const device = of.devices.find((one) => one.id === waits?.deviceId);
        if (device === undefined) return;
        left = device.name;
        await of.setOnline(device, false);
      },
    });
    expect(left).not.toBe('');
    expect(outcome.status).toBe('completed');
    expect(fleet.running().filter((runs) => runs !== '')).toHaveLength(9);
    for (const device of fleet.devices) await fleet.setOnline(device, true);
    for (let i = 0; i < 3; i += 1) {
      fleet.now += minute;
      await fleet.report();
      await watchRollouts(sampleWatch(world.db), fleet.now);
    }
    expect(fleet.running().every((runs) => runs.startsWith(rollout.id))).toBe(true);
  },
);

test('a stage that nobody of can be reached waits for them, and does not go on without', async () => {
  await using world = await sqliteWorld();
  let early = 0;
  const { outcome, states } = await play(world.db, {
    devices: 8,
    during: async (of, id, waits) => {
      const canaries = (await rolloutStore(of.db).targets(id)).filter(
        ({ stage, arm }) => stage === 0 && arm === 'treatment',
      );
      for (const { deviceId } of canaries) {
        const device = of.devices.find((one) => one.id === deviceId);
        if (device !== undefined && waits === 1) await of.setOnline(device, false);
        if (device !== undefined && waits === 20) await of.setOnline(device, true);
      }
      if (waits <= 20) early = Math.max(early, (await rolloutStore(of.db).get(id)).stage);
    },
  });
  expect(early).toBe(0);
  expect(outcome.status).toBe('completed');
  expect(states).toEqual({ committed: 8 });
});

test('robots that came after the plan was frozen join the last stage where it says so', async () => {
  for (const [plan, inside] of [
    ['lateJoiners: last-stage', 9],
    ['lateJoiners: exclude', 8],
  ] as const) {
    await using world = await sqliteWorld();
    const { outcome, states, rollout } = await play(world.db, {
      devices: 8,
      plan,
      during: async (of, id, waits) => {
        if (waits !== 2) return;
        const { name } = of.devices[0] ?? { name: '' };
        const late = { name: `${name}-late`, state: 'active', online: 1, site: 'site-1' };
        const row = await of.db
          .selectFrom('device')
          .selectAll()
          .where('name', '=', name)
          .executeTakeFirstOrThrow();
        const made = { ...row, ...late, id: 'dev_99999999999999999999999999' };
        await of.db.insertInto('device').values(made).execute();
        expect(await rolloutStore(of.db).targets(id)).toHaveLength(8);
      },
    });
    expect(outcome.status, plan).toBe('completed');
    const targets = await rolloutStore(world.db).targets(rollout.id);
    expect(targets, plan).toHaveLength(inside);
    expect(states['committed'], plan).toBe(8);
  }
});

test('two people let a halted rollout go on: what they bore stops it no more, what is new does', async () => {
  const plan = 'onRegression: {rollback: none, case: none}\nhardStops: {rejected: 2}';
  for (const [more, status] of [
    [0, 'completed'],
    [2, 'rolled_back'],
  ] as const) {
    await using world = await sqliteWorld();
    let resumed = 0;
    const { rollout, states } = await play(world.db, {
      devices: 20,
      plan,
      stages: `
- {name: canary, percent: 30, bake: 1h}
- {name: final, percent: 100}`,
      during: async (of, id, waits) => {
        const targets = await rolloutStore(of.db).targets(id);
        const spoil = (stage: number, n: number): void => {
          const ids = targets.filter((one) => one.stage === stage).slice(0, n);
          for (const { deviceId } of ids) {
            const device = of.devices.find((one) => one.id === deviceId);
            if (device !== undefined) device.habit = 'rejects';
          }
        };
        if (waits === 1) spoil(0, 2);
        const { state } = await rolloutStore(of.db).get(id);
        if (state !== 'halted') return;
        if (resumed > 0) return await person(of, id, 'abort');
        resumed = waits;
        spoil(1, more);
        await person(of, id, 'resume');
      },
    });
    expect(resumed).toBeGreaterThan(0);
    expect(rollout.state).toBe(status);
    expect(states['rejected']).toBe(2 + more);
  }
});
