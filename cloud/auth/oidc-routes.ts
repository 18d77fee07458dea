/** The two steps of a login with an OpenID provider: the browser goes there and comes back. */
import { Fault, type RandomBytes } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { oidcAttemptMs } from '../limits.ts';
import type { AccountDeps } from './accounts.ts';
import { startLogin } from './accounts.ts';
import { loginOf } from './authenticator.ts';
import { fromOf } from './login-routes.ts';
import type { OidcClient } from './oidc-client.ts';
import { arrive, type OidcRoles, openSeal, roleOf } from './oidc-login.ts';
import {
  cookieOf,
  demandSameOrigin,
  demandSite,
  loginCookieOf,
  setCookie,
  type Site,
} from './site.ts';

export interface OidcDeps extends NounDeps, AccountDeps {
  readonly randomBytes: RandomBytes;
  readonly publicUrl?: string | undefined;
  /** Undefined where none is configured. */
  readonly oidc?: { readonly client: OidcClient; readonly roles: OidcRoles } | undefined;
  /** 32 bytes that seal what a browser carries through the login. */
  readonly sealKey: Uint8Array;
}

export const oidcOperations = (deps: OidcDeps): readonly Operation[] => [start(deps), finish(deps)];

const redirected = { 302: 'The browser goes on at Location.' };

const attemptCookie = (site: Site): string =>
  site.secure ? '__Host-fieldloop-oidc' : 'fieldloop_oidc';

const start = (deps: OidcDeps): Operation =>
  operation(
    {
      id: 'startOidcLogin',
      tag: 'me',
      method: 'get',
      path: '/v1/oidc/login',
      summary: 'Send the browser to the OpenID provider',
      right: 'nobody',
      statuses: redirected,
      faults: ['not_found', 'forbidden', 'unauthenticated'],
    },
    {
      query: z.strictObject({
        returnTo: z
          .string()
          .max(512)
          .regex(/^\/(?![/\\])[\x21-\x7e]*$/, 'is not a path of this site')
          .default('/v1/me')
          .openapi({ description: 'Where the browser goes after the login.' }),
        link: z
          .enum(['true', 'false'])
          .default('false')
          .openapi({ description: 'Link the provider to the account that is logged in now.' }),
      }),
      answer: { status: 200, description: 'Never: it is a redirect.' },
    },
    async (call) => {
      const { client } = configured(deps);
      const site = demandSite(call.request, deps.publicUrl);
      const linkTo = call.query.link === 'true' ? await ownAccount(deps, call.request) : undefined;
      const random = (): string => Buffer.from(deps.randomBytes(32)).toString('base64url');
      const attempt = {
        state: random(),
        nonce: random(),
        verifier: random(),
        returnTo: call.query.returnTo,
        at: deps.clock.now(),
        linkTo,
      };
      const location = await client.start(attempt, callbackOf(site));
      const value = openSeal(deps.sealKey, deps).seal(attempt);
      const cookie = { name: attemptCookie(site), value, maxAgeS: oidcAttemptMs / 1000 };
      return redirect(location, [setCookie(cookie, site)]);
    },
  );

const finish = (deps: OidcDeps): Operation =>
  operation(
    {
      id: 'finishOidcLogin',
      tag: 'me',
      method: 'get',
      path: '/v1/oidc/callback',
      summary: 'Where the OpenID provider sends the browser back to',
      right: 'nobody',
      statuses: redirected,
      faults: ['not_found', 'forbidden', 'unauthenticated', 'conflict'],
    },
    {
      // The provider's own names, which no convention of ours governs; openid-client reads them all.
      query: z.looseObject({
        code: z.string().max(4096).optional(),
        state: z.string().max(512).optional(),
        error: z.string().max(512).optional(),
      }),
      answer: { status: 200, description: 'Never: it is a redirect.' },
    },
    async (call) => {
      const { client, roles } = configured(deps);
      const site = demandSite(call.request, deps.publicUrl);
      const sealed = cookieOf(call.request, attemptCookie(site));
      const attempt = openSeal(deps.sealKey, deps).open(sealed);
      if (call.query.state !== attempt.state) {
        throw new Fault('unauthenticated', 'this answer belongs to another login', {
          place: '/query/state',
          remedy: 'Begin the login again in one window, at /v1/oidc/login.',
        });
      }
      const back = new URL(callbackOf(site));
      back.search = new URL(call.request.url).search;
      const identity = await client.finish(attempt, back);
      const role = roleOf(identity.claims, roles);
      const from = fromOf(call);
      const { secret } = await call.change(async (trx) => {
        const user = await arrive(trx, deps, { identity, role, linkTo: attempt.linkTo, from });
        return await startLogin(trx, deps, { user, method: 'oidc', from });
      });
      const gone = { name: attemptCookie(site), value: '', maxAgeS: 0 };
      return redirect(`${site.origin}${attempt.returnTo}`, [
        setCookie(gone, site),
        setCookie(loginCookieOf(site, secret), site),
      ]);
    },
  );

const callbackOf = ({ origin }: Site): string => `${origin}/v1/oidc/callback`;

function configured({ oidc }: OidcDeps): NonNullable<OidcDeps['oidc']> {
  if (oidc !== undefined) return oidc;
  throw new Fault('not_found', 'this cloud has no OpenID provider', {
    remedy: 'Log in with a password, or set oidcIssuer, oidcClientId and oidcRoles.',
  });
}

/** Only a page of this site may begin to link: what is linked opens the account from then on. */
async function ownAccount(deps: OidcDeps, request: Request): Promise<string> {
  const found = await loginOf(deps, request);
  if (found === undefined) {
    throw new Fault('unauthenticated', 'nobody is logged in to link the provider to', {
      place: '/query/link',
      remedy: 'Log in with your password first.',
    });
  }
  demandSameOrigin(request, found.site);
  return found.caller.id;
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}
