/**
 * Goal: what the cloud knows is answered truly, whole, page by page, and as the document says.
 * Method: real HTTP to a real SQLite file; each JSON answer is also checked by its own schema.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { ClipJson } from '../clip/json.ts';
import type { ClipPage } from '../clip/list.ts';
import { sampleManifest, sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import type { DeviceJson, DevicePage } from '../device/routes.ts';
import { deviceStore } from '../device/store.ts';
import { idOfUuid } from '../entity-id.ts';
import type { EventPage } from '../event/routes.ts';
import { eventStore } from '../event/store.ts';
import type { ApiKeyPage, NewApiKeyJson } from '../key/json.ts';
import type { SessionPage } from '../session/routes.ts';
import { sessionStore } from '../session/store.ts';
import type { ClaimTokenPage, NewClaimTokenJson } from '../token/routes.ts';
import { decodeClaimToken } from '../token/token.ts';
import type { Problem } from './problem.ts';
import { type ApiWorld, openApiWorld } from './world.sample.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));

const ids = async (world: ApiWorld, query: string): Promise<readonly string[]> =>
  (await json<ClipPage>(world.get(`/v1/clips?${query}`))).items.map((clip) => clip.id);

test('a clip tells why it was flagged, down to the values at the trigger', async () => {
  await using world = await openApiWorld();
  const manifest = await world.putClip(1);
  const clip = await json<ClipJson>(world.get(`/v1/clips/${clipId(1)}`));
  const [marker] = manifest.markers;
  expect(clip).toMatchObject({
    id: clipId(1),
    device: 'amr-01',
    state: 'on_device',
    startNs: manifest.startNs,
    durationMs: 5000,
    sha256: manifest.sha256,
    why: {
      rule: 'near-miss',
      version: 3,
      ruleSetDigest: marker?.ruleSetDigest,
      atNs: marker?.atNs,
      expression: 'min_range < 0.4 && vx > 0.2',
      values: { min_range: 0.31, vx: 0.52 },
      text: 'something came close while the robot moved',
    },
    scores: { 'classifier.entropy': 0.25 },
    topics: [
      { name: '/odom', schema: 'nav_msgs/msg/Odometry', count: 250, hz: 50 },
      { name: '/scan', schema: 'sensor_msgs/msg/LaserScan', count: 50, hz: 10 },
    ],
  });
});

test('why names the verdict that made the clip as severe as it is', async () => {
  await using world = await openApiWorld();
  const quiet = sampleManifest(1, { severity: 'info', rule: 'baseline' });
  const loud = sampleManifest(1, { severity: 'critical', rule: 'collision' });
  const manifest = { ...loud, markers: [...quiet.markers, ...loud.markers] };
  await clipStore(world.db).putManifest('amr-01', manifest, 1);
  const clip = await json<ClipJson>(world.get(`/v1/clips/${clipId(1)}`));
  expect(clip.why.rule).toBe('collision');
  expect(clip.rules).toEqual(['baseline', 'collision']);
  expect(clip.markers.map((marker) => marker.rule)).toEqual(['baseline', 'collision']);
});

test('the clip list is newest first and narrowed by every parameter', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, {
    rule: 'near-miss',
    tags: ['rain', 'dock'],
    scores: { 'm.entropy': 0.9 },
  });
  await world.putClip(2, { rule: 'near-miss', severity: 'critical', bytes: new Uint8Array(9) });
  await world.putClip(3, { rule: 'dropout', device: 'amr-02', scores: { 'm.entropy': 0.4 } });
  const second = (n: number): string => String(sampleStartNs + BigInt(n) * 1_000_000_000n);
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['', [3, 2, 1]],
    ['rule=near-miss', [2, 1]],
    ['severity=critical', [2]],
    ['tag=rain&tag=dock', [1]],
    ['device=amr-02', [3]],
    ['state=stored', [2]],
    ['score=m.entropy%3E0.5', [1]],
    ['score=m.entropy%3E%3D0.4&score=m.entropy%3C0.5', [3]],
    [`startNs=${second(2)}`, [3, 2]],
    [`endNs=${second(2)}`, [1]],
    ['since=2024-05-31T16:08:39Z&until=2024-05-31T16:08:40Z', [2]],
    ['since=-1d', []],
    [`session=${idOfUuid('ses', sampleUuid(0xffff))}&class=critical`, [2]],
  ];
  for (const [query, expected] of cases) {
    expect(await ids(world, query), query).toEqual(expected.map(clipId));
  }
  const device = await json<DeviceJson>(world.get('/v1/devices/amr-02'));
  expect(await ids(world, `device=${device.id}`)).toEqual([clipId(3)]);
});

test('pages join without a gap or a double while clips come', async () => {
  await using world = await openApiWorld();
  for (let n = 10; n < 21; n += 1) await world.putClip(n);
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let come = 0; ; come += 1) {
    const at: string = cursor === undefined ? '' : `&cursor=${cursor}`;
    const page = await json<ClipPage>(world.get(`/v1/clips?limit=3&until=now${at}`));
    seen.push(...page.items.map((clip) => clip.id));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
    await world.putClip(100 + come);
    await world.putClip(come + 1);
  }
  for (let n = 10; n < 21; n += 1) expect(seen).toContain(clipId(n));
  expect(new Set(seen).size).toBe(seen.length);
});

test('a cursor belongs to its list, its filters and its cloud', async () => {
  await using world = await openApiWorld();
  await using other = await openApiWorld();
  for (const n of [1, 2, 3]) await world.putClip(n);
  const { nextCursor } = await json<ClipPage>(world.get('/v1/clips?limit=1'));
  expect(nextCursor).toBeDefined();
  const refused = [
    await world.get(`/v1/clips?limit=1&severity=warning&cursor=${nextCursor}`),
    await world.get(`/v1/events?limit=1&cursor=${nextCursor}`),
    await other.get(`/v1/clips?limit=1&cursor=${nextCursor}`),
    await world.get(`/v1/clips?limit=1&cursor=${nextCursor?.slice(0, -2)}AA`),
  ];
  for (const response of refused) {
    expect(response.status).toBe(400);
    expect((await response.json()) as Problem).toMatchObject({
      errors: [{ pointer: '/query/cursor' }],
    });
  }
  expect((await world.get(`/v1/clips?limit=2&cursor=${nextCursor}`)).status).toBe(200);
});

test('devices show what they run, and paging walks their names', async () => {
  await using world = await openApiWorld();
  const devices = deviceStore(world.db);
  await devices.setPresence('amr-01', { online: true, at: 1_700_000_000_000 });
  const document = { digest: 'a', models: [{ id: 'classifier', sha256: 'b' }] };
  await devices.setReported('amr-01', 'models', { digest: 'a', document, at: 1_700_000_000_000 });
  const device = await json<DeviceJson>(world.get('/v1/devices/amr-01'));
  expect(device).toMatchObject({
    name: 'amr-01',
    state: 'enrolled',
    presence: { online: true, since: '2023-11-14T22:13:20.000Z' },
    running: { models: { digest: 'a', document, at: '2023-11-14T22:13:20.000Z' } },
  });
  expect(await json(world.get(`/v1/devices/${device.id}`))).toEqual(device);
  const first = await json<DevicePage>(world.get('/v1/devices?limit=1'));
  expect(first.items.map((one) => one.name)).toEqual(['amr-01']);
  const next = await json<DevicePage>(world.get(`/v1/devices?limit=1&cursor=${first.nextCursor}`));
  expect(next).toMatchObject({ items: [{ name: 'amr-02' }] });
  expect(next.nextCursor).toBeUndefined();
  const online = await json<DevicePage>(world.get('/v1/devices?online=true'));
  expect(online.items.map((one) => one.name)).toEqual(['amr-01']);
});

test('revoking a device closes its connections once it is written', async () => {
  await using world = await openApiWorld();
  const device = await json<DeviceJson>(world.post('/v1/devices/amr-01:revoke'));
  expect(device).toMatchObject({ name: 'amr-01', state: 'revoked', presence: { online: false } });
  expect(world.revoked).toEqual(['amr-01']);
  const entry = await world.db
    .selectFrom('audit')
    .selectAll()
    .orderBy('seq', 'desc')
    .executeTakeFirst();
  expect(entry).toMatchObject({ action: 'device.revoke', subject: device.id, via: 'api' });
  expect((await world.post('/v1/devices/amr-99:revoke')).status).toBe(404);
});

test('sessions and events are answered with their times', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  await sessionStore(world.db).touch('amr-01', {
    sessionId: sampleUuid(0xffff),
    source: 'sim',
    startNs: 5n,
    endNs: 9n,
    at: 1,
  });
  const sessions = await json<SessionPage>(world.get('/v1/sessions?device=amr-01'));
  expect(sessions.items).toMatchObject([{ startNs: '5', endNs: '9', source: 'sim', clips: 1 }]);
  const [session] = sessions.items;
  expect(await json(world.get(`/v1/sessions/${session?.id}`))).toMatchObject({ ...session });
  expect((await world.get('/v1/sessions/ses_x')).status).toBe(404);

  const about = { clipId: sampleUuid(1), synced: true };
  const events = eventStore(world.db);
  await events.putEvent(
    'amr-01',
    { ...about, id: sampleUuid(1), name: 'fired', severity: 'warning', atNs: 7n },
    1,
  );
  await events.putMarker(
    'amr-01',
    { ...about, id: sampleUuid(2), name: 'close', startNs: 6n, endNs: 8n },
    1,
  );
  const all = await json<EventPage>(world.get('/v1/events'));
  expect(all.items.map((event) => [event.kind, event.name, event.atNs, event.endNs])).toEqual([
    ['event', 'fired', '7', '7'],
    ['marker', 'close', '6', '8'],
  ]);
  const markers = await json<EventPage>(world.get(`/v1/clips/${clipId(1)}/markers`));
  expect(markers.items).toEqual(all.items);
  expect((await world.get('/v1/clips/clp_x/markers')).status).toBe(404);
  const paged = await json<EventPage>(world.get('/v1/events?limit=1'));
  const rest = await json<EventPage>(world.get(`/v1/events?limit=1&cursor=${paged.nextCursor}`));
  expect([...paged.items, ...rest.items]).toEqual(all.items);
  const [event] = all.items;
  expect(await json(world.get(`/v1/events/${event?.id}`))).toEqual(event);
});

test('a claim token is shown once, holds what a robot needs, and can be revoked', async () => {
  await using world = await openApiWorld();
  const made = await json<NewClaimTokenJson>(
    world.post('/v1/claimTokens', { device: 'amr-03', site: 'hall' }),
  );
  expect(made).toMatchObject({ state: 'open', device: 'amr-03', site: 'hall' });
  expect(decodeClaimToken(made.token)).toMatchObject({
    url: 'https://127.0.0.1:9',
    ca: 'c'.repeat(64),
  });
  const { secret } = decodeClaimToken(made.token);
  expect(
    JSON.stringify(
      await world.db.selectFrom('claim_token').selectAll().execute(),
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    ),
  ).not.toContain(secret);
  const { token: _text, ...shown } = made;
  const list = await json<ClaimTokenPage>(world.get('/v1/claimTokens'));
  expect(list.items).toEqual([shown]);
  const revoked = await json(world.post(`/v1/claimTokens/${made.id}:revoke`));
  expect(revoked).toMatchObject({ state: 'revoked' });
  expect((await world.post('/v1/claimTokens/tok_x:revoke')).status).toBe(404);
});

test('a key works until it is revoked or expires, and only for its scopes', async () => {
  let now = 1_700_000_000_000;
  await using world = await openApiWorld({ clock: { ...systemClock, now: () => now } });
  const body = { name: 'reader', scopes: ['clips:read'], expiresInDays: 1 };
  const made = await json<NewApiKeyJson>(world.post('/v1/apiKeys', body));
  const as = async (path: string): Promise<number> =>
    (await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${made.key}` } }))
      .status;
  expect(await as('/v1/clips')).toBe(200);
  expect(await as('/v1/me')).toBe(200);
  expect(await as('/v1/devices')).toBe(403);
  now += 86_400_000;
  expect(await as('/v1/clips')).toBe(401);
  now -= 86_400_000;
  expect(await as('/v1/clips')).toBe(200);
  await json(world.post(`/v1/apiKeys/${made.id}:revoke`));
  expect(await as('/v1/clips')).toBe(401);
  const list = await json<ApiKeyPage>(world.get('/v1/apiKeys'));
  expect(list.items.find((key) => key.id === made.id)).toMatchObject({
    name: 'reader',
    lastUsedAt: '2023-11-14T22:13:20.000Z',
    revokedAt: '2023-11-14T22:13:20.000Z',
  });
  expect(JSON.stringify(list)).not.toContain(made.key.slice(-43));
});

test('a client that goes away in the middle of its request is no bug', async () => {
  await using world = await openApiWorld();
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  const head = [
    'POST /v1/apiKeys HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${world.key}`,
    'Content-Type: application/json',
    'Content-Length: 100',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n{"name":`);
  await once(socket, 'ready');
  expect((await world.get('/v1/me')).status).toBe(200);
  socket.destroy();
  await once(socket, 'close');
  for (let n = 0; n < 3; n += 1) expect((await world.get('/v1/me')).status).toBe(200);
  expect(world.errors).toEqual([]);
});

test('anybody may ask whether the cloud lives; a cloud that cannot work says so', async () => {
  await using world = await openApiWorld();
  const get = async (path: string): Promise<Response> => await fetch(`${world.url}${path}`);
  expect(await json(get('/healthz'))).toEqual({ status: 'ok' });
  expect(await json(get('/readyz'))).toEqual({ status: 'ok' });
  expect(await json(get('/v1/version'))).toEqual({ name: 'fieldloop', version: '0.0.0-test' });
  world.notReady = 'the cloud is stopping';
  const response = await get('/readyz');
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
});

test('a request id comes back, also in a problem; a strange one is replaced', async () => {
  await using world = await openApiWorld();
  const given = await world.get('/v1/clips', { 'x-request-id': 'mine-1' });
  expect(given.headers.get('x-request-id')).toBe('mine-1');
  const failed = await world.get('/v1/clips/x', { 'x-request-id': 'mine-2' });
  expect(failed.headers.get('x-request-id')).toBe('mine-2');
  expect((await failed.json()) as Problem).toMatchObject({
    requestId: 'mine-2',
    instance: 'GET /v1/clips/x',
  });
  const strange = await world.get('/v1/clips', { 'x-request-id': 'a b' });
  expect(strange.headers.get('x-request-id')).toMatch(/^req_/);
});
