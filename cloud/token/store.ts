import type { Db, Row } from '../store/db.ts';
import { type ClaimToken, claimTokenState } from './token.ts';

export interface NewClaimToken {
  readonly id: string;
  readonly secretSha256: string;
  readonly deviceName?: string | undefined;
  readonly site?: string | undefined;
  readonly note?: string | undefined;
  readonly createdBy: string;
  readonly at: number;
  readonly expiresAt: number;
}

/** `again`: the same key used it before and gets the same answer. */
export type RedeemOutcome =
  | { readonly outcome: 'redeemed' | 'again'; readonly token: ClaimToken }
  | { readonly outcome: 'unknown' | 'used' | 'expired' | 'revoked' };

export const claimTokenStore = (db: Db) => ({
  async create(token: NewClaimToken): Promise<ClaimToken> {
    const row = await db
      .insertInto('claim_token')
      .values({
        id: token.id,
        secret_sha256: token.secretSha256,
        device_name: token.deviceName ?? null,
        site: token.site ?? null,
        note: token.note ?? null,
        created_by: token.createdBy,
        created_at: token.at,
        expires_at: token.expiresAt,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return fromRow(row);
  },

  async get(id: string): Promise<ClaimToken | undefined> {
    const row = await db
      .selectFrom('claim_token')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /** By the hash of its secret, whatever its state. */
  async bySecret(secretSha256: string): Promise<ClaimToken | undefined> {
    const row = await db
      .selectFrom('claim_token')
      .selectAll()
      .where('secret_sha256', '=', secretSha256)
      .executeTakeFirst();
    return row && fromRow(row);
  },

  /**
   * Spends the token on a key and a device that exists. Run inside the transaction that writes
   * the certificate: either both are there or the token is open still.
   */
  async redeem(
    secretSha256: string,
    use: { readonly keySha256: string; readonly deviceId: string; readonly at: number },
  ): Promise<RedeemOutcome> {
    const token = await this.bySecret(secretSha256);
    if (token === undefined) return { outcome: 'unknown' };
    const state = claimTokenState(token, use.at);
    if (state === 'used') {
      return token.usedKeySha256 === use.keySha256
        ? { outcome: 'again', token }
        : { outcome: 'used' };
    }
    if (state !== 'open') return { outcome: state };
    const row = await db
      .updateTable('claim_token')
      .set({ used_at: use.at, used_key_sha256: use.keySha256, device_id: use.deviceId })
      .where('id', '=', token.id)
      .where('used_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? { outcome: 'used' } : { outcome: 'redeemed', token: fromRow(row) };
  },

  /** False when there is none or it is no longer open. */
  async revoke(id: string, at: number): Promise<boolean> {
    const done = await db
      .updateTable('claim_token')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return done.numUpdatedRows > 0n;
  },

  /** Newest first. */
  async list(query: {
    readonly before?: string | undefined;
    readonly limit: number;
  }): Promise<readonly ClaimToken[]> {
    let rows = db.selectFrom('claim_token').selectAll().orderBy('id', 'desc').limit(query.limit);
    if (query.before !== undefined) rows = rows.where('id', '<', query.before);
    return (await rows.execute()).map(fromRow);
  },
});

function fromRow(row: Row<'claim_token'>): ClaimToken {
  return {
    id: row.id,
    ...(row.device_name === null ? {} : { deviceName: row.device_name }),
    ...(row.site === null ? {} : { site: row.site }),
    ...(row.note === null ? {} : { note: row.note }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    ...(row.used_at === null ? {} : { usedAt: Number(row.used_at) }),
    ...(row.used_key_sha256 === null ? {} : { usedKeySha256: row.used_key_sha256 }),
    ...(row.device_id === null ? {} : { deviceId: row.device_id }),
    ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  };
}
