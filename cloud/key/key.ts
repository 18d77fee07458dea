/** API keys: `flk_<id>_<secret>`. The id finds the row, the secret's hash proves it. */
import { sha256Hex } from '@fieldloop/core';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
}

export const apiKeySecretHash = (secret: string): string => sha256Hex(`key:${secret}`);

export const apiKeyText = (id: string, secret: string): string =>
  `flk_${id.slice('key_'.length)}_${secret}`;

/** The parts of a key's text, or undefined when it has another form. */
export function parseApiKey(
  text: string,
): { readonly id: string; readonly secret: string } | undefined {
  const match = /^flk_([0-7][0-9A-HJKMNP-TV-Z]{25})_([A-Za-z0-9_-]{43})$/.exec(text);
  return match === null ? undefined : { id: `key_${match[1]}`, secret: match[2] ?? '' };
}

export function isLive(key: ApiKey, now: number): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || key.expiresAt > now);
}
