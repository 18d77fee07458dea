/**
 * Goal: a key is known by its id and its hash, until it is revoked.
 * Method: make, use, revoke and list keys.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { apiKeyStore } from './store.ts';

export function apiKeyStoreContract(name: string, open: OpenStore): void {
  const wanted = { name: 'ci', secretSha256: 'a'.repeat(64), scopes: ['*:read'], at: 5 };

  test(`${name}: a key comes back with its hash apart`, async () => {
    await using world = await open();
    const keys = apiKeyStore(world.db);
    expect(await keys.any()).toBe(false);
    const key = await keys.create({ ...wanted, id: 'key_1', expiresAt: 90 });
    expect(await keys.any()).toBe(true);
    expect(key).toEqual({
      id: 'key_1',
      name: 'ci',
      scopes: ['*:read'],
      createdAt: 5,
      expiresAt: 90,
    });
    expect(await keys.proof('key_1')).toEqual({ key, secretSha256: wanted.secretSha256 });
    expect(await keys.proof('key_2')).toBeUndefined();
    await keys.used('key_1', 50);
    expect(await keys.get('key_1')).toEqual({ ...key, lastUsedAt: 50 });
  });

  test(`${name}: revoking is once; the list is newest first`, async () => {
    await using world = await open();
    const keys = apiKeyStore(world.db);
    for (const n of [1, 2, 3]) await keys.create({ ...wanted, id: `key_${n}` });
    expect(await keys.revoke('key_2', 60)).toBe(true);
    expect(await keys.revoke('key_2', 70)).toBe(false);
    const listed = await keys.list({ limit: 2, before: 'key_3' });
    expect(listed.map((key) => [key.id, key.revokedAt])).toEqual([
      ['key_2', 60],
      ['key_1', undefined],
    ]);
  });
}
