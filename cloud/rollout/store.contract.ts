/**
 * Goal: a rollout means the same on either database: frozen rows, decisions beside their changes,
 * a halt that wins, verdicts that replay, votes and freezes that hold.
 * Method: a scripted fleet walked by the deciding code, without a workflow around it.
 */
import { expect, test } from 'vitest';
import { freezeStore } from '../freeze/store.ts';
import { releaseStore } from '../release/store.ts';
import { settleRules } from '../rule/settle.ts';
import { findRelease, isFrozen } from '../store/release-ref.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { doVerb, settlePlan } from './acts.ts';
import { devicesRunning } from './affected.ts';
import { explainDecision } from './explain.ts';
import { demandWayBack, previewPlan } from './preview.ts';
import { type FleetWorld, minute, openFleet, samplePlan, sampleWatch } from './rollout.sample.ts';
import { rolloutStore } from './store.ts';
import { takeStep } from './take.ts';
import { watchRollouts } from './watch.ts';

const by = { actor: 'usr_1', reason: 'a test' };

async function approved(fleet: FleetWorld, plan = ''): Promise<string> {
  await fleet.release('1.0.0');
  const { id } = await fleet.start(samplePlan(plan));
  await fleet.db
    .transaction()
    .execute(async (trx) => await settlePlan(trx, id, 'scheduled', { ...by, at: fleet.now }));
  return id;
}

async function step(fleet: FleetWorld, id: string): Promise<string> {
  fleet.now += 10 * minute;
  await fleet.report();
  await watchRollouts(sampleWatch(fleet.db), fleet.now);
  const deps = { settleRules, actor: 'test', at: fleet.now };
  return await fleet.db.transaction().execute(async (trx) => (await takeStep(trx, id, deps)).state);
}

async function walk(fleet: FleetWorld, id: string, until: string): Promise<void> {
  for (let n = 0; n < 80; n += 1) if ((await step(fleet, id)) === until) return;
  throw new Error(`it never is ${until}`);
}

