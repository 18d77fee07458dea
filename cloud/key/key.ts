/** API keys: `flk_<id>_<secret>`. The id finds the row, the secret's hash proves it. */
import { sha256Hex } from '@fieldloop/core';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Cohorts whose devices it sees; absent: every device. */
  readonly cohorts?: readonly string[];
  /** The person for whom it stands: it has that person's rights at most, and ends with them. */
  readonly personId?: string;
  /** The person who made it, where one is known. */
  readonly makerId?: string;
  /** The caller who made it. */
  readonly createdBy?: string;
  readonly rotatedFrom?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
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

export function isLive(key: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: number): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || key.expiresAt > now);
}

/** When the key that takes another's place ends: it has the same life again. */
export const rotatedExpiry = (
  key: Pick<ApiKey, 'createdAt' | 'expiresAt'>,
  now: number,
): number | undefined =>
  key.expiresAt === undefined ? undefined : now + (key.expiresAt - key.createdAt);
