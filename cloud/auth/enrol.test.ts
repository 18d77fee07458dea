/**
 * Goal: a claim token gives one key a certificate whose name and rights are ours, and nothing more.
 * Method: the real listener, a real database and requests as a robot or an attacker would send.
 */
import 'reflect-metadata';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { migrate } from '../store/migrate.ts';
import { openSqlite } from '../store/sqlite.ts';
import { claimTokenStore } from '../token/store.ts';
import { claimSecretHash, encodeClaimToken } from '../token/token.ts';
import { type Ca, openCa } from './ca.ts';
import { certificateStore } from './certificates.ts';
import { enrol } from './enrol.ts';
import { type EnrolmentServer, openEnrolmentServer } from './enrolment-server.ts';
import { newKeys, privateKeyPem } from './x509.ts';

let folder: string;
let db: Db;
let ca: Ca;
let server: EnrolmentServer;
const refusals: Fault[] = [];
const replaced: string[] = [];
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
// Each test is a machine of its own to the limit of tries.
let minute = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'enrol-'));
  db = openSqlite(join(folder, 'cloud.db'));
  await migrate(db, systemClock);
  const clock = { ...systemClock, monotonicMs: () => (minute += 61_000) };
  ca = await openCa({ folder: join(folder, 'ca'), clock });
  const deps = { db, ca, clock, ids: systemIds };
  server = await openEnrolmentServer(
    {
      ca,
      clock,
      log: silentLog,
      brokerUrl: () => 'mqtts://127.0.0.1:8883',
      enrol: async (token, csr) => await enrol(deps, token, csr),
      onReplaced: (device) => replaced.push(device),
      onRefused: ({ fault }) => refusals.push(fault),
    },
    { host: '127.0.0.1', port: 0, names: ['127.0.0.1', 'localhost'] },
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await db.destroy();
  rmSync(folder, { recursive: true });
});

async function newToken(deviceName?: string, livesMs = 60_000): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  const at = Date.now();
  await claimTokenStore(db).create({
    id: systemIds.ulid('tok'),
    secretSha256: claimSecretHash(secret),
    deviceName,
    createdBy: 'key_test',
    at,
    expiresAt: at + livesMs,
  });
  const url = `https://127.0.0.1:${server.port}`;
  return encodeClaimToken({ url, ca: ca.rootSha256, secret });
}

async function csrFor(name: string, keys = newKeys(), extensions: object[] = []): Promise<string> {
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys: await keys,
    signingAlgorithm: algorithm,
    extensions: extensions as never,
  });
  return made.toString('pem');
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

