/** Logging in and out, and what a person does with their own account. */
import { Fault, type RandomBytes } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { newApiKey } from '../key/make.ts';
import { personOf } from '../key/me-routes.ts';
import { apiKeyStore } from '../key/store.ts';
import { loginMs, maxPersonTokens, personKeyMs } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import {
  emailField,
  loginJson,
  loginSchema,
  nameField,
  passwordField,
  userJson,
  userSchema,
} from '../user/json.ts';
import { personStore } from '../user/store.ts';
import type { User } from '../user/user.ts';
import { type Accounts, type From, startLogin } from './accounts.ts';
import { csrfTokenOf, type FoundLogin, loginOf } from './authenticator.ts';
import { loginStore } from './logins.ts';
import { roleScopes } from './rights.ts';
import { demandSameOrigin, demandSite, loginCookie, loginCookieOf, setCookie } from './site.ts';

export interface LoginDeps extends NounDeps {
  readonly randomBytes: RandomBytes;
  readonly accounts: Accounts;
  readonly publicUrl?: string | undefined;
  /** Where the browser ends a login with an OpenID provider there too. */
  readonly endElsewhere?: ((origin: string) => Promise<string | undefined>) | undefined;
}

export const loginOperations = (deps: LoginDeps): readonly Operation[] => [
  login(deps),
  logout(deps),
  redeem(deps),
  csrfToken(deps),
  logins(deps),
  endLogin(deps),
  changePassword(deps),
];

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'ip' | 'header' | 'requestId'>;

export const fromOf = (call: AnyCall): From => ({
  ip: call.ip,
  agent: call.header('user-agent') ?? '',
  requestId: call.requestId,
});

const started = z
  .object({
    user: userSchema,
    csrfToken: z
      .string()
      .optional()
      .openapi({ description: 'Of a cookie: send it as X-CSRF-Token with every change.' }),
    key: z
      .string()
      .optional()
      .openapi({ description: 'Of a token: an API key that stands for the person.' }),
    keyId: z.string().optional(),
    expiresAt: instantField.openapi({ description: 'The end at the latest.' }),
  })
  .openapi('StartedLogin');

const login = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'login',
      tag: 'me',
      method: 'post',
      path: '/v1/login',
      summary: 'Log in with address and password',
      description:
        'A browser gets a cookie that it cannot read and a CSRF token; a command line asks for ' +
        'kind token and gets an API key that stands for the person for 30 days.',
      right: 'nobody',
      faults: ['unauthenticated', 'forbidden'],
    },
    {
      body: z.strictObject({
        email: z.string().min(1).max(254).openapi({ example: 'ada@example.com' }),
        password: passwordField,
        kind: z.enum(['cookie', 'token']).default('cookie'),
        name: z
          .string()
          .min(1)
          .max(64)
          .default('login')
          .openapi({ description: 'What the token is called in the list of keys.' }),
      }),
      answer: { status: 200, description: 'Who logged in.', schema: started },
    },
    async (call) => {
      const site = demandSite(call.request, deps.publicUrl);
      demandSameOrigin(call.request, site);
      const from = fromOf(call);
      const user = await deps.accounts.prove(call.body, from);
      if (call.body.kind === 'token') return await startToken(deps, call, user);
      const { secret } = await call.change(
        async (trx) => await startLogin(trx, deps, { user, method: 'password', from }),
      );
      call.answerHeaders.append('set-cookie', setCookie(loginCookieOf(site, secret), site));
      const expiresAt = instantText(deps.clock.now() + loginMs);
      return { user: userJson(user), csrfToken: csrfTokenOf(secret), expiresAt };
    },
  );

async function startToken(
  deps: LoginDeps,
  call: AnyCall & { readonly body: { readonly name: string } } & Pick<
      Call<unknown, unknown, unknown>,
      'change'
    >,
  user: User,
): Promise<z.infer<typeof started>> {
  const { name } = call.body;
  const at = deps.clock.now();
  const expiresAt = at + personKeyMs;
  return await call.change(async (trx) => {
    const { key, text } = await newApiKey(trx, deps, {
      name,
      scopes: roleScopes[user.role],
      personId: user.id,
      makerId: user.id,
      createdBy: user.id,
      expiresAt,
    });
    await apiKeyStore(trx).endOldest({ personId: user.id, name, keep: maxPersonTokens }, at);
    await personStore(trx).loggedIn(user.id, at);
    await putAudit(trx, {
      at,
      actor: user.id,
      via: 'api',
      action: 'login.start',
      subject: user.id,
      detail: { key: key.id, method: 'password' },
      requestId: call.requestId,
      ...(call.ip === '' ? {} : { ip: call.ip }),
    });
    return { user: userJson(user), key: text, keyId: key.id, expiresAt: instantText(expiresAt) };
  });
}

