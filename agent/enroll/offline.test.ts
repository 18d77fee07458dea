/**
 * Goal: a robot without a network gets its identity by files, and a wrong file changes nothing.
 * Method: requests as the robot writes them, signed by a real authority or by a wrong one, brought
 * back whole and in every way that a person can get wrong. e2e/offline-enrol.test.ts shows the same
 * with the real cloud.
 */
import 'reflect-metadata';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import * as x509 from '@peculiar/x509';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { type Authority, type IssueWish, openAuthority } from '../authority.cases.ts';
import { loadIdentity } from './identity.ts';
import { installCertificate, requestCertificate } from './offline.ts';

let dir = '';
let authority: Authority;
beforeEach(async () => {
  dir = join(mkdtempSync(join(tmpdir(), 'fl-offline-')), 'identity');
  authority = await openAuthority();
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true }));

const request = () => requestCertificate({ dir, name: 'amr-017' });

/** The file that an operator brings back. */
async function sign(csr: string, wish: Partial<IssueWish> = {}, by = authority): Promise<string> {
  const { publicKey } = new x509.Pkcs10CertificateRequest(csr);
  const leaf = await by.issue({ publicKey, name: 'amr-017', device: 'amr-017', ...wish });
  return `broker: mqtts://127.0.0.1:8883\n${leaf}\n${by.pem}\n`;
}

const install = (text: string, more: { broker?: string; clock?: Clock } = {}) => {
  const { broker, clock = systemClock } = more;
  const file = { text, name: 'amr-017.pem', broker };
  return installCertificate(file, { dir, clock, log: silentLog });
};

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as Fault,
  );
  assert(error !== undefined, 'expected a fault');
  expect(error.remedy).toMatch(/\S+ \S+ .*\.$/);
  return error;
}

const load = (): ReturnType<typeof loadIdentity> => loadIdentity(dir, { clock: systemClock });

