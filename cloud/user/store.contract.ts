/**
 * Goal: an account is found by id, address and provider, and never twice.
 * Method: make, change, find and count accounts.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { personStore } from './store.ts';

export function personStoreContract(name: string, open: OpenStore): void {
  const wanted = {
    id: 'usr_1',
    email: 'ada@example.com',
    name: 'Ada',
    role: 'engineer',
    state: 'invited',
    createdBy: 'key_1',
    at: 5,
  } as const;

  test(`${name}: an account comes back without its password`, async () => {
    await using world = await open();
    const people = personStore(world.db);
    expect(await people.any()).toBe(false);
    const made = await people.create({ ...wanted, password: '$argon2id$' });
    expect(await people.any()).toBe(true);
    const { at, ...same } = wanted;
    expect(made).toEqual({ ...same, hasPassword: true, createdAt: at, updatedAt: at, version: 1 });
    expect(await people.get('usr_1')).toEqual(made);
    expect(await people.get('usr_2')).toBeUndefined();
    expect(await people.proof('ada@example.com')).toEqual({ user: made, password: '$argon2id$' });
    expect(await people.proof('Ada@example.com')).toBeUndefined();
    await people.loggedIn('usr_1', 9);
    await people.rehash('usr_1', '$other$');
    expect(await people.proof('ada@example.com')).toEqual({
      user: { ...made, lastLoginAt: 9 },
      password: '$other$',
    });
  });

  test(`${name}: one address, and one account of a provider, is one person`, async () => {
    await using world = await open();
    const people = personStore(world.db);
    const oidc = { issuer: 'https://id.example', subject: 's1' };
    const made = await people.create({ ...wanted, oidc });
    await expect(people.create({ ...wanted, id: 'usr_2' })).rejects.toThrow();
    const other = { ...wanted, id: 'usr_3', email: 'eve@example.com' };
    await expect(people.create({ ...other, oidc })).rejects.toThrow();
    expect(await people.byOidc(oidc)).toEqual(made);
    expect(await people.byOidc({ ...oidc, subject: 's2' })).toBeUndefined();
    await people.create(other);
    await people.create({ ...other, id: 'usr_4', email: 'bob@example.com' });
    expect((await people.some(['usr_4', 'usr_9', 'usr_1'])).map((one) => one.id)).toEqual([
      'usr_4',
      'usr_1',
    ]);
  });

  test(`${name}: a change raises the version and leaves the rest`, async () => {
    await using world = await open();
    const people = personStore(world.db);
    const made = await people.create(wanted);
    const changed = await people.change(made, { role: 'admin', state: 'active' }, 8);
    expect(changed).toEqual({ ...made, role: 'admin', state: 'active', updatedAt: 8, version: 2 });
    const linked = await people.change(changed, { oidc: { issuer: 'i', subject: 's' } }, 9);
    expect(linked).toEqual({ ...changed, issuer: 'i', updatedAt: 9, version: 3 });
    expect(await people.otherAdmins('usr_1')).toBe(0);
    await people.create({
      ...wanted,
      id: 'usr_2',
      email: 'b@example.com',
      role: 'admin',
      state: 'active',
    });
    await people.create({
      ...wanted,
      id: 'usr_3',
      email: 'c@example.com',
      role: 'admin',
      state: 'deactivated',
    });
    expect(await people.otherAdmins('usr_1')).toBe(1);
    expect(await people.otherAdmins('usr_2')).toBe(1);
  });
}
