/**
 * Goal: an event told twice is there once, with everything it said.
 * Method: events and markers through the store, read back by each filter.
 */
import { expect, test } from 'vitest';
import { sampleManifest, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { idOfUuid } from '../entity-id.ts';
import { openFilter } from '../http/q/filter.ts';
import { type Position, selectPage } from '../http/q/page-plan.ts';
import { eventSource } from '../http/q/sources/events.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import type { Event, EventFilter } from './event.ts';
import { eventNarrowing } from './list.ts';
import { eventOfRow, eventRows, eventStore } from './store.ts';

const event = (n: number) => ({
  id: sampleUuid(n),
  sessionId: sampleUuid(100),
  clipId: sampleUuid(200 + n),
  name: `rule.fired.${n}`,
  severity: n === 1 ? ('critical' as const) : ('info' as const),
  atNs: BigInt(n) * 10n,
  synced: true,
  rule: 'near-miss@3',
  ruleSetDigest: 'a'.repeat(64),
  margin: -0.125,
  values: { vx: 0.5, mode: 'auto', on: true, none: null },
  tags: ['rain'],
  text: 'close',
});

/** As the list of the API finds them, newest first. */
async function listed(
  db: Db,
  filter: EventFilter,
  page: { readonly after?: Position | undefined; readonly limit: number },
): Promise<readonly Event[]> {
  const opened = await openFilter(db, eventSource, { now: 0, ...eventNarrowing(filter) });
  const found = await selectPage(db, opened, { sort: '-atNs', after: undefined, ...page });
  const rows = await eventRows(db).execute();
  const byId = new Map(rows.map((row) => [row.id, eventOfRow(row)]));
  return found.map(({ id }) => byId.get(id)).filter((event) => event !== undefined);
}

export function eventStoreContract(name: string, open: OpenStore): void {
  test(`${name}: an event comes back as it was told, once`, async () => {
    await using world = await open();
    const events = eventStore(world.db);
    expect(await events.putEvent('amr-01', event(1), 77)).toBe(true);
    expect(await events.putEvent('amr-01', event(1), 78)).toBe(false);
    const { id, sessionId, clipId, ...said } = event(1);
    const expected = {
      ...said,
      id: idOfUuid('evt', id),
      session: idOfUuid('ses', sessionId),
      clip: idOfUuid('clp', clipId),
      kind: 'event',
      device: 'amr-01',
      endNs: 10n,
      receivedAt: 77,
      updatedAt: 77,
      version: 1,
    };
    expect(await listed(world.db, {}, { limit: 9 })).toEqual([expected]);
    expect(await events.get(expected.id)).toEqual(expected);
  });

  test(`${name}: a marker is an event on its clip`, async () => {
    await using world = await open();
    const events = eventStore(world.db);
    const marker = {
      id: sampleUuid(1),
      clipId: sampleUuid(2),
      name: 'near-miss',
      startNs: 5n,
      endNs: 8n,
      synced: false,
      source: 'rule/near-miss',
    };
    expect(await events.putMarker('amr-01', marker, 1)).toBe(true);
    expect(await events.putMarker('amr-01', marker, 1)).toBe(false);
    const clip = idOfUuid('clp', marker.clipId);
    const [found] = await listed(world.db, { clip, kind: 'marker' }, { limit: 9 });
    expect(found).toMatchObject({ name: 'near-miss', atNs: 5n, endNs: 8n, synced: false, clip });
    expect(await listed(world.db, { clip, kind: 'event' }, { limit: 9 })).toEqual([]);
  });

  test(`${name}: events are found by each condition, newest first, page by page`, async () => {
    await using world = await open();
    const events = eventStore(world.db);
    for (const n of [1, 2, 3, 4]) await events.putEvent(n === 4 ? 'amr-02' : 'amr-01', event(n), 1);
    const times = async (
      ...query: [EventFilter, { after?: Position; limit: number }]
    ): Promise<readonly bigint[]> => (await listed(world.db, ...query)).map((one) => one.atNs);
    expect(await times({}, { limit: 9 })).toEqual([40n, 30n, 20n, 10n]);
    const after = { key: '30', id: idOfUuid('evt', sampleUuid(3)) };
    expect(await times({}, { limit: 1, after })).toEqual([20n]);
    expect(await times({ severity: 'critical' }, { limit: 9 })).toEqual([10n]);
    expect(await times({ name: 'rule.fired.2' }, { limit: 9 })).toEqual([20n]);
    expect(await times({ startNs: 20n, endNs: 40n }, { limit: 9 })).toEqual([30n, 20n]);
    const deviceId = await world.deviceId('amr-02');
    expect(await times({ deviceId }, { limit: 9 })).toEqual([40n]);
  });

  test(`${name}: no device writes on the clip of another, whichever comes first`, async () => {
    await using world = await open();
    const events = eventStore(world.db);
    const clips = clipStore(world.db);
    const clip = idOfUuid('clp', event(1).clipId);
    expect(await events.putEvent('amr-02', { ...event(1), name: 'before' }, 1)).toBe(true);
    await clips.putManifest('amr-01', { ...sampleManifest(1), clipId: event(1).clipId }, 2);
    expect(
      await events.putEvent('amr-02', { ...event(1), id: sampleUuid(2), name: 'after' }, 3),
    ).toBe(true);
    expect(
      await events.putEvent('amr-01', { ...event(1), id: sampleUuid(3), name: 'own' }, 4),
    ).toBe(true);
    const found = await listed(world.db, { clip }, { limit: 9 });
    expect(found.map((one) => one.name)).toEqual(['own']);
  });

  test(`${name}: an event of an unknown device is refused`, async () => {
    await using world = await open();
    await expect(eventStore(world.db).putEvent('nobody', event(1), 1)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
}
