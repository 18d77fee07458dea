/**
 * Goal: what an operator asks of a device is answered truly: what it was when, what became of its
 * time, how its topics come, what it should run; and its life changes only as it may.
 * Method: real HTTP to a real SQLite file, with rows as ingest writes them.
 */
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import type { Problem } from '../http/problem.ts';
import type { PropertyDefinitionJson } from '../property/routes.ts';
import { sessionStore } from '../session/store.ts';
import { sampleUuid } from '../clip/clip.sample.ts';
import { setDesired } from '../store/desired.ts';
import { telemetryStore } from '../store/telemetry.ts';
import type { DeviceJson } from './json.ts';
import type {
  DeviceConfigJson,
  DevicePropertiesJson,
  PresenceJson,
  PropertyIntervalPage,
} from './state-routes.ts';
import { deviceStore } from './store.ts';
import type { CoverageJson, TelemetryJson, TopicHealthJson } from './view-routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

const start = Date.parse('2026-03-01T00:00:00.000Z');

/** A clock whose time a test moves; waits are the system's. */
function handClock(): Clock & { at: number } {
  const clock = {
    at: start,
    now: () => clock.at,
    monotonicMs: () => systemClock.monotonicMs(),
    sleep: async (ms: number, signal?: AbortSignal) => await systemClock.sleep(ms, signal),
  };
  return clock;
}

async function idOf(world: ApiWorld, name: string): Promise<string> {
  return (await json<DeviceJson>(world.get(`/v1/devices/${name}`))).id;
}

test('properties are defined, given, checked, and known for every moment', async () => {
  const clock = handClock();
  await using world = await openApiWorld({ clock });
  const define = async (body: object) => await world.post('/v1/propertyDefinitions', body);
  const hw = await json<PropertyDefinitionJson>(
    define({ name: 'hw', kind: 'string', allowed: ['orin', 'xavier'] }),
  );
  expect((await define({ name: 'hw', kind: 'number' })).status).toBe(409);
  expect(await problem(define({ name: 'site', kind: 'string' }))).toMatchObject({ status: 400 });
  const patch = async (body: object, etag = '*') =>
    await world.patch('/v1/devices/amr-01', body, { 'if-match': etag });
  clock.at = start + 1000;
  const first = await patch({ site: 'hall-1', properties: { hw: 'orin' } });
  expect(await json<DeviceJson>(first)).toMatchObject({
    site: 'hall-1',
    properties: { hw: 'orin', site: 'hall-1' },
  });
  clock.at = start + 2000;
  await patch({ properties: { hw: 'xavier' }, expectedRates: { '/scan': 10 } });
  const wrong = await problem(patch({ properties: { hw: 'nano' } }));
  expect(wrong).toMatchObject({ status: 400, errors: [{ pointer: '/body/properties/hw' }] });
  expect(await problem(patch({ properties: { hv: 1 } }))).toMatchObject({
    detail: expect.stringContaining('Did you mean "hw"?') as string,
  });
  expect((await patch({ site: null }, first.headers.get('etag') ?? '')).status).toBe(412);
  const at = async (ms: number) =>
    (
      await json<PropertyIntervalPage>(
        world.get(`/v1/devices/amr-01/propertyIntervals?key=hw&atMs=${ms}`),
      )
    ).items.map(({ value }) => value);
  expect(await at(start + 999)).toEqual([]);
  expect(await at(start + 1999)).toEqual(['orin']);
  expect(await at(start + 2000)).toEqual(['xavier']);
  const history = await json<PropertyIntervalPage>(
    world.get('/v1/devices/amr-01/propertyIntervals?limit=1'),
  );
  expect(history).toMatchObject({ items: [{ key: 'hw', value: 'xavier', source: 'operator' }] });
  const next = `/v1/devices/amr-01/propertyIntervals?limit=9&cursor=${history.nextCursor}`;
  expect((await json<PropertyIntervalPage>(world.get(next))).items).toHaveLength(2);
  const gone = await world.delete(`/v1/propertyDefinitions/${hw.id}`, { 'if-match': '*' });
  expect(gone.status).toBe(409);
  await patch({ properties: { hw: null } });
  const now = await json<DevicePropertiesJson>(world.get('/v1/devices/amr-01/properties'));
  expect(now.items.map(({ key }) => key)).toEqual(['site']);
  expect((await world.delete(`/v1/propertyDefinitions/hw`, { 'if-match': '*' })).status).toBe(204);
});