const logout = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'logout',
      tag: 'me',
      method: 'post',
      path: '/v1/logout',
      summary: 'End this login, or the key of a command line',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      answer: {
        status: 200,
        description: 'It has ended.',
        schema: z
          .object({
            continueUrl: z
              .string()
              .optional()
              .openapi({ description: 'Where the browser ends its login at the provider too.' }),
          })
          .openapi('EndedLogin'),
      },
    },
    async (call) => {
      const userId = personOf(call.caller);
      const found = call.caller?.kind === 'person' ? await loginOf(deps, call.request) : undefined;
      const at = deps.clock.now();
      await call.change(async (trx) => {
        if (found === undefined) await apiKeyStore(trx).revoke(call.caller?.id ?? '', at);
        else await loginStore(trx).end(found.login.id, at);
        await call.audit(trx, { action: 'login.end', subject: userId });
      });
      if (found === undefined) return {};
      const { site, login: ended } = found;
      const gone = { name: loginCookie(site), value: '', maxAgeS: 0 };
      call.answerHeaders.append('set-cookie', setCookie(gone, site));
      const continueUrl =
        ended.method === 'oidc' ? await deps.endElsewhere?.(site.origin) : undefined;
      return continueUrl === undefined ? {} : { continueUrl };
    },
  );

const redeem = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'redeemLink',
      tag: 'me',
      method: 'post',
      path: '/v1/links:redeem',
      summary: 'Set the password that a one-time link allows',
      description: 'The first admin, an invitation or a forgotten password. A link works once.',
      right: 'nobody',
      faults: ['forbidden', 'conflict'],
    },
    {
      body: z.strictObject({
        token: z.string().max(128),
        password: passwordField,
        email: emailField.optional().openapi({ description: 'Of the first admin alone.' }),
        name: nameField.optional().openapi({ description: 'Of the first admin alone.' }),
      }),
      answer: { status: 200, description: 'The account.', schema: userSchema },
    },
    async (call) => {
      demandSameOrigin(call.request, demandSite(call.request, deps.publicUrl));
      return userJson(await deps.accounts.redeem(call.body, fromOf(call)));
    },
  );

const csrfToken = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'getCsrfToken',
      tag: 'me',
      method: 'get',
      path: '/v1/me/csrfToken',
      summary: 'The CSRF token of this login, for a page that was loaded anew',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      answer: {
        status: 200,
        description: 'The token.',
        schema: z.object({ csrfToken: z.string() }).openapi('CsrfToken'),
      },
    },
    async (call) => {
      const found = await demandLogin(deps, call);
      demandSameOrigin(call.request, found.site);
      return { csrfToken: found.csrfToken };
    },
  );

const logins = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'getMyLogins',
      tag: 'me',
      method: 'get',
      path: '/v1/me/sessions',
      summary: 'Your open logins, the newest first; there are few',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      answer: {
        status: 200,
        description: 'All of them.',
        schema: z.object({ items: z.array(loginSchema) }).openapi('Logins'),
      },
    },
    async (call) => {
      const userId = personOf(call.caller);
      const current = await currentLogin(deps, call);
      const open = await loginStore(deps.read).open(userId, deps.clock.now());
      return { items: open.map((one) => loginJson(one, current)) };
    },
  );

const endLogin = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'endMyLogin',
      tag: 'me',
      method: 'post',
      path: '/v1/me/sessions/{id}:revoke',
      summary: 'End one of your logins',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { status: 200, description: 'The login that ended.', schema: loginSchema },
    },
    async (call) => {
      const userId = personOf(call.caller);
      const current = await currentLogin(deps, call);
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        const open = await loginStore(trx).open(userId, at);
        const found = open.find((one) => one.id === call.params.id);
        if (found === undefined) {
          throw new Fault('not_found', `you have no open login "${call.params.id}"`, {
            remedy: 'GET /v1/me/sessions lists yours.',
          });
        }
        await loginStore(trx).end(found.id, at);
        await call.audit(trx, {
          action: 'login.end',
          subject: userId,
          detail: { login: found.id },
        });
        return loginJson(found, current);
      });
    },
  );

const changePassword = (deps: LoginDeps): Operation =>
  operation(
    {
      id: 'changeMyPassword',
      tag: 'me',
      method: 'post',
      path: '/v1/me:changePassword',
      summary: 'Another password; your other logins end',
      right: 'any',
      faults: ['forbidden'],
    },
    {
      body: z.strictObject({ current: passwordField, password: passwordField }),
      answer: { status: 200, description: 'You.', schema: userSchema },
    },
    async (call) => {
      const user = await personStore(deps.read).get(personOf(call.caller));
      if (user === undefined) throw new TypeError('a caller has no account');
      const keep = await currentLogin(deps, call);
      const given = { ...call.body, ...(keep === undefined ? {} : { keep }) };
      return userJson(await deps.accounts.changePassword(user, given, fromOf(call)));
    },
  );

type CallerCall = Pick<Call<unknown, unknown, unknown>, 'caller' | 'request'>;

/** The id of the login that asks; undefined for a key. */
async function currentLogin(deps: LoginDeps, call: CallerCall): Promise<string | undefined> {
  if (call.caller?.kind !== 'person') return undefined;
  return (await loginOf(deps, call.request))?.login.id;
}

async function demandLogin(deps: LoginDeps, call: CallerCall): Promise<FoundLogin> {
  const found = call.caller?.kind === 'person' ? await loginOf(deps, call.request) : undefined;
  if (found !== undefined) return found;
  throw new Fault('forbidden', 'only the login of a browser has a CSRF token', {
    remedy: 'A key needs none: send it in Authorization.',
  });
}
