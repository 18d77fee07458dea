/**
 * Goal: no entry of the audit can be changed or taken away unseen.
 * Method: entries from two writers, then each kind of tampering in the database itself.
 */
import { expect, test } from 'vitest';
import { sql } from '../store/kysely.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { verifyChain } from './audit.ts';
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
    const audit = auditStore(world.db);
    const entries = await audit.list(0, 10);
    expect(entries.map((one) => one.seq)).toEqual([1, 2, 3, 4]);
    expect(await verifyChain(audit.walk(0))).toMatchObject({ entries: 4 });
    expect(await verifyChain(audit.walk(0))).not.toHaveProperty('broken');
    expect(entries[0]).toMatchObject(entry(entries[0]?.at ?? 0));
    expect(await audit.list(3, 10)).toEqual(entries.slice(3));
    expect(await audit.last()).toEqual({ seq: 4, hash: entries[3]?.hash });
    expect(await audit.get(2)).toEqual(entries[1]);
  });

  test(`${name}: what a change replaced comes back as it was written`, async () => {
    await using world = await open();
    const audit = auditStore(world.db);
    const before = { role: 'viewer', tags: ['a', 'ü'], none: null, n: 1.5 };
    await audit.add({ ...entry(1), before, after: null, ip: '127.0.0.1' });
    await audit.add({ ...entry(2), before: { text: 'x'.repeat(100_000) } });
    const [first, second] = await audit.list(0, 10);
    expect(first).toMatchObject({ before, after: null, ip: '127.0.0.1' });
    expect(second?.before).toEqual({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: 100_011,
    });
    expect(second).not.toHaveProperty('after');
    expect(await verifyChain(audit.walk(0))).not.toHaveProperty('broken');
  });

  test(`${name}: a changed or missing entry is named`, async () => {
    await using world = await open();
    const audit = auditStore(world.db);
    for (const n of [1, 2, 3]) await audit.add(entry(n));
    await world.db.updateTable('audit').set({ actor: 'key_2' }).where('seq', '=', 2n).execute();
    const changed = await verifyChain(audit.walk(0));
    expect(changed.broken).toMatchObject({ seq: 2, what: 'changed' });
    await world.db.deleteFrom('audit').where('seq', '=', 2n).execute();
    const short = await verifyChain(audit.walk(0));
    expect(short.broken).toMatchObject({ seq: 2, what: 'missing' });
  });

  test(`${name}: an entry hashes as the first release hashed it`, async () => {
    await using world = await open();
    const audit = auditStore(world.db);
    await audit.add(entry(1));
    const { rows } = await sql<{ hash: string }>`select hash from audit`.execute(world.db);
    // Written down from a release that had no columns for before, after and address.
    expect(rows[0]?.hash).toBe('176cbcaf9ddd66ba3e10768814d9d56088bea147442de4afa270cde3f543875f');
  });

  test(`${name}: heads are kept once for each length, in order`, async () => {
    await using world = await open();
    const audit = auditStore(world.db);
    const head = { seq: 3, hash: 'a'.repeat(64), at: 9, previous: 0, keySha256: 'b'.repeat(64) };
    expect(await audit.addHead({ ...head, signature: 's' })).toBe(true);
    expect(await audit.addHead({ ...head, signature: 't' })).toBe(false);
    expect(await audit.addHead({ ...head, seq: 8, previous: 3, signature: 'u' })).toBe(true);
    expect((await audit.heads()).map((one) => one.signature)).toEqual(['s', 'u']);
    expect(await audit.lastHead()).toMatchObject({ seq: 8, previous: 3 });
  });
}
