/** Makes keys: the only place where the text of one exists. */
import type { Clock, Ids, RandomBytes } from '@fieldloop/core';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { type ApiKey, apiKeySecretHash, apiKeyText } from './key.ts';
import { apiKeyStore, type NewApiKey } from './store.ts';

export interface KeyMaker {
  readonly ids: Ids;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
}

export interface MadeKey {
  readonly key: ApiKey;
  /** Shown once: only its hash is kept. */
  readonly text: string;
}

/** A fresh key, in the transaction of its caller. */
export async function newApiKey(
  trx: Db,
  deps: KeyMaker,
  wanted: Omit<NewApiKey, 'id' | 'secretSha256' | 'at'>,
): Promise<MadeKey> {
  const id = deps.ids.ulid('key');
  const secret = Buffer.from(deps.randomBytes(32)).toString('base64url');
  const key = await apiKeyStore(trx).create({
    ...wanted,
    id,
    secretSha256: apiKeySecretHash(secret),
    at: deps.clock.now(),
  });
  return { key, text: apiKeyText(id, secret) };
}

/** A key that the process itself makes, such as the first one. */
export async function makeApiKey(
  deps: KeyMaker & { readonly write: Db },
  wanted: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly by: string;
    /** Runs before the key counts, so that its text can be kept where it will be looked for. */
    readonly keep?: (text: string) => Promise<void>;
  },
): Promise<MadeKey> {
  const { name, scopes, by } = wanted;
  return await deps.write.transaction().execute(async (trx) => {
    const made = await newApiKey(trx, deps, { name, scopes, createdBy: by });
    await putAudit(trx, {
      at: deps.clock.now(),
      actor: by,
      via: 'process',
      action: 'apiKey.create',
      subject: made.key.id,
      detail: { scopes: [...scopes] },
    });
    await wanted.keep?.(made.text);
    return made;
  });
}