export function rolloutStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a rollout completes, is judged, replays, and is taken back again`, async () => {
    await using world = await open();
    const fleet = await openFleet(world.db, 8);
    const metrics =
      'analysis: {metrics: [{name: crash, source: "event:crash", weightBp: 5000}, ' +
      '{name: silent, source: silent, weightBp: 2000}, ' +
      '{name: boots, source: "counter:boots", weightBp: 1000}, ' +
      '{name: load, source: "gauge:load", weightBp: 2000}]}';
    const id = await approved(fleet, metrics);
    await walk(fleet, id, 'completed');
    const store = rolloutStore(world.db);
    const rollout = await store.get(id);
    expect(rollout.judgedN).toBeGreaterThan(0);
    expect(fleet.running().every((runs) => runs.startsWith(id))).toBe(true);
    const rows = await store.decisions(id, { limit: 100 });
    expect(rows.filter((row) => explainDecision(row).replay === 'differs')).toEqual([]);
    const decided = rows.filter((row) => explainDecision(row).replay === 'agrees');
    expect(decided.length).toBeGreaterThan(2);
    for (const row of decided) {
      const { recorded, reproduced } = explainDecision(row);
      expect(reproduced).toBe(recorded);
      const other = explainDecision({ ...row, action: `${row.action} at once` });
      expect(other.replay).toBe('differs');
      expect(other.recorded).not.toBe(other.reproduced);
    }
    expect(await store.unfinished()).toEqual([]);
    const release = await findRelease(world.db, 'sim-stack@1.0.0');
    expect(release && (await devicesRunning(world.db, release))).toHaveLength(8);
    await world.db
      .transaction()
      .execute(async (trx) => await doVerb(trx, rollout, 'rollback', { ...by, at: fleet.now }));
    await walk(fleet, id, 'rolled_back');
    expect(fleet.running().filter((runs) => runs !== '')).toEqual([]);
  });

  test(`${name}: a robot gets a release only once it runs what it would go back to`, async () => {
    await using world = await open();
    const fleet = await openFleet(world.db, 4);
    const first = await approved(fleet);
    await fleet.release('1.1.0', 'sim-stack@1.0.0');
    const plan = { ...samplePlan(), release: 'sim-stack@1.1.0' };
    const query = { rollout: 'rol_x', plan, supersede: [first], at: fleet.now };
    const early = await previewPlan(world.db, query);
    expect(early.wayBack?.missing.size).toBe(4);
    expect(() => demandWayBack(early)).toThrow(/no robot of it runs sim-stack@1.0.0/);
    const [away] = fleet.devices;
    if (away === undefined) throw new Error('the fleet is empty');
    await fleet.setOnline(away, false);
    await walk(fleet, first, 'completed');
    const { id: second } = await fleet.start(plan);
    await world.db
      .transaction()
      .execute(async (trx) => await settlePlan(trx, second, 'scheduled', { ...by, at: fleet.now }));
    await walk(fleet, second, 'completed');
    await fleet.setOnline(away, true);
    const ran: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      fleet.now += minute;
      await fleet.report();
      await watchRollouts(sampleWatch(fleet.db), fleet.now);
      if (away.runs !== '' && ran.at(-1) !== away.runs) ran.push(away.runs);
    }
    expect(ran).toEqual([`${first}/1`, `${second}/1`]);
  });

  test(`${name}: a halt wins over what was decided before it; a stale view changes nothing`, async () => {
    await using world = await open();
    const fleet = await openFleet(world.db, 8);
    const id = await approved(fleet);
    await walk(fleet, id, 'running');
    const store = rolloutStore(world.db);
    const seen = await store.get(id);
    const halted = await doVerb(world.db, seen, 'halt', { ...by, at: fleet.now });
    const note = { rule: 'x', action: 'promote', inputs: {}, actor: 'late', at: fleet.now };
    const change = { state: 'running', stage: 1, unlessHalted: true } as const;
    expect(await store.decided(seen, change, note)).toBeUndefined();
    expect(await store.decided(halted, change, note)).toBeUndefined();
    expect((await store.get(id)).state).toBe('halted');
    await expect(doVerb(world.db, seen, 'pause', { ...by, at: fleet.now })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test(`${name}: who says that it runs, and measures something else, has failed`, async () => {
    await using world = await open();
    const fleet = await openFleet(world.db, 8);
    for (const device of fleet.devices) device.habit = 'wrong';
    const id = await approved(fleet);
    await walk(fleet, id, 'running');
    await step(fleet, id);
    await step(fleet, id);
    const targets = await rolloutStore(world.db).targets(id);
    const tried = targets.filter(({ attempt }) => attempt > 0);
    expect(tried).not.toEqual([]);
    for (const one of tried) {
      expect(one).toMatchObject({ state: 'failed', fault: { code: 'digest_mismatch' } });
    }
  });

  test(`${name}: two persons approve, the author is none of them; a freeze stands until lifted`, async () => {
    await using world = await open();
    const fleet = await openFleet(world.db, 1);
    await fleet.release('1.0.0');
    const releases = releaseStore(world.db);
    await world.db.updateTable('release').set({ state: 'candidate' }).execute();
    const read = async () => await releases.get('sim-stack@1.0.0');
    await releases.evaluate(await read(), { note: 'a' }, 2);
    const vote = { choice: 'approve', reason: 'ok', at: 3 } as const;
    await releases.vote(await read(), { ...vote, person: 'usr_author', role: 'release_manager' });
    await releases.vote(await read(), { ...vote, person: 'usr_2', role: 'engineer' });
    await releases.vote(await read(), { ...vote, person: 'usr_3', role: 'engineer' });
    expect((await read()).state).toBe('evaluated');
    await releases.vote(await read(), { ...vote, person: 'usr_4', role: 'release_manager' });
    expect((await read()).state).toBe('approved');
    const freezes = freezeStore(world.db);
    const set = await freezes.set({ id: 'frz_1', reason: 'x', cause: 'run_1', by: 'usr_1', at: 1 });
    expect(await isFrozen(world.db)).toBe(true);
    expect(await isFrozen(world.db, 'emergency')).toBe(false);
    await freezes.lift(set, { by: 'usr_2', reason: 'y', at: 2 });
    expect(await isFrozen(world.db)).toBe(false);
  });
}
