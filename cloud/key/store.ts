import type { Db, Row } from '../store/db.ts';
import type { ApiKey } from './key.ts';

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly secretSha256: string;
  readonly scopes: readonly string[];
  readonly cohorts?: readonly string[] | undefined;
  readonly personId?: string | undefined;
  readonly makerId?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly rotatedFrom?: string | undefined;
  readonly at: number;
  readonly expiresAt?: number | undefined;
}

export interface KeyProof {
  readonly key: ApiKey;
  readonly secretSha256: string;
  /** Of a key that stands for a person. */
  readonly person?: { readonly name: string; readonly role: string; readonly state: string };
}

export const apiKeyStore = (db: Db) => ({
  async create(key: NewApiKey): Promise<ApiKey> {
    const row = await db
      .insertInto('api_key')
      .values({
        id: key.id,
        name: key.name,
        secret_sha256: key.secretSha256,
        scopes: JSON.stringify(key.scopes),
        cohorts: key.cohorts === undefined ? null : JSON.stringify(key.cohorts),
        person_id: key.personId ?? null,
        maker_id: key.makerId ?? null,
        created_by: key.createdBy ?? null,
        rotated_from: key.rotatedFrom ?? null,
        created_at: key.at,
        updated_at: key.at,
        version: 1,
        expires_at: key.expiresAt ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  async get(id: string): Promise<ApiKey | undefined> {
    const row = await db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  },

  /** With the hash to compare the presented secret to, and the person it stands for. */
  async proof(id: string): Promise<KeyProof | undefined> {
    const row = await db
      .selectFrom('api_key')
      .leftJoin('person', 'person.id', 'api_key.person_id')
      .selectAll('api_key')
      .select([
        'person.name as person_name',
        'person.role as person_role',
        'person.state as person_state',
      ])
      .where('api_key.id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { person_name: name, person_role: role, person_state: state } = row;
    const known = name !== null && role !== null && state !== null;
    return {
      key: fromRow(row),
      secretSha256: row.secret_sha256,
      ...(known ? { person: { name, role, state } } : {}),
    };
  },

  async used(id: string, at: number): Promise<void> {
    await db.updateTable('api_key').set({ last_used_at: at }).where('id', '=', id).execute();
  },

  /** The key with its changes, a version later. */
  async change(
    key: ApiKey,
    to: {
      readonly name?: string | undefined;
      readonly scopes?: readonly string[] | undefined;
      readonly cohorts?: readonly string[] | null | undefined;
      readonly expiresAt?: number | undefined;
      readonly revokedAt?: number | undefined;
    },
    at: number,
  ): Promise<ApiKey> {
    const row = await db
      .updateTable('api_key')
      .set({
        ...(to.name === undefined ? {} : { name: to.name }),
        ...(to.scopes === undefined ? {} : { scopes: JSON.stringify(to.scopes) }),
        ...(to.cohorts === undefined
          ? {}
          : { cohorts: to.cohorts === null ? null : JSON.stringify(to.cohorts) }),
        ...(to.expiresAt === undefined ? {} : { expires_at: to.expiresAt }),
        ...(to.revokedAt === undefined ? {} : { revoked_at: to.revokedAt }),
        updated_at: at,
        version: key.version + 1,
      })
      .where('id', '=', key.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  /** False when there is none or it is revoked already. */
  async revoke(id: string, at: number): Promise<boolean> {
    const key = await this.get(id);
    if (key === undefined || key.revokedAt !== undefined) return false;
    await this.change(key, { revokedAt: at }, at);
    return true;
  },

  /** Ends a person's live keys of this name, but for the newest few. */
  async endOldest(
    of: { readonly personId: string; readonly name: string; readonly keep: number },
    at: number,
  ): Promise<void> {
    const rows = await db
      .selectFrom('api_key')
      .select('id')
      .where('person_id', '=', of.personId)
      .where('name', '=', of.name)
      .where('revoked_at', 'is', null)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    for (const { id } of rows.slice(of.keep)) await this.revoke(id, at);
  },

  /** These, in this order. */
  async some(ids: readonly string[]): Promise<readonly ApiKey[]> {
    if (ids.length === 0) return [];
    const rows = await db.selectFrom('api_key').selectAll().where('id', 'in', ids).execute();
    const byId = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => byId.get(id)).filter((key) => key !== undefined);
  },

  /** Live keys that stand for a person. */
  async liveOf(personId: string, at: number): Promise<number> {
    const { count } = await db
      .selectFrom('api_key')
      .select((of) => of.fn.countAll<bigint>().as('count'))
      .where('person_id', '=', personId)
      .where('revoked_at', 'is', null)
      .where((of) => of.or([of('expires_at', 'is', null), of('expires_at', '>', BigInt(at))]))
      .executeTakeFirstOrThrow();
    return Number(count);
  },

  /** True when a key was ever made. */
  async any(): Promise<boolean> {
    const row = await db.selectFrom('api_key').select('id').limit(1).executeTakeFirst();
    return row !== undefined;
  },
});

function fromRow(row: Row<'api_key'>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    ...(row.cohorts === null ? {} : { cohorts: JSON.parse(row.cohorts) as string[] }),
    ...(row.person_id === null ? {} : { personId: row.person_id }),
    ...(row.maker_id === null ? {} : { makerId: row.maker_id }),
    ...(row.created_by === null ? {} : { createdBy: row.created_by }),
    ...(row.rotated_from === null ? {} : { rotatedFrom: row.rotated_from }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: Number(row.last_used_at) }),
    ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  };
}
