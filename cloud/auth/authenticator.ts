/** Who asks: an API key in `Authorization`, or the cookie of a login with its CSRF token. */
import { type Clock, Fault, type Log, sha256Hex } from '@fieldloop/core';
import type { Authenticate, Caller } from '../http/caller.ts';
import { apiKeySecretHash, isLive, parseApiKey } from '../key/key.ts';
import { apiKeyStore, type KeyProof } from '../key/store.ts';
import { keyUseWriteMs, loginUseWriteMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { isOpen, type Login, loginStore } from './logins.ts';
import { meetScopes, type Role, roleScopes } from './rights.ts';
import { loginSecret, readSecret, sameHash } from './secret-text.ts';
import { cookieOf, demandSameOrigin, loginCookie, type Site, siteOf } from './site.ts';

export interface AuthenticatorDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Where browsers find this cloud, when that is not where it listens. */
  readonly publicUrl?: string | undefined;
}

export const csrfHeader = 'x-csrf-token';

export function openAuthenticator(deps: AuthenticatorDeps): Authenticate {
  return async (request) => {
    const header = request.headers.get('authorization');
    if (header !== null) return await callerByKey(deps, header);
    const found = await loginOf(deps, request);
    if (found === undefined) return undefined;
    if (request.method !== 'GET' && request.method !== 'HEAD') demandCsrf(request, found);
    return found.caller;
  };
}

const howTo = 'Send Authorization: Bearer flk_…; `fieldloop keys create` makes a key.';

/** The caller behind a key. Fault `unauthenticated` says why there is none. */
async function callerByKey(deps: AuthenticatorDeps, header: string): Promise<Caller> {
  const text = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  const parts = text === undefined ? undefined : parseApiKey(text);
  if (parts === undefined) throw refused('the Authorization header holds no API key', howTo);
  const proof = await apiKeyStore(deps.read).proof(parts.id);
  if (proof === undefined || !sameHash(apiKeySecretHash(parts.secret), proof.secretSha256)) {
    throw refused('this API key is not known', 'Check that the whole key was copied.');
  }
  const now = deps.clock.now();
  const { key, person } = proof;
  if (!isLive(key, now)) {
    const why = key.revokedAt === undefined ? 'has expired' : 'was revoked';
    throw refused(`this API key ${why}`, 'Ask for a new one.');
  }
  if (key.personId !== undefined && person?.state !== 'active') {
    throw refused('the person for whom this API key stands is not active', 'Ask an admin.');
  }
  if (now - (key.lastUsedAt ?? 0) >= keyUseWriteMs) {
    await note(deps, async (trx) => await apiKeyStore(trx).used(key.id, now));
  }
  return keyCaller(proof);
}

/** A key in a person's place has no right that the person lacks today. */
function keyCaller({ key, person }: KeyProof): Caller {
  const { id, name, cohorts } = key;
  const role = person?.role as Role | undefined;
  const userId = key.personId ?? key.makerId;
  return {
    kind: 'key',
    id,
    name,
    scopes: role === undefined ? key.scopes : meetScopes(key.scopes, roleScopes[role]),
    ...(role === undefined ? {} : { role }),
    ...(userId === undefined ? {} : { userId }),
    ...(cohorts === undefined ? {} : { cohorts }),
  };
}

export interface FoundLogin {
  readonly caller: Caller;
  readonly login: Login;
  readonly site: Site;
  readonly csrfToken: string;
}

/** The open login of this browser; undefined without its cookie or where none is taken. */
export async function loginOf(
  deps: Omit<AuthenticatorDeps, 'log'> & { readonly log?: Log },
  request: Request,
): Promise<FoundLogin | undefined> {
  const site = siteOf(request, deps.publicUrl);
  const text = site === undefined ? undefined : cookieOf(request, loginCookie(site));
  if (site === undefined || text === undefined) return undefined;
  const secret = readSecret(loginSecret, text);
  const proof = secret === undefined ? undefined : await loginStore(deps.read).proof(secret.id);
  if (secret === undefined || proof === undefined || !sameHash(secret.sha256, proof.secretSha256)) {
    throw refused('this login is not known', 'Log in again.');
  }
  const now = deps.clock.now();
  const { login, person } = proof;
  if (!isOpen(login, now) || person.state !== 'active') {
    throw refused('this login has ended', 'Log in again.');
  }
  if (now - login.seenAt >= loginUseWriteMs) {
    await note(deps, async (trx) => await loginStore(trx).used(login.id, now));
  }
  const role = person.role as Role;
  const { personId: id } = login;
  return {
    caller: { kind: 'person', id, name: person.name, scopes: roleScopes[role], role, userId: id },
    login,
    site,
    csrfToken: csrfTokenOf(text),
  };
}

/** Follows from the cookie, so that it ends with it; the cookie does not follow from it. */
export const csrfTokenOf = (cookie: string): string =>
  Buffer.from(sha256Hex(`csrf:${cookie}`), 'hex').toString('base64url');

/** Fault `forbidden` unless a page of this site makes the change. */
function demandCsrf(request: Request, { site, csrfToken }: FoundLogin): void {
  demandSameOrigin(request, site);
  const given = request.headers.get(csrfHeader) ?? '';
  if (sameHash(given, csrfToken)) return;
  throw new Fault('forbidden', 'a change made with a login needs its CSRF token', {
    place: `/header/${csrfHeader}`,
    remedy: 'Send X-CSRF-Token: the csrfToken of the login, or of GET /v1/me/csrfToken.',
  });
}

/** A read must not fail because its last use cannot be written. */
async function note(
  { write, log }: Pick<AuthenticatorDeps, 'write'> & { readonly log?: Log },
  work: (trx: Db) => Promise<void>,
): Promise<void> {
  try {
    await write.transaction().execute(async (trx) => await work(trx));
  } catch (error) {
    log?.warn('the use of a key or a login was not noted', { cause: error });
  }
}

const refused = (message: string, remedy: string): Fault =>
  new Fault('unauthenticated', message, { place: '/header/authorization', remedy });
