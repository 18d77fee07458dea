/**
 * Goal: a key gives what it says, never more than its maker has, and ends when it should.
 * Method: keys over real HTTP, and a property over the meeting of scopes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openPeopleWorld, type PeopleWorld } from '../auth/people.sample.ts';
import { allScopes, allows, levels, meetScopes, roleScopes, roles } from '../auth/rights.ts';
import type { ApiKeyJson, NewApiKeyJson } from './json.ts';

const create = async (world: PeopleWorld, key: string, body: object) =>
  await world.send('POST', '/v1/apiKeys', { key, body });

const made = async (world: PeopleWorld, body: object): Promise<NewApiKeyJson> => {
  const response = await create(world, world.key, body);
  expect(response.status).toBe(201);
  return (await response.json()) as NewApiKeyJson;
};

const status = async (world: PeopleWorld, key: string) =>
  (await world.send('GET', '/v1/me', { key })).status;

test('what two sets of scopes meet in allows exactly what both allow', () => {
  const some = fc.subarray([...allScopes], { maxLength: 5 });
  fc.assert(
    fc.property(some, some, fc.constantFrom(...allScopes), (a, b, wanted) => {
      fc.pre(!wanted.startsWith('*'));
      expect(allows(meetScopes(a, b), wanted)).toBe(allows(a, wanted) && allows(b, wanted));
    }),
    { numRuns: 500 },
  );
  expect(meetScopes(['*:write'], ['*:read'])).toEqual(['*:read']);
  expect(meetScopes(['clips:admin', '*:read'], ['*:write'])).toEqual(['clips:write', '*:read']);
});

test('a level holds those below it, and no scope is allowed by none', () => {
  for (const [i, high] of levels.entries()) {
    for (const [j, low] of levels.entries()) {
      expect(allows([`clips:${high}`], `clips:${low}`)).toBe(j <= i);
      expect(allows([`*:${high}`], `clips:${low}`)).toBe(j <= i);
      expect(allows([`events:${high}`], `clips:${low}`)).toBe(false);
    }
  }
  for (const wanted of ['clips:', 'clips', '', 'clips:own', ':read']) {
    expect(allows(['*:admin'], wanted), wanted).toBe(false);
  }
});

test('nobody makes a key with more rights than they have', async () => {
  await using world = await openPeopleWorld();
  const keys = await world.makeKey(['apiKeys:admin', 'clips:write']);
  const scopes = async (...wanted: string[]) =>
    (await create(world, keys, { name: 'n', scopes: wanted })).status;
  expect(await scopes('clips:read')).toBe(201);
  expect(await scopes('clips:write', 'apiKeys:admin')).toBe(201);
  expect(await scopes('clips:approve')).toBe(403);
  expect(await scopes('*:read')).toBe(403);
  expect(await scopes('clips:read', 'users:read')).toBe(403);
  expect((await create(world, keys, { name: 'n' })).status).toBe(403);
  for (const role of roles) {
    expect((await create(world, keys, { name: 'n', role })).status, role).toBe(403);
    const key = await made(world, { name: 'n', role });
    expect(key.scopes).toEqual(roleScopes[role]);
  }
  const both = { name: 'n', role: 'viewer', scopes: ['*:read'] };
  expect((await create(world, world.key, both)).status).toBe(400);
});

test('a key is widened or rotated only by who has its rights', async () => {
  await using world = await openPeopleWorld();
  const weak = await world.makeKey(['apiKeys:admin', 'clips:read']);
  const strong = await made(world, { name: 'strong', scopes: ['*:write'] });
  const patch = async (key: string, body: object, etag = '*') =>
    await world.send('PATCH', `/v1/apiKeys/${strong.id}`, {
      key,
      body,
      headers: { 'if-match': etag },
    });
  expect((await patch(weak, { scopes: ['clips:read'] })).status).toBe(200);
  expect((await patch(weak, { scopes: ['*:write'] })).status).toBe(403);
  expect((await patch(world.key, { scopes: ['*:write'] }, '"1"')).status).toBe(412);
  expect((await patch(world.key, { scopes: ['*:write'] }, '"2"')).status).toBe(200);
  expect((await patch(weak, { expiresInDays: 300 })).status).toBe(403);
  const rotate = `/v1/apiKeys/${strong.id}:rotate`;
  expect((await world.send('POST', rotate, { key: weak, body: {} })).status).toBe(403);
});

test('a rotated key lives on for its grace time, and the new one has the same rights and life', async () => {
  await using world = await openPeopleWorld();
  const old = await made(world, { name: 'ci', scopes: ['clips:read'], expiresInDays: 10 });
  world.clock.advance(86_400_000);
  const rotate = async (id: string, body: object) =>
    await world.send('POST', `/v1/apiKeys/${id}:rotate`, { key: world.key, body });
  const fresh = (await (await rotate(old.id, { graceS: 60 })).json()) as NewApiKeyJson;
  expect(fresh).toMatchObject({ name: 'ci', scopes: ['clips:read'], rotatedFrom: old.id });
  expect(fresh.key).not.toBe(old.key);
  expect(Date.parse(fresh.expiresAt ?? '') - world.clock.now()).toBe(10 * 86_400_000);
  expect([await status(world, old.key), await status(world, fresh.key)]).toEqual([200, 200]);
  world.clock.advance(60_000);
  expect([await status(world, old.key), await status(world, fresh.key)]).toEqual([401, 200]);
  // What was given up opens nothing again.
  const longer = { key: world.key, body: { expiresInDays: 9 }, headers: { 'if-match': '*' } };
  expect((await world.send('PATCH', `/v1/apiKeys/${old.id}`, longer)).status).toBe(409);
  expect(await status(world, old.key)).toBe(401);
  expect((await rotate(old.id, {})).status).toBe(409);
});

test('a revoked or expired key is nobody, at once', async () => {
  await using world = await openPeopleWorld();
  const [one, two] = [
    await made(world, { name: 'one' }),
    await made(world, { name: 'two', expiresInDays: 1 }),
  ];
  const revoke = `/v1/apiKeys/${one.id}:revoke`;
  expect((await world.send('POST', revoke, { key: world.key })).status).toBe(200);
  expect((await world.send('POST', revoke, { key: world.key })).status).toBe(200);
  expect(await status(world, one.key)).toBe(401);
  world.clock.advance(86_400_000 - 1);
  expect(await status(world, two.key)).toBe(200);
  world.clock.advance(1);
  expect(await status(world, two.key)).toBe(401);
  for (const text of ['', 'flk_1', two.key.slice(0, -1), `${two.key.slice(0, -4)}AAAA`]) {
    expect(await status(world, text), text).toBe(401);
  }
});

test('a key that stands for a person is rotated by nobody else, whatever their rights', async () => {
  await using world = await openPeopleWorld();
  const bob = await world.person('bob', 'admin');
  const bobKey = await world.keyOf(bob);
  const ada = await world.keyOf(await world.person('ada', 'admin'));
  const { id } = (await (await world.send('GET', '/v1/me', { key: bobKey })).json()) as ApiKeyJson;
  const rotate = async (key: string) =>
    (await world.send('POST', `/v1/apiKeys/${id}:rotate`, { key, body: {} })).status;
  expect([await rotate(ada), await rotate(world.key), await rotate(bobKey)]).toEqual([
    403, 403, 200,
  ]);
});

test('keys are listed without their secrets, and found by q', async () => {
  await using world = await openPeopleWorld();
  await made(world, { name: 'ci-build' });
  await made(world, { name: 'dashboard', expiresInDays: 2 });
  const response = await world.send('GET', `/v1/apiKeys?q=name%20~%20ci*`, {
    key: world.key,
  });
  const text = await response.text();
  expect((JSON.parse(text) as { items: ApiKeyJson[] }).items.map((key) => key.name)).toEqual([
    'ci-build',
  ]);
  expect(text).not.toMatch(/secret|flk_/);
});

test('a key that repeats is not told its secret again', async () => {
  await using world = await openPeopleWorld();
  const headers = { 'idempotency-key': 'one' };
  const again = async () =>
    await world.send('POST', '/v1/apiKeys', { key: world.key, body: { name: 'ci' }, headers });
  expect((await again()).status).toBe(201);
  const repeated = await again();
  expect(repeated.status).toBe(409);
  expect(await repeated.text()).not.toContain('flk_');
  const count = await world.db
    .selectFrom('api_key')
    .select('id')
    .where('name', '=', 'ci')
    .execute();
  expect(count).toHaveLength(1);
});

test('a person makes keys of their own, with fewer rights but never more', async () => {
  await using world = await openPeopleWorld();
  const ada = await world.person('ada', 'engineer');
  const own = await world.keyOf(ada);
  const mine = async (key: string, body: object) =>
    await world.send('POST', '/v1/me/apiKeys', { key, body });
  const narrow = (await (
    await mine(own, { name: 'ci', scopes: ['clips:read'] })
  ).json()) as NewApiKeyJson;
  expect(narrow).toMatchObject({ scopes: ['clips:read'], user: ada.id });
  expect((await mine(own, { name: 'ci', scopes: ['users:admin'] })).status).toBe(403);
  expect((await mine(narrow.key, { name: 'wide', scopes: ['*:write'] })).status).toBe(403);
  expect((await mine(world.key, { name: 'nobody' })).status).toBe(403);
  const bob = await world.keyOf(await world.person('bob', 'admin'));
  const revoke = `/v1/me/apiKeys/${narrow.id}:revoke`;
  expect((await world.send('POST', revoke, { key: bob })).status).toBe(404);
  expect((await world.send('POST', revoke, { key: own })).status).toBe(200);
  expect(await status(world, narrow.key)).toBe(401);
  const listed = (await (await world.send('GET', '/v1/me/apiKeys', { key: own })).json()) as {
    items: ApiKeyJson[];
  };
  expect(listed.items.map((key) => key.user)).toEqual([ada.id, ada.id]);
});
