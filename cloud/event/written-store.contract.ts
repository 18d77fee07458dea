/**
 * Goal: what people write is kept once a writer, is changed with its values, and knows its place.
 * Method: events through the store, asked again by every way that the API asks.
 */
import { expect, test } from 'vitest';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { idOfUuid } from '../entity-id.ts';
import { sessionStore } from '../session/store.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { eventKindStore } from './kind-store.ts';
import { writtenEventStore } from './written-store.ts';

const event = {
  kind: 'event' as const,
  device: 'amr-01',
  name: 'note',
  severity: 'info' as const,
  atNs: 10n,
  endNs: 10n,
  label: 'slipped',
  data: { weightKg: 12.5, box: 'red' },
  values: { vx: 0.5 },
  tags: ['rain'],
  createdBy: 'key_1',
  at: 77,
};

export function writtenEventContract(name: string, open: OpenStore): void {
  test(`${name}: a person's event is once for its writer and device`, async () => {
    await using world = await open();
    const written = writtenEventStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    const of = { deviceId, externalId: 'e1' };
    expect(await written.known({ ...of, createdBy: 'key_1' })).toBeUndefined();
    await written.add({ ...event, ...of, id: 'evt_1' });
    await written.add({ ...event, ...of, id: 'evt_2', createdBy: 'key_2' });
    await expect(written.add({ ...event, ...of, id: 'evt_3' })).rejects.toThrow();
    expect(await written.known({ ...of, createdBy: 'key_1' })).toMatchObject({ id: 'evt_1' });
    const other = await world.deviceId('amr-02');
    expect(
      await written.known({ deviceId: other, externalId: 'e1', createdBy: 'key_1' }),
    ).toBeUndefined();
    expect(await written.get('evt_1')).toMatchObject({
      label: 'slipped',
      data: { weightKg: 12.5, box: 'red' },
      tags: ['rain'],
      version: 1,
    });
  });

  test(`${name}: a change takes its values with it, and null takes a word away`, async () => {
    await using world = await open();
    const written = writtenEventStore(world.db);
    await written.add({ ...event, deviceId: await world.deviceId('amr-01'), id: 'evt_1' });
    const known = await written.get('evt_1');
    if (known === undefined) return;
    await written.change(known, { label: null, data: null, tags: ['box'], atNs: 20n }, 80);
    const changed = await written.get('evt_1');
    expect(changed).toMatchObject({ tags: ['box'], atNs: 20n, updatedAt: 80, version: 2 });
    expect(changed).not.toHaveProperty('label');
    expect(changed).not.toHaveProperty('data');
    const keys = async () =>
      (
        await world.db.selectFrom('event_text').select(['key', 'text']).orderBy('key').execute()
      ).map(({ key, text }) => `${key} ${text}`);
    expect(await keys()).toEqual(['tag box']);
    await written.remove(known, 90);
    expect(await keys()).toEqual([]);
    expect(await written.get('evt_1')).toBeUndefined();
  });

  test(`${name}: the time that is known of a device goes to its last session, or to now`, async () => {
    await using world = await open();
    const written = writtenEventStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    expect(await written.knownTime(deviceId, 500n)).toBeUndefined();
    for (const [n, startNs] of [
      [1, 100n],
      [2, 40n],
      [3, 300n],
    ] as const) {
      const touch = { sessionId: sampleUuid(n), startNs, endNs: startNs + 50n, at: 1 };
      await sessionStore(world.db).touch('amr-01', touch);
    }
    expect(await written.knownTime(deviceId, 200n)).toMatchObject({ startNs: 40n, endNs: 350n });
    expect(await written.knownTime(deviceId, 500n)).toMatchObject({ endNs: 500n });
    expect(await written.hasSession(deviceId, idOfUuid('ses', sampleUuid(1)))).toBe(true);
    await clipStore(world.db).putManifest('amr-01', sampleManifest(1), 1);
    expect(await written.clip(idOfUuid('clp', sampleUuid(1)))).toMatchObject({
      deviceId,
      device: 'amr-01',
      startNs: sampleStartNs + 1_000_000_000n,
    });
  });

  test(`${name}: an event kind has one name, and keeps what is not changed`, async () => {
    await using world = await open();
    const kinds = eventKindStore(world.db);
    const wanted = { name: 'drop', colour: '#d94f2b', shape: 'dot' as const, isFailure: true };
    const schema = { type: 'object' };
    const made = await kinds.create({ ...wanted, id: 'evk_1', schema, at: 5 });
    expect(made).toMatchObject({ ...wanted, schema, version: 1 });
    expect(await kinds.create({ ...wanted, id: 'evk_2', at: 6 })).toBeUndefined();
    if (made === undefined) return;
    const changed = await kinds.change(made, { schema: null, shape: 'bar' }, 7);
    expect(changed).toMatchObject({ colour: '#d94f2b', shape: 'bar', isFailure: true, version: 2 });
    expect(changed).not.toHaveProperty('schema');
    expect((await kinds.named(['drop', 'no'])).get('drop')).toEqual(changed);
    expect(await kinds.list({ limit: 9, after: 'a' })).toEqual([changed]);
    await kinds.remove(made, 8);
    expect(await kinds.get('evk_1')).toBeUndefined();
  });
}
