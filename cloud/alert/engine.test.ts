/**
 * Goal: what is wrong in the fleet becomes an alert and a message; a dying worker loses neither.
 * Method: rounds of the real engine on a real SQLite file, with a clock that the test moves.
 */
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleUuid } from '../clip/clip.sample.ts';
import { channelStore } from '../channel/store.ts';
import { deviceStore } from '../device/store.ts';
import { eventStore } from '../event/store.ts';
import { alertFlapMs } from '../alert-limits.ts';
import { openDeliveries } from '../outgoing/deliveries.ts';
import type { Notification } from '../outgoing/notification.ts';
import { deliveryQueue } from '../outgoing/queue.ts';
import {
  openReceiver,
  openWorkerWorld,
  until,
  type WorkerWorld,
} from '../outgoing/worker.sample.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { telemetryStore } from '../store/telemetry.ts';
import { alertRows, alertOfRow, alertStore } from './alert-store.ts';
import { openAlertEngine, runRound } from './engine.ts';
import { policyStore } from './policy-store.ts';
import type { PolicyDraft } from './policy.ts';
import { silenceStore } from './silence-store.ts';

async function channel(db: Db, url = 'http://127.0.0.1:9/'): Promise<string> {
  const id = systemIds.ulid('chn');
  const config = { kind: 'webhook' as const, url };
  await channelStore(db).create({ id, name: id, enabled: true, config, secret: {}, at: 1 });
  return id;
}

async function policy(world: WorkerWorld, draft: Partial<PolicyDraft>): Promise<string> {
  const id = systemIds.ulid('pol');
  const whole: PolicyDraft = {
    name: `policy-${id.slice(-6)}`,
    enabled: true,
    severity: 'warning',
    forS: 0,
    groupBy: 'device',
    channels: [],
    escalateTo: [],
    condition: {
      kind: 'metric',
      metric: 'device.offline',
      aggregate: 'last',
      op: 'gt',
      value: 60,
      windowS: 60,
    },
    ...draft,
  };
  const at = world.clock.now();
  await policyStore(world.store.db).create(whole, { id, by: 'usr_1', at });
  return id;
}

const alerts = async (db: Db) =>
  (await alertRows(db).orderBy('alert.id').execute()).map(alertOfRow);

const shown = async (db: Db): Promise<readonly string[]> =>
  (await alerts(db)).map((one) => `${one.device ?? one.site ?? one.rule ?? 'fleet'} ${one.state}`);

const messages = async (db: Db): Promise<readonly Notification[]> =>
  (await deliveryQueue(db).list({ limit: 99 })).map((one) => one.body as unknown as Notification);

test('a device that is away becomes an alert, tells the channel once, and ends by itself', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const told = await channel(db);
  const devices = deviceStore(db);
  await policy(world, { channels: [told], severity: 'critical' });
  const now = world.clock.now();
  await devices.setPresence('amr-01', { online: true, at: now });
  await devices.setPresence('amr-01', { online: false, at: now });
  await devices.setPresence('amr-02', { online: true, at: now });
  await runRound(world.deps);
  expect(await shown(db)).toEqual([]);
  world.clock.advance(61_000);
  await runRound(world.deps);
  await runRound(world.deps);
  expect(await shown(db)).toEqual(['amr-01 firing']);
  const [message] = await messages(db);
  expect(message).toMatchObject({
    reason: 'firing',
    severity: 'critical',
    condition: 'device.offline more than 60 s',
    total: 1,
    alerts: [
      { device: 'amr-01', summary: 'amr-01: device.offline is 61 s', value: 61, threshold: 60 },
    ],
  });
  await devices.setPresence('amr-01', { online: true, at: world.clock.now() });
  await runRound(world.deps);
  expect(await shown(db)).toEqual(['amr-01 resolved']);
  world.clock.advance(alertFlapMs);
  await runRound(world.deps);
  expect((await messages(db)).map((one) => one.reason)).toEqual(['resolved', 'firing']);
  const [alert] = await alerts(db);
  const timeline = await alertStore(db).timeline(alert?.id ?? '');
  expect(timeline.map((entry) => entry.kind)).toEqual([
    'fired',
    'notified',
    'resolved',
    'notified',
  ]);
  const kinds = await db
    .selectFrom('outbox')
    .select(['kind', 'subject'])
    .where('subject', '=', alert?.id ?? '')
    .orderBy('seq')
    .execute();
  expect(kinds.map((row) => row.kind)).toEqual(['alert.fired', 'alert.resolved']);
});

