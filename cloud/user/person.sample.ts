/** People for tests, each with a key that speaks for them. */
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { type Role, roleScopes } from '../auth/rights.ts';
import { newApiKey } from '../key/make.ts';
import type { Db } from '../store/db.ts';
import { personStore } from './store.ts';

/** The text of a key of `usr_<name>`, who is new. */
export async function personKey(db: Db, name: string, role: Role): Promise<string> {
  const system = { ids: systemIds, randomBytes: systemRandomBytes, clock: systemClock };
  return await db.transaction().execute(async (trx) => {
    const id = `usr_${name}`;
    const email = `${name}@example.com`;
    const made = { id, email, name, role, state: 'active' as const, createdBy: 'test', at: 1 };
    await personStore(trx).create(made);
    const scopes = roleScopes[role];
    const key = await newApiKey(trx, system, { name, scopes, createdBy: id, personId: id });
    return key.text;
  });
}
