/**
 * Goal: a login is one person's, ends when it should, and no other site or guess can use it.
 * Method: browsers that keep cookies, real HTTP, a clock that moves by hand, and the attacks.
 */
import { expect, test } from 'vitest';
import { auditStore } from '../audit/store.ts';
import type { Problem } from '../http/problem.ts';
import { loginIdleMs, loginMs, loginTriesFrom, loginTriesHere, maxLogins } from '../limits.ts';
import { personStore } from '../user/store.ts';
import { openPasswords } from './argon2.ts';
import { cheapCost, goodPassword, openPeopleWorld, type PeopleWorld } from './people.sample.ts';
import { systemRandomBytes } from '@fieldloop/core/system';

const problem = async (response: Response): Promise<Problem> => (await response.json()) as Problem;

const actions = async (world: PeopleWorld): Promise<readonly string[]> =>
  (await auditStore(world.db).list(0, 500)).map((entry) => entry.action);

test('a person logs in, is known by the cookie, and logs out', async () => {
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'engineer');
  const browser = world.browser();
  const response = await browser.login(' ADA@Example.com ');
  expect(response.status).toBe(200);
  const cookie = response.headers.getSetCookie()[0] ?? '';
  expect(cookie).toMatch(/^fieldloop_login=fls_[0-9A-Z]{26}_[\w-]{43}; Path=\//);
  expect(cookie).toContain('HttpOnly');
  expect(cookie).toContain('SameSite=Lax');
  expect(cookie).not.toContain('Secure');
  const body = await response.text();
  expect(body).not.toContain(browser.cookies.get('fieldloop_login') ?? 'no cookie');
  expect(body).not.toContain('argon2');
  const me = await (await browser.send('GET', '/v1/me')).json();
  expect(me).toMatchObject({ kind: 'person', id: ada.id, name: 'ada', role: 'engineer' });
  const headers = { 'x-csrf-token': browser.csrfToken };
  expect((await browser.send('POST', '/v1/logout', { headers })).status).toBe(200);
  expect(browser.cookies.size).toBe(0);
  expect((await browser.send('GET', '/v1/me')).status).toBe(401);
  expect(await actions(world)).toEqual(['apiKey.create', 'login.start', 'login.end']);
});

test('a cookie that was logged out, or was never given, is nobody', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'admin');
  const browser = world.browser();
  await browser.login('ada@example.com');
  const kept = browser.cookies.get('fieldloop_login') ?? '';
  await browser.send('POST', '/v1/logout', { headers: { 'x-csrf-token': browser.csrfToken } });
  const guessed = `${kept.slice(0, -1)}${kept.endsWith('A') ? 'B' : 'A'}`;
  for (const value of [kept, guessed, 'fls_1', '']) {
    const cookie = `fieldloop_login=${value}`;
    const response = await world.send('GET', '/v1/me', { headers: { cookie } });
    expect(response.status, value).toBe(401);
    expect((await problem(response)).remedy).toBeDefined();
  }
});

test('over https the cookie is bound to the host and never sent in clear', async () => {
  await using world = await openPeopleWorld({ publicUrl: 'https://fleet.example.com' });
  await world.person('ada', 'admin');
  const browser = world.browser();
  const cookie = (await browser.login('ada@example.com')).headers.getSetCookie()[0] ?? '';
  expect(cookie).toMatch(/^__Host-fieldloop=.*; Path=\/; .*; Secure$/);
  expect(cookie).not.toContain('Domain');
  expect((await browser.send('GET', '/v1/me')).status).toBe(200);
  const plain = { cookie: `fieldloop_login=${browser.cookies.get('__Host-fieldloop') ?? ''}` };
  expect((await world.send('GET', '/v1/me', { headers: plain })).status).toBe(401);
});

