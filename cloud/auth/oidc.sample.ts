/** A real OpenID provider on 127.0.0.1 for tests, and what a browser does at its pages. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';
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
  server.on('request', (request, response) => void provider.callback()(request, response));
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
    cookies: { keys: ['of the test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...accounts.get(id) }),
    }),
  };
}

/** Posts the two forms of the provider's own pages. */
async function walk(issuer: string, start: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  let next = start;
  let form: Readonly<Record<string, string>> | undefined;
  for (let step = 0; step < 20; step += 1) {
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    keepCookies(cookies, response);
    const location = response.headers.get('location');
    if (location !== null) {
      next = new URL(location, issuer).href;
      form = undefined;
      if (!next.startsWith(issuer)) return next;
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined)
      throw new Error(`no form: ${page.slice(0, 400)}`);
    next = new URL(action, issuer).href;
    form = { prompt, login, password: 'any' };
  }
  throw new Error('the provider never sent the browser back');
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