test('a definition is changed only where no device contradicts it', async () => {
  await using world = await openApiWorld();
  await world.post('/v1/propertyDefinitions', { name: 'arms', kind: 'number', unit: 'n' });
  await world.patch('/v1/devices/amr-01', { properties: { arms: 2 } }, { 'if-match': '*' });
  const change = async (body: object) =>
    await world.patch('/v1/propertyDefinitions/arms', body, { 'if-match': '*' });
  expect(await problem(change({ allowed: [1] }))).toMatchObject({
    status: 409,
    detail: expect.stringContaining('amr-01') as string,
  });
  expect(await json(change({ allowed: [1, 2], unit: null }))).toMatchObject({
    allowed: [1, 2],
    version: 2,
  });
  const list = await json<{ items: PropertyDefinitionJson[] }>(
    world.get('/v1/propertyDefinitions'),
  );
  expect(list.items.map(({ name, unit }) => [name, unit])).toEqual([['arms', undefined]]);
});

test('coverage tells what was recorded and where it is now', async () => {
  const clock = handClock();
  await using world = await openApiWorld({ clock });
  const zero = BigInt(start) * 1_000_000n;
  const s = (n: number): bigint => zero + BigInt(n) * 1_000_000_000n;
  clock.at = start + 100_000;
  await sessionStore(world.db).touch('amr-01', {
    sessionId: sampleUuid(0xffff),
    startNs: s(0),
    endNs: s(60),
    at: clock.at,
  });
  // Clips last five seconds: one is stored, one overlaps it and is on the robot, one was lost.
  await world.putClip(1, { startNs: s(10), bytes: new Uint8Array([1]) });
  await world.putClip(2, { startNs: s(13) });
  const lost = await world.putClip(3, { startNs: s(70) });
  await world.db
    .updateTable('clip')
    .set({ state: 'lost' })
    .where('sha256', '=', lost.sha256)
    .execute();
  const gap = {
    device: 'amr-01',
    lane: 'events',
    origin: 1,
    seq: 5,
    last_seq: 9,
    reason: 'evicted',
  };
  await world.db
    .insertInto('lane_gap')
    .values({ ...gap, at: start + 5 })
    .execute();
  const cover = await json<CoverageJson>(
    world.get(`/v1/devices/amr-01/coverage?startNs=${s(5)}&endNs=${s(90)}`),
  );
  const seconds = (ns: string): number => Number(BigInt(ns) - zero) / 1e9;
  expect(cover.ranges.map((one) => [one.state, seconds(one.startNs), seconds(one.endNs)])).toEqual([
    ['recorded', 5, 10],
    ['stored', 10, 15],
    ['on_robot', 15, 18],
    ['recorded', 18, 60],
    ['missing', 70, 75],
  ]);
  expect(cover.sumsNs).toMatchObject({ recorded: '47000000000', stored: '5000000000' });
  expect(cover.sumsNs.onRobot).toBe('3000000000');
  expect(cover.gaps).toEqual([]);
  const day = await json<CoverageJson>(world.get('/v1/devices/amr-01/coverage'));
  expect(day.gaps).toMatchObject([{ lane: 'events', reason: 'evicted', rows: 5 }]);
  expect(day.ranges.at(-1)).toMatchObject({ state: 'missing' });
});

