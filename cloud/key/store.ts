import type { Db, Row } from '../store/db.ts';
import type { ApiKey } from './key.ts';

export type ApiKeyStore = ReturnType<typeof apiKeyStore>;

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly secretSha256: string;
  readonly scopes: readonly string[];
  readonly at: number;
  readonly expiresAt?: number | undefined;
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
        created_at: key.at,
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

  /** With the hash to compare the presented secret to. */
  async proof(
    id: string,
  ): Promise<{ readonly key: ApiKey; readonly secretSha256: string } | undefined> {
    const row = await db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst();
    return row && { key: fromRow(row), secretSha256: row.secret_sha256 };
  },

  async used(id: string, at: number): Promise<void> {
    await db.updateTable('api_key').set({ last_used_at: at }).where('id', '=', id).execute();
  },

  /** False when there is none or it is revoked already. */
  async revoke(id: string, at: number): Promise<boolean> {
    const done = await db
      .updateTable('api_key')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  },

  /** Newest first. */
  async list(query: {
    readonly before?: string | undefined;
    readonly limit: number;
  }): Promise<readonly ApiKey[]> {
    let rows = db.selectFrom('api_key').selectAll().orderBy('id', 'desc').limit(query.limit);
    if (query.before !== undefined) rows = rows.where('id', '<', query.before);
    return (await rows.execute()).map(fromRow);
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
    createdAt: Number(row.created_at),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: Number(row.last_used_at) }),
    ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  };
}
