/**
 * Goal: what held at a moment is found again, whoever said it and in whatever order it came.
 * Method: operators' changes and robots' reports through the stores, asked at several moments;
 * random writes against the pure rule.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  currentProperties,
  propertiesAt,
  propertyIntervals,
  putProperty,
  putReportedProperties,
} from '../store/properties.ts';
import { propertyBackfillStep } from '../store/property-backfill.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { type PropertyInterval, withWrite } from './property.ts';
import { propertyDefinitionStore } from './store.ts';

const sha = (n: number): string => String(n).repeat(64);

export function propertyStoreContract(name: string, open: OpenStore): void {
  test(`${name}: the firmware of any moment is known, and the models of then`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const report = async (section: string, at: number, document: object) =>
      await putReportedProperties(world.db, id, { section, document: { ...document }, at });
    expect(await report('firmware', 10, { version: '1.0' })).toEqual(['firmware']);
    expect(await report('firmware', 20, { version: '1.0' })).toEqual([]);
    await report('firmware', 30, { version: '1.1' });
    await report('models', 12, { models: [{ id: 'detector', sha256: sha(1) }] });
    await report('models', 40, { models: [{ id: 'lidar', sha256: sha(2) }] });
    expect(await propertiesAt(world.db, id, 9)).toEqual({});
    expect(await propertiesAt(world.db, id, 29)).toEqual({
      firmware: '1.0',
      'models.detector': sha(1),
    });
    expect(await propertiesAt(world.db, id, 99)).toEqual({
      firmware: '1.1',
      'models.lidar': sha(2),
    });
    const history = await propertyIntervals(world.db, id, { key: 'firmware', limit: 9 });
    expect(history).toEqual([
      { key: 'firmware', from: 30, value: '1.1', source: 'firmware' },
      { key: 'firmware', from: 10, to: 30, value: '1.0', source: 'firmware' },
    ]);
    const told = await world.db
      .selectFrom('outbox')
      .select(['kind', 'body'])
      .where('kind', '=', 'device.properties_changed')
      .execute();
    expect(told.map(({ body }) => JSON.parse(body) as object)).toContainEqual({
      device: 'amr-01',
      keys: ['models.lidar', 'models.detector'],
    });
  });

  test(`${name}: an operator's word stands above the robot's until it is taken back`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const agent = async (at: number) =>
      await putReportedProperties(world.db, id, {
        section: 'agent',
        document: { version: '0.1.0', site: 'hall-9', properties: { hw: 'orin', arms: 2 } },
        at,
      });
    await putProperty(world.db, id, 'site', { at: 5, value: 'hall-1', source: 'operator' });
    await agent(10);
    await putProperty(world.db, id, 'site', { at: 20, value: undefined, source: 'operator' });
    expect(await propertiesAt(world.db, id, 15)).toMatchObject({ site: 'hall-1', hw: 'orin' });
    expect(await propertiesAt(world.db, id, 25)).not.toHaveProperty('site');
    await agent(30);
    expect((await currentProperties(world.db, [id])).get(id)).toEqual([
      { deviceId: id, key: 'agent', value: '0.1.0', source: 'agent', at: 10 },
      { deviceId: id, key: 'arms', value: 2, source: 'agent', at: 10 },
      { deviceId: id, key: 'hw', value: 'orin', source: 'agent', at: 10 },
      { deviceId: id, key: 'site', value: 'hall-9', source: 'agent', at: 30 },
    ]);
  });

  test(`${name}: random changes in any order are stored as the rule says`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const write = fc.record({
      at: fc.nat(20),
      value: fc.constantFrom('a', 2, true, undefined),
      source: fc.constant('operator' as const),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        const key = `k${(n += 1)}`;
        let expected: readonly PropertyInterval[] = [];
        await world.db.transaction().execute(async (trx) => {
          for (const one of writes) {
            expected = withWrite(expected, one);
            await putProperty(trx, id, key, one);
          }
        });
        const rows = await propertyIntervals(world.db, id, { key, limit: 99 });
        expect(rows.toReversed()).toEqual(expected.map((one) => ({ key, ...one })));
        const now = (await currentProperties(world.db, [id])).get(id) ?? [];
        const open = expected.find(({ to }) => to === undefined);
        expect(now.find((one) => one.key === key)?.value).toBe(open?.value);
      }),
      { numRuns: 25 },
    );
  });

  test(`${name}: a definition has one name, and tells who holds what it no longer allows`, async () => {
    await using world = await open();
    const definitions = propertyDefinitionStore(world.db);
    const wanted = { id: 'prp_1', name: 'hw', kind: 'string' as const, unit: 'type', at: 3 };
    const hw = await definitions.create({ ...wanted, allowed: ['orin', 'xavier'] });
    expect(await definitions.create({ ...wanted, id: 'prp_2' })).toBeUndefined();
    expect(hw).toMatchObject({ name: 'hw', unit: 'type', allowed: ['orin', 'xavier'], version: 1 });
    if (hw === undefined) return;
    const id = await world.deviceId('amr-02');
    await putProperty(world.db, id, 'hw', { at: 5, value: 'xavier', source: 'operator' });
    expect(await definitions.holders('hw', { limit: 9 })).toEqual(['amr-02']);
    expect(await definitions.holders('hw', { allowed: ['orin'], limit: 9 })).toEqual(['amr-02']);
    expect(await definitions.holders('hw', { allowed: ['xavier'], limit: 9 })).toEqual([]);
    const changed = await definitions.change(hw, { unit: null, allowed: null }, 9);
    expect(changed).toEqual({
      id: 'prp_1',
      name: 'hw',
      kind: 'string',
      createdAt: 3,
      updatedAt: 9,
      version: 2,
    });
    expect(await definitions.get('hw')).toEqual(await definitions.get('prp_1'));
    await definitions.create({ id: 'prp_3', name: 'arms', kind: 'number', at: 4 });
    expect((await definitions.list({ limit: 9 })).map((one) => one.name)).toEqual(['arms', 'hw']);
    expect((await definitions.list({ limit: 9, after: 'arms' })).length).toBe(1);
    await definitions.remove(hw, 9);
    expect(await definitions.get('hw')).toBeUndefined();
  });

  test(`${name}: what was reported before there were properties becomes known, once`, async () => {
    await using world = await open();
    const id = await world.deviceId('amr-01');
    const row = { device_id: id, digest: 'd', at: 7 };
    await world.db
      .insertInto('device_report')
      .values([
        { ...row, section: 'firmware', document: '{"version":"1.0"}' },
        { ...row, section: 'agent', document: '{"version":"0.1.0","site":"ber1"}', at: 9 },
      ])
      .execute();
    while ((await propertyBackfillStep(world.db)) === 'more');
    expect(await propertiesAt(world.db, id, 8)).toEqual({ firmware: '1.0' });
    expect(await propertiesAt(world.db, id, 9)).toMatchObject({ agent: '0.1.0', site: 'ber1' });
    await world.db.updateTable('device_report').set({ document: '{"version":"2"}' }).execute();
    expect(await propertyBackfillStep(world.db)).toBe('done');
    expect(await propertiesAt(world.db, id, 99)).toMatchObject({ firmware: '1.0' });
  });
}
