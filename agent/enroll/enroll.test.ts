/**
 * Goal: a claim token becomes an identity on any network, and every way to fail says what to do.
 * Method: a real HTTPS listener with its own CA stands in for the cloud and misbehaves on request.
 */
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import * as x509 from '@peculiar/x509';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority, p256 } from '../authority.cases.ts';
import { enroll } from './enroll.ts';
import { loadIdentity } from './identity.ts';
import { parseClaimToken } from './token.ts';

const day = 24 * 3_600_000;

type Handler = (request: {
  readonly token: string;
  readonly csr: x509.Pkcs10CertificateRequest;
}) => Promise<{ status: number; body: unknown } | 'cut'>;

let dir = '';
let server: Server | undefined;
let authority: Authority;
let answer: Handler;
let requests: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fieldloop-enroll-'));
  authority = await openAuthority();
  requests = [];
  answer = async ({ csr }) => ({ status: 200, body: await grant(csr) });
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function grant(csr: x509.Pkcs10CertificateRequest, by = authority): Promise<object> {
  const certificate = await by.issue({ publicKey: csr.publicKey, name: 'amr-017' });
  const chain = by.pem;
  return { device: 'amr-017', certificate, chain, broker: 'mqtts://127.0.0.1:8883' };
}

/** Starts the listener; gives the token that points to it. */
async function listen(options: { days?: readonly [number, number] } = {}): Promise<string> {
  const identity = await authority.issueWithKey('cloud', options.days);
  server = createServer(identity, (request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      if (request.url === '/ca.pem') return void response.end(authority.pem);
      requests.push(text);
      const { token, csr } = JSON.parse(text) as { token: string; csr: string };
      void answer({ token, csr: new x509.Pkcs10CertificateRequest(csr) }).then((reply) => {
        if (reply === 'cut') return request.socket.destroy();
        response.statusCode = reply.status;
        return response.end(JSON.stringify(reply.body));
      });
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return tokenFor(`https://127.0.0.1:${port}`);
}

function tokenFor(url: string, ca = authority.sha256, secret = 's'.repeat(43)): string {
  const fields = { v: 1, url, ca, secret };
  return `flc_${Buffer.from(JSON.stringify(fields)).toString('base64url')}`;
}

const run = (token: string, clock: Clock = systemClock) =>
  enroll({ dir: join(dir, 'identity'), token, name: 'amr-017', clock, log: silentLog });

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason as Fault,
  );
  assert(error !== undefined, 'expected a fault');
  expect(error.remedy).toMatch(/\S+ \S+ .*\.$/);
  return error;
}

test('a token becomes an identity that loads, with a key nobody else may read', async () => {
  const identity = await run(await listen());
  expect(identity.device).toBe('amr-017');
  expect(identity.broker).toBe('mqtts://127.0.0.1:8883');
  expect((await stat(join(dir, 'identity', 'key.pem'))).mode & 0o777).toBe(0o600);
  const again = await loadIdentity(join(dir, 'identity'), { clock: systemClock });
  expect(again).toEqual(identity);
  expect(new X509Certificate(identity.certificate).subject).toBe('CN=amr-017');
  expect(await readdir(join(dir, 'identity'))).toEqual([
    'ca.pem',
    'cert.pem',
    'chain.pem',
    'identity.json',
    'key.pem',
  ]);
});

test('the key is on the disk before the request, and a lost reply is asked for again', async () => {
  const token = await listen();
  let keyAtRequest = '';
  answer = async () => {
    keyAtRequest = await readFile(join(dir, 'identity', 'key.pem'), 'utf8');
    return 'cut';
  };
  const fault = await faultOf(run(token));
  expect(fault.code).toBe('unavailable');
  expect(fault.remedy).toContain('the same token stays good');
  expect(keyAtRequest).toContain('PRIVATE KEY');
  answer = async ({ csr }) => ({ status: 200, body: await grant(csr) });
  const identity = await run(token);
  expect(identity.key).toBe(keyAtRequest);
  const csrKeys = requests.map((text) => {
    const csr = new x509.Pkcs10CertificateRequest((JSON.parse(text) as { csr: string }).csr);
    return Buffer.from(csr.publicKey.rawData).toString('hex');
  });
  expect(csrKeys).toHaveLength(2);
  expect(csrKeys[0]).toBe(csrKeys[1]);
});

test('the request proves possession of its key and proposes the name', async () => {
  let proven = false;
  let subject = '';
  const token = await listen();
  answer = async ({ csr }) => {
    proven = await csr.verify();
    subject = csr.subject;
    return { status: 200, body: await grant(csr) };
  };
  await run(token);
  expect([proven, subject]).toEqual([true, 'CN=amr-017']);
});

