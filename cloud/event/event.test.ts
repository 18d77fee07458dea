/**
 * Goal: what people and programs write on timelines is checked, kept once, and theirs to change.
 * Method: real HTTP to a real SQLite file; events, markers and kinds by the API.
 */
import { expect, test } from 'vitest';
import { sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { sessionStore } from '../session/store.ts';
import type { EventJson, EventPage } from './json.ts';
import type { EventKindJson, EventKindPage } from './kind-routes.ts';
import { eventStore } from './store.ts';
import type { EventBatchJson } from './write-routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

const clip = idOfUuid('clp', sampleUuid(1));
const s = (n: number): string => String(sampleStartNs + BigInt(n * 1e9));
const any = { 'if-match': '*' };
const base = { device: 'amr-01', name: 'note', atNs: s(1) };

async function told(world: ApiWorld, subject: string): Promise<readonly string[]> {
  const rows = await world.db
    .selectFrom('outbox')
    .select('kind')
    .where('subject', '=', subject)
    .orderBy('seq')
    .execute();
  return rows.map(({ kind }) => kind);
}

test('a marker stands on its clip, is found by q, changed by its author and taken away', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  const marker = await json<EventJson>(
    world.post('/v1/events', {
      clip,
      name: 'bad-grasp',
      atNs: s(2),
      endNs: s(3),
      label: 'slipped at the edge',
      tags: ['pallet'],
    }),
  );
  expect(marker).toMatchObject({
    kind: 'marker',
    device: 'amr-01',
    clip,
    session: idOfUuid('ses', sampleUuid(0xffff)),
    label: 'slipped at the edge',
    version: 1,
  });
  const found = async (q: string) =>
    (await json<EventPage>(world.get(`/v1/events?q=${encodeURIComponent(q)}`))).items;
  expect(await found('label:*slipped* and tag:pallet')).toEqual([marker]);
  const patch = { label: 'slipped', tags: ['box'], atNs: s(1) };
  const etag = { 'if-match': '"1"' };
  const changed = await json<EventJson>(world.patch(`/v1/events/${marker.id}`, patch, etag));
  expect(changed).toMatchObject({ label: 'slipped', atNs: s(1), endNs: s(3), version: 2 });
  expect((await world.patch(`/v1/events/${marker.id}`, patch, etag)).status).toBe(412);
  expect(await found('tag:pallet')).toEqual([]);
  expect(await found('tag:box')).toEqual([changed]);
  const timeline = await json<EventPage>(world.get(`/v1/clips/${clip}/markers`));
  expect(timeline.items).toEqual([changed]);
  expect((await world.delete(`/v1/events/${marker.id}`, any)).status).toBe(204);
  expect((await world.get(`/v1/events/${marker.id}`)).status).toBe(404);
  expect(await told(world, marker.id)).toEqual(['marker.new', 'marker.changed', 'marker.deleted']);
});

test('data is held against the schema of its kind', async () => {
  await using world = await openApiWorld();
  const kind = await json<EventKindJson>(
    world.post('/v1/eventKinds', {
      name: 'drop',
      colour: '#d94f2b',
      shape: 'diamond',
      schema: {
        type: 'object',
        required: ['weightKg'],
        properties: { weightKg: { type: 'number', minimum: 0 } },
        additionalProperties: false,
      },
    }),
  );
  expect(kind).toMatchObject({ name: 'drop', isFailure: false, version: 1 });
  const write = async (data?: object) =>
    await world.post('/v1/events', { ...base, name: 'drop', ...(data && { data }) });
  expect(await problem(write({ weightKg: -1 }))).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/data/weightKg' }],
  });
  expect(await problem(write())).toMatchObject({ status: 400 });
  expect(await json<EventJson>(write({ weightKg: 12.5 }))).toMatchObject({
    data: { weightKg: 12.5 },
  });
  const heavy = await json<EventPage>(world.get('/v1/events?q=data.weightKg%20%3E%2010'));
  expect(heavy.items).toHaveLength(1);
  expect(await problem(world.post('/v1/events', { ...base, data: { a: 1 } }))).toMatchObject({
    detail: 'the event kind "note" describes no data',
  });
  const wrong = { schema: { typ: 'object' } };
  expect(await problem(world.patch('/v1/eventKinds/drop', wrong, any))).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/schema/typ' }],
  });
  const free = await world.patch('/v1/eventKinds/drop', { schema: null, isFailure: true }, any);
  expect(await json<EventKindJson>(free)).toMatchObject({ isFailure: true, version: 2 });
  expect((await world.post('/v1/eventKinds', { ...kindOf(kind), name: 'drop' })).status).toBe(409);
  expect((await json<EventKindPage>(world.get('/v1/eventKinds'))).items).toHaveLength(1);
  expect((await world.delete(`/v1/eventKinds/${kind.id}`, any)).status).toBe(204);
});

