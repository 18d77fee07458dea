/**
 * Goal: accounts begin without a default password, change only by who may, and end at once.
 * Method: the first start, invitations and links over real HTTP, and the ways to cheat.
 */
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { firstAdminLink } from '../auth/first-admin.ts';
import { goodPassword, openPeopleWorld, type PeopleWorld } from '../auth/people.sample.ts';
import { systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { auditStore } from '../audit/store.ts';
import { firstAdminLinkMs, invitationLinkMs } from '../limits.ts';
import type { InvitedJson, UserJson } from './json.ts';
import { personStore } from './store.ts';

const firstLink = async (world: PeopleWorld) =>
  await firstAdminLink({
    write: world.db,
    clock: world.clock,
    ids: systemIds,
    randomBytes: systemRandomBytes,
    origin: world.url,
  });

const redeem = async (world: PeopleWorld, body: object) =>
  await world.send('POST', '/v1/links:redeem', { body });

const invite = async (world: PeopleWorld, email: string, role = 'viewer') => {
  const body = { email, name: email, role };
  const response = await world.send('POST', '/v1/users', { key: world.key, body });
  expect(response.status).toBe(201);
  return (await response.json()) as InvitedJson;
};

const json = async <T>(response: Promise<Response>): Promise<T> =>
  (await (await response).json()) as T;

test('the first start makes the admin by a link that works once, and has no password before', async () => {
  await using world = await openPeopleWorld();
  const link = await firstLink(world);
  expect(link?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/join#flo_/);
  const token = link?.url.split('#')[1] ?? '';
  const owner = { email: 'Ada@Example.com', name: 'Ada', password: goodPassword };
  expect((await redeem(world, { token, password: goodPassword })).status).toBe(400);
  expect((await redeem(world, { ...owner, token, password: 'short' })).status).toBe(400);
  const made = await redeem(world, { ...owner, token });
  expect(await made.json()).toMatchObject({
    email: 'ada@example.com',
    role: 'admin',
    state: 'active',
  });
  const again = await redeem(world, { ...owner, token, email: 'eve@example.com' });
  expect(again.status).toBe(400);
  expect(await again.json()).toMatchObject({ detail: 'this link was used already' });
  expect((await world.browser().login('ada@example.com')).status).toBe(200);
  expect(await firstLink(world)).toBeUndefined();
});

test('the first link is replaced by the next start, and ends after a day', async () => {
  await using world = await openPeopleWorld();
  const token = async () => (await firstLink(world))?.url.split('#')[1] ?? '';
  const owner = { email: 'ada@example.com', name: 'Ada', password: goodPassword };
  const [first, second] = [await token(), await token()];
  expect(await (await redeem(world, { ...owner, token: first })).json()).toMatchObject({
    detail: 'this link was replaced by a newer one',
  });
  world.clock.advance(firstAdminLinkMs);
  expect(await (await redeem(world, { ...owner, token: second })).json()).toMatchObject({
    detail: 'this link has expired',
  });
  expect((await redeem(world, { ...owner, token: await token() })).status).toBe(200);
});

test('the first link is worth nothing once there is an account', async () => {
  await using world = await openPeopleWorld();
  const token = (await firstLink(world))?.url.split('#')[1] ?? '';
  await invite(world, 'bob@example.com');
  const eve = { token, email: 'eve@example.com', name: 'Eve', password: goodPassword };
  expect((await redeem(world, eve)).status).toBe(409);
});

test('of two who use one link at the same time, one has the account', async () => {
  await using world = await openPeopleWorld();
  const { link } = await invite(world, 'bob@example.com');
  const passwords = ['four words walk home', 'five words walk home too'];
  const answers = await Promise.all(
    passwords.map(async (password) => await redeem(world, { token: link.token, password })),
  );
  expect(answers.map((one) => String(one.status)).toSorted()).toEqual(['200', '400']);
  const winner = passwords[answers.findIndex((one) => one.status === 200)];
  const logins = await Promise.all(
    passwords.map(async (one) => (await world.browser().login('bob@example.com', one)).status),
  );
  expect(logins).toEqual(passwords.map((one) => (one === winner ? 200 : 401)));
});

test('an invitation opens the account it was made for, with its role', async () => {
  await using world = await openPeopleWorld();
  const { link, id } = await invite(world, 'Bob@Example.com', 'engineer');
  expect(link.url).toBe(`${world.url}/v1/join#${link.token}`);
  expect((await world.browser().login('bob@example.com', '')).status).toBe(401);
  const cheat = {
    token: link.token,
    password: goodPassword,
    email: 'eve@example.com',
    name: 'Eve',
  };
  expect(await (await redeem(world, cheat)).json()).toMatchObject({
    id,
    email: 'bob@example.com',
    name: 'Bob@Example.com',
    role: 'engineer',
  });
  const twice = { email: 'BOB@example.com', name: 'Bob', role: 'viewer' };
  expect((await world.send('POST', '/v1/users', { key: world.key, body: twice })).status).toBe(409);
  const late = await invite(world, 'late@example.com');
  world.clock.advance(invitationLinkMs);
  expect((await redeem(world, { token: late.link.token, password: goodPassword })).status).toBe(
    400,
  );
});

test('a link for a new password ends logins and keys, and leaves the old one until it is used', async () => {
  await using world = await openPeopleWorld();
  const bob = await world.person('bob', 'engineer');
  const browser = world.browser();
  await browser.login('bob@example.com');
  const key = await world.keyOf(bob);
  const { link } = await json<InvitedJson>(
    world.send('POST', `/v1/users/${bob.email}:resetPassword`, { key: world.key }),
  );
  expect((await browser.send('GET', '/v1/me')).status).toBe(200);
  expect(
    (await redeem(world, { token: link.token, password: 'a brand new sentence' })).status,
  ).toBe(200);
  expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(401);
  expect((await browser.login('bob@example.com')).status).toBe(401);
  expect((await browser.login('bob@example.com', 'a brand new sentence')).status).toBe(200);
});

test('nobody raises their own rights, or gives what they lack', async () => {
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'admin');
  const bob = await world.person('bob', 'engineer');
  const adaKey = await world.keyOf(ada);
  const bobKey = await world.keyOf(bob);
  const limited = await world.makeKey(['users:admin']);
  const patch = async (key: string, id: string, body: object) =>
    await world.send('PATCH', `/v1/users/${id}`, { key, body, headers: { 'if-match': '*' } });
  expect((await patch(bobKey, bob.id, { role: 'admin' })).status).toBe(403);
  expect((await patch(adaKey, ada.id, { role: 'viewer' })).status).toBe(403);
  expect((await patch(adaKey, bob.id, { role: 'release_manager' })).status).toBe(200);
  // A key for accounts alone could make itself an admin: by role, invitation or new password.
  expect((await patch(limited, bob.id, { role: 'admin' })).status).toBe(403);
  expect((await patch(limited, ada.id, { role: 'viewer' })).status).toBe(403);
  const body = { email: 'eve@example.com', name: 'Eve', role: 'admin' };
  expect((await world.send('POST', '/v1/users', { key: limited, body })).status).toBe(403);
  for (const verb of ['resetPassword', 'deactivate', 'activate']) {
    const response = await world.send('POST', `/v1/users/${ada.id}:${verb}`, { key: limited });
    expect(response.status, verb).toBe(403);
  }
  expect((await personStore(world.db).get(ada.id))?.role).toBe('admin');
});

test('another role ends the logins and holds for keys at once', async () => {
  await using world = await openPeopleWorld();
  const bob = await world.person('bob', 'engineer');
  const browser = world.browser();
  await browser.login('bob@example.com');
  const key = await world.keyOf(bob);
  const read = await json<UserJson>(world.send('GET', `/v1/users/${bob.id}`, { key: world.key }));
  const change = async (role: string, version: number) =>
    await world.send('PATCH', `/v1/users/${bob.id}`, {
      key: world.key,
      body: { role },
      headers: { 'if-match': `"${version}"` },
    });
  expect((await change('viewer', read.version + 1)).status).toBe(412);
  const changed = await change('viewer', read.version);
  expect(changed.headers.get('etag')).toMatch(new RegExp(`^"${read.version + 1}\\b`));
  expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  expect(await json(world.send('GET', '/v1/me', { key }))).toMatchObject({ scopes: ['*:read'] });
  const entry = (await auditStore(world.db).list(0, 100)).find(
    (one) => one.action === 'user.update',
  );
  expect(entry).toMatchObject({
    subject: bob.id,
    before: { name: 'bob', role: 'engineer' },
    after: { name: 'bob', role: 'viewer' },
    ip: '127.0.0.1',
  });
});

test('a deactivated person is out at once: login, key, invitation', async () => {
  await using world = await openPeopleWorld();
  const bob = await world.person('bob', 'engineer');
  const key = await world.keyOf(bob);
  const browser = world.browser();
  await browser.login('bob@example.com');
  const verb = async (what: string) =>
    await json<UserJson>(world.send('POST', `/v1/users/${bob.id}:${what}`, { key: world.key }));
  const { link } = await json<InvitedJson>(
    world.send('POST', `/v1/users/${bob.id}:resetPassword`, { key: world.key }),
  );
  expect(await verb('deactivate')).toMatchObject({ state: 'deactivated' });
  expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(401);
  expect((await browser.login('bob@example.com')).status).toBe(401);
  expect((await redeem(world, { token: link.token, password: goodPassword })).status).toBe(400);
  expect(await verb('activate')).toMatchObject({ state: 'active' });
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(401);
  expect((await browser.login('bob@example.com')).status).toBe(200);
});

test('the last admin stays', async () => {
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'admin');
  const off = async (id: string) =>
    (await world.send('POST', `/v1/users/${id}:deactivate`, { key: world.key })).status;
  const lower = async (id: string) =>
    (
      await world.send('PATCH', `/v1/users/${id}`, {
        key: world.key,
        body: { role: 'viewer' },
        headers: { 'if-match': '*' },
      })
    ).status;
  expect([await off(ada.id), await lower(ada.id)]).toEqual([409, 409]);
  const eve = await world.person('eve', 'admin');
  expect(await lower(ada.id)).toBe(200);
  expect([await off(eve.id), await lower(eve.id)]).toEqual([409, 409]);
});

