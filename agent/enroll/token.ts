/** The claim token that an operator copies to a robot: where the cloud is and how to know it. */
import { Fault } from '@fieldloop/core';

export interface ClaimToken {
  /** `https://host:port` of the enrolment listener. */
  readonly url: string;
  /** SHA-256 of the root certificate's DER, lower-case hex. */
  readonly caSha256: string;
  /** The whole text, sent as it is. */
  readonly text: string;
}

const remedy =
  'Copy the whole token from `fieldloop tokens create`, without line breaks; it begins with flc_.';

export function parseClaimToken(text: string): ClaimToken {
  const token = text.trim();
  if (!token.startsWith('flc_')) throw notAToken('it does not begin with flc_');
  if (token.length > 4_096) throw notAToken('it is longer than 4096 characters');
  const parts = decode(token.slice(4));
  const { v, url, ca, secret } = parts;
  if (v !== 1) {
    throw new Fault('invalid', `the claim token has version ${String(v)}, this agent knows 1`, {
      remedy: 'Update fieldloop-agent on this robot.',
    });
  }
  if (typeof url !== 'string' || !isOrigin(url))
    throw notAToken('its URL is not https://host:port');
  if (typeof ca !== 'string' || !/^[0-9a-f]{64}$/.test(ca))
    throw notAToken('its CA hash is broken');
  if (typeof secret !== 'string' || secret.length < 16) throw notAToken('its secret is broken');
  return { url: new URL(url).origin, caSha256: ca, text: token };
}

function decode(body: string): Record<string, unknown> {
  if (!/^[A-Za-z0-9_-]+$/.test(body)) throw notAToken('it holds characters that no token has');
  try {
    const found: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
    if (typeof found === 'object' && found !== null) return { ...found };
  } catch (error) {
    throw notAToken('a part of it is missing', error);
  }
  throw notAToken('it holds no fields');
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.pathname === '/';
}

function notAToken(why: string, cause?: unknown): Fault {
  return new Fault('invalid', `the claim token is not complete: ${why}`, { remedy, cause });
}
