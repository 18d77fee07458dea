/** Logging in, and what one-time links do: everything that a password or a link opens. */
import { type Clock, Fault, type Ids, type RandomBytes } from '@fieldloop/core';
import { networkOf, openRateLimit } from '../broker/rate-limit.ts';
import { loginMs, loginTriesFrom, loginTriesHere, loginTriesOfAccount } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { endKeysOf } from '../store/person-keys.ts';
import { personStore } from '../user/store.ts';
import { deadLink, type OneTimeLink, plainEmail, type User } from '../user/user.ts';
import type { Passwords } from './argon2.ts';
import { loginStore } from './logins.ts';
import { linkStore } from './one-time-links.ts';
import { checkPassword } from './password.ts';
import { linkSecret, loginSecret, newSecret, readSecret, sameHash } from './secret-text.ts';

export interface AccountDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly randomBytes: RandomBytes;
  readonly passwords: Passwords;
}

/** Where a request came from, for the list of logins and the audit. */
export interface From {
  readonly ip: string;
  readonly agent: string;
  readonly requestId: string;
}

export interface Accounts {
  /**
   * The active person with this address and password. Faults: `unauthenticated`, the same for an
   * unknown address, a wrong password and an account that may not log in; `limited`.
   */
  prove(given: { readonly email: string; readonly password: string }, from: From): Promise<User>;
  /** Sets the password that a link allows. Fault `invalid` for a link that is worth nothing. */
  redeem(given: Redeemed, from: From): Promise<User>;
  /** Another password for who knows the one that holds. */
  changePassword(
    user: User,
    given: { readonly password: string; readonly current: string; readonly keep?: string },
    from: From,
  ): Promise<User>;
}

export interface Redeemed {
  readonly token: string;
  readonly password: string;
  /** Of the first admin, whom nobody invited. */
  readonly email?: string | undefined;
  readonly name?: string | undefined;
}

export function openAccounts(deps: AccountDeps): Accounts {
  const { clock } = deps;
  const here = openRateLimit(clock, loginTriesHere);
  const ofAccount = openRateLimit(clock, loginTriesOfAccount);
  const fromAddress = openRateLimit(clock, loginTriesFrom);
  const told = openRateLimit(clock, { perSecond: 1 / 60, burst: 1 });
  const demandTry = (email: string, ip: string): void => {
    const network = networkOf(ip);
    // Each limit is asked: one that is spent does not spare the others.
    const free = [
      here.take(`${email} ${network}`),
      ofAccount.take(email),
      fromAddress.take(network),
    ];
    if (!free.includes(false)) return;
    throw new Fault('limited', 'too many tries to log in', {
      retryAfterMs: Math.ceil(1000 / loginTriesHere.perSecond),
      remedy: 'Wait, or ask an admin for a link to set a new password.',
    });
  };
  return {
    async prove({ email: given, password }, from) {
      const email = plainEmail(given);
      demandTry(email, from.ip);
      const proof = await personStore(deps.read).proof(email);
      const { ok, stale } = await deps.passwords.verify(password, proof?.password);
      if (proof === undefined || !ok || proof.user.state !== 'active') {
        if (told.take(email)) await tellRefusal(deps, proof?.user, from);
        throw new Fault('unauthenticated', 'the address or the password is wrong', {
          place: '/body',
          remedy: 'Try again, or ask an admin for a link to set a new password.',
        });
      }
      if (stale) await rehash(deps, proof.user, password);
      return proof.user;
    },
    redeem: async (given, from) => await redeem(deps, given, from),
    async changePassword(user, { password, current, keep }, from) {
      demandTry(user.email, from.ip);
      const proof = await personStore(deps.read).proof(user.email);
      const { ok } = await deps.passwords.verify(current, proof?.password);
      if (!ok) {
        throw new Fault('forbidden', 'this is not the password that holds', {
          place: '/body/current',
          remedy: 'Give the one with which you log in, or ask an admin for a link.',
        });
      }
      checkPassword(password, user);
      const hash = await deps.passwords.hash(password);
      return await deps.write.transaction().execute(async (trx) => {
        const changed = await setPassword(trx, deps, { user, hash });
        const ended = await loginStore(trx).endAll(user.id, clock.now(), keep);
        await audit(trx, deps, { user, action: 'user.password', from, detail: { ended } });
        return changed;
      });
    },
  };
}

/** The same work whoever it was, so that its time tells nothing. */
async function tellRefusal(deps: AccountDeps, user: User | undefined, from: From): Promise<void> {
  await deps.write.transaction().execute(async (trx) => {
    await putAudit(trx, {
      at: deps.clock.now(),
      actor: 'nobody',
      via: 'api',
      action: 'login.refused',
      subject: user?.id ?? 'nobody',
      requestId: from.requestId,
      ip: from.ip,
    });
  });
}

async function rehash(deps: AccountDeps, user: User, password: string): Promise<void> {
  const hash = await deps.passwords.hash(password);
  await deps.write
    .transaction()
    .execute(async (trx) => await personStore(trx).rehash(user.id, hash));
}

export interface StartedLogin {
  readonly id: string;
  /** The cookie's value. */
  readonly secret: string;
}