test('topics are held against the declared rate, else against the usual one', async () => {
  const clock = handClock();
  await using world = await openApiWorld({ clock });
  const id = await idOf(world, 'amr-01');
  const say = async (hz: Readonly<Record<string, number>>) =>
    await telemetryStore(world.db).put(
      id,
      Object.entries(hz).map(([topic, value]) => ({
        series: `topic.${topic}.hz`,
        unit: 'Hz',
        value,
      })),
      clock.at,
    );
  for (let n = 0; n < 6; n += 1) {
    clock.at = start + n * 600_000;
    await say({ '/scan': 10, '/odom': 50, '/cam': 30 });
  }
  clock.at += 60_000;
  await say({ '/scan': 10, '/odom': 20, '/cam': 0 });
  await world.putClip(1);
  const rates = { expectedRates: { '/scan': 20, '/imu': 100 } };
  await world.patch('/v1/devices/amr-01', rates, { 'if-match': '*' });
  const health = await json<TopicHealthJson>(world.get('/v1/devices/amr-01/topics'));
  expect(health.items).toMatchObject([
    { topic: '/cam', state: 'silent', hz: 0, expectedHz: 30, expectedBy: 'median' },
    { topic: '/imu', state: 'unknown', expectedHz: 100, expectedBy: 'declared' },
    { topic: '/odom', state: 'low', hz: 20, expectedHz: 50, expectedBy: 'median' },
    { topic: '/scan', state: 'low', hz: 10, expectedHz: 20, expectedBy: 'declared' },
  ]);
  clock.at += 3_600_000;
  const later = await json<TopicHealthJson>(world.get('/v1/devices/amr-01/topics'));
  expect(new Set(later.items.map(({ state }) => state))).toEqual(new Set(['unknown']));
});

test('telemetry is the newest of all, or one series at the width of a screen', async () => {
  const clock = handClock();
  await using world = await openApiWorld({ clock });
  const id = await idOf(world, 'amr-01');
  const values = [1, 9, 2, 3];
  for (const [n, value] of values.entries()) {
    clock.at = start + n * 60_000;
    await telemetryStore(world.db).put(id, [{ series: 'agent.rss', unit: 'B', value }], clock.at);
  }
  const all = await json<TelemetryJson>(world.get('/v1/devices/amr-01/telemetry'));
  expect(all.latest).toMatchObject([{ series: 'agent.rss', unit: 'B', value: 3 }]);
  expect(all.columns).toBeUndefined();
  const range = `startMs=${start}&endMs=${start + 240_000}`;
  const plot = await json<TelemetryJson>(
    world.get(`/v1/devices/amr-01/telemetry?series=agent.rss&px=2&${range}`),
  );
  expect(plot.columns).toEqual([
    { at: '2026-03-01T00:00:00.000Z', least: 1, most: 9, count: 2 },
    { at: '2026-03-01T00:02:00.000Z', least: 2, most: 3, count: 2 },
  ]);
  const backwards = `/v1/devices/amr-01/telemetry?series=x&startMs=${start}&endMs=${start}`;
  expect((await world.get(backwards)).status).toBe(400);
});

test('what should run and what runs are shown with the difference', async () => {
  await using world = await openApiWorld();
  const id = await idOf(world, 'amr-01');
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
  const report = { digest: one, set: 'amr', version: 1 };
  await deviceStore(world.db).setReported('amr-01', 'rules', {
    digest: one,
    document: report,
    at: start,
  });
  const config = async () =>
    (await json<DeviceConfigJson>(world.get('/v1/devices/amr-01/config'))).items;
  expect(await config()).toMatchObject([{ section: 'rules', state: 'unmanaged' }]);
  const document = {
    active: { ruleSet: 'amr', version: 2, digest: two, text: 'rules: []', publication: 'pub_1' },
  };
  await world.db
    .transaction()
    .execute(
      async (trx) => await setDesired(trx, { deviceId: id, section: 'rules', document, at: start }),
    );
  expect(await config()).toMatchObject([
    {
      state: 'pending',
      differences: [{ pointer: '/active/digest', desired: two, reported: one }],
    },
  ]);
  const problems = [{ line: 1, column: 1, code: 'syntax', message: 'no', remedy: 'fix' }];
  const rejected = { digest: two, publication: 'pub_1', problems };
  await deviceStore(world.db).setReported('amr-01', 'rules', {
    digest: one,
    document: { ...report, rejected },
    at: start + 1,
  });
  expect(await config()).toMatchObject([{ state: 'rejected', problems }]);
});