test('counted rows, by device, by rule, by site and of the fleet, narrowed by q', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  await db.updateTable('device').set({ site: 'hall' }).execute();
  const events = eventStore(db);
  const at = world.clock.now();
  const put = async (n: number, device: string, severity: 'critical' | 'info') =>
    await events.putEvent(
      device,
      { id: sampleUuid(n), name: 'stop', severity, atNs: 5n, synced: true, rule: `r${n % 2}@1` },
      at,
    );
  for (const n of [1, 2, 3]) await put(n, 'amr-01', 'critical');
  for (const n of [4, 5]) await put(n, 'amr-02', 'critical');
  for (const n of [6, 7, 8]) await put(n, 'amr-02', 'info');
  const count = {
    kind: 'count',
    source: 'events',
    q: 'severity = critical',
    op: 'gte',
    value: 3,
    withinS: 600,
  } as const;
  await policy(world, { name: 'device', condition: count });
  await policy(world, { name: 'rule', condition: count, groupBy: 'rule' });
  await policy(world, { name: 'site', condition: { ...count, value: 5 }, groupBy: 'site' });
  await policy(world, { name: 'fleet', condition: { ...count, value: 5 }, groupBy: 'none' });
  await policy(world, {
    name: 'narrow',
    condition: { ...count, value: 2 },
    devices: 'name = amr-02',
  });
  await policy(world, { name: 'few', condition: { ...count, op: 'lt', value: 3 } });
  await runRound(world.deps);
  const found = (await alerts(db)).map((one) => [
    one.policy.name,
    one.group === '' ? '' : (one.device ?? one.site ?? one.rule),
    one.value,
  ]);
  expect(found.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ['device', 'amr-01', 3],
    ['few', 'amr-02', 2],
    ['fleet', '', 5],
    ['narrow', 'amr-02', 2],
    ['rule', 'r1@1', 3],
    ['site', 'hall', 5],
  ]);
  world.clock.advance(600_000);
  await runRound(world.deps);
  expect(
    (await alerts(db))
      .filter((one) => one.state === 'firing')
      .map((one) => [one.policy.name, one.device]),
  ).toEqual([
    ['few', 'amr-02'],
    ['few', 'amr-01'],
  ]);
});

test('telemetry over a window: each aggregate, stale values, and what stays away', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const telemetry = telemetryStore(db);
  const start = world.clock.now() - (world.clock.now() % 60_000);
  const first = await world.store.deviceId('amr-01');
  for (const [minute, value] of [2, 8, 5].entries()) {
    await telemetry.put(
      first,
      [{ series: 'disk.free', unit: 'B', value }],
      start + minute * 60_000,
    );
  }
  world.clock.advance(180_000);
  const metric = { kind: 'metric', metric: 'disk.free', op: 'eq', windowS: 600 } as const;
  for (const [aggregate, value] of [
    ['last', 5],
    ['min', 2],
    ['max', 8],
    ['avg', 5],
    ['sum', 15],
  ] as const) {
    await policy(world, { name: aggregate, condition: { ...metric, aggregate, value } });
  }
  await policy(world, {
    name: 'stale',
    condition: { ...metric, aggregate: 'last', value: 5, windowS: 60 },
  });
  await policy(world, {
    name: 'away',
    condition: { kind: 'absence', metric: 'disk.free', forS: 600 },
  });
  await runRound(world.deps);
  expect((await alerts(db)).map((one) => `${one.policy.name} ${one.device}`).toSorted()).toEqual([
    'avg amr-01',
    'away amr-02',
    'last amr-01',
    'max amr-01',
    'min amr-01',
    'sum amr-01',
  ]);
  world.clock.advance(600_000);
  await runRound(world.deps);
  expect(
    (await alerts(db))
      .filter((one) => one.state === 'firing')
      .map((one) => `${one.policy.name} ${one.device}`),
  ).toEqual(['away amr-02', 'away amr-01']);
});

