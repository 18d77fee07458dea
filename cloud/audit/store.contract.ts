/**
 * Goal: no entry of the audit can be changed or taken away unseen.
 * Method: entries from two writers, then each kind of tampering in the database itself.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { firstBrokenEntry } from './audit.ts';
import { auditStore } from './store.ts';

export function auditStoreContract(name: string, open: OpenStore): void {
  const entry = (n: number) => ({
    at: n,
    actor: 'key_1',
    via: 'api',
    action: 'device.revoke',
    subject: `dev_${n}`,
    detail: { n, why: 'lost' },
    requestId: `req_${n}`,
  });

  test(`${name}: entries written at once form one chain`, async () => {
    await using world = await open();
    const add = async (n: number) =>
      await world.db.transaction().execute(async (trx) => await auditStore(trx).add(entry(n)));
    await Promise.all([add(1), add(2), add(3), add(4)]);
    const entries = await auditStore(world.db).list(0, 10);
    expect(entries.map((one) => one.seq)).toEqual([1, 2, 3, 4]);
    expect(firstBrokenEntry(entries)).toBeUndefined();
    expect(entries[0]).toMatchObject(entry(entries[0]?.at ?? 0));
    expect(await auditStore(world.db).list(3, 10)).toEqual(entries.slice(3));
  });

  test(`${name}: a changed or missing entry is named`, async () => {
    await using world = await open();
    for (const n of [1, 2, 3]) await auditStore(world.db).add(entry(n));
    await world.db.updateTable('audit').set({ actor: 'key_2' }).where('seq', '=', 2n).execute();
    const changed = await auditStore(world.db).list(0, 10);
    expect(firstBrokenEntry(changed)?.seq).toBe(2);
    await world.db.deleteFrom('audit').where('seq', '=', 2n).execute();
    const short = await auditStore(world.db).list(0, 10);
    expect(firstBrokenEntry(short)?.seq).toBe(3);
  });
}
