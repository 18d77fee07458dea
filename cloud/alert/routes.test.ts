/**
 * Goal: an operator says what matters, sees what is wrong, and is quiet about what is known.
 * Method: real HTTP to a real SQLite file, rounds of the real engine between the requests.
 */
import { systemClock, systemIds } from '@fieldloop/core/system';
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sampleUuid } from '../clip/clip.sample.ts';
import { eventStore } from '../event/store.ts';
import type { BulkAnswer } from '../http/bulk.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { deliveryQueue } from '../outgoing/queue.ts';
import type { AlertJson } from './alert-json.ts';
import { alertOperationKinds, type AlertPage, type AlertWithTimelineJson } from './alert-routes.ts';
import { alertStore } from './alert-store.ts';
import { runRound } from './engine.ts';
import type { PolicyJson } from './policy-json.ts';
import type { PolicyPage } from './policy-routes.ts';
import type { SilenceJson } from './silence-routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const any = { 'if-match': '*' };

const round = async (world: ApiWorld): Promise<void> =>
  await runRound({
    read: world.db,
    write: world.db,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
  });

const away = {
  name: 'away',
  condition: { kind: 'metric', metric: 'device.offline', op: 'gte', value: 0 },
  severity: 'critical',
};

const alerts = async (world: ApiWorld, query = ''): Promise<readonly AlertJson[]> =>
  (await json<AlertPage>(world.get(`/v1/alerts${query}`))).items;

test('a policy is made, changed in part, cleared of a part and deleted with its alerts', async () => {
  await using world = await openApiWorld();
  const channel = await json<{ id: string }>(
    world.post('/v1/channels', {
      name: 'ops',
      config: { kind: 'webhook', url: 'http://127.0.0.1:9/' },
    }),
  );
  const made = await json<PolicyJson>(
    world.post('/v1/alertPolicies', { ...away, channels: [channel.id], repeatS: 600 }),
  );
  expect(made).toMatchObject({
    ...away,
    says: 'device.offline at least 0 s',
    condition: { ...away.condition, aggregate: 'last', windowS: 300 },
    enabled: true,
    forS: 0,
    groupBy: 'device',
    repeatS: 600,
    version: 1,
  });
  const taken = await world.post('/v1/alertPolicies', away);
  expect([taken.status, ((await taken.json()) as Problem).errors]).toMatchObject([
    409,
    [{ pointer: '/body/name' }],
  ]);
  const changed = await json<PolicyJson>(
    world.patch(`/v1/alertPolicies/${made.id}`, { forS: 30, repeatS: null }, { 'if-match': '"1"' }),
  );
  expect(changed).toMatchObject({ forS: 30, version: 2, channels: [channel.id] });
  expect(changed.repeatS).toBeUndefined();
  const late = await world.patch('/v1/alertPolicies/away', { forS: 0 }, { 'if-match': '"1"' });
  expect(late.status).toBe(412);
  await json(world.patch('/v1/alertPolicies/away', { forS: 0 }, any));
  expect((await world.delete(`/v1/channels/${channel.id}`, any)).status).toBe(409);
  await round(world);
  expect((await alerts(world)).map((one) => one.state)).toEqual(['firing', 'firing']);
  expect((await world.delete('/v1/alertPolicies/away', any)).status).toBe(204);
  expect(await alerts(world)).toMatchObject([
    { state: 'resolved', note: 'the policy was deleted' },
    { state: 'resolved', note: 'the policy was deleted' },
  ]);
  expect((await json<PolicyPage>(world.get('/v1/alertPolicies'))).items).toEqual([]);
  expect((await world.delete(`/v1/channels/${channel.id}`, any)).status).toBe(204);
});

