/**
 * Goal: a session is as long as everything that was told of it, and belongs to one device.
 * Method: touches in and out of order.
 */
import { expect, test } from 'vitest';
import { sampleUuid } from '../clip/clip.sample.ts';
import { openFilter } from '../http/q/filter.ts';
import { selectPage } from '../http/q/page-plan.ts';
import { sessionSource } from '../http/q/sources/sessions.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import type { Session } from './session.ts';
import { sessionOfRow, sessionRows, sessionStore } from './store.ts';

/** As the list of the API finds them, newest first. */
async function listed(db: Db, q = ''): Promise<readonly Session[]> {
  const opened = await openFilter(db, sessionSource, { now: 0, q });
  const found = await selectPage(db, opened, { sort: '-startNs', after: undefined, limit: 9 });
  const rows = await sessionRows(db).execute();
  const byId = new Map(rows.map((row) => [row.id, sessionOfRow(row)]));
  return found.map(({ id }) => byId.get(id)).filter((session) => session !== undefined);
}

export function sessionStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a session widens and never narrows`, async () => {
    await using world = await open();
    const sessions = sessionStore(world.db);
    const touch = (startNs: bigint, endNs: bigint) => ({
      sessionId: sampleUuid(1),
      source: 'sim',
      startNs,
      endNs,
      at: Number(endNs),
    });
    expect(await sessions.touch('amr-01', touch(50n, 60n))).toBe(true);
    expect(await sessions.touch('amr-01', touch(40n, 55n))).toBe(true);
    expect(await sessions.touch('amr-01', touch(45n, 90n))).toBe(true);
    expect(await sessions.touch('amr-02', touch(1n, 99n))).toBe(false);
    expect(await sessions.touch('nobody', touch(1n, 99n))).toBe(false);
    const [session, ...more] = await listed(world.db);
    expect(more).toEqual([]);
    expect(session).toMatchObject({
      device: 'amr-01',
      source: 'sim',
      startNs: 40n,
      endNs: 90n,
      clips: 0,
    });
    expect(await sessions.get(session?.id ?? '')).toEqual(session);
  });

  test(`${name}: the newest session comes first; a device's are its own`, async () => {
    await using world = await open();
    const sessions = sessionStore(world.db);
    for (const [n, device] of [
      [1, 'amr-01'],
      [2, 'amr-02'],
      [3, 'amr-01'],
    ] as const) {
      const touch = { sessionId: sampleUuid(n), startNs: BigInt(n), endNs: 9n, at: 1 };
      await sessions.touch(device, touch);
    }
    const all = await listed(world.db);
    expect(all.map((one) => one.startNs)).toEqual([3n, 2n, 1n]);
    const rest = await listed(world.db, `startNs < 3`);
    expect(rest.map((one) => one.startNs)).toEqual([2n, 1n]);
    const own = await listed(world.db, 'device = amr-02');
    expect(own.map((one) => one.startNs)).toEqual([2n]);
  });
}
