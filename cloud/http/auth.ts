/** Who asks: an API key in `Authorization: Bearer flk_…`. */
import { timingSafeEqual } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import { type ApiKey, apiKeySecretHash, isLive, parseApiKey } from '../key/key.ts';
import type { ApiKeyStore } from '../key/store.ts';
import { keyUseWriteMs } from '../limits.ts';

const howTo = 'Send Authorization: Bearer flk_…; `fieldloop keys create` makes a key.';

/** The live key behind a header. Fault `unauthenticated` says why there is none. */
export async function authenticate(
  header: string,
  deps: {
    readonly keys: ApiKeyStore;
    readonly used: (id: string, at: number) => Promise<void>;
    readonly now: number;
  },
): Promise<ApiKey> {
  const text = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  const parts = text === undefined ? undefined : parseApiKey(text);
  if (parts === undefined) throw refused('the Authorization header holds no API key', howTo);
  const proof = await deps.keys.proof(parts.id);
  const given = Buffer.from(apiKeySecretHash(parts.secret));
  if (proof === undefined || !timingSafeEqual(given, Buffer.from(proof.secretSha256))) {
    throw refused('this API key is not known', 'Check that the whole key was copied.');
  }
  if (!isLive(proof.key, deps.now)) {
    const why = proof.key.revokedAt === undefined ? 'has expired' : 'was revoked';
    throw refused(`this API key ${why}`, 'Ask for a new one.');
  }
  if (deps.now - (proof.key.lastUsedAt ?? 0) >= keyUseWriteMs) {
    await deps.used(proof.key.id, deps.now);
  }
  return proof.key;
}

const refused = (message: string, remedy: string): Fault =>
  new Fault('unauthenticated', message, { place: '/header/authorization', remedy });
