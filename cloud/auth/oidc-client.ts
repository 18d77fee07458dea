/**
 * The door to openid-client: one login with an OpenID provider by code, PKCE, state and nonce.
 * What a provider or a network does wrong becomes a Fault that says whose turn it is.
 */
import { Fault } from '@fieldloop/core';
import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  ClientError,
  clockTolerance,
  type Configuration,
  discovery,
  fetchUserInfo,
  ResponseBodyError,
} from 'openid-client';
import { oidcClockToleranceMs, oidcTimeoutMs } from '../limits.ts';
import { isLoopback } from './site.ts';

export interface OidcAddress {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What ties the provider's answer to this browser and this attempt. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider says of somebody. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly name?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface OidcClient {
  /** Where the browser goes to log in. */
  start(attempt: Attempt, redirectUri: string): Promise<string>;
  /** Who came back. `url` is the callback with its query. */
  finish(attempt: Attempt, url: URL): Promise<Identity>;
  /** Where the browser goes to log out there too; undefined when the provider has no such page. */
  end(backTo: string): Promise<string | undefined>;
}

/** Asks the provider for its configuration when it is first needed, and again after a failure. */
export function openOidcClient(address: OidcAddress): OidcClient {
  let found: Promise<Configuration> | undefined;
  const configuration = async (): Promise<Configuration> => {
    found ??= discover(address);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw oidcFault(error, address);
    }
  };
  return {
    async start({ state, nonce, verifier }, redirectUri) {
      const url = buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return url.href;
    },
    async finish({ state, nonce, verifier }, url) {
      const config = await configuration();
      try {
        const tokens = await authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new TypeError('a checked answer has no claims');
        // Providers may keep all but the name of the account for this second question.
        const more =
          config.serverMetadata().userinfo_endpoint === undefined
            ? {}
            : await fetchUserInfo(config, tokens.access_token, claims.sub);
        return identityOf({ ...more, ...claims });
      } catch (error) {
        throw oidcFault(error, address);
      }
    },
    async end(backTo) {
      const config = await configuration();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(config, { post_logout_redirect_uri: backTo }).href;
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: OidcAddress): Promise<Configuration> {
  const url = new URL(issuer);
  const plain = url.protocol === 'http:' && isLoopback(url.hostname);
  return await discovery(
    url,
    clientId,
    { client_secret: clientSecret, [clockTolerance]: oidcClockToleranceMs / 1000 },
    undefined,
    { timeout: oidcTimeoutMs / 1000, ...(plain ? { execute: [allowInsecureRequests] } : {}) },
  );
}

function identityOf(claims: Readonly<Record<string, unknown>>): Identity {
  const text = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const email = text('email');
  const name = text('name') ?? text('preferred_username');
  return {
    issuer: text('iss') ?? '',
    subject: text('sub') ?? '',
    ...(email === undefined ? {} : { email }),
    emailVerified: claims['email_verified'] === true,
    ...(name === undefined ? {} : { name }),
    claims,
  };
}

/** What went wrong, by the codes of openid-client and of RFC 6749. */
export function oidcFault(error: unknown, { issuer }: Pick<OidcAddress, 'issuer'>): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof AuthorizationResponseError) return refusedBy(error, issuer);
  if (error instanceof ResponseBodyError) return tokenRefused(error, issuer);
  const code = error instanceof ClientError ? error.code : undefined;
  const told = code === undefined ? undefined : causes[code];
  if (told !== undefined) {
    return new Fault(told.code, `${told.message} (${issuer})`, {
      remedy: told.remedy,
      details: { code },
      cause: error,
    });
  }
  const unreachable = error instanceof TypeError || code === 'OAUTH_TIMEOUT';
  const message = unreachable ? 'cannot be reached' : 'gave an answer that does not hold';
  return new Fault('unavailable', `the OpenID provider ${issuer} ${message}`, {
    remedy: 'Check oidcIssuer and the network between; the log has the cause.',
    details: code === undefined ? {} : { code },
    cause: error,
  });
}

const mismatch = {
  code: 'unavailable',
  message: 'the OpenID provider calls itself by another name than oidcIssuer',
  remedy:
    'Set oidcIssuer to exactly the "issuer" of its /.well-known/openid-configuration, ' +
    'final slash included.',
} as const;

const causes: Readonly<
  Record<
    string,
    {
      readonly code: 'unavailable' | 'unauthenticated';
      readonly message: string;
      readonly remedy: string;
    }
  >
> = {
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: mismatch,
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: {
    code: 'unauthenticated',
    message: 'the answer of the OpenID provider is for another client, issuer or attempt',
    remedy: 'Begin the login again; if it stays so, check oidcClientId and oidcIssuer.',
  },
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: {
    code: 'unauthenticated',
    message: 'the clocks of this cloud and of the OpenID provider differ',
    remedy: `Set both by NTP: ${oidcClockToleranceMs / 1000} s are allowed.`,
  },
  OAUTH_INVALID_RESPONSE: {
    code: 'unauthenticated',
    message: 'the answer of the OpenID provider belongs to no login of this browser',
    remedy: 'Begin the login again in one window.',
  },
  OAUTH_HTTP_REQUEST_FORBIDDEN: {
    code: 'unavailable',
    message: 'the OpenID provider is not called by https',
    remedy: 'Set oidcIssuer to its https address; plain http is for this machine alone.',
  },
};

function refusedBy(error: AuthorizationResponseError, issuer: string): Fault {
  const why = error.error_description ?? error.error;
  return new Fault('forbidden', `the OpenID provider ${issuer} refused: ${why.slice(0, 200)}`, {
    remedy: 'Begin the login again and allow it there, or ask who runs the provider.',
    details: { error: error.error },
    cause: error,
  });
}

function tokenRefused(error: ResponseBodyError, issuer: string): Fault {
  const why = (error.error_description ?? error.error).slice(0, 200);
  if (error.error === 'invalid_grant') {
    return new Fault('unauthenticated', `this login has expired or was used: ${why}`, {
      remedy: 'Begin the login again.',
      cause: error,
    });
  }
  return new Fault('unavailable', `the OpenID provider ${issuer} does not accept us: ${why}`, {
    remedy: 'Check oidcClientId, FIELDLOOP_OIDC_CLIENT_SECRET and the redirect address there.',
    details: { error: error.error },
    cause: error,
  });
}
