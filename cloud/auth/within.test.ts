/**
 * Goal: a key of one cohort hears of its devices alone, whichever way it asks.
 * Method: two robots with clips, events and sessions; a cohort with one of them; every read that
 * such a key may use, for the one and for the other.
 */
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { eventStore } from '../event/store.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { newApiKey } from '../key/make.ts';
import { sessionStore } from '../session/store.ts';
import { ownedTable } from './within.ts';

async function openTwo(q?: string) {
  const world = await openApiWorld();
  const { db } = world;
  const cohort = {
    id: 'coh_1',
    name: 'hall-1',
    q: q ?? null,
    created_by: 'test',
    created_at: 1,
    updated_at: 1,
    version: 1,
  };
  await db.insertInto('cohort').values(cohort).execute();
  const ids = new Map<string, string>();
  for (const [n, device] of [
    [1, 'amr-01'],
    [2, 'amr-02'],
  ] as const) {
    const found = await db
      .selectFrom('device')
      .select('id')
      .where('name', '=', device)
      .executeTakeFirstOrThrow();
    ids.set(device, found.id);
    await world.putClip(n, { device, bytes: new Uint8Array([n]) });
    const event = {
      id: sampleUuid(n),
      name: 'bump',
      severity: 'info',
      atNs: 5n,
      synced: true,
    } as const;
    await eventStore(db).putEvent(device, event, 1);
    const session = { sessionId: sampleUuid(100 + n), source: 'x', startNs: 1n, endNs: 2n, at: 1 };
    await sessionStore(db).touch(device, session);
  }
  const list = { cohort_id: 'coh_1', device_id: ids.get('amr-01') ?? '' };
  await db.insertInto('cohort_device').values(list).execute();
  const maker = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
  const { text: key } = await newApiKey(db, maker, {
    name: 'hall',
    scopes: ['*:read'],
    cohorts: ['coh_1'],
  });
  return { world, ids, key };
}

const ask = async (world: ApiWorld, key: string, path: string): Promise<Response> =>
  await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${key}` } });

const lists = ['devices', 'clips', 'events', 'sessions'] as const;

test.each([['a list'], ['a query']])(
  'lists hold the devices of the cohort alone: %s',
  async (kind) => {
    const { world, key } = await openTwo(kind === 'a list' ? undefined : 'name = amr-01');
    await using _world = world;
    for (const noun of lists) {
      for (const query of [
        '',
        'count=exact',
        'q=device:amr-02',
        'q=not device:amr-01',
        'device=amr-02',
      ]) {
        const text = query
          .replaceAll(' ', '%20')
          .replace('device', noun === 'devices' ? 'name' : 'device');
        const response = await ask(world, key, `/v1/${noun}?${text}`);
        const body = await response.text();
        const where = `${noun}?${text}: ${response.status}`;
        expect(body.includes('"amr-02"') && response.status === 200, where).toBe(false);
        expect(response.status, where).toBeLessThan(500);
      }
      const page = async (response: Promise<Response>) =>
        (await (await response).json()) as { items: unknown[]; count: { value: number } };
      const own = await page(ask(world, key, `/v1/${noun}?count=exact`));
      const all = await page(world.get(`/v1/${noun}?count=exact`));
      expect(own.items.length, noun).toBeGreaterThan(0);
      expect(own.count.value, noun).toBe(own.items.length);
      expect(all.items.length, noun).toBeGreaterThan(own.items.length);
    }
  },
);

test('what is read by id is there for its own devices, and is not there for others', async () => {
  const { world, ids, key } = await openTwo();
  await using _world = world;
  const reads = world.api.operations.filter(({ doc }) => ownedTable(doc) !== undefined);
  expect(reads.length).toBeGreaterThan(10);
  const idOf = async (table: 'device' | 'clip' | 'event' | 'session', device: string) => {
    const deviceId = ids.get(device) ?? '';
    if (table === 'device') return deviceId;
    const row = await world.db
      .selectFrom(table)
      .select('id')
      .where('device_id', '=', deviceId)
      .executeTakeFirstOrThrow();
    return row.id;
  };
  for (const { doc } of reads) {
    const table = ownedTable(doc) ?? 'device';
    const path = (id: string): string => doc.path.replace('{id}', id).replaceAll(/\{\w+\}/g, '0');
    const own = await ask(world, key, path(await idOf(table, 'amr-01')));
    expect(await own.text(), doc.id).not.toContain('for this key');
    const other = await ask(world, key, path(await idOf(table, 'amr-02')));
    expect(other.status, doc.id).toBe(404);
    expect(await other.text(), doc.id).toContain('for this key');
    expect((await ask(world, key, path('nothing'))).status, doc.id).toBe(404);
  }
  expect((await ask(world, key, '/v1/devices/amr-02')).status).toBe(404);
  expect((await ask(world, key, '/v1/devices/amr-01')).status).toBe(200);
  const clip = idOfUuid('clp', sampleUuid(1));
  expect((await ask(world, key, `/v1/clips/${clip}/data`)).status).toBe(200);
});

test('a cohort that is gone holds nobody', async () => {
  const { world, key } = await openTwo();
  await using _world = world;
  await world.db.deleteFrom('cohort_device').execute();
  await world.db.deleteFrom('cohort').execute();
  for (const noun of lists) {
    expect(await (await ask(world, key, `/v1/${noun}`)).json(), noun).toEqual({ items: [] });
  }
});
