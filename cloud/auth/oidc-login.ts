/** Logins with an OpenID provider: who comes back, which role the groups give, which account. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type Clock, Fault, type RandomBytes } from '@fieldloop/core';
import { oidcAttemptMs } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { personStore } from '../user/store.ts';
import { emailPattern, plainEmail, type User } from '../user/user.ts';
import type { AccountDeps, From } from './accounts.ts';
import { loginStore } from './logins.ts';
import type { Attempt, Identity } from './oidc-client.ts';
import { type Role, roles } from './rights.ts';

export interface OidcRoles {
  /** The claim that lists the groups. */
  readonly claim: string;
  /** Group to role. */
  readonly roles: Readonly<Record<string, Role>>;
}

/** The highest role that the groups give. Fault `forbidden` when they give none. */
export function roleOf(claims: Readonly<Record<string, unknown>>, wanted: OidcRoles): Role {
  const value = claims[wanted.claim];
  const groups = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
  const given = groups.flatMap((group) =>
    Object.hasOwn(wanted.roles, group) ? [wanted.roles[group]] : [],
  );
  const role = roles.toReversed().find((one) => given.includes(one));
  if (role !== undefined) return role;
  const shown = groups.length === 0 ? 'none' : groups.slice(0, 20).join(', ').slice(0, 400);
  throw new Fault('forbidden', `no role for these groups: ${shown}`, {
    remedy:
      `Ask an admin to put you into one of ${Object.keys(wanted.roles).join(', ')}, ` +
      `or to map a group of yours in oidcRoles (claim "${wanted.claim}").`,
  });
}

export interface OpenAttempt extends Attempt {
  /** Where the browser goes after the login: a path of this site. */
  readonly returnTo: string;
  readonly at: number;
  /** The person who links the provider's account to their own. */
  readonly linkTo?: string | undefined;
}

/** Keeps an attempt in a cookie that only this cloud can read and make. */
export function openSeal(
  key: Uint8Array,
  deps: { readonly clock: Clock; readonly randomBytes: RandomBytes },
) {
  return {
    seal(attempt: OpenAttempt): string {
      const nonce = deps.randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const text = Buffer.concat([cipher.update(JSON.stringify(attempt), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
    },
    /** Fault `unauthenticated` for a cookie that is not ours or too old. */
    open(text: string | undefined): OpenAttempt {
      const attempt = text === undefined ? undefined : unsealed(key, text);
      if (attempt !== undefined && attempt.at + oidcAttemptMs > deps.clock.now()) return attempt;
      throw new Fault('unauthenticated', 'this browser has no login under way', {
        place: '/header/cookie',
        remedy: 'Begin again at /v1/oidc/login; a login takes ten minutes at most.',
      });
    },
  };
}

function unsealed(key: Uint8Array, text: string): OpenAttempt | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < 29) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    return JSON.parse(plain.toString('utf8')) as OpenAttempt;
  } catch {
    return undefined;
  }
}

export interface Arrival {
  readonly identity: Identity;
  readonly role: Role;
  readonly linkTo: string | undefined;
  readonly from: From;
}

/**
 * The account of who came back, in the transaction of the login. The provider's name for a person
 * finds it; an address alone never opens an account that has a password.
 */
export async function arrive(trx: Db, deps: AccountDeps, arrival: Arrival): Promise<User> {
  const { identity, role, linkTo } = arrival;
  const people = personStore(trx);
  const known = await people.byOidc(identity);
  if (known !== undefined) {
    if (linkTo !== undefined && linkTo !== known.id) throw linkedElsewhere();
    return await refreshed(trx, deps, { user: known, role, arrival });
  }
  if (linkTo !== undefined) return await linked(trx, deps, { id: linkTo, arrival });
  const email = emailOf(identity);
  const same = (await people.proof(email))?.user;
  if (same === undefined) return await newcomer(trx, deps, { email, arrival });
  if (same.state === 'invited' && identity.emailVerified) {
    return await linked(trx, deps, { id: same.id, arrival });
  }
  throw new Fault('conflict', `${email} has an account that logs in otherwise`, {
    remedy: 'Log in with the password, then open /v1/oidc/login?link=true once.',
  });
}

/** The groups say the role anew at each login; the last admin keeps theirs. */
async function refreshed(
  trx: Db,
  deps: AccountDeps,
  { user, role, arrival }: { readonly user: User; readonly role: Role; readonly arrival: Arrival },
): Promise<User> {
  if (user.state === 'deactivated') {
    throw new Fault('forbidden', 'this account was deactivated', { remedy: 'Ask an admin.' });
  }
  const people = personStore(trx);
  const last = user.role === 'admin' && (await people.otherAdmins(user.id)) === 0;
  if (user.role === role || last) return user;
  const at = deps.clock.now();
  await loginStore(trx).endAll(user.id, at);
  const after = await people.change(user, { role }, at);
  await tell(trx, deps, {
    user,
    arrival,
    action: 'user.update',
    before: { role: user.role },
    after: { role },
  });
  return after;
}

async function linked(
  trx: Db,
  deps: AccountDeps,
  { id, arrival }: { readonly id: string; readonly arrival: Arrival },
): Promise<User> {
  const people = personStore(trx);
  const user = await people.get(id);
  if (user === undefined || user.state === 'deactivated' || user.issuer !== undefined) {
    throw linkedElsewhere();
  }
  const { issuer, subject } = arrival.identity;
  const role = user.state === 'invited' ? user.role : arrival.role;
  const last = user.role === 'admin' && (await people.otherAdmins(user.id)) === 0;
  const after = await people.change(
    user,
    { oidc: { issuer, subject }, state: 'active', role: last ? user.role : role },
    deps.clock.now(),
  );
  await tell(trx, deps, { user, arrival, action: 'user.link', before: null, after: { issuer } });
  return after;
}

async function newcomer(
  trx: Db,
  deps: AccountDeps,
  { email, arrival }: { readonly email: string; readonly arrival: Arrival },
): Promise<User> {
  const { issuer, subject, name } = arrival.identity;
  const at = deps.clock.now();
  const user = await personStore(trx).create({
    id: deps.ids.ulid('usr'),
    email,
    name: (name ?? email).slice(0, 64),
    role: arrival.role,
    state: 'active',
    oidc: { issuer, subject },
    createdBy: 'oidc',
    at,
  });
  const body = { role: user.role };
  await putOutbox(trx, { kind: 'user.created', subject: user.id, at, body });
  await tell(trx, deps, {
    user,
    arrival,
    action: 'user.create',
    before: null,
    after: { email, role: user.role, issuer },
  });
  return user;
}

async function tell(
  trx: Db,
  { clock }: AccountDeps,
  told: {
    readonly user: User;
    readonly arrival: Arrival;
    readonly action: string;
    readonly before: Readonly<Record<string, string>> | null;
    readonly after: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { user, action, before, after } = told;
  const { requestId, ip } = told.arrival.from;
  await putAudit(trx, {
    at: clock.now(),
    actor: user.id,
    via: 'oidc',
    action,
    subject: user.id,
    ...(before === null ? {} : { before }),
    after,
    requestId,
    ...(ip === '' ? {} : { ip }),
  });
}

function emailOf({ email }: Identity): string {
  const plain = plainEmail(email ?? '');
  if (emailPattern.test(plain)) return plain;
  throw new Fault('forbidden', 'the OpenID provider gives no address for this account', {
    remedy: 'Let it put the claim "email" into the ID token or its userinfo.',
  });
}

const linkedElsewhere = (): Fault =>
  new Fault('conflict', 'one of the two accounts is linked to another already', {
    remedy: 'Ask an admin which account is yours.',
  });