test('the key stays where a token would have put it, and the request proves it', async () => {
  const { csr, keySha256, home, device } = await request();
  expect([home, device]).toEqual([dir, undefined]);
  expect(statSync(join(dir, 'key.pem')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(['key.pem']);
  const parsed = new x509.Pkcs10CertificateRequest(csr);
  expect([await parsed.verify(), parsed.subject]).toEqual([true, 'CN=amr-017']);
  expect(csr).not.toContain('PRIVATE');
  expect(await request()).toMatchObject({ keySha256 });
  expect((await faultOf(requestCertificate({ dir, name: 'AMR 17' }))).code).toBe('invalid');
});

test('what was signed for the waiting key becomes the identity, as by a token', async () => {
  const { csr } = await request();
  const key = readFileSync(join(dir, 'key.pem'), 'utf8');
  const identity = await install(await sign(csr, { device: 'amr-99' }));
  expect(identity).toMatchObject({ device: 'amr-99', broker: 'mqtts://127.0.0.1:8883', key });
  expect(identity.ca.trim()).toBe(authority.pem.trim());
  expect(await load()).toEqual(identity);
  expect(readdirSync(dir)).toEqual(['ca.pem', 'cert.pem', 'chain.pem', 'identity.json', 'key.pem']);
});

test('the broker of the command line wins; without one anywhere there is no identity', async () => {
  const text = await sign((await request()).csr);
  const silent = text.replace(/^broker.*\n/, '');
  expect((await faultOf(install(silent))).message).toBe('nothing is not the address of a broker');
  expect(await faultOf(install(text, { broker: 'http://a' }))).toMatchObject({
    code: 'invalid',
    place: '--broker',
  });
  expect(await load()).toBeUndefined();
  const identity = await install(silent, { broker: 'mqtts://elsewhere:1' });
  expect(identity.broker).toBe('mqtts://elsewhere:1');
});

test('for the next certificate another key waits beside the identity in use', async () => {
  const first = await install(await sign((await request()).csr));
  const second = await request();
  expect(second.device).toBe('amr-017');
  expect(await load()).toEqual(first);
  expect(await request()).toMatchObject({ keySha256: second.keySha256, home: second.home });
  expect(statSync(join(second.home, 'key.pem')).mode & 0o777).toBe(0o600);
  const renewed = await install(await sign(second.csr));
  expect(renewed.key).not.toBe(first.key);
  expect(await load()).toEqual(renewed);
  const third = await request();
  expect(third.keySha256).not.toBe(second.keySha256);
  const last = await install(await sign(third.csr));
  expect(await load()).toEqual(last);
  expect(readdirSync(dir)).toHaveLength(2);
});

test('an identity that names nobody does not stand in the way', async () => {
  await install(await sign((await request()).csr));
  writeFileSync(join(dir, 'identity.json'), '{"device":');
  const identity = await install(await sign((await request()).csr));
  expect(await load()).toEqual(identity);
});

test('a certificate for another key is refused, and one that is installed already', async () => {
  const { csr } = await request();
  const stray = await authority.issueWithKey('amr-017');
  const publicKey = new x509.X509Certificate(stray.cert).publicKey;
  const foreign = await sign(csr, { publicKey });
  expect(await faultOf(install(foreign))).toMatchObject({
    code: 'conflict',
    message: 'the certificate is for another key than the one that waits here',
    place: 'amr-017.pem',
  });
  const text = await sign(csr);
  const identity = await install(text);
  expect(await faultOf(install(text))).toMatchObject({
    code: 'conflict',
    message: 'this robot is enrolled already as amr-017 with that key',
  });
  expect(await faultOf(install(foreign))).toMatchObject({
    code: 'not_found',
    message: 'no key waits for a certificate on this robot',
  });
  expect(await load()).toEqual(identity);
});

test('no key waits on a robot that never made a request', async () => {
  const { csr } = await request();
  rmSync(dir, { recursive: true });
  const fault = await faultOf(install(await sign(csr)));
  expect([fault.code, fault.place]).toEqual(['not_found', dir]);
  expect(fault.remedy).toContain('fieldloop-agent enroll --csr FILE');
});

test('an expired certificate can be signed again; one of the future means a wrong clock', async () => {
  const { csr } = await request();
  const expired = await faultOf(install(await sign(csr, { days: [-3, -1] })));
  expect([expired.code, expired.remedy]).toEqual([
    'unauthenticated',
    expect.stringContaining('Have the request signed again'),
  ]);
  const early = await faultOf(install(await sign(csr, { days: [1, 3] })));
  expect([early.code, early.remedy]).toEqual([
    'unavailable',
    expect.stringContaining('The clock of this machine says'),
  ]);
  expect((await install(await sign(csr))).device).toBe('amr-017');
});

test('what is no certificate, names no device or leads to no root is refused', async () => {
  const { csr } = await request();
  const whole = await sign(csr);
  const [leaf = ''] = /-----BEGIN[^]*?-----END CERTIFICATE-----/.exec(whole) ?? [];
  const stranger = await openAuthority();
  const cases = [
    ['', 'invalid', 'this is no certificate'],
    ['hello', 'invalid', 'this is no certificate'],
    [whole.replace(/MII/, 'MIJ'), 'invalid', 'this is no certificate'],
    [csr, 'invalid', 'this is no certificate, but a request for one'],
    [whole.replace(leaf, await namelessLeaf(csr)), 'invalid', 'the certificate names no device'],
    [await sign(csr, { device: 'AMR 17' }), 'invalid', 'the certificate names no device'],
    [leaf, 'unauthenticated', 'the certificate does not lead to a root in this file'],
    [
      `${leaf}\n${stranger.pem}`,
      'unauthenticated',
      'the certificate does not lead to a root in this file',
    ],
  ] as const;
  for (const [text, code, message] of cases) {
    expect(await faultOf(install(text))).toMatchObject({ code, message, place: 'amr-017.pem' });
  }
  expect(readdirSync(dir)).toEqual(['key.pem']);
});

async function namelessLeaf(csr: string): Promise<string> {
  const { publicKey } = new x509.Pkcs10CertificateRequest(csr);
  return await authority.issue({ publicKey, name: 'amr-017' });
}

test('a disk that refuses the key, and the last step of all, are told as that', async () => {
  mkdirSync(join(dir, 'key.pem.new'), { recursive: true });
  const refused = { place: dir, code: 'unavailable', message: expect.stringContaining('EISDIR') };
  expect(await faultOf(request())).toMatchObject(refused);
  rmSync(dir, { recursive: true });
  const first = await install(await sign((await request()).csr));
  const { csr, home } = await request();
  mkdirSync(join(dir, 'identity.json.new'));
  expect(await faultOf(install(await sign(csr)))).toMatchObject({ ...refused, place: home });
  expect(await load()).toEqual(first);
  rmSync(join(dir, 'identity.json.new'), { recursive: true });
  expect(await load()).not.toEqual(await install(await sign(csr)));
});
