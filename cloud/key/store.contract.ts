/**
 * Goal: a key is known by its id and its hash, until it is revoked.
 * Method: make, use, revoke and list keys.
 */
import { expect, test } from 'vitest';
import { endKeysOf } from '../store/person-keys.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { personStore } from '../user/store.ts';
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
      updatedAt: 5,
      version: 1,
      expiresAt: 90,
    });
    expect(await keys.proof('key_1')).toEqual({ key, secretSha256: wanted.secretSha256 });
    expect(await keys.proof('key_2')).toBeUndefined();
    await keys.used('key_1', 50);
    expect(await keys.get('key_1')).toEqual({ ...key, lastUsedAt: 50 });
  });

  test(`${name}: revoking is once`, async () => {
    await using world = await open();
    const keys = apiKeyStore(world.db);
    for (const n of [1, 2, 3]) await keys.create({ ...wanted, id: `key_${n}` });
    expect(await keys.revoke('key_2', 60)).toBe(true);
    expect(await keys.revoke('key_2', 70)).toBe(false);
    expect((await keys.get('key_2'))?.revokedAt).toBe(60);
    expect(await keys.some(['key_1', 'key_9', 'key_3'])).toMatchObject([
      { id: 'key_1' },
      { id: 'key_3' },
    ]);
  });

  test(`${name}: a change raises the version and leaves the rest`, async () => {
    await using world = await open();
    const keys = apiKeyStore(world.db);
    const made = await keys.create({
      ...wanted,
      id: 'key_1',
      cohorts: ['coh_1'],
      makerId: undefined,
    });
    const changed = await keys.change(made, { name: 'cd', cohorts: null, expiresAt: 70 }, 9);
    const { cohorts: _cohorts, ...rest } = made;
    expect(changed).toEqual({ ...rest, name: 'cd', expiresAt: 70, updatedAt: 9, version: 2 });
    expect(await keys.get('key_1')).toEqual(changed);
  });

  test(`${name}: a key that stands for a person shows who that is, and ends with them`, async () => {
    await using world = await open();
    await personStore(world.db).create({
      id: 'usr_1',
      email: 'ada@example.com',
      name: 'Ada',
      role: 'engineer',
      state: 'active',
      createdBy: 'system',
      at: 1,
    });
    const keys = apiKeyStore(world.db);
    for (const n of [1, 2]) await keys.create({ ...wanted, id: `key_${n}`, personId: 'usr_1' });
    await keys.create({ ...wanted, id: 'key_3' });
    expect((await keys.proof('key_1'))?.person).toEqual({
      name: 'Ada',
      role: 'engineer',
      state: 'active',
    });
    expect((await keys.proof('key_3'))?.person).toBeUndefined();
    expect(await keys.liveOf('usr_1', 9)).toBe(2);
    await keys.revoke('key_2', 8);
    expect(await keys.liveOf('usr_1', 9)).toBe(1);
    expect(await endKeysOf(world.db, 'usr_1', 9)).toBe(1);
    expect((await keys.get('key_1'))?.revokedAt).toBe(9);
    expect((await keys.get('key_3'))?.revokedAt).toBeUndefined();
  });
}
