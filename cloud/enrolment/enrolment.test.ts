/**
 * Goal: an operator sees every certificate that a robot ever got, and what became of it; tokens
 * are shown, made once and revoked.
 * Method: real HTTP to a real SQLite file with certificates as enrolment writes them.
 */
import { expect, test } from 'vitest';
import { openApiWorld } from '../http/world.sample.ts';
import type { ClaimTokenJson, NewClaimTokenJson } from '../token/routes.ts';
import type { EnrolmentPage } from './routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

test('enrolments are the certificates, the newest first, page by page', async () => {
  await using world = await openApiWorld();
  const far = Date.now() + 86_400_000;
  const row = (n: number, device: string, more: object = {}) => ({
    fingerprint: String(n).repeat(64),
    device,
    key_sha256: 'a'.repeat(64),
    serial: `s${n}`,
    not_before: 1,
    not_after: far,
    state: 'active',
    pem: '',
    issued_at: 100 + n,
    ...more,
  });
  await world.db
    .insertInto('certificate')
    .values([
      row(1, 'amr-01', { state: 'superseded', ended_at: 102 }),
      row(2, 'amr-01', { not_after: 5 }),
      row(3, 'amr-02'),
    ])
    .execute();
  const first = await json<EnrolmentPage>(world.get('/v1/enrolments?limit=2'));
  expect(first.items.map(({ device, state }) => [device, state])).toEqual([
    ['amr-02', 'active'],
    ['amr-01', 'expired'],
  ]);
  const rest = `/v1/enrolments?limit=2&cursor=${first.nextCursor}`;
  expect((await json<EnrolmentPage>(world.get(rest))).items).toMatchObject([
    { id: '1'.repeat(64), state: 'superseded', endedAt: '1970-01-01T00:00:00.102Z' },
  ]);
  const own = await json<EnrolmentPage>(world.get('/v1/enrolments?device=amr-01'));
  expect(own.items).toHaveLength(2);
  expect((await world.get('/v1/enrolments?device=nobody')).status).toBe(404);
});

test.each(['revoked', 'decommissioned'] as const)(
  'no token is made for the name of a device that is %s; a suspended one may get a new board',
  async (state) => {
    await using world = await openApiWorld();
    const make = async () => await world.post('/v1/claimTokens', { device: 'amr-01' });
    await json(world.post('/v1/devices/amr-01:suspend'));
    expect((await make()).status).toBe(201);
    await json(world.post(`/v1/devices/amr-01:${state === 'revoked' ? 'revoke' : 'decommission'}`));
    const refused = await make();
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      {
        detail: `the device amr-01 is ${state}, and that is for good`,
        remedy: expect.stringContaining('tokens create --device NEW-NAME'),
        errors: [{ pointer: '/body/device' }],
      },
    ]);
    expect(await world.db.selectFrom('claim_token').select('id').execute()).toHaveLength(1);
  },
);

test('a token for the name of a robot that is there takes the right that revoking takes', async () => {
  await using world = await openApiWorld();
  const engineer = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  const ask = async (device: string): Promise<number> =>
    (await world.post('/v1/claimTokens', { device }, engineer)).status;
  expect(await ask('amr-new')).toBe(201);
  expect(await ask('amr-01')).toBe(403);
  expect((await world.post('/v1/claimTokens', { device: 'amr-01' })).status).toBe(201);
});

test('a token is made once for one Idempotency-Key, and its secret is shown that once', async () => {
  await using world = await openApiWorld();
  const make = async () =>
    await world.post('/v1/claimTokens', { device: 'amr-03' }, { 'idempotency-key': 'k1' });
  const made = await json<NewClaimTokenJson>(make());
  expect(made).toMatchObject({ state: 'open', device: 'amr-03', version: 1 });
  expect((await make()).status).toBe(409);
  const { token: _secret, ...shown } = made;
  const read = await world.get(`/v1/claimTokens/${made.id}`);
  expect(read.headers.get('etag')).toMatch(/^"1\./);
  expect(await json<ClaimTokenJson>(read)).toEqual(shown);
  const revoked = await json<ClaimTokenJson>(world.post(`/v1/claimTokens/${made.id}:revoke`));
  expect(revoked).toMatchObject({ state: 'revoked', version: 2 });
  const told = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', made.id)
    .execute();
  expect(told.map(({ kind }) => kind)).toEqual(['claim_token.created', 'claim_token.revoked']);
});
