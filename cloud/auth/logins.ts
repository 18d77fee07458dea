/** The open logins of people: each is a cookie's secret, with an end that use puts off. */
import { loginIdleMs, maxLogins } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';

export interface Login {
  readonly id: string;
  readonly personId: string;
  readonly method: 'password' | 'oidc';
  readonly ip: string;
  readonly agent: string;
  readonly createdAt: number;
  readonly seenAt: number;
  /** At the latest. */
  readonly expiresAt: number;
  readonly endedAt?: number;
}

export interface LoginProof {
  readonly login: Login;
  readonly secretSha256: string;
  readonly person: { readonly name: string; readonly role: string; readonly state: string };
}

/** Whether a login still stands: not ended, used lately, and not too old. */
export const isOpen = (login: Login, now: number): boolean =>
  login.endedAt === undefined && login.expiresAt > now && login.seenAt + loginIdleMs > now;

export const loginStore = (db: Db) => ({
  /** The oldest ones of a person end when there are too many. */
  async add(login: Omit<Login, 'seenAt' | 'endedAt'> & { readonly sha256: string }): Promise<void> {
    await db
      .insertInto('login_session')
      .values({
        id: login.id,
        person_id: login.personId,
        secret_sha256: login.sha256,
        method: login.method,
        ip: login.ip,
        agent: login.agent,
        created_at: login.createdAt,
        seen_at: login.createdAt,
        expires_at: login.expiresAt,
      })
      .execute();
    const open = await this.open(login.personId, login.createdAt);
    for (const { id } of open.slice(maxLogins)) await this.end(id, login.createdAt);
  },

  async proof(id: string): Promise<LoginProof | undefined> {
    const row = await db
      .selectFrom('login_session')
      .innerJoin('person', 'person.id', 'login_session.person_id')
      .selectAll('login_session')
      .select(['person.name as name', 'person.role as role', 'person.state as state'])
      .where('login_session.id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { name, role, state, secret_sha256: secretSha256 } = row;
    return { login: fromRow(row), secretSha256, person: { name, role, state } };
  },

  async used(id: string, at: number): Promise<void> {
    await db.updateTable('login_session').set({ seen_at: at }).where('id', '=', id).execute();
  },

  /** False when it had ended already. */
  async end(id: string, at: number): Promise<boolean> {
    const done = await db
      .updateTable('login_session')
      .set({ ended_at: at })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  },

  /** Ends every login of a person, but for the one that asks; gives how many. */
  async endAll(personId: string, at: number, but?: string): Promise<number> {
    const done = await db
      .updateTable('login_session')
      .set({ ended_at: at })
      .where('person_id', '=', personId)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', BigInt(at))
      .where('id', '<>', but ?? '')
      .executeTakeFirst();
    return Number(done.numUpdatedRows);
  },

  /** Of a person, the newest first. */
  async open(personId: string, now: number): Promise<readonly Login[]> {
    const rows = await db
      .selectFrom('login_session')
      .selectAll()
      .where('person_id', '=', personId)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', BigInt(now))
      .where('seen_at', '>', BigInt(now - loginIdleMs))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(fromRow);
  },
});

function fromRow(row: Row<'login_session'>): Login {
  return {
    id: row.id,
    personId: row.person_id,
    method: row.method === 'oidc' ? 'oidc' : 'password',
    ip: row.ip,
    agent: row.agent,
    createdAt: Number(row.created_at),
    seenAt: Number(row.seen_at),
    expiresAt: Number(row.expires_at),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
  };
}
