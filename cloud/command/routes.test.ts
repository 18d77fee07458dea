/**
 * Goal: people ask a device for something, see how it goes, and take it back.
 * Method: the API over HTTP on a real database, the device's words through the store.
 */
import { expect, test } from 'vitest';
import { uuidOfId } from '../entity-id.ts';
import { openApiWorld } from '../http/world.sample.ts';
import { openCommandExpiry } from './expiry.ts';
import type { CommandJson, CommandPage } from './json.ts';
import { commandStore } from './store.ts';

test('a command waits, is listed, and shows its result', async () => {
  await using world = await openApiWorld();
  const body = { kind: 'clip_now', input: { preS: 5, postS: 1, reason: 'noise' } };
  const key = { 'idempotency-key': 'one' };
  const made = await world.post('/v1/devices/amr-01/commands', body, key);
  expect(made.status).toBe(201);
  const command = (await made.json()) as CommandJson;
  expect(command).toMatchObject({ ...body, device: 'amr-01', state: 'queued', version: 1 });
  const again = await world.post('/v1/devices/amr-01/commands', body, key);
  expect(await again.json()).toEqual(command);
  const report = {
    digest: '0'.repeat(64),
    id: uuidOfId(command.id),
    kind: 'clip_now',
    state: 'done',
    at: 1,
    result: { clip: uuidOfId(command.id) },
  } as const;
  await commandStore(world.db).heard('amr-01', report, Date.now());
  const got = await world.get(`/v1/commands/${command.id}`);
  expect(got.headers.get('etag')).toMatch(/^"2/);
  expect(await got.json()).toMatchObject({
    state: 'done',
    result: { clip: command.id.replace('cmd_', 'clp_') },
    acknowledgedAt: expect.any(String),
  });
  const page = await world.get('/v1/devices/amr-01/commands?state=done&limit=1');
  expect(((await page.json()) as CommandPage).items.map((one) => one.id)).toEqual([command.id]);
  const asked = encodeURIComponent('device = amr-01 and state in (done, failed)');
  const all = await world.get(`/v1/commands?q=${asked}&count=exact`);
  expect(await all.json()).toMatchObject({ count: { value: 1 }, items: [{ id: command.id }] });
  const other = await world.get('/v1/commands?device=amr-02');
  expect(await other.json()).toEqual({ items: [] });
  const cancelled = await world.post(`/v1/commands/${command.id}:cancel`);
  expect(cancelled.status).toBe(409);
});

test('what no device could do is refused with its place', async () => {
  await using world = await openApiWorld();
  const refused = async (body: object) => {
    const response = await world.post('/v1/devices/amr-01/commands', body);
    return { status: response.status, ...((await response.json()) as object) };
  };
  expect(await refused({ kind: 'pull', input: { clip: 'x' } })).toMatchObject({ status: 400 });
  expect(await refused({ kind: 'log_level', input: { level: 'loud' } })).toMatchObject({
    status: 400,
    errors: [{ pointer: '/input/level' }],
  });
  expect(await refused({ kind: 'ping', expiresInS: 40 * 86_400 })).toMatchObject({ status: 400 });
  expect(await refused({ kind: 'dance' })).toMatchObject({ status: 400 });
  expect((await world.post('/v1/devices/nobody/commands', { kind: 'ping' })).status).toBe(404);
  expect((await world.get('/v1/commands/cmd_none')).status).toBe(404);
});

test('a command is cancelled once, and expires by the worker', async () => {
  await using world = await openApiWorld();
  const make = async (expiresInS: number) => {
    const body = { kind: 'ping', expiresInS };
    const response = await world.post('/v1/devices/amr-01/commands', body);
    return ((await response.json()) as CommandJson).id;
  };
  const cancelled = await make(60);
  for (const _ of [1, 2]) {
    const response = await world.post(`/v1/commands/${cancelled}:cancel`);
    expect(await response.json()).toMatchObject({ state: 'cancelled' });
  }
  const late = await make(60);
  let expired = (): void => {};
  const seen = new Promise<void>((resolve) => {
    expired = resolve;
  });
  const clock = {
    now: () => Date.now() + 61_000,
    monotonicMs: () => 0,
    sleep: async () => {
      expired();
      await new Promise(() => undefined);
    },
  };
  const log = { error() {}, warn() {}, info() {}, debug() {}, child: () => log };
  const worker = openCommandExpiry({ write: world.db, clock, log });
  await seen;
  void worker;
  expect(await (await world.get(`/v1/commands/${late}`)).json()).toMatchObject({
    state: 'expired',
  });
});