test('many alerts of one round are one message; a silence by q keeps some quiet', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const told = await channel(db);
  await policy(world, { name: 'away', channels: [told] });
  const now = world.clock.now();
  await silenceStore(db).create(
    { reason: 'moved', q: 'device = amr-02 and policy:aw*', from: now, until: now + 3_600_000 },
    { id: 'sil_1', by: 'usr_1', at: now },
  );
  for (let n = 3; n < 30; n += 1) {
    await deviceStore(db).create({ id: systemIds.ulid('dev'), name: `amr-${n}`, at: 1 });
  }
  await runRound(world.deps);
  const [message, ...others] = await messages(db);
  expect(others).toEqual([]);
  expect([message?.total, message?.alerts.length]).toEqual([28, 20]);
  const quiet = (await alerts(db)).filter((one) => one.silencedBy !== undefined);
  expect(quiet.map((one) => [one.device, one.state])).toEqual([['amr-02', 'firing']]);
  world.clock.advance(3_600_000);
  await runRound(world.deps);
  expect((await messages(db)).map((one) => one.total).toSorted((a, b) => a - b)).toEqual([1, 28]);
});

test('a policy that cannot be evaluated says so, and its alerts stay as they are', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const told = await channel(db);
  const condition = {
    kind: 'metric',
    metric: 'storage.free',
    aggregate: 'last',
    op: 'lt',
    value: 5,
    windowS: 60,
  } as const;
  const id = await policy(world, { channels: [told], groupBy: 'none', condition });
  await policy(world, { name: 'well' });
  const free: { bytes: number | undefined } = { bytes: 3 };
  const deps = { ...world.deps, freeBytes: async () => await Promise.resolve(free.bytes) };
  await runRound(deps);
  free.bytes = undefined;
  await runRound(deps);
  await runRound(deps);
  expect(await policyStore(db).get(id)).toMatchObject({
    fault: {
      code: 'unavailable',
      message: 'storage.free cannot be known here',
      since: world.clock.now(),
    },
  });
  expect((await messages(db)).map((one) => one.reason).toSorted()).toEqual([
    'firing',
    'policy_faulty',
  ]);
  expect(await shown(db)).toContain('fleet firing');
  expect(await shown(db)).toContain('amr-01 firing');
  free.bytes = 9;
  await runRound(deps);
  expect((await policyStore(db).get(id))?.fault).toBeUndefined();
  await runRound(deps);
  expect(await shown(db)).toContain('fleet resolved');
});

test('a worker that dies anywhere: one alert, one message of each kind in the end', async () => {
  await using world = await openWorkerWorld();
  await using receiver = await openReceiver();
  const { db } = world.store;
  const told = await channel(db, receiver.url);
  await policy(world, { channels: [told], devices: 'name = amr-01' });
  let left = 0;
  const dying: Db = new Proxy(db, {
    get(target, name) {
      if (name === 'transaction' && (left -= 1) < 0) throw new Error('killed');
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  for (let n = 0; n < 3; n += 1) {
    left = n;
    await runRound({ ...world.deps, write: dying }).catch(() => undefined);
  }
  await using _deliveries = await openDeliveries(world.deps, { allowPrivate: true });
  await until(() => receiver.got.length === 1);
  const seen = receiver.got.map(
    ({ body }) => JSON.parse(body) as { id: string; data: Notification },
  );
  expect(seen.map((one) => one.data.reason)).toEqual(['firing']);
  expect(await shown(db)).toEqual(['amr-01 firing']);
  await deviceStore(db).setPresence('amr-01', { online: true, at: world.clock.now() });
  for (let n = 0; n < 4; n += 1) {
    await runRound(world.deps);
    world.clock.advance(alertFlapMs);
  }
  await until(() => receiver.got.length === 2);
  expect(await shown(db)).toEqual(['amr-01 resolved']);
});

test('what happens is looked at at once, by its kind', async () => {
  await using world = await openWorkerWorld();
  const { db } = world.store;
  const condition = { kind: 'event', event: 'publication.halted', withinS: 3600 } as const;
  await policy(world, { name: 'halted', condition, groupBy: 'none' });
  await using _engine = await openAlertEngine(world.deps);
  await putOutbox(db, {
    kind: 'publication.halted',
    subject: 'pub_1',
    at: world.clock.now(),
    body: {},
  });
  await until(async () => (await shown(db)).length === 1);
  expect(await alerts(db)).toMatchObject([{ state: 'firing', summary: 'it happened once' }]);
  expect(world.complaints).toEqual([]);
});
