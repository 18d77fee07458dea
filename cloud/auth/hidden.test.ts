/**
 * Goal: a token inside an address is for admins alone, and the first key is no second person.
 * Method: real requests of several roles, rows of the audit chain, and the key of a first start.
 */
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { deviceStore } from '../device/store.ts';
import { openApiWorld } from '../http/world.sample.ts';
import { makeApiKey } from '../key/make.ts';

test('who may not change a webhook or channel sees where it leads and no token', async () => {
  await using world = await openApiWorld();
  const url = 'https://example.com/hook?token=abcdef';
  const made = await world.post('/v1/webhooks', { name: 'ci', url });
  const { id } = (await made.json()) as { id: string };
  await world.patch(`/v1/webhooks/${id}`, { url: `${url}2` }, { 'if-match': '*' });
  const config = { kind: 'webhook', url };
  expect((await world.post('/v1/channels', { name: 'ops', config })).status).toBe(201);
  const paths = ['/v1/webhooks', `/v1/webhooks/${id}`, '/v1/channels', '/v1/channels/ops'];
  const viewer = { authorization: `Bearer ${await world.keyAs('viewer')}` };
  for (const path of paths) {
    expect(await (await world.get(path)).text(), path).toContain('token=abcdef');
    const seen = await (await world.get(path, viewer)).text();
    expect(seen, path).toContain('https://example.com/…');
    expect(seen, path).not.toContain('abcdef');
  }
  expect(await (await world.get('/v1/audit?limit=500')).text()).not.toContain('abcdef');
});

test('what needs two people cannot be asked for by the key of the first start', async () => {
  await using world = await openApiWorld();
  for (let n = 10; n < 20; n += 1) {
    await deviceStore(world.db).create({ id: systemIds.ulid('dev'), name: `amr-${n}`, at: 1 });
  }
  const system = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
  const { text } = await makeApiKey(
    { ...system, write: world.db },
    { name: 'admin', scopes: ['*:admin'], by: 'system' },
  );
  const revoke = async (key: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}` };
    return await world.post('/v1/devices:revoke', { q: 'name:amr-1*' }, headers);
  };
  const refused = await revoke(text);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain('fieldloop login');
  expect((await revoke(world.key)).status).toBe(409);
});
