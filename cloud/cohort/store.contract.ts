/**
 * Goal: a cohort by query is whoever the query finds at that moment; one by list stays as it is.
 * Method: cohorts of both kinds, asked before and after devices change.
 */
import { expect, test } from 'vitest';
import {
  amongCohorts,
  cohortDevices,
  cohortsOf,
  cohortUsers,
  devicesWhere,
  findCohort,
} from '../store/cohort-ref.ts';
import { putProperty } from '../store/properties.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { cohortStore } from './store.ts';

export function cohortStoreContract(name: string, open: OpenStore): void {
  const wanted = { createdBy: 'usr_1', at: 5 };

  test(`${name}: a query follows the devices, a list does not`, async () => {
    await using world = await open();
    const cohorts = cohortStore(world.db);
    const one = await world.deviceId('amr-01');
    const two = await world.deviceId('amr-02');
    const q = 'properties.hw = orin';
    const live = await cohorts.create({ ...wanted, id: 'coh_1', name: 'orin', q, members: [] });
    await cohorts.create({ ...wanted, id: 'coh_2', name: 'pilot', members: [two] });
    const names = async (ref: string, now = 10): Promise<readonly string[]> => {
      const cohort = await findCohort(world.db, ref);
      if (cohort === undefined) return ['nobody'];
      return (await cohortDevices(world.db, cohort, { now })).map((device) => device.name);
    };
    expect(live).toMatchObject({ id: 'coh_1', name: 'orin', q, version: 1 });
    expect(await names('orin')).toEqual([]);
    await putProperty(world.db, one, 'hw', { at: 8, value: 'orin', source: 'operator' });
    expect(await names('orin')).toEqual(['amr-01']);
    expect(await names('coh_2')).toEqual(['amr-02']);
    expect(await cohortsOf(world.db, one, 10)).toEqual([{ id: 'coh_1', name: 'orin', q }]);
    expect((await cohortsOf(world.db, two, 10)).map((cohort) => cohort.name)).toEqual(['pilot']);
    const both = await amongCohorts(world.db, ['orin', 'coh_2', 'gone'], 10);
    expect((await devicesWhere(world.db, both)).length).toBe(2);
    expect(await devicesWhere(world.db, await amongCohorts(world.db, ['gone'], 10))).toEqual([]);
  });

  test(`${name}: who is in is replaced as one; a name is given once`, async () => {
    await using world = await open();
    const cohorts = cohortStore(world.db);
    const [one, two] = [await world.deviceId('amr-01'), await world.deviceId('amr-02')];
    const made = await cohorts.create({ ...wanted, id: 'coh_1', name: 'a', members: [one, two] });
    await cohorts.create({ ...wanted, id: 'coh_2', name: 'b', members: [] });
    expect(
      await cohorts.create({ ...wanted, id: 'coh_3', name: 'a', members: [] }),
    ).toBeUndefined();
    if (made === undefined) return;
    expect(await cohorts.change(made, { name: 'b' }, 6)).toBe(false);
    expect(await cohorts.change(made, { name: 'a', who: { members: [two] } }, 7)).toBe(true);
    const members = await cohortDevices(world.db, { id: 'coh_1' }, { now: 8 });
    expect(members.map((device) => device.id)).toEqual([two]);
    expect(await cohorts.get('a')).toMatchObject({ version: 2, updatedAt: 7 });
    await cohorts.remove(made, 8);
    expect(await cohorts.get('a')).toBeUndefined();
    const told = await world.db
      .selectFrom('outbox')
      .select('kind')
      .where('subject', '=', 'coh_1')
      .orderBy('seq')
      .execute();
    expect(told.map(({ kind }) => kind)).toEqual([
      'cohort.created',
      'cohort.changed',
      'cohort.deleted',
    ]);
  });

  test(`${name}: the keys that are restricted to a cohort are named`, async () => {
    await using world = await open();
    await cohortStore(world.db).create({ ...wanted, id: 'coh_1', name: 'pilot', members: [] });
    const key = { secret_sha256: 'a'.repeat(64), scopes: '[]', created_at: 1, updated_at: 1 };
    await world.db
      .insertInto('api_key')
      .values([
        { ...key, id: 'key_1', name: 'by id', cohorts: '["coh_1"]' },
        { ...key, id: 'key_2', name: 'by name', cohorts: '["pilot"]' },
        { ...key, id: 'key_3', name: 'other', cohorts: '["coh_9"]' },
        { ...key, id: 'key_4', name: 'gone', cohorts: '["coh_1"]', revoked_at: 5 },
      ])
      .execute();
    const users = await cohortUsers(world.db, { id: 'coh_1', name: 'pilot' });
    expect(users.map(({ id }) => id)).toEqual(['key_1', 'key_2']);
  });
}