const kindOf = ({ colour, shape }: EventKindJson) => ({ colour, shape });

test('a time outside of what is known is refused, unless it is meant', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  const at = async (body: object) => await problem(world.post('/v1/events', { ...base, ...body }));
  expect(await at({ clip, atNs: s(0) })).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/atNs' }],
  });
  expect(await at({ clip, atNs: s(2), endNs: s(1) })).toMatchObject({
    errors: [{ pointer: '/body/endNs' }],
  });
  expect(
    await json<EventJson>(world.post('/v1/events', { ...base, clip, atNs: s(0), force: true })),
  ).toMatchObject({ atNs: s(0) });
  await sessionStore(world.db).touch('amr-01', {
    sessionId: sampleUuid(7),
    startNs: BigInt(s(1)),
    endNs: BigInt(s(9)),
    at: 1,
  });
  expect(await at({ atNs: '5' })).toMatchObject({
    detail: 'the event is outside of what is known of the device',
  });
  const session = idOfUuid('ses', sampleUuid(7));
  const inside = await json<EventJson>(world.post('/v1/events', { ...base, session }));
  const listed = await json<EventPage>(world.get(`/v1/sessions/${session}/events`));
  expect(listed.items.map(({ id }) => id)).toEqual([inside.id]);
  expect(await at({ session: 'ses_x' })).toMatchObject({ status: 404 });
  expect(await at({ kind: 'marker' })).toMatchObject({ errors: [{ pointer: '/body/clip' }] });
  expect(await at({ device: 'amr-02', clip })).toMatchObject({
    errors: [{ pointer: '/body/device' }],
  });
  expect(await at({ device: undefined })).toMatchObject({ errors: [{ pointer: '/body/device' }] });
});

test('a batch is written whole or not at all, and once however often it is sent', async () => {
  await using world = await openApiWorld();
  const events = [1, 2, 3].map((n) => ({ ...base, atNs: s(n), externalId: `e${n}` }));
  const send = async (list: readonly object[]) =>
    await world.post('/v1/events:batch', { events: list });
  const broken = [...events.slice(0, 2), { ...base, data: { a: 1 } }];
  expect(await problem(send(broken))).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/events/2/data' }],
  });
  const count = async (): Promise<number> =>
    (await json<EventPage>(world.get('/v1/devices/amr-01/events'))).items.length;
  expect(await count()).toBe(0);
  const first = await json<EventBatchJson>(send(events));
  expect(first).toMatchObject({ created: 3, known: 0 });
  const again = await json<EventBatchJson>(send([...events, { ...base, externalId: 'e4' }]));
  expect(again).toMatchObject({ created: 1, known: 3 });
  expect(again.items.slice(0, 3).map(({ id }) => id)).toEqual(first.items.map(({ id }) => id));
  const other = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  const theirs = await json<EventBatchJson>(world.post('/v1/events:batch', { events }, other));
  expect(theirs).toMatchObject({ created: 3 });
  expect(await count()).toBe(7);
});

test('nobody changes the robot’s word, nor that of somebody else but an admin', async () => {
  await using world = await openApiWorld();
  const robots = { id: sampleUuid(1), name: 'stop', severity: 'info' as const };
  await eventStore(world.db).putEvent('amr-01', { ...robots, atNs: 5n, synced: true }, 1);
  const robot = idOfUuid('evt', robots.id);
  const patch = async (id: string, headers = {}) =>
    (await world.patch(`/v1/events/${id}`, { label: 'x' }, { ...any, ...headers })).status;
  expect(await patch(robot)).toBe(403);
  const engineer = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  const other = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  const own = await json<EventJson>(world.post('/v1/events', base, engineer));
  expect(await patch(own.id, engineer)).toBe(200);
  expect(await patch(own.id, other)).toBe(403);
  expect(await patch(own.id)).toBe(200);
  const viewer = { authorization: `Bearer ${await world.keyAs('viewer')}` };
  expect((await world.post('/v1/events', base, viewer)).status).toBe(403);
});