test('people are found by address, role and words', async () => {
  await using world = await openPeopleWorld();
  for (const name of ['ada', 'bob', 'cyd'])
    await world.person(name, name === 'cyd' ? 'admin' : 'viewer');
  const names = async (query: string) =>
    (
      await json<{ items: UserJson[] }>(world.send('GET', `/v1/users?${query}`, { key: world.key }))
    ).items.map((one) => one.name);
  expect(await names('')).toEqual(['ada', 'bob', 'cyd']);
  expect(await names('q=role%20%3D%20viewer%20and%20not%20bob')).toEqual(['ada']);
  expect(await names('sort=-email&limit=1')).toEqual(['cyd']);
  expect((await world.send('GET', '/v1/users/BOB@example.com', { key: world.key })).status).toBe(
    200,
  );
  expect((await world.send('GET', '/v1/users/nobody@example.com', { key: world.key })).status).toBe(
    404,
  );
  const text = await (await world.send('GET', '/v1/users', { key: world.key })).text();
  expect(text).not.toContain('argon2');
});

test('the page of a link runs its own script alone, and keeps the secret out of addresses', async () => {
  await using world = await openPeopleWorld();
  const response = await world.send('GET', '/v1/join');
  const [page, policy] = [await response.text(), response.headers.get('content-security-policy')];
  const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(script).digest('base64');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`script-src 'sha256-${hash}'`);
  expect(policy).not.toContain('unsafe');
  expect(page).not.toMatch(/ on\w+=/);
  expect(script).toContain('location.hash');
});

