/** Secrets that are shown once: `<kind>_<ULID>_<43 characters>`, kept as a hash. */
import { timingSafeEqual } from 'node:crypto';
import { type Ids, type RandomBytes, sha256Hex } from '@fieldloop/core';

export interface SecretKind {
  /** What the text begins with, such as `fls`. */
  readonly sign: string;
  /** Prefix of the id in the database, such as `lgn`. */
  readonly prefix: string;
}

/** The cookie of a login. */
export const loginSecret: SecretKind = { sign: 'fls', prefix: 'lgn' };
/** An invitation, a new password, the first admin. */
export const linkSecret: SecretKind = { sign: 'flo', prefix: 'lnk' };

export interface NewSecret {
  readonly id: string;
  readonly text: string;
  readonly sha256: string;
}

export function newSecret(
  kind: SecretKind,
  deps: { readonly ids: Ids; readonly randomBytes: RandomBytes },
): NewSecret {
  const id = deps.ids.ulid(kind.prefix);
  const secret = Buffer.from(deps.randomBytes(32)).toString('base64url');
  const text = `${kind.sign}_${id.slice(kind.prefix.length + 1)}_${secret}`;
  return { id, text, sha256: secretHash(kind, secret) };
}

/** The id to look up and the hash to compare, or undefined for another form. */
export function readSecret(
  kind: SecretKind,
  text: string,
): { readonly id: string; readonly sha256: string } | undefined {
  const match = /^([a-z]{3})_([0-7][0-9A-HJKMNP-TV-Z]{25})_([A-Za-z0-9_-]{43})$/.exec(text);
  if (match === null || match[1] !== kind.sign) return undefined;
  return { id: `${kind.prefix}_${match[2]}`, sha256: secretHash(kind, match[3] ?? '') };
}

/** In constant time. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const secretHash = ({ sign }: SecretKind, secret: string): string => sha256Hex(`${sign}:${secret}`);
