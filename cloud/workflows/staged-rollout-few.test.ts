/**
 * Goal: a rollout to one to five robots ends sensibly: nobody is passed over in silence, what such
 * a fleet cannot show is asked of a person, and a bad robot stops it.
 * Method: the bodies with the real adapters on SQLite; the plan of the documents for small fleets,
 * and one written for large ones.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adviceOf, stagesOf } from '../rollout/advice.ts';
import { parsePlan } from '../rollout/document.ts';
import { samplePlan } from '../rollout/rollout.sample.ts';
import { rolloutStore } from '../rollout/store.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { play } from './staged-rollout.sample.ts';

const analysis =
  'analysis: {metrics: [{name: crash, source: "event:crash", weightBp: 10000}]}\n' +
  'onInconclusive: {canary: human}';
const stages = `
- {name: canary, percent: 34, bake: 1h, maxBake: 3h}
- {name: final, percent: 100, bake: 1h}`;

test.each([1, 2, 5])(
  '%i robots: a canary that the judge cannot tell is asked of a person',
  async (devices) => {
    await using world = await sqliteWorld();
    const asked: string[] = [];
    const { outcome, states, rollout } = await play(world.db, {
      devices,
      plan: analysis,
      stages,
      decisions: (name, { question }) => {
        if (name === 'plan') return 'approve';
        asked.push(question);
        return 'promote';
      },
    });
    expect(outcome.status).toBe('completed');
    expect(states).toEqual({ committed: devices });
    const rules = (await rolloutStore(world.db).decisions(rollout.id, { limit: 100 })).map(
      ({ rule }) => rule,
    );
    // One robot alone has no third of it: its stage is empty, and the last one brings it.
    expect(rules.includes('stage_is_empty')).toBe(devices === 1);
    expect(asked.some((question) => question.startsWith('The judge cannot tell'))).toBe(
      devices > 1,
    );
  },
);

test('nothing held back: after its bake the stage is asked of a person, not halted for silence', async () => {
  await using world = await sqliteWorld();
  const { outcome, rollout } = await play(world.db, {
    devices: 3,
    document: { ...samplePlan(analysis, stages), control: { percent: 0, min: 0 } },
    decisions: (name) => (name === 'plan' ? 'approve' : 'rollback'),
  });
  expect(outcome.status).toBe('rolled_back');
  const decided = await rolloutStore(world.db).decisions(rollout.id, { limit: 100 });
  expect(decided.map(({ rule, action }) => `${rule} ${action}`)).toContain('no_control ask');
});

const smallFleet = readFileSync('firmware-manifests/rollouts/small-fleet.yaml', 'utf8')
  .replace(/^release: .*$/m, 'release: sim-stack@1.0.0')
  .replace(/^selector: .*$/m, "selector: 'name:sim-*'");

const small = () => {
  const { plan, faults } = parsePlan(smallFleet);
  expect(faults).toEqual([]);
  if (plan === undefined) throw new Error('the example cannot be read');
  return plan;
};

test.each([1, 3])('the plan for small fleets brings it to all of %i robots', async (devices) => {
  await using world = await sqliteWorld();
  const { outcome, states } = await play(world.db, { devices, document: small() });
  expect(outcome.status).toBe('completed');
  expect(states).toEqual({ committed: devices });
});

test('by that plan the first robot that refuses it stops it', async () => {
  await using world = await sqliteWorld();
  const { outcome, rollout } = await play(world.db, {
    devices: 3,
    document: small(),
    during: async (of) => {
      for (const device of of.devices) device.habit = 'rejects';
      return await Promise.resolve();
    },
  });
  expect(outcome.status).toBe('rolled_back');
  expect(rollout.reason).toMatch(/1 robots are rejected/);
});

test('the dry run says in words what few robots cannot show', () => {
  const plan = samplePlan(analysis, stages);
  const facts = { sizes: [1, 3], control: 1, halted: { crash: 0.02 } };
  expect(adviceOf(plan, facts)).toEqual([
    expect.stringMatching(/1 canaries against 1 as control show little.*halt 2 %/),
    expect.stringMatching(/Hard stop rejected: 2 cannot be met before the last stage, 1 robots/),
    expect.stringMatching(/Hard stop rolled_back: 2/),
    expect.stringMatching(/Hard stop failed: 2/),
    expect.stringMatching(/Hard stop silent_after_activate: 2/),
  ]);
  expect(stagesOf(plan, facts)[0]?.decides).toBe(
    'hard stops in 1h, the judge within 3h; where it cannot tell a release manager decides',
  );
  expect(stagesOf(plan, { ...facts, sizes: [0, 1] })[0]?.decides).toBe('no robot: passed over');
  expect(adviceOf(plan, { ...facts, sizes: [0, 1], control: 0 })).toContain(
    'No robot is held back as control: the judge has nothing to compare with.',
  );
  const strong = { sizes: [40, 200], control: 40, halted: { crash: 0.99 } };
  expect(adviceOf(plan, strong)).toEqual([]);
});