test('presence names the connections and why they ended', async () => {
  await using world = await openApiWorld();
  const row = { device: 'amr-01', node: 'n1', remote: '10.0.0.7', fingerprint: 'f' };
  await world.db
    .insertInto('connection')
    .values([
      { ...row, id: 'con_1', kind: 'control', opened_at: 5, closed_at: 9, why: 'keepalive' },
      { ...row, id: 'con_2', kind: 'control', opened_at: 12 },
    ])
    .execute();
  await deviceStore(world.db).setPresence('amr-01', { online: true, at: 12, boot: 'b1' });
  const presence = await json<PresenceJson>(world.get('/v1/devices/amr-01/presence'));
  expect(presence).toMatchObject({ online: true, boot: 'b1' });
  expect(presence.connections.map(({ id, why }) => [id, why])).toEqual([
    ['con_2', undefined],
    ['con_1', 'keepalive'],
  ]);
});

test('a device is suspended, resumed and revoked for good; each step is told and audited', async () => {
  await using world = await openApiWorld();
  const verb = async (name: string) => await world.post(`/v1/devices/amr-01:${name}`);
  expect(await json<DeviceJson>(verb('suspend'))).toMatchObject({ state: 'suspended' });
  expect(await json<DeviceJson>(verb('suspend'))).toMatchObject({ state: 'suspended', version: 2 });
  expect(await json<DeviceJson>(verb('resume'))).toMatchObject({ state: 'enrolled' });
  const reason = { reason: 'stolen' };
  const revoked = await json<DeviceJson>(world.post('/v1/devices/amr-01:revoke', reason));
  expect(revoked).toMatchObject({ state: 'revoked', presence: { online: false } });
  const resumed = await verb('resume');
  expect(resumed.status).toBe(409);
  expect((await resumed.json()) as Problem).toMatchObject({
    remedy: expect.stringMatching(/^That is for good\. Enrol the robot under a new name/),
  });
  expect(await json<DeviceJson>(verb('decommission'))).toMatchObject({ state: 'decommissioned' });
  expect((await verb('revoke')).status).toBe(409);
  const ends = ['suspended', 'suspended', 'revoked', 'decommissioned'];
  expect(world.endings).toEqual(ends.map((state) => `amr-01 ${state}`));
  const told = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', revoked.id)
    .orderBy('seq')
    .execute();
  expect(told.map(({ kind }) => kind)).toEqual([
    'device.created',
    'device.suspended',
    'device.resumed',
    'device.revoked',
    'device.decommissioned',
  ]);
  const audited = await world.db
    .selectFrom('audit')
    .select(['action', 'detail'])
    .where('subject', '=', revoked.id)
    .orderBy('seq')
    .execute();
  expect(audited.map(({ action }) => action)).toEqual([
    'device.suspend',
    'device.resume',
    'device.revoke',
    'device.decommission',
  ]);
  expect(audited[2]?.detail).toContain('stolen');
});

test('engineers suspend and describe; only admins revoke; viewers read', async () => {
  await using world = await openApiWorld();
  const as = async (role: Parameters<typeof world.keyAs>[0]) => ({
    authorization: `Bearer ${await world.keyAs(role)}`,
  });
  const engineer = await as('engineer');
  const viewer = await as('viewer');
  const post = async (verb: string, headers: Readonly<Record<string, string>>) =>
    (await world.post(`/v1/devices/amr-02:${verb}`, {}, headers)).status;
  expect(await post('suspend', engineer)).toBe(200);
  expect(await post('suspend', viewer)).toBe(403);
  expect(await post('revoke', engineer)).toBe(403);
  expect((await world.get('/v1/devices/amr-02/topics', viewer)).status).toBe(200);
  const site = { site: 'x' };
  const change = await world.patch('/v1/devices/amr-02', site, { ...viewer, 'if-match': '*' });
  expect(change.status).toBe(403);
});
