/**
 * Goal: people, keys, approvals and audit work the same on both databases, from the first start on.
 * Method: one story over real HTTP, told on SQLite and on a real PostgreSQL.
 */
import { silentLog } from '@fieldloop/core';
import { systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { describe, expect, test } from 'vitest';
import type { ApprovalJson } from '../approval/routes.ts';
import type { AuditVerdictJson } from '../audit/routes.ts';
import { z } from '../http/openapi.ts';
import { operation } from '../http/operation.ts';
import type { NewApiKeyJson } from '../key/json.ts';
import { noPostgres, postgresWorld } from '../store/postgres.sample.ts';
import type { InvitedJson, UserJson } from '../user/json.ts';
import { requireApproval } from './approval.ts';
import { signHead } from './audit-heads.ts';
import { firstAdminLink } from './first-admin.ts';
import { goodPassword, openPeopleWorld, type PeopleWorld } from './people.sample.ts';

const danger = (clock: () => number) =>
  operation(
    {
      id: 'danger',
      tag: 'test',
      method: 'post',
      path: '/v1/dangers:do',
      summary: 'Needs two people',
      right: 'devices:write',
    },
    { answer: { status: 200, description: 'Done.', schema: z.object({ ok: z.boolean() }) } },
    async (call) =>
      await call.change(async (trx) => {
        const wanted = { action: 'danger.do', subject: 'all' };
        const time = { now: clock, monotonicMs: clock, sleep: async () => await Promise.resolve() };
        await requireApproval(trx, call, wanted, { clock: time, ids: systemIds });
        return { ok: true };
      }),
  );

/** Gives what the cloud says of its audit after somebody changed entry 4 in the database. */
async function story(
  open: (more: ReturnType<typeof danger>) => Promise<PeopleWorld>,
): Promise<unknown> {
  const now = { of: () => 0 };
  await using world = await open(danger(() => now.of()));
  now.of = () => world.clock.now();
  const json = async <T>(response: Promise<Response>, status = 200): Promise<T> => {
    const settled = await response;
    const text = await settled.text();
    expect(settled.status, text).toBe(status);
    return JSON.parse(text) as T;
  };

  const deps = {
    write: world.db,
    clock: world.clock,
    ids: systemIds,
    randomBytes: systemRandomBytes,
  };
  const link = await firstAdminLink({ ...deps, origin: world.url });
  const owner = { email: 'ada@example.com', name: 'Ada', password: goodPassword };
  const token = link?.url.split('#')[1] ?? '';
  await json(world.send('POST', '/v1/links:redeem', { body: { ...owner, token } }));
  const ada = world.browser();
  expect((await ada.login(owner.email)).status).toBe(200);
  const headers = { 'x-csrf-token': ada.csrfToken };
  const bob = { email: 'bob@example.com', name: 'Bob', role: 'release_manager' };
  const invited = await json<InvitedJson>(
    world.send('POST', '/v1/users', { body: bob, key: world.key }),
    201,
  );
  const password = 'another five words at once';
  await json(
    world.send('POST', '/v1/links:redeem', { body: { token: invited.link.token, password } }),
  );
  const given = { email: bob.email, password, kind: 'token', name: 'laptop' };
  const { key } = await json<{ key: string }>(world.send('POST', '/v1/login', { body: given }));
  const found = '/v1/users?q=role%20%3D%20release_manager&count=exact';
  expect(await json(world.send('GET', found, { key }))).toMatchObject({
    items: [{ name: 'Bob', state: 'active' }],
    count: { value: 1 },
  });

  const mine = { body: { name: 'ci', scopes: ['devices:write', 'apiKeys:read'] }, headers };
  const ci = await json<NewApiKeyJson>(ada.send('POST', '/v1/me/apiKeys', mine), 201);
  const fresh = await json<NewApiKeyJson>(
    ada.send('POST', `/v1/apiKeys/${ci.id}:rotate`, { body: { graceS: 0 }, headers }),
  );
  expect((await world.send('GET', '/v1/me', { key: ci.key })).status).toBe(401);
  const listed = await json<{ items: unknown[] }>(
    world.send('GET', '/v1/apiKeys?sort=createdAt', fresh),
  );
  expect(listed.items).toHaveLength(4);

  const asked = await json<{ approval: string }>(world.send('POST', '/v1/dangers:do', fresh), 409);
  const approve = `/v1/approvals/${asked.approval}:approve`;
  await json(ada.send('POST', approve, { body: {}, headers }), 403);
  await json<ApprovalJson>(world.send('POST', approve, { key, body: { note: 'yes' } }));
  await json(world.send('POST', '/v1/dangers:do', fresh));
  await json(world.send('POST', '/v1/dangers:do', fresh), 409);

  await signHead({ ...world, write: world.db, log: silentLog, key: world.auditKey });
  const verify = async () =>
    await json<AuditVerdictJson>(world.send('POST', '/v1/audit:verify', { key, body: {} }));
  expect(await verify()).toMatchObject({ ok: true, heads: 1, ownHeads: 1 });
  await json<UserJson>(ada.send('POST', `/v1/users/${bob.email}:deactivate`, { headers }));
  expect((await world.send('GET', '/v1/me', { key })).status).toBe(401);
  const last = await json<{ items: { before: object; after: object }[] }>(
    ada.send('GET', '/v1/audit?q=action%20%3D%20user.deactivate'),
  );
  expect(last.items).toMatchObject([
    { before: { state: 'active' }, after: { state: 'deactivated' } },
  ]);
  await world.db.updateTable('audit').set({ actor: 'key_x' }).where('seq', '=', 4n).execute();
  expect(world.bugs).toEqual([]);
  return await json(ada.send('POST', '/v1/audit:verify', { body: {}, headers }));
}

const tampered = { ok: false, broken: { seq: 4, what: 'changed' } };

test('SQLite: from the first link to a closed account', async () => {
  const told = await story(async (more) => await openPeopleWorld({ more: [more] }));
  expect(told).toMatchObject(tampered);
});

describe.skipIf(noPostgres)('PostgreSQL (needs apt-get install postgresql)', () => {
  test('from the first link to a closed account', async () => {
    const told = await story(
      async (more) => await openPeopleWorld({ more: [more], store: await postgresWorld() }),
    );
    expect(told).toMatchObject(tampered);
  });
});
