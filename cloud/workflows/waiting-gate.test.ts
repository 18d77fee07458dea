/**
 * Goal: a gate that nobody decides is heard of outside: a webhook is told when it opens, when
 * people are reminded, when a higher role is asked and when it is overdue, and alert policies over
 * its age and over overdue gates fire.
 * Method: the whole cloud by its API alone, on a clock that is moved forward; a real receiver on
 * 127.0.0.1, and a case whose acknowledgement everybody lets lie.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type CloudConfig, readCloudConfig } from '../config.ts';
import { deviceStore } from '../device/store.ts';
import { startCloud } from '../main.ts';
import { openReceiver, until } from '../outgoing/worker.sample.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';

interface Heard {
  readonly kind: string;
  readonly subject: string;
  readonly data: { readonly [key: string]: unknown };
}

const minute = 60_000;

/** As if it had enrolled before. */
async function knowDevice({ database }: CloudConfig, name: string): Promise<void> {
  await using opened = await openDatabase(database, { clock: systemClock, log: silentLog });
  await migrate(opened.write, systemClock);
  await deviceStore(opened.write).create({ id: systemIds.ulid('dev'), name, at: 1 });
}

test('webhooks and alerts tell of a gate that waits too long', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-gates-'));
  await using receiver = await openReceiver();
  const listeners = { http: '127.0.0.1:0', broker: '127.0.0.1:0', enrol: '127.0.0.1:0' };
  const settings = { data: folder, ...listeners, webhooksAllowPrivate: 'true' };
  const time = { ahead: 0 };
  const config = readCloudConfig(settings);
  await knowDevice(config, 'amr-01');
  const cloud = await startCloud(config, {
    clock: { ...systemClock, now: () => systemClock.now() + time.ahead },
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
  const heard = (kind: string): readonly Heard[] =>
    receiver.got.map(({ body }) => JSON.parse(body) as Heard).filter((one) => one.kind === kind);
  const hears = async (kind: string): Promise<Heard | undefined> => {
    await until(() => heard(kind).length > 0);
    return heard(kind)[0];
  };
  await call('POST', '/v1/webhooks', {
    name: 'ops',
    url: receiver.url,
    kinds: ['gate.*', 'alert.*'],
  });
  const report = { device: 'amr-01', kind: 'hot', severity: 'sev1', summary: 'it is hot' };
  await call('POST', '/v1/cases', report);

  const opened = await hears('gate.opened');
  const run = String(opened?.data['run']);
  expect(opened?.data).toMatchObject({ name: 'acknowledge', role: 'engineer' });
  time.ahead += 14 * minute;
  await hears('gate.reminded');
  for (const role of ['release_manager', 'admin']) {
    const before = heard('gate.escalated').length;
    time.ahead += 16 * minute;
    await call('POST', `/v1/runs/${run}:expedite`, { reason: 'the clock was moved' });
    await until(() => heard('gate.escalated').length > before);
    expect(heard('gate.escalated').at(-1)?.data).toMatchObject({ role });
  }
  time.ahead += 16 * minute;
  await call('POST', `/v1/runs/${run}:expedite`, { reason: 'the clock was moved' });
  expect(await hears('gate.overdue')).toMatchObject({ subject: opened?.subject });

  for (const [metric, value] of [
    ['gates.oldest', 3600],
    ['gates.overdue', 0],
  ]) {
    const condition = { kind: 'metric', metric, op: 'gt', value };
    await call('POST', '/v1/alertPolicies', { name: metric, condition, groupBy: 'none' });
  }
  await until(() => heard('alert.fired').length === 2);
  const summaries = heard('alert.fired').map(({ data }) => String(data['summary']));
  expect(summaries.toSorted()).toEqual([
    expect.stringMatching(/^gates\.oldest is \d+/),
    expect.stringMatching(/^gates\.overdue is 1/),
  ]);
  await cloud.close();
  await rm(folder, { recursive: true });
}, 60_000);