/** Opens a login: always a fresh one, whatever cookie the browser brought. */
export async function startLogin(
  trx: Db,
  deps: Pick<AccountDeps, 'clock' | 'ids' | 'randomBytes'>,
  {
    user,
    method,
    from,
  }: { readonly user: User; readonly method: 'password' | 'oidc'; readonly from: From },
): Promise<StartedLogin> {
  const at = deps.clock.now();
  const { id, text, sha256 } = newSecret(loginSecret, deps);
  await loginStore(trx).add({
    id,
    sha256,
    personId: user.id,
    method,
    ip: from.ip,
    agent: from.agent.slice(0, 200),
    createdAt: at,
    expiresAt: at + loginMs,
  });
  await personStore(trx).loggedIn(user.id, at);
  await audit(trx, deps, { user, action: 'login.start', from, detail: { login: id, method } });
  return { id, secret: text };
}

async function audit(
  trx: Db,
  { clock }: Pick<AccountDeps, 'clock'>,
  {
    user,
    action,
    from,
    detail,
  }: {
    readonly user: Pick<User, 'id'>;
    readonly action: string;
    readonly from: From;
    readonly detail: Readonly<Record<string, string | number>>;
  },
): Promise<void> {
  await putAudit(trx, {
    at: clock.now(),
    actor: user.id,
    via: 'api',
    action,
    subject: user.id,
    detail,
    requestId: from.requestId,
    ...(from.ip === '' ? {} : { ip: from.ip }),
  });
}

async function redeem(deps: AccountDeps, given: Redeemed, from: From): Promise<User> {
  const link = await liveLink(deps.read, given.token, deps.clock.now());
  const { email, name } = await ownerOf(deps.read, link, given);
  checkPassword(given.password, { email, name });
  const hash = await deps.passwords.hash(given.password);
  return await deps.write.transaction().execute(async (trx) => {
    const at = deps.clock.now();
    // Two requests may have come this far with one link: here the first one wins.
    const { id, kind, personId } = await liveLink(trx, given.token, at);
    await linkStore(trx).used(id, at);
    if (personId === undefined) {
      await demandNoAdmin(trx);
      const user = await firstAdmin(trx, deps, { email, name, hash });
      await audit(trx, deps, { user, action: 'user.create', from, detail: { link: id, kind } });
      return user;
    }
    const user = await personOf(trx, personId);
    const changed = await setPassword(trx, deps, { user, hash });
    if (kind === 'password_reset') {
      await loginStore(trx).endAll(user.id, at);
      await endKeysOf(trx, user.id, at);
    }
    await audit(trx, deps, { user, action: 'user.password', from, detail: { link: id, kind } });
    return changed;
  });
}

async function firstAdmin(
  trx: Db,
  deps: AccountDeps,
  of: { readonly email: string; readonly name: string; readonly hash: string },
): Promise<User> {
  const at = deps.clock.now();
  const user = await personStore(trx).create({
    id: deps.ids.ulid('usr'),
    email: of.email,
    name: of.name,
    role: 'admin',
    state: 'active',
    password: of.hash,
    createdBy: 'system',
    at,
  });
  const body = { role: user.role };
  await putOutbox(trx, { kind: 'user.created', subject: user.id, at, body });
  return user;
}

/** Who has a password is active: that is what the link was for. */
async function setPassword(
  trx: Db,
  deps: AccountDeps,
  { user, hash }: { readonly user: User; readonly hash: string },
): Promise<User> {
  const at = deps.clock.now();
  const now = (await personStore(trx).get(user.id)) ?? user;
  if (now.state === 'deactivated') throw deadAccount();
  return await personStore(trx).change(now, { password: hash, state: 'active' }, at);
}

/** Fault `invalid` says why a link is worth nothing; who guesses learns only that it is. */
async function liveLink(db: Db, token: string, now: number): Promise<OneTimeLink> {
  const read = readSecret(linkSecret, token);
  const proof = read === undefined ? undefined : await linkStore(db).proof(read.id);
  if (read === undefined || proof === undefined || !sameHash(read.sha256, proof.sha256)) {
    throw refusedLink('is not known', 'Check that the whole link was copied.');
  }
  const dead = deadLink(proof.link, now);
  if (dead === undefined) return proof.link;
  throw refusedLink(dead, 'Ask an admin for a new one.');
}

const refusedLink = (what: string, remedy: string): Fault =>
  new Fault('invalid', `this link ${what}`, { place: '/body/token', remedy });

const deadAccount = (): Fault =>
  new Fault('conflict', 'this account was deactivated', {
    remedy: 'Ask an admin to activate it first.',
  });

async function ownerOf(
  db: Db,
  link: OneTimeLink,
  given: Redeemed,
): Promise<{ readonly email: string; readonly name: string }> {
  if (link.personId !== undefined) {
    const user = await personOf(db, link.personId);
    if (user.state === 'deactivated') throw deadAccount();
    return user;
  }
  await demandNoAdmin(db);
  const { email, name } = given;
  if (email !== undefined && name !== undefined) return { email: plainEmail(email), name };
  throw new Fault('invalid', 'the first admin needs an address and a name', {
    place: email === undefined ? '/body/email' : '/body/name',
    remedy: 'Send email and name beside the password.',
  });
}

async function demandNoAdmin(db: Db): Promise<void> {
  if (!(await personStore(db).any())) return;
  throw new Fault('conflict', 'there is an account already', {
    remedy: 'Ask its owner for an invitation, or use the admin key of the first start.',
  });
}

async function personOf(db: Db, id: string): Promise<User> {
  const user = await personStore(db).get(id);
  if (user === undefined) throw new TypeError(`the person ${id} of a link is gone`);
  return user;
}
