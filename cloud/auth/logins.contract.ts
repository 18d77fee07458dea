/**
 * Goal: logins and links are known by their hash until they end, and end together where they must.
 * Method: open, use and end logins; make, use and replace links.
 */
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { loginIdleMs, maxLogins } from '../limits.ts';
import type { Db } from '../store/db.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { personStore } from '../user/store.ts';
import { isOpen, loginStore } from './logins.ts';
import { linkStore, newLink } from './one-time-links.ts';
import { linkSecret, readSecret } from './secret-text.ts';

export function loginStoreContract(name: string, open: OpenStore): void {
  const login = (n: number, over: object = {}) => ({
    id: `lgn_${n}`,
    sha256: 'a'.repeat(64),
    personId: 'usr_1',
    method: 'password' as const,
    ip: '::1',
    agent: 'browser',
    createdAt: 100 + n,
    expiresAt: 10_000,
    ...over,
  });

  const addPeople = async (db: Db) => {
    for (const n of [1, 2]) {
      await personStore(db).create({
        id: `usr_${n}`,
        email: `${n}@example.com`,
        name: `N${n}`,
        role: 'viewer',
        state: 'active',
        createdBy: 'test',
        at: 1,
      });
    }
  };

  test(`${name}: a login is proven with its person, and stands until it is ended`, async () => {
    await using world = await open();
    await addPeople(world.db);
    const logins = loginStore(world.db);
    for (const n of [1, 2, 3]) await logins.add(login(n));
    await logins.add(login(9, { personId: 'usr_2' }));
    const proof = await logins.proof('lgn_1');
    expect(proof).toMatchObject({
      login: { id: 'lgn_1', seenAt: 101 },
      secretSha256: 'a'.repeat(64),
      person: { name: 'N1', role: 'viewer', state: 'active' },
    });
    expect(await logins.proof('lgn_8')).toBeUndefined();
    await logins.used('lgn_1', 200);
    expect((await logins.proof('lgn_1'))?.login.seenAt).toBe(200);
    expect([await logins.end('lgn_1', 300), await logins.end('lgn_1', 301)]).toEqual([true, false]);
    expect((await logins.open('usr_1', 300)).map((one) => one.id)).toEqual(['lgn_3', 'lgn_2']);
    expect(await logins.endAll('usr_1', 400, 'lgn_3')).toBe(1);
    expect((await logins.open('usr_1', 400)).map((one) => one.id)).toEqual(['lgn_3']);
    expect(await logins.endAll('usr_1', 401)).toBe(1);
    expect(await logins.open('usr_2', 401)).toHaveLength(1);
  });

  test(`${name}: what is listed as open is open, by age and by use`, async () => {
    await using world = await open();
    await addPeople(world.db);
    const logins = loginStore(world.db);
    const end = loginIdleMs * 3;
    await logins.add(login(1, { expiresAt: end }));
    const times = [101, loginIdleMs + 100, loginIdleMs + 101, end - 1, end];
    for (const now of times) {
      const one = (await logins.proof('lgn_1'))?.login;
      const listed = (await logins.open('usr_1', now)).length === 1;
      expect(one !== undefined && isOpen(one, now), String(now)).toBe(listed);
      if (now === loginIdleMs + 100) await logins.used('lgn_1', end - 2);
    }
  });

  test(`${name}: the oldest logins end beyond the most`, async () => {
    await using world = await open();
    await addPeople(world.db);
    const logins = loginStore(world.db);
    for (let n = 0; n < maxLogins + 2; n += 1) await logins.add(login(n));
    const left = await logins.open('usr_1', 500);
    expect(left).toHaveLength(maxLogins);
    expect(left.at(-1)?.id).toBe('lgn_2');
  });

  test(`${name}: a link is known by its secret, and replaces its forerunner alone`, async () => {
    await using world = await open();
    await addPeople(world.db);
    const deps = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
    const make = async (kind: 'invitation' | 'password_reset', personId: string) =>
      await newLink(world.db, deps, { kind, personId, by: 'key_1' });
    const first = await make('invitation', 'usr_1');
    const other = await make('invitation', 'usr_2');
    const reset = await make('password_reset', 'usr_1');
    const second = await make('invitation', 'usr_1');
    const admin = await newLink(world.db, deps, { kind: 'first_admin', by: 'system' });
    const links = linkStore(world.db);
    const revoked = async (made: typeof first) =>
      (await links.proof(made.link.id))?.link.revokedAt !== undefined;
    expect(await revoked(first)).toBe(true);
    for (const made of [other, reset, second, admin]) expect(await revoked(made)).toBe(false);
    const read = readSecret(linkSecret, second.token);
    expect((await links.proof(read?.id ?? ''))?.sha256).toBe(read?.sha256);
    await links.used(second.link.id, 77);
    expect((await links.proof(second.link.id))?.link.usedAt).toBe(77);
    await links.revoke({ personId: 'usr_1' }, 88);
    expect(await revoked(reset)).toBe(true);
    expect([await revoked(second), await revoked(other), await revoked(admin)]).toEqual([
      false,
      false,
      false,
    ]);
  });
}