test('the page makes the first admin, and says what is wrong with a password', async () => {
  await using world = await openPeopleWorld();
  const script = /<script>([\s\S]*)<\/script>/.exec(
    await (await world.send('GET', '/v1/join')).text(),
  )?.[1];
  const token = (await firstLink(world))?.url.split('#')[1] ?? '';
  const said = { textContent: '' };
  const shown: { submit?: (event: object) => Promise<void>; isGone: boolean } = { isGone: false };
  const form = {
    addEventListener: (_type: string, run: typeof shown.submit & object) => {
      shown.submit = run;
    },
    remove: () => {
      shown.isGone = true;
    },
  };
  const fields = new Map<string, string>();
  runInNewContext(script ?? '', {
    document: { querySelector: (name: string) => (name === 'form' ? form : said) },
    location: { hash: `#${token}`, pathname: '/v1/join' },
    history: { replaceState: () => undefined },
    FormData: function FormData() {
      return fields;
    },
    fetch: async (path: string, init: RequestInit) => await fetch(`${world.url}${path}`, init),
  });
  const submit = async (password: string, again = password): Promise<string> => {
    const given = { email: 'ada@example.com', name: 'Ada', password, again };
    for (const [name, value] of Object.entries(given)) fields.set(name, value);
    await shown.submit?.({ preventDefault: () => undefined });
    return said.textContent;
  };
  expect(await submit(goodPassword, 'another one here')).toBe('The two passwords differ.');
  expect(await submit('short')).toMatch(/has 5 characters; the least is 12\nChoose at least/);
  expect(shown.isGone).toBe(false);
  expect(await submit(goodPassword)).toBe('Ada (admin) can log in now as ada@example.com.');
  expect(shown.isGone).toBe(true);
  expect((await world.browser().login('ada@example.com')).status).toBe(200);
});
