/**
 * Goal: each change of what a device should have gets a higher generation and is told of once.
 * Method: change two sections, repeat one, ask for what no device could be sent.
 */
import { expect, test } from 'vitest';
import { listDesired, setDesired } from './desired.ts';
import type { OpenStore } from './store.contract.ts';

export function desiredContract(name: string, open: OpenStore): void {
  test(`${name}: a change raises the generation; the same again does not`, async () => {
    await using world = await open();
    const deviceId = await world.deviceId('amr-01');
    const set = async (section: string, document: { readonly n?: number }, at: number) =>
      await world.db
        .transaction()
        .execute(async (trx) => await setDesired(trx, { deviceId, section, document, at }));
    expect(await set('rules', { n: 1 }, 5)).toMatchObject({ generation: 1, updatedAt: 5 });
    expect(await set('models', { n: 1 }, 6)).toMatchObject({ generation: 2 });
    expect(await set('rules', { n: 1 }, 7)).toMatchObject({ generation: 1, updatedAt: 5 });
    expect(await set('rules', {}, 8)).toMatchObject({ generation: 3, document: {} });
    expect((await listDesired(world.db, deviceId)).map((one) => one.section)).toEqual([
      'models',
      'rules',
    ]);
    const outbox = await world.db
      .selectFrom('outbox')
      .select(['subject', 'body'])
      .where('kind', '=', 'desired.changed')
      .orderBy('seq')
      .execute();
    expect(outbox.map((row) => JSON.parse(row.body).generation)).toEqual([1, 2, 3]);
    expect(outbox[0]).toMatchObject({ subject: deviceId });
    expect(JSON.parse(outbox[0]?.body ?? '')).toMatchObject({ device: 'amr-01', section: 'rules' });
  });

  test(`${name}: what no device could be sent is refused, and nothing is kept`, async () => {
    await using world = await open();
    const deviceId = await world.deviceId('amr-01');
    const document = { text: 'x'.repeat(2 * 1024 * 1024) };
    const wish = { deviceId, section: 'rules', document, at: 1 };
    await expect(setDesired(world.db, wish)).rejects.toMatchObject({ code: 'limited' });
    await expect(
      setDesired(world.db, { ...wish, deviceId: 'dev_none', document: {} }),
    ).rejects.toMatchObject({ code: 'not_found' });
    expect(await listDesired(world.db, deviceId)).toEqual([]);
  });
}
