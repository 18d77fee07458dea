/**
 * People and rights for tests: the real application on 127.0.0.1:0 with the operations of people
 * alone, a real SQLite file, a clock that moves by hand, and browsers that keep cookies.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { openApp } from '../http/app.ts';
import type { Operation } from '../http/operation.ts';
import { openCursors } from '../http/page.ts';
import { openHttpServer } from '../http/serve.ts';
import { statusOperations } from '../http/status.ts';
import { makeApiKey, newApiKey } from '../key/make.ts';
import type { Db } from '../store/db.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import { personStore } from '../user/store.ts';
import type { User } from '../user/user.ts';
import { openPasswords, type Passwords } from './argon2.ts';
import { type AuditKey, auditKeyOf } from './audit-key.ts';
import { openAuthenticator } from './authenticator.ts';
import type { OidcDeps } from './oidc-routes.ts';
import { peopleOperations } from './operations.ts';
import { type Role, roleScopes } from './rights.ts';
import { openWithin } from './within.ts';

/** Enough to be argon2id, little enough for hundreds of tests. */
export const cheapCost = { memoryKiB: 64, passes: 1, lanes: 1 };

export const goodPassword = 'four words walk home';

export interface Sent {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Send = (method: string, path: string, sent?: Sent) => Promise<Response>;

export interface Browser {
  /** Sends what the browser keeps, and keeps what comes back. Redirects are not followed. */
  readonly send: Send;
  readonly cookies: Map<string, string>;
  /** Of the last login. */
  csrfToken: string;
  login(email: string, password?: string): Promise<Response>;
}

export interface PeopleWorld extends AsyncDisposable {
  readonly url: string;
  readonly db: Db;
  readonly operations: readonly Operation[];
  /** `now` moves on by hand; waiting is real. */
  readonly clock: Clock & { advance(ms: number): void };
  readonly passwords: Passwords;
  readonly auditKey: AuditKey;
  /** With every right; stands for no person. */
  readonly key: string;
  readonly send: Send;
  browser(): Browser;
  /** An active person with `goodPassword`. */
  person(name: string, role: Role): Promise<User>;
  /** A key in the place of a person. */
  keyOf(user: User, scopes?: readonly string[]): Promise<string>;
  makeKey(scopes: readonly string[]): Promise<string>;
  /** Answers of 500 that the log told of. */
  readonly bugs: unknown[];
}

export interface PeopleOptions {
  readonly publicUrl?: string;
  readonly oidc?: OidcDeps['oidc'];
  readonly passwords?: Passwords;
  readonly more?: readonly Operation[];
  /** A migrated database; a fresh SQLite file unless said. */
  readonly store?: AsyncDisposable & { readonly db: Db };
}

const unlimited = { perSecond: 1e6, burst: 1e6 };

export async function openPeopleWorld(options: PeopleOptions = {}): Promise<PeopleWorld> {
  let now = Date.UTC(2026, 0, 5, 9);
  const clock = {
    ...systemClock,
    now: () => now,
    monotonicMs: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
  const store = options.store ?? (await openFile());
  const { db } = store;
  const bugs: unknown[] = [];
  const log = {
    ...silentLog,
    error: (phrase: string, fields: unknown) => void bugs.push([phrase, fields]),
  };
  const passwords =
    options.passwords ?? openPasswords({ randomBytes: systemRandomBytes, cost: cheapCost });
  const auditKey = auditKeyOf(generateKeyPairSync('ed25519').privateKey);
  const system = { clock, ids: systemIds, randomBytes: systemRandomBytes, log };
  const deps = {
    ...system,
    read: db,
    write: db,
    cursors: openCursors('a'.repeat(43)),
    publicUrl: options.publicUrl,
    oidc: options.oidc,
    passwords,
    auditKey,
  };
  const operations = [
    ...statusOperations({
      version: '0.0.0-test',
      notReady: async () => await Promise.resolve(undefined),
      metrics: { contentType: 'text/plain', text: async () => await Promise.resolve('') },
    }),
    ...(await peopleOperations(deps)),
    ...(options.more ?? []),
  ];
  const fetchApp = openApp({
    ...system,
    operations,
    version: '0.0.0-test',
    authenticate: openAuthenticator(deps),
    keepWithin: openWithin(deps),
    write: db,
    rates: { caller: unlimited, stranger: unlimited },
    checkAnswers: true,
  });
  const server = await openHttpServer(fetchApp, system, { host: '127.0.0.1', port: 0 });
  const send: Send = async (method, path, sent = {}) => {
    const { key, body, headers } = sent;
    return await fetch(`${server.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const makeKey = async (scopes: readonly string[]): Promise<string> =>
    (await makeApiKey({ ...system, write: db }, { name: 'test', scopes, by: 'test' })).text;
  return {
    url: server.url,
    db,
    operations,
    clock,
    passwords,
    auditKey,
    key: await makeKey(['*:admin']),
    send,
    makeKey,
    bugs,
    browser: () => openBrowser(send),
    async person(name, role) {
      return await personStore(db).create({
        id: systemIds.ulid('usr'),
        email: `${name}@example.com`,
        name,
        role,
        state: 'active',
        password: await passwords.hash(goodPassword),
        createdBy: 'test',
        at: now,
      });
    },
    async keyOf(user, scopes = roleScopes[user.role]) {
      const made = await newApiKey(db, system, {
        name: user.name,
        scopes,
        personId: user.id,
        makerId: user.id,
        createdBy: user.id,
      });
      return made.text;
    },
    async [Symbol.asyncDispose]() {
      await server.close(100);
      await store[Symbol.asyncDispose]();
    },
  };
}

async function openFile(): Promise<AsyncDisposable & { readonly db: Db }> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-people-'));
  const db = await openMigrated(join(folder, 'cloud.db'));
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

function openBrowser(send: Send): Browser {
  const cookies = new Map<string, string>();
  const browser: Browser = {
    cookies,
    csrfToken: '',
    async send(method, path, sent = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await send(method, path, {
        ...sent,
        headers: { ...(cookie === '' ? {} : { cookie }), ...sent.headers },
      });
      keepCookies(cookies, response);
      return response;
    },
    async login(email, password = goodPassword) {
      const response = await this.send('POST', '/v1/login', { body: { email, password } });
      const body = (await response.clone().json()) as { csrfToken?: string };
      this.csrfToken = body.csrfToken ?? '';
      return response;
    },
  };
  return browser;
}

export function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    const [name = '', ...value] = pair.split('=');
    const gone = /;\s*max-age=0/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line);
    if (gone || value.join('=') === '') cookies.delete(name);
    else cookies.set(name, value.join('='));
  }
}
