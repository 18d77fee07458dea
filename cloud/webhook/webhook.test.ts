/**
 * Goal: a person sets up a webhook, sees what was sent and why it failed, and cannot use it to make
 * the cloud call what is behind its walls.
 * Method: real HTTP, real receivers on 127.0.0.1, resolvers that answer what an attacker would.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openCa } from '../auth/ca.ts';
import type { Problem } from '../http/problem.ts';
import { openApiWorld } from '../http/world.sample.ts';
import { addressOf, isPublic } from '../outgoing/address.ts';
import { openDeliveries } from '../outgoing/deliveries.ts';
import type { DeliveryJson } from '../outgoing/json.ts';
import { post } from '../outgoing/post.ts';
import { isSignedBy } from '../outgoing/sign.ts';
import { openReceiver, openWorkerWorld, until } from '../outgoing/worker.sample.ts';
import type { NewWebhookJson, WebhookJson, WebhookPage } from './routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const any = { 'if-match': '*' };

test('a webhook shows its secret once, sends, keeps a log, redelivers and rotates', async () => {
  await using world = await openApiWorld();
  await using receiver = await openReceiver();
  const made = await json<NewWebhookJson>(
    world.post('/v1/webhooks', { name: 'ci', url: receiver.url, kinds: ['webhook.*', 'device.*'] }),
  );
  expect(made.secret).toMatch(/^whsec_[\w-]{43}$/);
  const path = `/v1/webhooks/${made.id}`;
  const { secret, ...shown } = made;
  expect(await json(world.get(path))).toEqual(shown);
  expect((await json<WebhookPage>(world.get('/v1/webhooks'))).items).toEqual([shown]);

  receiver.answer = 418;
  receiver.answerBody = 'a teapot';
  const tested = await json(world.post(`${path}:test`));
  expect(tested).toMatchObject({ ok: false, status: 418, answer: 'a teapot' });
  const [test1] = receiver.got;
  const of = { body: test1?.body ?? '', secret, nowMs: Date.now() };
  expect(isSignedBy(String(test1?.headers['fieldloop-signature']), of)).toBe(true);
  receiver.answer = 200;

  await using worker = await openWorkerWorld({
    db: world.db,
    deviceId: async () => await Promise.resolve(''),
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  });
  await using _deliveries = await openDeliveries(
    { ...worker.deps, clock: { ...worker.clock, now: () => Date.now() } },
    { allowPrivate: true },
  );
  await json(world.patch('/v1/devices/amr-01', { site: 'hall' }, any));
  const log = async (): Promise<readonly DeliveryJson[]> =>
    (await json<{ items: DeliveryJson[] }>(world.get(`${path}/deliveries?q=state%3Ddelivered`)))
      .items;
  await until(async () => (await log()).some((one) => one.kind === 'device.changed'));
  const one = (await log()).find(({ kind }) => kind === 'device.changed');
  const whole = await json(world.get(`${path}/deliveries/${one?.id}`));
  expect(whole).toMatchObject({
    id: one?.id,
    body: { kind: 'device.changed', data: { device: 'amr-01' } },
    tries: [{ n: 1, ok: true, status: 200 }],
  });
  await json(world.post(`${path}/deliveries/${one?.id}:redeliver`));
  const copies = (): number =>
    receiver.got.filter(({ headers }) => headers['fieldloop-id'] === one?.id).length;
  await until(() => copies() === 2);

  const turned = await json<NewWebhookJson>(world.post(`${path}:rotate`));
  expect(turned.secret).not.toBe(secret);
  expect(turned.oldSecretUntil).toBeDefined();
  await json(world.post(`${path}:test`));
  const last = receiver.got.at(-1);
  const header = String(last?.headers['fieldloop-signature']);
  const signed = { body: last?.body ?? '', nowMs: Date.now() };
  expect(
    [secret, turned.secret].map((key) => isSignedBy(header, { ...signed, secret: key })),
  ).toEqual([true, true]);
  const audit = await world.db.selectFrom('audit').selectAll().execute();
  const kept = JSON.stringify(audit, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(turned.secret);
  expect((await world.delete(path, any)).status).toBe(204);
  expect((await world.get(`${path}/deliveries`)).status).toBe(404);
});

test.each([
  [{ url: 'ftp://a.example/' }, '/body/url'],
  [{ url: 'https://user:word@a.example/' }, '/body/url'],
  [{ url: 'https://a.example/#part' }, '/body/url'],
  [{ kinds: ['clip.stord'] }, '/body/kinds/0'],
  [{ kinds: ['clip.*.x'] }, '/body/kinds/0'],
  [{ kinds: [] }, '/body/kinds'],
])('a webhook that could never work is refused: %j', async (wrong, pointer) => {
  await using world = await openApiWorld();
  const body = { name: 'x', url: 'https://a.example/', ...wrong };
  const response = await world.post('/v1/webhooks', body);
  expect(response.status).toBe(400);
  expect(((await response.json()) as Problem).errors?.[0]?.pointer).toBe(pointer);
});

test('a person may pause a webhook, and only an admin may have one', async () => {
  await using world = await openApiWorld();
  const body = { name: 'ci', url: 'https://a.example/' };
  const engineer = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  expect((await world.post('/v1/webhooks', body, engineer)).status).toBe(403);
  await json(world.post('/v1/webhooks', body));
  const paused = await json<WebhookJson>(world.patch('/v1/webhooks/ci', { state: 'paused' }, any));
  expect(paused).toMatchObject({ state: 'paused', version: 2 });
  expect((await world.get('/v1/webhooks/ci', engineer)).status).toBe(200);
});

const answering = (...all: readonly string[]) => ({
  allowPrivate: false,
  resolve: async () =>
    await Promise.resolve(
      all.map((address) => ({
        address,
        family: address.includes(':') ? (6 as const) : (4 as const),
      })),
    ),
});

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '10.0.0.7',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fd00::1',
  'fe80::1',
  'ff02::1',
])('%s is never called, by a name or by itself', async (address) => {
  expect(isPublic(address)).toBe(false);
  const host = address.includes(':') ? `[${address}]` : address;
  await expect(addressOf(host, answering())).rejects.toMatchObject({ code: 'forbidden' });
  await expect(
    addressOf('evil.example', answering('93.184.216.34', address)),
  ).rejects.toMatchObject({
    code: 'forbidden',
    remedy: expect.stringContaining('webhooksAllowPrivate'),
  });
});

test('other ways to write a loopback address are the same address', async () => {
  for (const url of [
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
  ]) {
    const outcome = await post({ url, headers: {}, body: '', timeoutMs: 1000 }, answering());
    expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('127.0.0.1') });
  }
});

test('a public address is taken; the connection goes to the address that was checked', async () => {
  expect(await addressOf('a.example', answering('93.184.216.34', '2606:2800:220:1::1'))).toEqual({
    address: '93.184.216.34',
    family: 4,
  });
  await using receiver = await openReceiver();
  // A name that answers differently each time: once it is checked it is not asked again.
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    return await Promise.resolve([
      { address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 as const },
    ]);
  };
  const url = `http://rebind.example:${receiver.port}/`;
  const message = { url, headers: {}, body: '{}', timeoutMs: 2000 };
  expect(await post(message, { allowPrivate: true, resolve })).toMatchObject({ ok: true });
  expect([asked, receiver.got[0]?.headers.host]).toEqual([1, `rebind.example:${receiver.port}`]);
});

test('a receiver whose certificate nobody vouches for gets nothing, and it is said', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-tls-'));
  const ca = await openCa({ folder, clock: systemClock });
  const got: string[] = [];
  const server = createServer(await ca.serverIdentity(['a.example']), (request, response) => {
    got.push(request.url ?? '');
    response.end();
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const message = { url: `https://a.example:${port}/`, headers: {}, body: '{}', timeoutMs: 2000 };
  const resolve = async () => await Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]);
  const outcome = await post(message, { allowPrivate: true, resolve });
  expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('certificate') });
  expect(got).toEqual([]);
  server.close();
  await rm(folder, { recursive: true });
});
