/** A real OpenID provider on 127.0.0.1 for tests, and what a browser does at its pages. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';
import { keepCookies } from './people.sample.ts';

export interface Account {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

export interface OidcWorld extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accounts: Map<string, Account>;
  /** Where the provider may send browsers back to. */
  allow(origin: string): void;
  /**
   * Walks a browser from our redirect through the provider's login and consent. Gives the address
   * to which the provider sends it back.
   */
  walk(start: string, login: string): Promise<string>;
  /** Life of an ID token; one below zero is made by a provider whose clock is behind. */
  tokenLifeS: number;
}

const client = { id: 'fieldloop', secret: 'a secret of the test' };

export async function openOidcWorld(): Promise<OidcWorld> {
  const accounts = new Map<string, Account>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const origins = new Set<string>();
  const provider = new Provider(issuer, configurationOf(accounts));
  provider.Client.prototype.redirectUriAllowed = (uri: string) => origins.has(new URL(uri).origin);
  provider.Client.prototype.postLogoutRedirectUriAllowed = (uri: string) =>
    origins.has(new URL(uri).origin);
  const state = { tokenLifeS: 3600 };
  Object.assign(provider.IdToken, { expiresIn: () => state.tokenLifeS });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const isOurs = request.url?.startsWith('/interaction/') === true;
    void (isOurs ? interact(provider, request, response) : answer(request, response));
  });
  return Object.assign(state, {
    issuer,
    clientId: client.id,
    clientSecret: client.secret,
    accounts,
    allow: (origin: string) => void origins.add(origin),
    walk: async (start: string, login: string) => await walk(issuer, start, login),
    [Symbol.asyncDispose]: async () => await closed(server),
  });
}

/** What the provider remembers, as long as the test runs. */
function memory(): (name: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (name) => ({
    upsert: async (id, payload) => await Promise.resolve(void kept.set(`${name} ${id}`, payload)),
    find: async (id) => await Promise.resolve(kept.get(`${name} ${id}`)),
    findByUid: async (uid) =>
      await Promise.resolve([...kept.values()].find((one) => one.uid === uid)),
    findByUserCode: async () => await Promise.resolve(undefined),
    consume: async (id) => {
      const payload = kept.get(`${name} ${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      await Promise.resolve();
    },
    destroy: async (id) => await Promise.resolve(void kept.delete(`${name} ${id}`)),
    revokeByGrantId: async (grantId) => {
      for (const [id, { grantId: of }] of kept) if (of === grantId) kept.delete(id);
      await Promise.resolve();
    },
  });
}

function configurationOf(accounts: ReadonlyMap<string, Account>): Configuration {
  return {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: ['http://127.0.0.1/v1/oidc/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    adapter: memory(),
    cookies: { keys: ['of the test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [signingKey] },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...accounts.get(id) }),
    }),
  };
}

/** The person logs in and consents to everything, without a page. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: String(request.headers[loginHeader]) };
    await provider.interactionFinished(request, response, { login });
    return;
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? '',
    clientId: String(params['client_id']),
  });
  grant.addOIDCScope(String(params['scope']));
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { consent });
}

/** Says who sits before the browser. */
const loginHeader = 'x-test-login';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signingKey = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'k1' };

/** Follows redirects until one leads away from the provider. */
async function walk(issuer: string, start: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  let next = start;
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, [loginHeader]: login };
    const response = await fetch(next, { redirect: 'manual', headers });
    keepCookies(cookies, response);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no way on: ${(await response.text()).slice(0, 400)}`);
    next = new URL(location, issuer).href;
    if (!next.startsWith(issuer)) return next;
  }
  throw new Error('the provider never sent the browser back');
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