test('a server with another root is not believed, and the token never reaches it', async () => {
  const { url } = parseClaimToken(await listen());
  const fault = await faultOf(run(tokenFor(url, 'ab'.repeat(32))));
  expect(fault.code).toBe('unauthenticated');
  expect(fault.message).toContain('not the cloud that made this token');
  expect(requests).toEqual([]);
});

test.each([
  [409, 'conflict', 'this token was used by another key'],
  [401, 'unauthenticated', 'this token expired on Monday'],
  [429, 'limited', 'too many requests from this address'],
] as const)(
  'a refusal with %i keeps the code and the words of the cloud',
  async (status, code, detail) => {
    const token = await listen();
    answer = async () => ({ status, body: { code, detail, remedy: 'Ask for a new token there.' } });
    const fault = await faultOf(run(token));
    expect([fault.code, fault.message]).toEqual([code, `the cloud refused: ${detail}`]);
    expect(fault.remedy).toBe('Ask for a new token there.');
    expect(await loadIdentity(join(dir, 'identity'), { clock: systemClock })).toBeUndefined();
  },
);

test('an answer that is no identity changes nothing', async () => {
  const token = await listen();
  for (const body of [{}, 'no', { device: '../x', certificate: '', chain: '', broker: '' }]) {
    answer = async () => ({ status: 200, body });
    expect((await faultOf(run(token))).code).toBe('invalid');
  }
  const stranger = await openAuthority();
  answer = async ({ csr }) => {
    const body = { ...(await grant(csr, stranger)), chain: authority.pem };
    return { status: 200, body };
  };
  expect((await faultOf(run(token))).code).toBe('unauthenticated');
  const stray = await crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  answer = async ({ csr }) => {
    const certificate = await authority.issue({ publicKey: stray.publicKey, name: 'amr-017' });
    return { status: 200, body: { ...(await grant(csr)), certificate } };
  };
  expect((await faultOf(run(token))).code).toBe('conflict');
  expect(await loadIdentity(join(dir, 'identity'), { clock: systemClock })).toBeUndefined();
});

test('nobody at the address, and a cloud whose certificate is of another time', async () => {
  const token = await listen();
  server?.close();
  const silent = await faultOf(run(token));
  expect([silent.code, silent.message]).toEqual([
    'unavailable',
    'the cloud cannot be reached: ECONNREFUSED',
  ]);
  const early = await faultOf(run(await listen({ days: [1, 2] })));
  expect(early.code).toBe('unavailable');
  expect(early.remedy).toContain('clock');
});

test('a clock before the certificate is named as the cause', async () => {
  const token = await listen();
  const past: Clock = { ...systemClock, now: () => Date.now() - 400 * day };
  const fault = await faultOf(run(token, past));
  expect(fault.code).toBe('unavailable');
  expect(fault.remedy).toContain('The clock of this machine says');
});

test('a robot that has an identity keeps it', async () => {
  const token = await listen();
  const first = await run(token);
  const fault = await faultOf(run(token));
  expect(fault.code).toBe('conflict');
  expect(await loadIdentity(join(dir, 'identity'), { clock: systemClock })).toEqual(first);
});

/** Another claim token of the same cloud. */
const other = (token: string, letter = 't'): string =>
  tokenFor(parseClaimToken(token).url, authority.sha256, letter.repeat(43));

test('another token replaces the identity: new key and certificate, nothing left of the old', async () => {
  const home = join(dir, 'identity');
  const token = await listen();
  const first = await run(token);
  let during: unknown;
  answer = async ({ csr }) => {
    during = await loadIdentity(home, { clock: systemClock });
    return { status: 200, body: await grant(csr) };
  };
  const second = await run(other(token));
  expect(during).toEqual(first);
  expect(second.device).toBe(first.device);
  expect(second.key).not.toBe(first.key);
  expect(second.fingerprint).not.toBe(first.fingerprint);
  expect(await loadIdentity(home, { clock: systemClock })).toEqual(second);
  const [folder = '', ...files] = await readdir(home);
  expect(files).toEqual(['identity.json']);
  expect((await stat(join(home, folder, 'key.pem'))).mode & 0o777).toBe(0o600);
  expect((await faultOf(run(other(token)))).code).toBe('conflict');
  const third = await run(other(token, 'u'));
  expect(await loadIdentity(home, { clock: systemClock })).toEqual(third);
  expect(await readdir(home)).toHaveLength(2);
});