test.each([
  [{ ...away, groupBy: 'rule' }, '/body/groupBy', 'group by device'],
  [{ ...away, channels: ['chn_x'] }, '/body/channels/0', 'channels list'],
  [
    { ...away, condition: { ...away.condition, aggregate: 'max' } },
    '/body/condition/aggregate',
    'the aggregate',
  ],
  [{ ...away, condition: { kind: 'absence', forS: 60 } }, '/body/condition', 'source and metric'],
  [
    {
      ...away,
      condition: {
        kind: 'count',
        source: 'events',
        q: 'severty = info',
        op: 'gt',
        value: 1,
        withinS: 60,
      },
    },
    '/body/condition/q',
    'severity',
  ],
  [{ ...away, devices: 'site =' }, '/body/devices', ''],
  [
    { ...away, condition: { ...away.condition, metric: 'devices.online' } },
    '/body/groupBy',
    'none',
  ],
])('a policy that makes no sense is refused at its place: %j', async (body, pointer, words) => {
  await using world = await openApiWorld();
  const response = await world.post('/v1/alertPolicies', body);
  expect(response.status).toBe(400);
  const problem = (await response.json()) as Problem;
  expect(problem.errors?.[0]?.pointer).toBe(pointer);
  expect(JSON.stringify(problem).toLowerCase()).toContain(words.toLowerCase());
});

test('a preview says for whom it fires now and how often it would have', async () => {
  await using world = await openApiWorld();
  const now = systemClock.now();
  const events = eventStore(world.db);
  // Twice this hour, some time apart, something happened three times at once.
  for (const [burst, ageS] of [3000, 900].entries()) {
    for (let n = 0; n < 3; n += 1) {
      const id = sampleUuid(burst * 10 + n + 1);
      const event = { id, name: 'stop', severity: 'critical', atNs: 5n, synced: true } as const;
      await events.putEvent('amr-01', event, now - ageS * 1000);
    }
  }
  const count = { kind: 'count', source: 'events', op: 'gte', value: 3, withinS: 120 };
  const told = await json(world.post('/v1/alertPolicies:preview', { condition: count, hours: 1 }));
  expect(told).toMatchObject({
    says: 'at least 3 events in 2m',
    now: { groups: 2, activeCount: 0, active: [] },
    past: {
      fired: 2,
      stepS: 15,
      partial: false,
      alerts: [
        { summary: 'amr-01: 3 events in 2m', resolvedAt: expect.any(String) },
        { summary: 'amr-01: 3 events in 2m', resolvedAt: expect.any(String) },
      ],
    },
  });
  const present = await json<{ past?: unknown }>(
    world.post('/v1/alertPolicies:preview', { condition: away.condition }),
  );
  expect(present).toMatchObject({ now: { activeCount: 2 } });
  expect(present.past).toBeUndefined();
  expect(await alerts(world)).toEqual([]);
});

test('an alert tells its story; people acknowledge, assign and resolve it', async () => {
  await using world = await openApiWorld();
  await json(world.post('/v1/alertPolicies', away));
  await round(world);
  const [alert] = await alerts(world, '?q=device%3Damr-01');
  const path = `/v1/alerts/${alert?.id}`;
  const seen = await json(world.post(`${path}:acknowledge`, { note: 'on my way' }));
  expect(seen).toMatchObject({ state: 'acknowledged', note: 'on my way', device: 'amr-01' });
  expect((await world.post(`${path}:acknowledge`)).status).toBe(200);
  await json(world.post(`${path}:assign`, { to: 'ann' }));
  const over = await json(world.post(`${path}:resolve`, { note: 'plugged in' }));
  expect(over).toMatchObject({ state: 'resolved', assignee: 'ann', note: 'plugged in' });
  await round(world);
  const story = await json<AlertWithTimelineJson>(world.get(path));
  expect(story.timeline.map((entry) => [entry.kind, entry.note])).toEqual([
    ['fired', undefined],
    ['acknowledged', 'on my way'],
    ['assigned', undefined],
    ['resolved', 'plugged in'],
  ]);
  expect(story.timeline[1]?.by).toMatch(/^key_/);
  const refused = await world.post(`${path}:acknowledge`);
  expect([refused.status, ((await refused.json()) as Problem).remedy]).toMatchObject([
    409,
    /pending or firing/,
  ]);
  expect(await alerts(world, '?state=firing')).toMatchObject([{ device: 'amr-02' }]);
  const audit = await world.db
    .selectFrom('audit')
    .select('action')
    .where('subject', '=', alert?.id ?? '')
    .orderBy('seq')
    .execute();
  expect(audit.map((row) => row.action)).toEqual([
    'alert.acknowledge',
    'alert.acknowledge',
    'alert.assign',
    'alert.resolve',
  ]);
  const viewer = await world.keyAs('viewer');
  const headers = { authorization: `Bearer ${viewer}` };
  expect((await world.post(`${path}:resolve`, {}, headers)).status).toBe(403);
  expect((await world.get(path, headers)).status).toBe(200);
});

