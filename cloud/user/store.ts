import type { Role } from '../auth/rights.ts';
import type { Db, Row } from '../store/db.ts';
import type { User, UserState } from './user.ts';

export interface NewUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly state: UserState;
  /** A PHC string. */
  readonly password?: string | undefined;
  readonly oidc?: OidcIdentity | undefined;
  readonly createdBy: string;
  readonly at: number;
}

/** Who an OpenID provider says somebody is: the only name that never moves to another person. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
}

export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly state?: UserState | undefined;
  readonly password?: string | undefined;
  readonly oidc?: OidcIdentity | undefined;
}

/** `user` is a reserved word of PostgreSQL: the table is called `person`. */
export const personStore = (db: Db) => ({
  async create(user: NewUser): Promise<User> {
    const row = await db
      .insertInto('person')
      .values({
        id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        state: user.state,
        password: user.password ?? null,
        issuer: user.oidc?.issuer ?? null,
        oidc_subject: user.oidc?.subject ?? null,
        created_by: user.createdBy,
        created_at: user.at,
        updated_at: user.at,
        version: 1,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  async get(id: string): Promise<User | undefined> {
    const row = await db.selectFrom('person').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  },

  /** These, in this order. */
  async some(ids: readonly string[]): Promise<readonly User[]> {
    if (ids.length === 0) return [];
    const rows = await db.selectFrom('person').selectAll().where('id', 'in', ids).execute();
    const byId = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => byId.get(id)).filter((user) => user !== undefined);
  },

  /** With the hash of the password, where there is one. */
  async proof(
    email: string,
  ): Promise<{ readonly user: User; readonly password: string | undefined } | undefined> {
    const row = await db
      .selectFrom('person')
      .selectAll()
      .where('email', '=', email)
      .executeTakeFirst();
    return row && { user: fromRow(row), password: row.password ?? undefined };
  },

  async byOidc({ issuer, subject }: OidcIdentity): Promise<User | undefined> {
    const row = await db
      .selectFrom('person')
      .selectAll()
      .where('issuer', '=', issuer)
      .where('oidc_subject', '=', subject)
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** The person with their changes, a version later. */
  async change(user: Pick<User, 'id' | 'version'>, to: UserChange, at: number): Promise<User> {
    const row = await db
      .updateTable('person')
      .set({
        ...(to.name === undefined ? {} : { name: to.name }),
        ...(to.role === undefined ? {} : { role: to.role }),
        ...(to.state === undefined ? {} : { state: to.state }),
        ...(to.password === undefined ? {} : { password: to.password }),
        ...(to.oidc === undefined ? {} : { issuer: to.oidc.issuer, oidc_subject: to.oidc.subject }),
        updated_at: at,
        version: user.version + 1,
      })
      .where('id', '=', user.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  /** The same password at another cost: nothing that anybody sees. */
  async rehash(id: string, password: string): Promise<void> {
    await db.updateTable('person').set({ password }).where('id', '=', id).execute();
  },

  async loggedIn(id: string, at: number): Promise<void> {
    await db.updateTable('person').set({ last_login_at: at }).where('id', '=', id).execute();
  },

  /** Active admins besides this one. */
  async otherAdmins(id: string): Promise<number> {
    const { count } = await db
      .selectFrom('person')
      .select((of) => of.fn.countAll<bigint>().as('count'))
      .where('role', '=', 'admin')
      .where('state', '=', 'active')
      .where('id', '<>', id)
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  /** True when there ever was an account. */
  async any(): Promise<boolean> {
    const row = await db.selectFrom('person').select('id').limit(1).executeTakeFirst();
    return row !== undefined;
  },
});

function fromRow(row: Row<'person'>): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role as Role,
    state: row.state as UserState,
    hasPassword: row.password !== null,
    ...(row.issuer === null ? {} : { issuer: row.issuer }),
    ...(row.last_login_at === null ? {} : { lastLoginAt: Number(row.last_login_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
