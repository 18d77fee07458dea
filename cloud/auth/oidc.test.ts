/**
 * Goal: a person logs in with the organisation's provider, gets the role of their groups, and
 * nobody else comes in by that way.
 * Method: the whole flow against oidc-provider on loopback, by fetch and cookies; then the attacks.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Problem } from '../http/problem.ts';
import type { UserJson } from '../user/json.ts';
import { personStore } from '../user/store.ts';
import { openOidcClient } from './oidc-client.ts';
import { roleOf } from './oidc-login.ts';
import { openOidcWorld, type OidcWorld } from './oidc.sample.ts';
import { type Browser, openPeopleWorld, type PeopleWorld } from './people.sample.ts';
import type { Role } from './rights.ts';

const roles: Readonly<Record<string, Role>> = {
  'robots-admins': 'admin',
  'robots-engineers': 'engineer',
  everybody: 'viewer',
};

async function openBoth(settings: { readonly secret?: string; readonly issuer?: string } = {}) {
  const provider = await openOidcWorld();
  const client = openOidcClient({
    issuer: settings.issuer ?? provider.issuer,
    clientId: provider.clientId,
    clientSecret: settings.secret ?? provider.clientSecret,
  });
  const world = await openPeopleWorld({ oidc: { client, roles: { claim: 'groups', roles } } });
  provider.allow(world.url);
  provider.accounts.set('ada', {
    email: 'Ada@Example.com',
    email_verified: true,
    name: 'Ada Lovelace',
    groups: ['everybody', 'robots-engineers', 'chess'],
  });
  return {
    ...world,
    provider,
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** From our first redirect to the provider's last one. */
async function begin(
  world: PeopleWorld & { readonly provider: OidcWorld },
  browser: Browser,
  { login, query = '' }: { readonly login: string; readonly query?: string },
): Promise<string> {
  const response = await browser.send('GET', `/v1/oidc/login${query}`);
  expect(response.status).toBe(302);
  const back = await world.provider.walk(response.headers.get('location') ?? '', login);
  expect(back.startsWith(`${world.url}/v1/oidc/callback?`)).toBe(true);
  return back.slice(world.url.length);
}

const problem = async (response: Response): Promise<Problem> => (await response.json()) as Problem;

test('a person logs in with the provider and gets the highest role of their groups', async () => {
  await using world = await openBoth();
  const browser = world.browser();
  const callback = await begin(world, browser, { login: 'ada', query: '?returnTo=/v1/version' });
  const response = await browser.send('GET', callback);
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe(`${world.url}/v1/version`);
  expect([...browser.cookies.keys()]).toEqual(['fieldloop_login']);
  const me = await (await browser.send('GET', '/v1/me')).json();
  expect(me).toMatchObject({ kind: 'person', name: 'Ada Lovelace', role: 'engineer' });
  const users = await world.send('GET', '/v1/users/ada@example.com', { key: world.key });
  expect(await users.json()).toMatchObject({
    issuer: world.provider.issuer,
    hasPassword: false,
    createdBy: 'oidc',
  });
  const told = world.db.selectFrom('outbox').select('body').where('kind', '=', 'user.created');
  expect(await told.execute()).toEqual([{ body: '{"role":"engineer"}' }]);
  const { csrfToken } = (await (await browser.send('GET', '/v1/me/csrfToken')).json()) as {
    csrfToken: string;
  };
  const ended = await browser.send('POST', '/v1/logout', {
    headers: { 'x-csrf-token': csrfToken },
  });
  const { continueUrl = '' } = (await ended.json()) as { continueUrl?: string };
  expect(continueUrl).toContain(`${world.provider.issuer}/session/end`);
  expect((await browser.send('GET', '/v1/me')).status).toBe(401);
});

test('the groups say the role anew at each login, and the same person stays the same account', async () => {
  await using world = await openBoth();
  const enter = async () => {
    const browser = world.browser();
    await browser.send('GET', await begin(world, browser, { login: 'ada' }));
    return (await (await browser.send('GET', '/v1/me')).json()) as { id: string; role: string };
  };
  const first = await enter();
  world.provider.accounts.set('ada', {
    email: 'ada.new@example.com',
    name: 'Ada King',
    groups: ['everybody'],
  });
  const second = await enter();
  expect(second).toMatchObject({ id: first.id, role: 'viewer' });
});

