/** Links that an admin hands over: each makes or opens one account, once. */
import type { Clock, Ids, RandomBytes } from '@fieldloop/core';
import { firstAdminLinkMs, invitationLinkMs, resetLinkMs } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';
import type { LinkKind, OneTimeLink } from '../user/user.ts';
import { linkSecret, newSecret } from './secret-text.ts';

const lives: Readonly<Record<LinkKind, number>> = {
  first_admin: firstAdminLinkMs,
  invitation: invitationLinkMs,
  password_reset: resetLinkMs,
};

export interface MadeLink {
  readonly link: OneTimeLink;
  /** `flo_…`: shown once. */
  readonly token: string;
}

/** A fresh link; older ones of the same kind for the same person are worth nothing from now on. */
export async function newLink(
  trx: Db,
  deps: { readonly clock: Clock; readonly ids: Ids; readonly randomBytes: RandomBytes },
  wanted: { readonly kind: LinkKind; readonly personId?: string; readonly by: string },
): Promise<MadeLink> {
  const { kind, personId, by: createdBy } = wanted;
  const at = deps.clock.now();
  const secret = newSecret(linkSecret, deps);
  const links = linkStore(trx);
  await links.revoke({ kind, personId }, at);
  const link: OneTimeLink = {
    id: secret.id,
    kind,
    ...(personId === undefined ? {} : { personId }),
    createdBy,
    createdAt: at,
    expiresAt: at + lives[kind],
  };
  await links.add(link, secret.sha256);
  return { link, token: secret.text };
}

/** Where a person opens a link. The secret stands behind #: it never reaches a log on the way. */
export const linkUrl = (origin: string, token: string): string => `${origin}/v1/join#${token}`;

export const linkStore = (db: Db) => ({
  async add(link: OneTimeLink, sha256: string): Promise<void> {
    await db
      .insertInto('one_time_link')
      .values({
        id: link.id,
        kind: link.kind,
        person_id: link.personId ?? null,
        secret_sha256: sha256,
        created_by: link.createdBy,
        created_at: link.createdAt,
        expires_at: link.expiresAt,
      })
      .execute();
  },

  async proof(
    id: string,
  ): Promise<{ readonly link: OneTimeLink; readonly sha256: string } | undefined> {
    const row = await db
      .selectFrom('one_time_link')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { link: fromRow(row), sha256: row.secret_sha256 };
  },

  /** Whether a person's password was set by a link of one of these makers at `since` or later. */
  async opened(
    personId: string,
    of: { readonly makers: readonly string[]; readonly since: number },
  ): Promise<boolean> {
    const row = await db
      .selectFrom('one_time_link')
      .select('id')
      .where('person_id', '=', personId)
      .where('created_by', 'in', of.makers)
      .where('used_at', '>=', BigInt(of.since))
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  },

  async used(id: string, at: number): Promise<void> {
    await db.updateTable('one_time_link').set({ used_at: at }).where('id', '=', id).execute();
  },

  /** Those that were not used. */
  async revoke(
    of: { readonly kind?: LinkKind; readonly personId: string | undefined },
    at: number,
  ): Promise<void> {
    let rows = db
      .updateTable('one_time_link')
      .set({ revoked_at: at })
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null);
    rows =
      of.personId === undefined
        ? rows.where('person_id', 'is', null)
        : rows.where('person_id', '=', of.personId);
    if (of.kind !== undefined) rows = rows.where('kind', '=', of.kind);
    await rows.execute();
  },
});

function fromRow(row: Row<'one_time_link'>): OneTimeLink {
  return {
    id: row.id,
    kind: row.kind as LinkKind,
    ...(row.person_id === null ? {} : { personId: row.person_id }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    ...(row.used_at === null ? {} : { usedAt: Number(row.used_at) }),
    ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  };
}