test('many alerts are acknowledged by ids or by q, each with its result', async () => {
  await using world = await openApiWorld();
  await json(world.post('/v1/alertPolicies', away));
  await round(world);
  const bulk = async (body: unknown): Promise<BulkAnswer> =>
    await json<BulkAnswer>(world.post('/v1/alerts:acknowledge', body));
  const q = 'device = amr-01';
  expect(await bulk({ q, dryRun: true })).toMatchObject({ matched: 1, changed: 1, dryRun: true });
  const [first, second] = await alerts(world);
  for (const slip of [{}, { note: 'seen' }, { q: '' }, { q: ' ' }, { q, ids: [first?.id] }]) {
    expect((await world.post('/v1/alerts:acknowledge', slip)).status).toBe(400);
  }
  expect(await bulk({ q, note: 'seen' })).toMatchObject({ matched: 1, changed: 1 });
  const ids = [first?.id, second?.id, 'alr_x'];
  const answer = await bulk({ ids });
  expect(answer).toMatchObject({ matched: 3, changed: 1 });
  expect(answer.results.map((one) => [one.id, one.ok, one.problem?.code])).toEqual([
    [first?.id, true, undefined],
    [second?.id, true, undefined],
    ['alr_x', false, 'not_found'],
  ]);
  expect((await alerts(world)).map((one) => one.state)).toEqual(['acknowledged', 'acknowledged']);
});

test('more alerts than a request waits for become an operation that a worker does', async () => {
  await using world = await openApiWorld();
  const made = await json<PolicyJson>(world.post('/v1/alertPolicies', away));
  const life = { state: 'firing', tracked: true, resolveTold: false, flaps: 0 } as const;
  await world.db.transaction().execute(async (trx) => {
    for (let n = 0; n <= 1000; n += 1) {
      const about = { policy: made, group: `g${n}`, severity: 'info', summary: 's' } as const;
      const alert = { ...about, id: systemIds.ulid('alr') };
      await alertStore(trx).create(alert, { ...life, pendingAt: 1, firedAt: 1 }, 1);
    }
  });
  const q = 'policy = away and state = firing';
  const response = await world.post('/v1/alerts:acknowledge', { q, note: 'all of them' });
  expect(response.status).toBe(202);
  const started = (await response.json()) as { readonly id: string };
  const row = await world.db
    .selectFrom('operation')
    .selectAll()
    .where('id', '=', started.id)
    .executeTakeFirstOrThrow();
  const steps: number[] = [];
  const result = await alertOperationKinds[row.kind]?.(JSON.parse(row.input), {
    id: row.id,
    read: world.db,
    write: world.db,
    bytes: world.bytes,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
    signal: new AbortController().signal,
    progress: (done) => void steps.push(done),
  });
  expect([result, steps.length]).toEqual([{ changed: 1001 }, 11]);
  expect(await alerts(world, '?q=state%3Dfiring')).toEqual([]);
  const audit = await world.db
    .selectFrom('audit')
    .select('via')
    .where('action', '=', 'alert.acknowledge')
    .execute();
  expect(audit.filter(({ via }) => via === 'operation')).toHaveLength(1001);
});

