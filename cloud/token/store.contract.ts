/**
 * Goal: a claim token works once, for one key, in its time.
 * Method: redeem it in each of its states, and as two keys at once.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { claimTokenStore } from './store.ts';

export function claimTokenStoreContract(name: string, open: OpenStore): void {
  const wanted = {
    id: 'tok_1',
    secretSha256: 'a'.repeat(64),
    deviceName: 'amr-03',
    site: 'hall-1',
    note: 'for Ann',
    createdBy: 'key_1',
    at: 10,
    expiresAt: 100,
  };

  test(`${name}: the first key spends the token; the same key gets the same answer`, async () => {
    await using world = await open();
    const tokens = claimTokenStore(world.db);
    const deviceId = await world.deviceId('amr-01');
    await tokens.create(wanted);
    const use = { keySha256: 'k1', deviceId, at: 50 };
    const first = await tokens.redeem(wanted.secretSha256, use);
    expect(first).toMatchObject({ outcome: 'redeemed', token: { usedAt: 50, deviceId } });
    const again = await tokens.redeem(wanted.secretSha256, { ...use, at: 500 });
    expect(again).toMatchObject({ outcome: 'again', token: { usedAt: 50, deviceId } });
    const other = await tokens.redeem(wanted.secretSha256, { ...use, keySha256: 'k2' });
    expect(other).toEqual({ outcome: 'used' });
    expect(await tokens.revoke('tok_1', 60)).toBe(false);
  });

  test(`${name}: an unknown, expired or revoked token opens nothing`, async () => {
    await using world = await open();
    const tokens = claimTokenStore(world.db);
    const use = { keySha256: 'k1', deviceId: await world.deviceId('amr-01'), at: 100 };
    expect(await tokens.redeem('b'.repeat(64), use)).toEqual({ outcome: 'unknown' });
    await tokens.create(wanted);
    expect(await tokens.redeem(wanted.secretSha256, use)).toEqual({ outcome: 'expired' });
    expect(await tokens.revoke('tok_1', 60)).toBe(true);
    expect(await tokens.revoke('tok_1', 61)).toBe(false);
    const early = { ...use, at: 20 };
    expect(await tokens.redeem(wanted.secretSha256, early)).toEqual({ outcome: 'revoked' });
  });

  test(`${name}: of two keys at once one wins`, async () => {
    await using world = await open();
    await claimTokenStore(world.db).create(wanted);
    const deviceId = await world.deviceId('amr-01');
    const redeem = async (keySha256: string) =>
      await world.db
        .transaction()
        .execute(
          async (trx) =>
            await claimTokenStore(trx).redeem(wanted.secretSha256, { keySha256, deviceId, at: 50 }),
        );
    const outcomes = await Promise.all([redeem('k1'), redeem('k2')]);
    expect(outcomes.map((one) => one.outcome).sort()).toEqual(['redeemed', 'used']);
  });

  test(`${name}: tokens are listed newest first`, async () => {
    await using world = await open();
    const tokens = claimTokenStore(world.db);
    for (const n of [1, 2, 3]) {
      await tokens.create({ ...wanted, id: `tok_${n}`, secretSha256: String(n).repeat(64) });
    }
    const ids = (rows: Awaited<ReturnType<typeof tokens.list>>) => rows.map((row) => row.id);
    expect(ids(await tokens.list({ limit: 2 }))).toEqual(['tok_3', 'tok_2']);
    expect(ids(await tokens.list({ limit: 2, before: 'tok_2' }))).toEqual(['tok_1']);
  });
}
