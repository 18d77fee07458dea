/** The first admin is made by who can read what the first start prints. */
import type { Clock, Ids, RandomBytes } from '@fieldloop/core';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { personStore } from '../user/store.ts';
import { linkUrl, newLink } from './one-time-links.ts';

export interface FirstAdminLink {
  readonly url: string;
  readonly expiresAt: number;
}

/** A fresh link as long as nobody has an account; those of earlier starts end. */
export async function firstAdminLink(deps: {
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly randomBytes: RandomBytes;
  readonly origin: string;
}): Promise<FirstAdminLink | undefined> {
  return await deps.write.transaction().execute(async (trx) => {
    if (await personStore(trx).any()) return undefined;
    const { link, token } = await newLink(trx, deps, { kind: 'first_admin', by: 'system' });
    await putAudit(trx, {
      at: deps.clock.now(),
      actor: 'system',
      via: 'process',
      action: 'link.create',
      subject: link.id,
      detail: { kind: link.kind },
    });
    return { url: linkUrl(deps.origin, token), expiresAt: link.expiresAt };
  });
}