test('until the new identity is whole the old one stays, and the same token goes on', async () => {
  const home = join(dir, 'identity');
  const token = await listen();
  const first = await run(token);
  const renewal = other(token);
  const still = async (): Promise<void> => {
    expect(await loadIdentity(home, { clock: systemClock })).toEqual(first);
  };
  answer = async () => ({ status: 403, body: { code: 'forbidden', detail: 'it is expired' } });
  expect((await faultOf(run(renewal))).code).toBe('forbidden');
  await still();
  answer = async () => 'cut';
  expect((await faultOf(run(renewal))).code).toBe('unavailable');
  await still();
  // The last step fails, as it does on a full disk, when everything else is written.
  answer = async ({ csr }) => ({ status: 200, body: await grant(csr) });
  await mkdir(join(home, 'identity.json.new'));
  await run(renewal).then(
    () => assert.fail('expected a failure'),
    () => undefined,
  );
  await still();
  await rm(join(home, 'identity.json.new'), { recursive: true });
  const second = await run(renewal);
  expect(await loadIdentity(home, { clock: systemClock })).toEqual(second);
  const keys = requests.slice(1).map((text) => {
    const csr = new x509.Pkcs10CertificateRequest((JSON.parse(text) as { csr: string }).csr);
    return Buffer.from(csr.publicKey.rawData).toString('hex');
  });
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});

test('an identity that expired, or that names nobody, is replaced by another token', async () => {
  const home = join(dir, 'identity');
  const token = await listen();
  const first = await run(token);
  const late: Clock = { ...systemClock, now: () => first.notAfterMs + day };
  answer = async ({ csr }) => {
    const { publicKey } = csr;
    const certificate = await authority.issue({ publicKey, name: 'amr-017', days: [-1, 60] });
    return { status: 200, body: { ...(await grant(csr)), certificate } };
  };
  const second = await run(other(token), late);
  expect(await loadIdentity(home, { clock: late })).toEqual(second);
  await writeFile(join(home, 'identity.json'), '{"device":"amr-017","broker":"x","folder":"../x"}');
  expect((await faultOf(loadIdentity(home, { clock: late }))).code).toBe('corrupt');
  const third = await run(other(token, 'u'), late);
  expect(await loadIdentity(home, { clock: late })).toEqual(third);
});

test('loading refuses an open or foreign key, a missing file and a passed date', async () => {
  const home = join(dir, 'identity');
  const identity = await run(await listen());
  const load = (clock: Clock = systemClock) => loadIdentity(home, { clock });
  await chmod(join(home, 'key.pem'), 0o644);
  expect(await faultOf(load())).toMatchObject({ code: 'forbidden', place: join(home, 'key.pem') });
  await chmod(join(home, 'key.pem'), 0o600);
  const late: Clock = { ...systemClock, now: () => identity.notAfterMs + 1 };
  expect((await faultOf(load(late))).code).toBe('unauthenticated');
  await writeFile(join(home, 'identity.json'), '{"device":');
  expect((await faultOf(load())).code).toBe('corrupt');
  await writeFile(join(home, 'identity.json'), '{"device":"amr-017","broker":"mqtts://x"}');
  await rm(join(home, 'chain.pem'));
  expect((await faultOf(load())).code).toBe('not_found');
  await writeFile(join(home, 'chain.pem'), identity.chain);
  const otherHome = await mkdtemp(join(tmpdir(), 'fieldloop-enroll-'));
  const foreign = await enroll({
    dir: otherHome,
    token: await listen(),
    name: 'amr-018',
    clock: systemClock,
    log: silentLog,
  });
  await writeFile(join(home, 'key.pem'), foreign.key);
  expect((await faultOf(load())).code).toBe('conflict');
  await writeFile(join(home, 'key.pem'), 'not a key');
  expect((await faultOf(load())).code).toBe('corrupt');
  await rm(otherHome, { recursive: true });
});

test.each([
  ['', 'does not begin with flc_'],
  ['flc_', 'characters that no token has'],
  ['flc_e30', 'version undefined'],
  ['flc_bm9wZQ', 'a part of it is missing'],
  [tokenText({ v: 2 }), 'version 2'],
  [tokenText({ url: 'http://cloud:1' }), 'its URL is not'],
  [tokenText({ url: 'https://cloud:1/path' }), 'its URL is not'],
  [tokenText({ ca: 'xyz' }), 'its CA hash'],
  [tokenText({ secret: '' }), 'its secret'],
  [`flc_${'a'.repeat(5_000)}`, 'longer than 4096'],
])('the token %j is refused: %s', (text, why) => {
  expect(() => parseClaimToken(text)).toThrow(why);
});

function tokenText(change: Record<string, unknown>): string {
  const sound = { v: 1, url: 'https://cloud:1', ca: 'ab'.repeat(32), secret: 's'.repeat(43) };
  return `flc_${Buffer.from(JSON.stringify({ ...sound, ...change })).toString('base64url')}`;
}
