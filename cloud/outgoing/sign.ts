/** Signatures by which a receiver knows that a message is ours, and fresh. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'fieldloop-signature';

/**
 * `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, one v1 for each secret: while a secret is
 * changed the old and the new one both sign.
 */
export function signature(secrets: readonly string[], body: string, atMs: number): string {
  const t = Math.floor(atMs / 1000);
  return [`t=${t}`, ...secrets.map((secret) => `v1=${mac(secret, t, body)}`)].join(',');
}

/** Whether one of the signatures is by this secret and not older than `toleranceS`. */
export function isSignedBy(
  header: string,
  of: { readonly secret: string; readonly body: string; readonly nowMs: number },
  toleranceS = 300,
): boolean {
  const parts = header.split(',').map((part) => part.split('='));
  const t = Number(parts.find(([name]) => name === 't')?.[1]);
  if (!Number.isInteger(t) || Math.abs(of.nowMs / 1000 - t) > toleranceS) return false;
  const expected = Buffer.from(mac(of.secret, t, of.body));
  return parts.some(([name, value = '']) => {
    const given = Buffer.from(value);
    return name === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const mac = (secret: string, t: number, body: string): string =>
  createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