test('who has no group of ours comes in nowhere, and reads which groups would do', async () => {
  await using world = await openBoth();
  world.provider.accounts.set('eve', { email: 'eve@example.com', groups: ['chess'] });
  const browser = world.browser();
  const response = await browser.send('GET', await begin(world, browser, { login: 'eve' }));
  expect(response.status).toBe(403);
  const { detail, remedy } = await problem(response);
  expect(detail).toBe('no role for these groups: chess');
  expect(remedy).toContain('robots-engineers');
  expect(await personStore(world.db).proof('eve@example.com')).toBeUndefined();
  world.provider.accounts.set('eve', { groups: ['everybody'] });
  const nameless = await browser.send('GET', await begin(world, browser, { login: 'eve' }));
  expect((await problem(nameless)).remedy).toContain('email');
});

test('an answer with another state, without its cookie, or used twice is refused', async () => {
  await using world = await openBoth();
  const browser = world.browser();
  const callback = await begin(world, browser, { login: 'ada' });
  const cookie = browser.cookies.get('fieldloop_oidc') ?? '';
  const stranger = world.browser();
  const noCookie = await stranger.send('GET', callback);
  expect(noCookie.status).toBe(401);
  const forged = callback.replace(/state=[^&]+/, 'state=forged');
  expect((await problem(await browser.send('GET', forged))).detail).toContain('another login');
  stranger.cookies.set('fieldloop_oidc', `${cookie.slice(0, -2)}AA`);
  expect((await stranger.send('GET', callback)).status).toBe(401);
  expect((await browser.send('GET', callback)).status).toBe(302);
  const again = world.browser();
  again.cookies.set('fieldloop_oidc', cookie);
  const replayed = await again.send('GET', callback);
  expect(replayed.status).toBe(401);
  expect((await problem(replayed)).remedy).toBeDefined();
  expect(world.bugs).toEqual([]);
});

test('the code of another browser’s login opens nothing here', async () => {
  await using world = await openBoth();
  const [eve, ada] = [world.browser(), world.browser()];
  const stolen = await begin(world, eve, { login: 'ada' });
  const own = await begin(world, ada, { login: 'ada' });
  const code = new URL(stolen, world.url).searchParams.get('code') ?? '';
  const mixed = new URL(own, world.url);
  mixed.searchParams.set('code', code);
  const response = await ada.send('GET', `${mixed.pathname}${mixed.search}`);
  expect(response.status).toBe(401);
});

test('a login that takes longer than ten minutes begins again', async () => {
  await using world = await openBoth();
  const browser = world.browser();
  const callback = await begin(world, browser, { login: 'ada' });
  world.clock.advance(10 * 60_000);
  const response = await browser.send('GET', callback);
  expect(response.status).toBe(401);
  expect((await problem(response)).remedy).toContain('/v1/oidc/login');
});

test('a provider that says no, or whose clock is wrong, is told as that', async () => {
  await using world = await openBoth();
  const browser = world.browser();
  const callback = await begin(world, browser, { login: 'ada' });
  const state = new URL(callback, world.url).searchParams.get('state') ?? '';
  const denied = await browser.send(
    'GET',
    `/v1/oidc/callback?state=${state}&error=access_denied&iss=${encodeURIComponent(world.provider.issuer)}`,
  );
  expect(denied.status).toBe(403);
  expect((await problem(denied)).detail).toContain('access_denied');
  world.provider.tokenLifeS = -120;
  const late = await browser.send('GET', await begin(world, browser, { login: 'ada' }));
  expect(late.status).toBe(401);
  expect(await problem(late)).toMatchObject({
    detail: expect.stringContaining('clocks'),
    remedy: expect.stringContaining('NTP'),
  });
});