test('nobody logs in over plain http from another machine unless that was said', async () => {
  const given = { body: { email: 'ada@example.com', password: goodPassword } };
  await using world = await openPeopleWorld();
  await world.person('ada', 'admin');
  const { hostname, port } = new URL(world.url);
  const { request } = await import('node:http');
  const status = await new Promise<number>((resolve, reject) => {
    const body = JSON.stringify(given.body);
    const headers = { host: 'fleet.example.com', 'content-type': 'application/json' };
    const sent = request({ hostname, port, method: 'POST', path: '/v1/login', headers }, (got) => {
      got.resume();
      resolve(got.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
  expect(status).toBe(403);
  await using open = await openPeopleWorld({ publicUrl: 'http://fleet.example.com' });
  await open.person('ada', 'admin');
  expect((await open.send('POST', '/v1/login', given)).status).toBe(200);
});

test('a session that an attacker planted is not the one that is logged in', async () => {
  await using world = await openPeopleWorld();
  await world.person('eve', 'viewer');
  await world.person('ada', 'admin');
  const eve = world.browser();
  await eve.login('eve@example.com');
  const planted = eve.cookies.get('fieldloop_login') ?? '';
  const ada = world.browser();
  ada.cookies.set('fieldloop_login', planted);
  await ada.login('ada@example.com');
  expect(ada.cookies.get('fieldloop_login')).not.toBe(planted);
  expect(await (await eve.send('GET', '/v1/me')).json()).toMatchObject({ name: 'eve' });
  expect(await (await ada.send('GET', '/v1/me')).json()).toMatchObject({ name: 'ada' });
});

test('a change with the cookie alone, a foreign token, or from another site is refused', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'admin');
  await world.person('eve', 'admin');
  const [ada, eve] = [world.browser(), world.browser()];
  await ada.login('ada@example.com');
  await eve.login('eve@example.com');
  const token = ada.csrfToken;
  const own = new URL(world.url).origin;
  const body = { email: 'new@example.com', name: 'new', role: 'viewer' };
  const attacks: readonly Readonly<Record<string, string>>[] = [
    {},
    { 'x-csrf-token': '' },
    { 'x-csrf-token': 'ü'.repeat(43) },
    { 'x-csrf-token': eve.csrfToken },
    { 'x-csrf-token': token, origin: 'https://evil.example' },
    { 'x-csrf-token': token, origin: 'null' },
    { 'x-csrf-token': token, 'sec-fetch-site': 'cross-site' },
    { 'x-csrf-token': token, 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of attacks) {
    const response = await ada.send('POST', '/v1/users', { body, headers });
    expect(response.status, JSON.stringify(headers)).toBe(403);
    expect((await problem(response)).remedy).toBeDefined();
  }
  const headers = { 'x-csrf-token': token, origin: own, 'sec-fetch-site': 'same-origin' };
  expect((await ada.send('POST', '/v1/users', { body, headers })).status).toBe(201);
  expect(await personStore(world.db).proof('new@example.com')).toBeDefined();
});

test('another site cannot log a browser in, nor read its token', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'admin');
  const body = { email: 'ada@example.com', password: goodPassword };
  const headers = { origin: 'https://evil.example' };
  expect((await world.send('POST', '/v1/login', { body, headers })).status).toBe(403);
  const form = await fetch(`${world.url}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify(body),
  });
  expect(form.status).toBe(415);
  const ada = world.browser();
  await ada.login('ada@example.com');
  const { csrfToken } = (await (await ada.send('GET', '/v1/me/csrfToken')).json()) as {
    csrfToken: string;
  };
  expect(csrfToken).toBe(ada.csrfToken);
  const stolen = await ada.send('GET', '/v1/me/csrfToken', {
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  expect(stolen.status).toBe(403);
  expect(
    (await ada.send('GET', '/v1/me/csrfToken')).headers.get('access-control-allow-origin'),
  ).toBeNull();
});

test('a login ends after twelve quiet hours, and after seven days however busy', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  const idle = world.browser();
  await idle.login('ada@example.com');
  world.clock.advance(loginIdleMs - 1000);
  expect((await idle.send('GET', '/v1/me')).status).toBe(200);
  world.clock.advance(loginIdleMs - 1000);
  expect((await idle.send('GET', '/v1/me')).status).toBe(200);
  world.clock.advance(loginIdleMs);
  expect((await idle.send('GET', '/v1/me')).status).toBe(401);
  const busy = world.browser();
  await busy.login('ada@example.com');
  for (let ms = 0; ms < loginMs - loginIdleMs; ms += loginIdleMs / 2) {
    world.clock.advance(loginIdleMs / 2);
    expect((await busy.send('GET', '/v1/me')).status).toBe(200);
  }
  world.clock.advance(loginIdleMs / 2);
  await busy.send('GET', '/v1/me');
  world.clock.advance(loginIdleMs / 2);
  expect((await busy.send('GET', '/v1/me')).status).toBe(401);
});

test('a person sees their logins and ends one of them, but no other person’s', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  await world.person('eve', 'viewer');
  const [desk, phone, eve] = [world.browser(), world.browser(), world.browser()];
  for (const one of [desk, phone]) await one.login('ada@example.com');
  await eve.login('eve@example.com');
  const listed = async () =>
    (
      (await (await desk.send('GET', '/v1/me/sessions')).json()) as {
        items: { id: string; current: boolean }[];
      }
    ).items;
  const items = await listed();
  expect(items).toHaveLength(2);
  const other = items.find((one) => !one.current)?.id ?? '';
  const path = `/v1/me/sessions/${other}:revoke`;
  const stolen = await eve.send('POST', path, { headers: { 'x-csrf-token': eve.csrfToken } });
  expect(stolen.status).toBe(404);
  const ended = await desk.send('POST', path, { headers: { 'x-csrf-token': desk.csrfToken } });
  expect(ended.status).toBe(200);
  expect((await phone.send('GET', '/v1/me')).status).toBe(401);
  expect(await listed()).toHaveLength(1);
});

test('the oldest login ends when there are too many', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  const first = world.browser();
  await first.login('ada@example.com');
  for (let n = 0; n < maxLogins; n += 1) {
    world.clock.advance(60_000);
    expect((await world.browser().login('ada@example.com')).status).toBe(200);
  }
  expect((await first.send('GET', '/v1/me')).status).toBe(401);
});

test('an unknown address, a wrong password and a closed account answer and cost the same', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  const gone = await world.person('gone', 'viewer');
  await personStore(world.db).change(gone, { state: 'deactivated' }, 1);
  const tries = [
    { email: 'ada@example.com', password: 'not the password' },
    { email: 'nobody@example.com', password: 'not the password' },
    { email: 'gone@example.com', password: goodPassword },
  ];
  const answers: unknown[] = [];
  for (const body of tries) {
    const [hashes, entries] = [world.passwords.computed, (await actions(world)).length];
    const response = await world.send('POST', '/v1/login', { body });
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    const { requestId: _requestId, ...said } = await problem(response);
    answers.push(said);
    expect(world.passwords.computed - hashes).toBe(1);
    expect((await actions(world)).length - entries).toBe(1);
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test('guessing is slowed down for the account and the address, and costs no hash then', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  const guess = async (email: string) =>
    await world.send('POST', '/v1/login', { body: { email, password: 'a wrong password' } });
  for (let n = 0; n < loginTriesHere.burst; n += 1)
    expect((await guess('ada@example.com')).status).toBe(401);
  const before = world.passwords.computed;
  const slowed = await guess('ada@example.com');
  expect(slowed.status).toBe(429);
  expect(Number(slowed.headers.get('retry-after'))).toBe(30);
  expect(world.passwords.computed).toBe(before);
  expect((await guess('eve@example.com')).status).toBe(401);
  world.clock.advance(31_000);
  expect((await world.browser().login('ada@example.com')).status).toBe(200);
  for (let n = 0; n < loginTriesFrom.burst; n += 1) await guess(`n${n}@example.com`);
  expect((await guess('another@example.com')).status).toBe(429);
});

test('a password at an older cost is hashed anew by the login that proves it', async () => {
  const old = openPasswords({ randomBytes: systemRandomBytes, cost: { ...cheapCost, passes: 2 } });
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'viewer');
  const phc = async () => (await personStore(world.db).proof('ada@example.com'))?.password ?? '';
  await personStore(world.db).rehash(ada.id, await old.hash(goodPassword));
  expect(await phc()).toContain('t=2');
  expect((await world.browser().login('ada@example.com')).status).toBe(200);
  expect(await phc()).toContain('t=1');
  expect((await world.browser().login('ada@example.com')).status).toBe(200);
});

test('another password ends the other logins; the one that holds must be known', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'viewer');
  const [desk, phone] = [world.browser(), world.browser()];
  for (const one of [desk, phone]) await one.login('ada@example.com');
  const change = async (current: string, password: string) =>
    await desk.send('POST', '/v1/me:changePassword', {
      body: { current, password },
      headers: { 'x-csrf-token': desk.csrfToken },
    });
  expect((await change('a wrong password', 'another good one!')).status).toBe(403);
  expect((await change(goodPassword, 'short')).status).toBe(400);
  expect((await change(goodPassword, 'another good one!')).status).toBe(200);
  expect((await desk.send('GET', '/v1/me')).status).toBe(200);
  expect((await phone.send('GET', '/v1/me')).status).toBe(401);
  expect((await phone.login('ada@example.com')).status).toBe(401);
  expect((await phone.login('ada@example.com', 'another good one!')).status).toBe(200);
});

test('a command line gets a key that stands for the person, and logs out by it', async () => {
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'engineer');
  const body = { email: 'ada@example.com', password: goodPassword, kind: 'token', name: 'laptop' };
  const response = await world.send('POST', '/v1/login', { body });
  expect(response.headers.getSetCookie()).toEqual([]);
  const { key = '' } = (await response.json()) as { key?: string };
  const me = async () => await world.send('GET', '/v1/me', { key });
  expect(await (await me()).json()).toMatchObject({
    kind: 'key',
    role: 'engineer',
    name: 'laptop',
  });
  await personStore(world.db).change(ada, { role: 'viewer' }, 1);
  expect(await (await me()).json()).toMatchObject({ role: 'viewer', scopes: ['*:read'] });
  expect((await world.send('POST', '/v1/logout', { key })).status).toBe(200);
  expect((await me()).status).toBe(401);
  expect((await world.send('POST', '/v1/logout', { key: world.key })).status).toBe(403);
  for (let n = 0; n < 12; n += 1) {
    world.clock.advance(60_000);
    await world.send('POST', '/v1/login', { body });
  }
  const { rows } = { rows: await world.db.selectFrom('api_key').selectAll().execute() };
  const live = rows.filter((row) => row.person_id === ada.id && row.revoked_at === null);
  expect(live).toHaveLength(10);
});

test('a token ends by itself after thirty days', async () => {
  await using world = await openPeopleWorld();
  await world.person('ada', 'engineer');
  const body = { email: 'ada@example.com', password: goodPassword, kind: 'token' };
  const { key = '' } = (await (await world.send('POST', '/v1/login', { body })).json()) as {
    key?: string;
  };
  world.clock.advance(30 * 86_400_000 - 1);
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(200);
  world.clock.advance(1);
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(401);
});
