/**
 * Goal: what many say of one robot is one case; who can help is asked; a case ends with a proof, by
 * the reports of the robot itself; cases of a kind become a proposal once.
 * Method: reports and device rows as others write them, and a clock that is passed in.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { caseJoinMs, caseSoakMs } from '../care-limits.ts';
import { openCase } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { devicesWhere } from '../store/cohort-ref.ts';
import { notHeld } from '../store/device-hold.ts';
import { setDesired } from '../store/desired.ts';
import type { OpenStore, StoreWorld } from '../store/store.contract.ts';
import { putQueue } from './queue-store.ts';
import { caseStore } from './store.ts';

const t0 = 1_700_000_000_000;
const system = (at: number) => ({ at, by: 'system' });

async function told(
  world: StoreWorld,
  key: string,
  over: { readonly at?: number; readonly device?: string; readonly kind?: string } = {},
) {
  const { at = t0, device = 'amr-01', kind = 'drive.hot' } = over;
  const report = {
    key,
    device: await world.deviceId(device),
    kind,
    severity: 'sev3' as const,
    source: 'alert' as const,
    summary: 'hot',
  };
  return await world.db
    .transaction()
    .execute(async (trx) => await openCase(trx, report, system(at)));
}

async function reports(db: Db, deviceId: string, wish: { document: Json; at: number }) {
  const { document, at } = wish;
  const seen = { state: 'active', online: 1, last_seen_at: at };
  await db.updateTable('device').set(seen).where('id', '=', deviceId).execute();
  const digest = sha256Hex(canonicalJson(document));
  const row = { digest, document: canonicalJson(document), at };
  await db
    .insertInto('device_report')
    .values({ device_id: deviceId, section: 'firmware', ...row })
    .onConflict((conflict) => conflict.columns(['device_id', 'section']).doUpdateSet(row))
    .execute();
}

export function caseStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a hundred alerts are one case, the same report is told once, a day later another`, async () => {
    await using world = await open();
    const first = await told(world, 'a0');
    for (let n = 1; n < 100; n += 1) expect(await told(world, `a${n}`)).toEqual(joined(first.id));
    expect(await told(world, 'a5')).toEqual(joined(first.id));
    expect(await caseStore(world.db).demand(first.id)).toMatchObject({ reportCount: 100 });
    expect((await told(world, 'b', { kind: 'drive.cold' })).joined).toBe(false);
    expect((await told(world, 'c', { device: 'amr-02' })).joined).toBe(false);
    const later = await told(world, 'd', { at: t0 + caseJoinMs + 1 });
    expect(later.joined).toBe(false);
    await expect(
      openCase(world.db, { ...(await reportOf(world)), device: 'dev_none' }, system(t0)),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  test(`${name}: the queue that says the most of the kind, and who has the least to do there`, async () => {
    await using world = await open();
    const { db } = world;
    const queue = async (named: string, kinds: readonly string[], people: readonly string[]) =>
      await putQueue(
        db,
        { name: named, kinds, regions: [], people, skill: named },
        { id: `cqu_${named}`, ...system(t0) },
      );
    await queue('all', ['*'], ['usr_z']);
    await queue('drives', ['drive.*'], ['usr_b', 'usr_a']);
    const cases = caseStore(db);
    const [one, two] = [await told(world, 'a'), await told(world, 'b', { device: 'amr-02' })];
    expect(await cases.route(one.id, system(t0))).toMatchObject({
      queue: 'drives',
      skill: 'drives',
      assignee: 'usr_a',
      dueAt: t0 + 2 * 86_400_000,
    });
    expect((await cases.route(two.id, system(t0))).assignee).toBe('usr_b');
    const other = await told(world, 'c', { kind: 'lidar' });
    expect((await cases.route(other.id, system(t0))).queue).toBe('all');
  });

  test(`${name}: a hold takes a robot out of the selection and goes once`, async () => {
    await using world = await open();
    const { id } = await told(world, 'a');
    const cases = caseStore(world.db);
    const free = async () => (await devicesWhere(world.db, notHeld)).map((one) => one.name);
    expect(await free()).toEqual(['amr-01', 'amr-02']);
    expect([await cases.hold(id, system(t0)), await cases.hold(id, system(t0))]).toEqual([
      true,
      false,
    ]);
    expect(await free()).toEqual(['amr-02']);
    expect(await cases.demand(id)).toMatchObject({ held: true });
    expect(await cases.lift(id, system(t0))).toBe(true);
    expect(await cases.lift(id, system(t0))).toBe(false);
    expect(await free()).toEqual(['amr-01', 'amr-02']);
  });

  test(`${name}: a report of the old digest proves nothing, a good one has to last`, async () => {
    await using world = await open();
    const { db } = world;
    const { id } = await told(world, 'a');
    const device = await world.deviceId('amr-01');
    const cases = caseStore(db);
    await cases.acknowledge(id, { at: t0, by: 'usr_1' });
    const wish = { deviceId: device, section: 'firmware', document: { version: '2' }, at: t0 };
    await setDesired(db, wish);
    await reports(db, device, { document: { version: '1' }, at: t0 + 1 });
    const look = async (at: number) => await cases.look(id, system(at));
    expect((await look(t0 + 2)).healthySince).toBeUndefined();
    const repaired = { code: 'repaired', cause: 'x' } as const;
    await expect(cases.close(id, repaired, system(t0 + 3))).rejects.toMatchObject({
      code: 'conflict',
      remedy: expect.stringContaining('cases show') as string,
    });
    await reports(db, device, { document: { version: '2' }, at: t0 + 1000 });
    expect(await look(t0 + 1000)).toMatchObject({ healthySince: t0 + 1000, state: 'acknowledged' });
    const soaked = t0 + 1000 + caseSoakMs.sev3;
    await reports(db, device, { document: { version: '2' }, at: soaked });
    expect((await look(soaked)).state).toBe('verified');
    // It says something else again: the proof is gone.
    await reports(db, device, { document: { version: '1' }, at: soaked + 1 });
    expect(await look(soaked + 1)).toMatchObject({ state: 'acknowledged' });
    await reports(db, device, { document: { version: '2' }, at: soaked + 2 });
    await look(soaked + 2);
    const end = soaked + 2 + caseSoakMs.sev3;
    await reports(db, device, { document: { version: '2' }, at: end });
    await look(end);
    expect(await cases.close(id, repaired, { at: end, by: 'usr_1' })).toMatchObject({
      state: 'resolved',
      code: 'repaired',
      closedBy: 'usr_1',
    });
    const history = await cases.history(id, { after: 0, limit: 99 });
    expect(history.map(({ action }) => action)).toEqual([
      'open',
      'acknowledge',
      'well',
      'verify',
      'unwell',
      'well',
      'verify',
      'close',
    ]);
  });

  test(`${name}: three of a kind on two robots are a proposal, once; faults that were none do not count`, async () => {
    await using world = await open();
    const cases = caseStore(world.db);
    const one = await told(world, 'a');
    const two = await told(world, 'b', { device: 'amr-02' });
    expect(await cases.promote(two.id, { at: t0 })).toBeUndefined();
    await cases.close(one.id, { code: 'not_a_fault', cause: 'sun' }, system(t0));
    const three = await told(world, 'c', { at: t0 + 1 });
    expect(await cases.promote(three.id, { at: t0 + 1 })).toBeUndefined();
    const four = await told(world, 'd', { at: t0 + caseJoinMs + 2 });
    expect(await cases.promote(four.id, { at: t0 + caseJoinMs + 2 })).toMatchObject({
      kind: 'drive.hot',
      proposal: 'rule_request',
    });
    expect(await cases.promote(four.id, { at: t0 + caseJoinMs + 3 })).toBeUndefined();
  });
}

const joined = (id: string) => ({ id, joined: true });

const reportOf = async (world: StoreWorld) => ({
  key: 'zz',
  device: await world.deviceId('amr-01'),
  kind: 'x',
  severity: 'sev1' as const,
  source: 'operator' as const,
  summary: 'x',
});