test('a wrong client secret and a wrong issuer are the operator’s to put right', async () => {
  {
    await using world = await openBoth({ secret: 'not the secret' });
    const browser = world.browser();
    const response = await browser.send('GET', await begin(world, browser, { login: 'ada' }));
    expect(response.status).toBe(503);
    expect((await problem(response)).remedy).toContain('FIELDLOOP_OIDC_CLIENT_SECRET');
  }
  await using other = await openOidcWorld();
  const proxy = createServer((request, response) => {
    void (async () => {
      const found = await fetch(`${other.issuer}${request.url}`);
      response.end(await found.text());
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  {
    await using world = await openBoth({ issuer: `http://127.0.0.1:${port}` });
    const response = await world.send('GET', '/v1/oidc/login');
    expect(response.status).toBe(503);
    expect(await problem(response)).toMatchObject({
      detail: expect.stringContaining('another name'),
      remedy: expect.stringContaining('issuer'),
    });
    proxy.closeAllConnections();
    await new Promise<void>((resolve) => proxy.close(() => resolve()));
    const gone = await world.send('GET', '/v1/oidc/login');
    expect(gone.status).toBe(503);
    expect((await problem(gone)).detail).toContain('cannot be reached');
  }
});

test('an address alone opens no account that has a password; its owner links it', async () => {
  await using world = await openBoth();
  const ada = await world.person('ada', 'viewer');
  const thief = world.browser();
  const refused = await thief.send('GET', await begin(world, thief, { login: 'ada' }));
  expect(refused.status).toBe(409);
  expect((await problem(refused)).remedy).toContain('link=true');
  expect((await world.send('GET', '/v1/oidc/login?link=true')).status).toBe(401);
  const browser = world.browser();
  await browser.login('ada@example.com');
  const linked = await browser.send(
    'GET',
    await begin(world, browser, { login: 'ada', query: '?link=true' }),
  );
  expect(linked.status).toBe(302);
  expect(await (await browser.send('GET', '/v1/me')).json()).toMatchObject({
    id: ada.id,
    role: 'engineer',
  });
  const later = world.browser();
  await later.send('GET', await begin(world, later, { login: 'ada' }));
  expect(await (await later.send('GET', '/v1/me')).json()).toMatchObject({ id: ada.id });
});

test('an invited person may come by the provider, when it vouches for the address', async () => {
  await using world = await openBoth();
  const body = { email: 'ada@example.com', name: 'Ada', role: 'viewer' };
  const invited = (await (
    await world.send('POST', '/v1/users', { key: world.key, body })
  ).json()) as UserJson;
  const claims = world.provider.accounts.get('ada');
  world.provider.accounts.set('ada', { ...claims, email_verified: false });
  const browser = world.browser();
  expect((await browser.send('GET', await begin(world, browser, { login: 'ada' }))).status).toBe(
    409,
  );
  world.provider.accounts.set('ada', { ...claims, email_verified: true });
  expect((await browser.send('GET', await begin(world, browser, { login: 'ada' }))).status).toBe(
    302,
  );
  expect(await (await browser.send('GET', '/v1/me')).json()).toMatchObject({ id: invited.id });
});

test('a deactivated person does not come back by the provider', async () => {
  await using world = await openBoth();
  const browser = world.browser();
  await browser.send('GET', await begin(world, browser, { login: 'ada' }));
  const off = '/v1/users/ada@example.com:deactivate';
  expect((await world.send('POST', off, { key: world.key })).status).toBe(200);
  const response = await browser.send('GET', await begin(world, browser, { login: 'ada' }));
  expect(response.status).toBe(403);
});

test.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/a\r\nset-cookie:x'])(
  'the login does not send a browser on to %j',
  async (returnTo) => {
    await using world = await openBoth();
    const query = `?returnTo=${encodeURIComponent(returnTo)}`;
    expect((await world.send('GET', `/v1/oidc/login${query}`)).status).toBe(400);
  },
);

test('groups may come as one text, and no name of an object is a group', () => {
  const wanted = { claim: 'groups', roles };
  expect(roleOf({ groups: 'everybody' }, wanted)).toBe('viewer');
  expect(roleOf({ groups: ['everybody', 'robots-admins', 7] }, wanted)).toBe('admin');
  for (const groups of [undefined, [], ['constructor'], '__proto__', { admin: true }]) {
    expect(() => roleOf({ groups }, wanted)).toThrow('no role for these groups');
  }
});

test('without a provider the way is closed, and says what is missing', async () => {
  await using world = await openPeopleWorld();
  const response = await world.send('GET', '/v1/oidc/login');
  expect(response.status).toBe(404);
  expect((await problem(response)).remedy).toContain('oidcIssuer');
});