function post(body: unknown, path = '/enroll'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method: 'POST', ca: ca.rootPem, agent: false },
      (reply) => {
        let text = '';
        reply.on('data', (part: Buffer) => {
          text += part.toString();
        });
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

test('a token and a request give a certificate that the root vouches for, with our name', async () => {
  const evil = [
    new BasicConstraintsExtension(true, 3, true),
    new SubjectAlternativeNameExtension([{ type: 'url', value: 'urn:fieldloop:device:other' }]),
  ];
  const csr = await csrFor('somebody', newKeys(), evil);
  const answer = await post({ token: await newToken('amr-01'), csr });
  expect(answer).toMatchObject({
    status: 200,
    body: { device: 'amr-01', broker: 'mqtts://127.0.0.1:8883' },
  });
  const leaf = new X509Certificate(answer.body['certificate'] ?? '');
  const issuing = new X509Certificate(answer.body['chain'] ?? '');
  expect(leaf.subjectAltName).toBe('URI:urn:fieldloop:device:amr-01');
  expect(leaf.ca).toBe(false);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(leaf.checkIssued(issuing) && leaf.verify(issuing.publicKey)).toBe(true);
  const root = new X509Certificate(ca.rootPem);
  expect(issuing.checkIssued(root) && issuing.verify(root.publicKey)).toBe(true);
  const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(29.9);
  expect(days).toBeLessThan(30.1);
  const fingerprint = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
  expect(await certificateStore(db).get(fingerprint)).toMatchObject({
    device: 'amr-01',
    state: 'active',
  });
});

test('the same token with the same key gets the same answer; another key gets none', async () => {
  const token = await newToken('amr-02');
  const csr = await csrFor('amr-02');
  const first = await post({ token, csr });
  expect(await post({ token, csr })).toEqual(first);
  const other = await post({ token, csr: await csrFor('amr-02') });
  expect(other).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect(other.body['detail']).toContain('another key');
  expect(refusals.at(-1)?.remedy).toContain('fieldloop tokens create');
});

test('an unbound token takes the name that the robot proposes, unless it is taken', async () => {
  const csr = await csrFor('amr-03');
  expect(await post({ token: await newToken(), csr })).toMatchObject({
    body: { device: 'amr-03' },
  });
  const second = await post({ token: await newToken(), csr: await csrFor('amr-03') });
  expect(second).toMatchObject({ status: 409, body: { code: 'conflict' } });
});

test('a token bound to an existing device replaces its key, and its old one is over', async () => {
  const old = await post({ token: await newToken('amr-04'), csr: await csrFor('x-4') });
  await deviceStore(db).setPresence('amr-04', { online: true, at: 1, conn: 41 });
  const fresh = await post({ token: await newToken('amr-04'), csr: await csrFor('x-4') });
  expect(fresh.status).toBe(200);
  expect(replaced).toContain('amr-04');
  const first = { online: true, at: 2, conn: 1 };
  expect(await deviceStore(db).setPresence('amr-04', first), 'a new board counts from 1').toBe(
    true,
  );
  const print = (answer: Answer): string =>
    new X509Certificate(answer.body['certificate'] ?? '').fingerprint256
      .replaceAll(':', '')
      .toLowerCase();
  expect((await certificateStore(db).get(print(old)))?.state).toBe('superseded');
  expect((await certificateStore(db).get(print(fresh)))?.state).toBe('active');
});

test('no token leads back to the name of a revoked device', async () => {
  const bound = await newToken('amr-08');
  await post({ token: bound, csr: await csrFor('amr-08') });
  const later = [await newToken('amr-08'), await newToken()];
  await deviceStore(db).revoke('amr-08', 1);
  for (const token of later) {
    const answer = await post({ token, csr: await csrFor('amr-08') });
    expect(answer).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining('revoked, and that is for good') },
    });
    expect(answer.body['remedy']).toContain('under a new name');
  }
});

test.each([
  [
    'an expired token',
    async () => ({ token: await newToken('amr-05', -1), csr: await csrFor('a') }),
    403,
    'expired',
  ],
  [
    'an invented token',
    async () => ({
      token: encodeClaimToken({ url: 'https://a', ca: 'b', secret: 'x'.repeat(43) }),
      csr: await csrFor('amr-06'),
    }),
    403,
    'not known',
  ],
  [
    'no token at all',
    async () => ({ token: 'hello', csr: await csrFor('amr-06') }),
    400,
    'not a claim token',
  ],
  [
    'a request that is none',
    async () => ({ token: await newToken('amr-06'), csr: 'hello' }),
    400,
    'does not parse',
  ],
  [
    'a bad name',
    async () => ({ token: await newToken(), csr: await csrFor('No Good') }),
    400,
    'not a device name',
  ],
  ['a body without csr', async () => ({ token: 'flc_x' }), 400, 'lacks token or csr'],
  ['a body that is not JSON', async () => '{', 400, 'not JSON'],
  ['a long body', async () => 'x'.repeat(20_000), 429, 'longer than'],
])('%s is refused', async (_what, body, status, says) => {
  const answer = await post(await body());
  expect(answer.status).toBe(status);
  expect(answer.body['detail']).toContain(says);
  expect(answer.body['remedy']).toMatch(/\w/);
});

test('a request signed by another key is refused', async () => {
  const csr = await csrFor('amr-07');
  const der = Buffer.from(csr.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  const answer = await post({ token: await newToken('amr-07'), csr: forged });
  expect(answer).toMatchObject({ status: 400 });
  expect(answer.body['detail']).toContain('signature');
});

test('the authority survives a restart, and its keys are for its owner alone', async () => {
  const again = await openCa({ folder: join(folder, 'ca'), clock: systemClock });
  expect(again.rootSha256).toBe(ca.rootSha256);
  for (const file of readdirSync(join(folder, 'ca'))) {
    expect(statSync(join(folder, 'ca', file)).mode & 0o077).toBe(0);
  }
  const pem = await privateKeyPem(await newKeys());
  expect(createPrivateKey(pem).asymmetricKeyType).toBe('ec');
});

test('half an authority is a fault that names the folder', async () => {
  rmSync(join(folder, 'ca', 'issuing-key.pem'));
  await expect(openCa({ folder: join(folder, 'ca'), clock: systemClock })).rejects.toMatchObject({
    code: 'corrupt',
    place: join(folder, 'ca'),
  });
});