test('a silence keeps its alerts quiet, shows where it stands, and ends when it is deleted', async () => {
  await using world = await openApiWorld();
  const channel = await json<{ id: string }>(
    world.post('/v1/channels', {
      name: 'ops',
      config: { kind: 'webhook', url: 'http://127.0.0.1:9/' },
    }),
  );
  await json(world.post('/v1/alertPolicies', { ...away, channels: [channel.id] }));
  const until = new Date(systemClock.now() + 3_600_000).toISOString();
  const made = await json<SilenceJson>(
    world.post('/v1/silences', { policy: 'away', until, reason: 'the hall is being moved' }),
  );
  expect(made).toMatchObject({ state: 'active', reason: 'the hall is being moved', until });
  await round(world);
  expect(await alerts(world, '?q=silencedBy:*')).toHaveLength(2);
  expect(await deliveryQueue(world.db).list({ limit: 9 })).toEqual([]);
  const nothing = await world.post('/v1/silences', { until, reason: 'all' });
  expect(nothing.status).toBe(400);
  const backwards = await world.patch(
    `/v1/silences/${made.id}`,
    { until: '2020-01-01T00:00:00Z' },
    any,
  );
  expect(backwards.status).toBe(400);
  await json(world.patch(`/v1/silences/${made.id}`, { device: 'amr-01' }, any));
  await round(world);
  expect((await alerts(world, '?q=silencedBy:*')).map((one) => one.device)).toEqual(['amr-01']);
  expect(await deliveryQueue(world.db).list({ limit: 9 })).toHaveLength(1);
  expect((await world.delete(`/v1/silences/${made.id}`, any)).status).toBe(204);
  await round(world);
  expect(await deliveryQueue(world.db).list({ limit: 9 })).toHaveLength(2);
});

test('what can be measured is listed with its meaning', async () => {
  await using world = await openApiWorld();
  const { signals } = await json<{ signals: readonly { name: string; doc: string }[] }>(
    world.get('/v1/alertSignals'),
  );
  expect(signals.map((one) => one.name)).toContain('certificate.days_left');
  expect(signals.filter((one) => one.doc === '')).toEqual([]);
});

test('a metric that nothing gives is refused with the name it may mean; what a robot sent is known', async () => {
  await using world = await openApiWorld();
  const of = (metric: string) => ({ condition: { ...away.condition, metric } });
  const refusal = async (response: Response | Promise<Response>): Promise<unknown> => {
    const settled = await response;
    const problem = (await settled.json()) as Problem;
    return [settled.status, problem.errors?.[0]?.pointer, JSON.stringify(problem)];
  };
  const meant = (name: string) => [
    400,
    '/body/condition/metric',
    expect.stringContaining(`Did you mean \\"${name}\\"?`),
  ];
  const create = async (metric: string) =>
    await world.post('/v1/alertPolicies', { ...away, ...of(metric), name: metric.slice(0, 20) });
  expect(await refusal(create('device.ofline'))).toEqual(meant('device.offline'));
  expect(await refusal(create('disk.fre'))).toEqual(meant('disk.free'));
  expect(await refusal(world.post('/v1/alertPolicies:preview', of('device.ofline')))).toEqual(
    meant('device.offline'),
  );
  const absent = { condition: { kind: 'absence', metric: 'agnt.rss', forS: 60 } };
  expect(await refusal(world.post('/v1/alertPolicies:preview', absent))).toEqual(
    meant('agent.rss'),
  );
  for (const open of ['topic./scan.hz', 'rules.near.fired', 'score.x.p99_ms', 'agent.fds']) {
    expect((await create(open)).status).toBe(201);
  }

  await json(world.post('/v1/alertPolicies', away));
  const changed = world.patch('/v1/alertPolicies/away', of('battery.low'), any);
  expect(await refusal(changed)).toEqual([400, '/body/condition/metric', expect.any(String)]);
  const { id } = await world.db.selectFrom('device').select('id').executeTakeFirstOrThrow();
  const point = { device_id: id, series: 'battery.low', at: 1, value: 1, unit: '1' };
  await world.db.insertInto('telemetry_latest').values(point).execute();
  await json(world.patch('/v1/alertPolicies/away', of('battery.low'), any));
  // The robot is gone later: the policy can still be renamed and switched off.
  await world.db.deleteFrom('telemetry_latest').execute();
  await json(world.patch('/v1/alertPolicies/away', { enabled: false }, any));
});
