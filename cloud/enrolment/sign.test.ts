/**
 * Goal: an operator signs the request of a robot without a network, with the rights, the audit and
 * the consequences that a claim token has.
 * Method: real HTTP to a real SQLite file and a real authority, with requests as robots make them.
 */
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import { certificateStore } from '../auth/certificates.ts';
import { newKeys } from '../auth/x509.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';

interface Signed {
  readonly id: string;
  readonly device: string;
  readonly state: string;
  readonly keySha256: string;
  readonly file: string;
}

const csrFor = async (name: string, keys = newKeys()): Promise<string> => {
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys: await keys,
    signingAlgorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  });
  return made.toString('pem');
};

type Headers = Readonly<Record<string, string>>;

const ask = async (world: ApiWorld, body: object, headers: Headers = {}): Promise<Response> =>
  await world.post('/v1/enrolments', body, headers);

async function signed(world: ApiWorld, body: object, headers: Headers = {}): Promise<Signed> {
  const response = await ask(world, body, headers);
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Signed;
}

const as = async (world: ApiWorld, ...scopes: string[]): Promise<Headers> => ({
  authorization: `Bearer ${await world.makeKey(scopes)}`,
});

const audited = async ({ db }: ApiWorld) =>
  await db
    .selectFrom('audit')
    .select(['action', 'via', 'subject'])
    .where('action', 'like', 'device.%enrol')
    .orderBy('seq')
    .execute();

test('a request gives a file in which each certificate vouches for the one before', async () => {
  await using world = await openApiWorld();
  const made = await signed(world, { csr: await csrFor('amr-07'), site: 'hall-1' });
  expect(made.file).toMatch(/^broker: mqtts:\/\/127\.0\.0\.1:9\n-----BEGIN CERTIFICATE-----\n/);
  const blocks = made.file.match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  const [leaf, issuing, root, ...more] = blocks.map((pem) => new X509Certificate(pem));
  if (leaf === undefined || issuing === undefined || root === undefined) throw new Error('three');
  expect(more).toEqual([]);
  expect(leaf.subjectAltName).toBe('URI:urn:fieldloop:device:amr-07');
  expect([leaf.checkIssued(issuing), leaf.verify(issuing.publicKey)]).toEqual([true, true]);
  expect([issuing.checkIssued(root), issuing.verify(root.publicKey)]).toEqual([true, true]);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(leaf.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(made.id);
  expect(await certificateStore(world.db).get(made.id)).toMatchObject({
    device: 'amr-07',
    state: 'active',
    keySha256: made.keySha256,
  });
  const device = await world.get('/v1/devices/amr-07');
  const { id, site } = (await device.json()) as { id: string; site: string };
  expect(site).toBe('hall-1');
  expect(await audited(world)).toEqual([{ action: 'device.enrol', via: 'api', subject: id }]);
});

test('the same request again is the same certificate, and nothing more is written', async () => {
  await using world = await openApiWorld();
  const body = { csr: await csrFor('amr-07') };
  const first = await signed(world, body, { 'idempotency-key': 'k1' });
  expect(await signed(world, body, { 'idempotency-key': 'k1' })).toEqual(first);
  expect(await signed(world, body, await as(world, 'claimTokens:write'))).toEqual(first);
  expect(await audited(world)).toHaveLength(1);
  const other = await ask(world, { csr: await csrFor('a-b-c') }, { 'idempotency-key': 'k1' });
  expect(other.status).toBe(422);
});

test('a robot that is there gets a new key by its name alone, and its old one is over', async () => {
  await using world = await openApiWorld();
  const old = await signed(world, { csr: await csrFor('amr-07') });
  const csr = await csrFor('amr-07');
  const unnamed = await ask(world, { csr });
  expect([unnamed.status, await unnamed.json()]).toMatchObject([
    409,
    {
      detail: 'the name amr-07 is taken by another device',
      remedy: expect.stringContaining('sign with --device amr-07'),
    },
  ]);
  const fresh = await signed(world, { csr, device: 'amr-07' });
  expect(world.endings).toEqual(['amr-07 replaced']);
  const store = certificateStore(world.db);
  expect([(await store.get(old.id))?.state, (await store.get(fresh.id))?.state]).toEqual([
    'superseded',
    'active',
  ]);
  expect((await audited(world)).map(({ action }) => action)).toEqual([
    'device.enrol',
    'device.re_enrol',
  ]);
  // An expired one is no answer any more: the key that waits gets another.
  await world.db
    .updateTable('certificate')
    .set({ not_after: 5 })
    .where('fingerprint', '=', fresh.id)
    .execute();
  const again = await signed(world, { csr, device: 'amr-07' });
  expect(again.keySha256).toBe(fresh.keySha256);
  expect(again.id).not.toBe(fresh.id);
});

test('it takes the right that tokens take, and for a robot that is there that of revoking', async () => {
  await using world = await openApiWorld();
  const reader = await as(world, 'devices:admin', 'claimTokens:read');
  expect((await ask(world, { csr: await csrFor('amr-07') }, reader)).status).toBe(403);
  const writer = await as(world, 'claimTokens:write');
  expect((await signed(world, { csr: await csrFor('amr-07') }, writer)).device).toBe('amr-07');
  const takeOver = { csr: await csrFor('x-1'), device: 'amr-01' };
  expect((await ask(world, takeOver, writer)).status).toBe(403);
  expect(world.endings).toEqual([]);
  const both = await as(world, 'claimTokens:write', 'devices:admin');
  expect((await signed(world, takeOver, both)).device).toBe('amr-01');
});

test('no request leads back to the name of a revoked device', async () => {
  await using world = await openApiWorld();
  const csr = await csrFor('amr-01');
  await signed(world, { csr, device: 'amr-01' });
  await world.post('/v1/devices/amr-01:revoke');
  for (const body of [{ csr }, { csr, device: 'amr-01' }]) {
    const refused = await ask(world, body);
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { detail: 'the device amr-01 is revoked, and that is for good' },
    ]);
  }
});

test.each([
  ['what is no request', async () => ({ csr: 'hello' }), 'does not parse'],
  ['a name that is none', async () => ({ csr: await csrFor('No Good') }), 'not a device name'],
  ['a very long text', async () => ({ csr: 'x'.repeat(20_000) }), '/body/csr'],
])('%s is refused with its place', async (_what, body, says) => {
  await using world = await openApiWorld();
  const refused = await ask(world, await body());
  expect(refused.status).toBe(400);
  const problem = (await refused.json()) as { errors: readonly { pointer: string }[] };
  expect(problem.errors[0]?.pointer).toBe('/body/csr');
  expect(JSON.stringify(problem)).toContain(says);
});
