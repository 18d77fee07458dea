/**
 * Goal: in a running cloud a condition becomes a message and an event for others, by the API alone.
 * Method: the whole cloud on a real folder, a receiver on 127.0.0.1, a policy over the real disk.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { readCloudConfig } from '../config.ts';
import { startCloud } from '../main.ts';
import type { Notification } from '../outgoing/notification.ts';
import { openReceiver, until } from '../outgoing/worker.sample.ts';

test('a policy over the disk tells its channel, a webhook hears of it, and it is acknowledged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-alerts-'));
  await using receiver = await openReceiver();
  const listeners = { http: '127.0.0.1:0', broker: '127.0.0.1:0', enrol: '127.0.0.1:0' };
  const settings = { data: folder, ...listeners, webhooksAllowPrivate: 'true' };
  const cloud = await startCloud(readCloudConfig(settings), {
    clock: systemClock,
    ids: systemIds,
    randomBytes: systemRandomBytes,
    log: silentLog,
  });
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${cloud.http}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${cloud.admin?.key}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const config = { kind: 'webhook', url: receiver.url };
  const { id: channel } = await call<{ id: string }>('POST', '/v1/channels', {
    name: 'ops',
    config,
  });
  const hook = { name: 'ci', url: receiver.url, kinds: ['alert.*'] };
  await call('POST', '/v1/webhooks', hook);
  const condition = { kind: 'metric', metric: 'storage.free', op: 'gt', value: 0 };
  const policy = { name: 'disk', condition, groupBy: 'none', channels: [channel] };
  await call('POST', '/v1/alertPolicies', policy);
  const heard = () =>
    receiver.got.map(
      ({ body }) => JSON.parse(body) as { kind: string; subject: string; data: Notification },
    );
  await until(() => heard().length === 2);
  const fired = heard().find(({ kind }) => kind === 'alert.fired');
  const told = heard().find(({ kind }) => kind === 'notification');
  expect(told?.data).toMatchObject({
    reason: 'firing',
    policy: { name: 'disk' },
    alerts: [{ id: fired?.subject, summary: expect.stringMatching(/^storage.free is \d+ B$/) }],
  });
  await call('POST', `/v1/alerts/${fired?.subject}:acknowledge`, { note: 'known' });
  await until(() => heard().some(({ kind }) => kind === 'alert.acknowledged'));
  await cloud.close();
  await rm(folder, { recursive: true });
});
