/**
 * Goal: what a device says of itself is kept, and an older word never replaces a newer one.
 * Method: each change through the store, read back by name and by id.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { deviceStore } from './store.ts';

export function deviceStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a name is given once; a device is found by name and by id`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    const id = 'dev_00000000000000000000000009';
    expect(await devices.create({ id, name: 'amr-09', site: 'hall-1', at: 7 })).toBe(true);
    expect(await devices.create({ id: `${id}x`, name: 'amr-09', at: 8 })).toBe(false);
    const device = await devices.get(id);
    expect(device).toMatchObject({ name: 'amr-09', site: 'hall-1', state: 'enrolled', version: 1 });
    expect(await devices.get('amr-09')).toEqual(device);
    expect(await devices.get('amr-10')).toBeUndefined();
  });

  test(`${name}: the first word makes a device active; time of the last word never steps back`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    await devices.seen('amr-01', 50);
    await devices.seen('amr-01', 40);
    expect(await devices.get('amr-01')).toMatchObject({
      state: 'active',
      presence: { online: false, lastSeen: 50 },
    });
  });

  test(`${name}: the will of an older connection does not take a device offline`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    expect(await devices.setPresence('amr-01', { online: true, at: 10, conn: 7n, boot: 'b' })).toBe(
      true,
    );
    expect(await devices.setPresence('amr-01', { online: false, at: 11, conn: 6n })).toBe(false);
    expect(await devices.get('amr-01')).toMatchObject({
      presence: { online: true, since: 10, boot: 'b' },
    });
    expect(await devices.setPresence('amr-01', { online: false, at: 12, conn: 7n })).toBe(true);
    expect((await devices.get('amr-01'))?.presence).toMatchObject({ online: false, since: 12 });
    expect(await devices.setPresence('nobody', { online: true, at: 1 })).toBe(false);
  });

  test(`${name}: the newest report of each section stays`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    const report = (digest: string, at: number) => ({ digest, at, document: { digest, n: at } });
    await devices.setReported('amr-01', 'rules', report('a', 1));
    await devices.setReported('amr-01', 'rules', report('b', 2));
    await devices.setReported('amr-01', 'models', report('m', 3));
    expect((await devices.get('amr-01'))?.running).toEqual({
      rules: report('b', 2),
      models: report('m', 3),
    });
    expect((await devices.get('amr-02'))?.running).toEqual({});
    await expect(devices.setReported('nobody', 'rules', report('a', 1))).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test(`${name}: revoking is once, and takes the device offline`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    await devices.setPresence('amr-01', { online: true, at: 10 });
    expect(await devices.revoke('amr-01', 20)).toBe(true);
    expect(await devices.revoke('amr-01', 30)).toBe(false);
    expect(await devices.get('amr-01')).toMatchObject({
      state: 'revoked',
      presence: { online: false, since: 20 },
    });
    await devices.seen('amr-01', 40);
    expect(await devices.get('amr-01')).toMatchObject({ state: 'revoked' });
  });

  test(`${name}: the list is in the order of names and pages without a gap`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    await devices.create({ id: 'dev_3', name: 'amr-03', site: 'hall-2', at: 1 });
    await devices.setPresence('amr-02', { online: true, at: 10 });
    const names = async (query: Parameters<typeof devices.list>[0]): Promise<readonly string[]> =>
      (await devices.list(query)).map((device) => device.name);
    expect(await names({ limit: 2 })).toEqual(['amr-01', 'amr-02']);
    expect(await names({ limit: 2, after: 'amr-02' })).toEqual(['amr-03']);
    expect(await names({ limit: 9, site: 'hall-2' })).toEqual(['amr-03']);
    expect(await names({ limit: 9, online: true })).toEqual(['amr-02']);
    expect(await names({ limit: 9, online: false })).toEqual(['amr-01', 'amr-03']);
    expect(await names({ limit: 9, state: 'active' })).toEqual([]);
  });

  test(`${name}: what an operator says is kept over time, what is taken away is gone`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    const id = await world.deviceId('amr-01');
    const before = await devices.get(id);
    await devices.patch(
      id,
      { site: 'hall-1', properties: { hw: 'orin', arms: 2 }, expectedRates: { '/scan': 10 } },
      20,
    );
    expect(await devices.get(id)).toMatchObject({
      site: 'hall-1',
      expectedRates: { '/scan': 10 },
      version: (before?.version ?? 0) + 1,
      updatedAt: 20,
    });
    await devices.patch(id, { properties: { hw: null }, expectedRates: { '/scan': null } }, 30);
    const after = await devices.get(id);
    expect(after?.expectedRates).toEqual({});
    expect(after?.properties.map(({ key, value }) => [key, value])).toEqual([
      ['arms', 2],
      ['site', 'hall-1'],
    ]);
    expect(await devices.list({ limit: 9, site: 'hall-1' })).toEqual([after]);
  });

  test(`${name}: the site of the robot's settings counts where no operator gave one`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    await devices.create({ id: 'dev_3', name: 'amr-03', site: 'hall-2', at: 1 });
    for (const [device, at] of [
      ['amr-01', 5],
      ['amr-03', 6],
    ] as const) {
      const document = { digest: 'a', version: '0.1.0', site: 'ber1' };
      await devices.setReported(device, 'agent', { digest: 'a', document, at });
    }
    expect((await devices.get('amr-01'))?.site).toBe('ber1');
    expect((await devices.get('amr-03'))?.site).toBe('hall-2');
  });

  test(`${name}: each change of its life is told once`, async () => {
    await using world = await open();
    const devices = deviceStore(world.db);
    await devices.seen('amr-01', 5);
    await devices.setPresence('amr-01', { online: true, at: 6 });
    await devices.setPresence('amr-01', { online: true, at: 7 });
    await devices.allOffline(8);
    const device = await devices.get('amr-01');
    if (device === undefined) return;
    await devices.setState(device, { state: 'suspended', verb: 'suspend', at: 9 });
    await devices.setState(device, { state: 'active', verb: 'resume', at: 10 });
    await devices.revoke('amr-01', 11);
    const rows = await world.db
      .selectFrom('outbox')
      .select(['kind', 'at', 'body'])
      .where('subject', '=', device.id)
      .where('at', '>', 1n)
      .orderBy('seq')
      .execute();
    expect(rows.map(({ kind, at }) => `${kind} ${at}`)).toEqual([
      'device.activated 5',
      'device.online 6',
      'device.offline 8',
      'device.suspended 9',
      'device.resumed 10',
      'device.revoked 11',
    ]);
    expect(rows.every(({ body }) => body.includes('"amr-01"'))).toBe(true);
  });
}
