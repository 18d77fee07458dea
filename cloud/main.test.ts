/**
 * Goal: one call opens the whole cloud, one closes it, and what it said outlives both.
 * Method: real listeners on 127.0.0.1:0 and a real folder, opened, closed, and opened again.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCloudConfig } from './config.ts';
import { type RunningCloud, startCloud } from './main.ts';
import { decodeClaimToken } from './token/token.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-cloud-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const free = { http: '127.0.0.1:0', broker: '127.0.0.1:0', enrol: '127.0.0.1:0' };
const start = async (over: Partial<typeof free> = {}): Promise<RunningCloud> =>
  await startCloud(readCloudConfig({ data: folder, ...free, ...over }), {
    clock: systemClock,
    ids: systemIds,
    randomBytes: systemRandomBytes,
    log: silentLog,
  });

const get = async (cloud: RunningCloud, path: string, key: string): Promise<Response> =>
  await fetch(`${cloud.http}${path}`, { headers: { authorization: `Bearer ${key}` } });

test('the first start makes a key for its owner alone; the next one keeps it', async () => {
  const first = await start();
  const key = (await readFile(join(folder, 'admin.key'), 'utf8')).trim();
  expect(first.admin).toEqual({ key, file: join(folder, 'admin.key') });
  expect(first.firstAdmin?.url.startsWith(`${first.http}/v1/join#flo_`)).toBe(true);
  expect((await stat(join(folder, 'admin.key'))).mode & 0o777).toBe(0o600);
  expect((await get(first, '/v1/me', key)).status).toBe(200);
  expect((await fetch(`${first.http}/readyz`)).status).toBe(200);
  await first.close();
  const second = await start();
  expect(second.admin).toBeUndefined();
  expect((await get(second, '/v1/me', key)).status).toBe(200);
  const verified = await fetch(`${second.http}/v1/audit:verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  // The first process signed where the audit stood when it stopped, with a key that stays.
  const signed: unknown = await verified.json();
  expect(signed).toMatchObject({ ok: true, heads: expect.any(Number) });
  const { ownHeads } = signed as { ownHeads: number };
  expect(ownHeads).toBeGreaterThan(0);
  expect((await stat(join(folder, 'audit-key.pem'))).mode & 0o777).toBe(0o600);
  await second.close();
});

test('a claim token leads to the enrolment listener and to the root it shows', async () => {
  const cloud = await start();
  const response = await fetch(`${cloud.http}/v1/claimTokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.admin?.key}` },
  });
  const { token } = (await response.json()) as { token: string };
  expect(decodeClaimToken(token)).toMatchObject({ url: cloud.enrol });
  expect(cloud.enrol).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(cloud.broker).toMatch(/^mqtts:\/\/127\.0\.0\.1:\d+$/);
  await cloud.close();
});

test('a second cloud on the same folder is refused, and the first one goes on', async () => {
  const cloud = await start();
  await expect(start()).rejects.toMatchObject({
    code: 'conflict',
    remedy: expect.stringContaining('--data'),
  });
  expect((await fetch(`${cloud.http}/healthz`)).status).toBe(200);
  await cloud.close();
});

test.each(['http', 'broker', 'enrol'] as const)(
  'a taken %s port is said with its remedy, and leaves nothing open',
  async (name) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(start({ [name]: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringMatching(/port|listen/),
    });
    taken.close();
    await once(taken, 'close');
    const cloud = await start({ [name]: `127.0.0.1:${port}` });
    expect(cloud[name]).toContain(`:${port}`);
    await cloud.close();
  },
);

test('a closed cloud has no listener left', async () => {
  const cloud = await start();
  await cloud.close();
  for (const url of [cloud.http, cloud.broker ?? '', cloud.enrol ?? '']) {
    const { hostname, port } = new URL(url.replace('mqtts', 'https'));
    const code = await new Promise((resolve) => {
      connect(Number(port), hostname)
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .on('connect', () => resolve('connected'));
    });
    expect(code, url).toBe('ECONNREFUSED');
  }
});

test('a folder that is a file is refused', async () => {
  await rm(folder, { recursive: true });
  await writeFile(folder, '');
  await expect(start()).rejects.toMatchObject({ code: 'unavailable', place: folder });
});
