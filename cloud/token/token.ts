/**
 * A claim token lets one robot enrol once. Its text carries where to go and whom to trust, so that
 * a person copies one string; only the hash of its secret is kept.
 */
import { Fault, sha256Hex } from '@fieldloop/core';

export interface ClaimToken {
  readonly id: string;
  /** The name the robot gets; absent: the robot proposes one. */
  readonly deviceName?: string;
  readonly site?: string;
  readonly note?: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt?: number;
  /** SHA-256 of the public key that used it: the same key may ask again. */
  readonly usedKeySha256?: string;
  readonly deviceId?: string;
  readonly revokedAt?: number;
}

export type ClaimTokenState = 'open' | 'used' | 'expired' | 'revoked';

/** What a robot reads out of the text. */
export interface ClaimTokenContent {
  /** `https://host:port` of the enrolment listener. */
  readonly url: string;
  /** Hex SHA-256 of the root certificate's DER. */
  readonly ca: string;
  readonly secret: string;
}

export function claimTokenState(token: ClaimToken, now: number): ClaimTokenState {
  if (token.revokedAt !== undefined) return 'revoked';
  if (token.usedAt !== undefined) return 'used';
  return token.expiresAt <= now ? 'expired' : 'open';
}

/** Its life has at most one step after its making: it is used, or it is revoked. */
export function claimTokenVersion(token: ClaimToken): {
  readonly version: number;
  readonly updatedAt: number;
} {
  const { createdAt, usedAt, revokedAt } = token;
  const changes = [usedAt, revokedAt].filter((at) => at !== undefined);
  return { version: 1 + changes.length, updatedAt: Math.max(createdAt, ...changes) };
}

/** What is kept of a secret. */
export const claimSecretHash = (secret: string): string => sha256Hex(`claim:${secret}`);

export function encodeClaimToken(content: ClaimTokenContent): string {
  const { url, ca, secret } = content;
  return `flc_${Buffer.from(JSON.stringify({ v: 1, url, ca, secret })).toString('base64url')}`;
}

/** Fault `invalid` when the text is not a claim token of version 1. */
export function decodeClaimToken(text: string): ClaimTokenContent {
  const fault = new Fault('invalid', 'this is not a claim token', {
    remedy: 'Copy the whole text that `fieldloop tokens create` printed; it begins with flc_.',
  });
  if (!text.startsWith('flc_') || text.length > 2048) throw fault;
  try {
    const { v, url, ca, secret } = JSON.parse(
      Buffer.from(text.slice(4), 'base64url').toString('utf8'),
    ) as Record<string, unknown>;
    if (v === 1 && typeof url === 'string' && typeof ca === 'string' && typeof secret === 'string')
      return { url, ca, secret };
  } catch {
    throw fault;
  }
  throw fault;
}
