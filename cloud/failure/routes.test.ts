/**
 * Goal: a person logs a failure and follows it to the release that fixed it; the worker finds the
 * clips meanwhile.
 * Method: real HTTP to a real SQLite file, with the worker's linker running on it.
 */
import { silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleStartNs, sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { eventStore } from '../event/store.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { openTail } from '../store/tail.ts';
import { openFailureLinker } from './linker.ts';
import type { FailureCountsJson, FailureHistoryPage, FailureJson, FailurePage } from './routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;
const s = (n: number): string => String(sampleStartNs + BigInt(n * 1e9));
const moment = { device: 'amr-01', kind: 'misgrasp', startNs: s(3) };

const log = async (world: ApiWorld, more: object = {}): Promise<FailureJson> =>
  await json<FailureJson>(world.post('/v1/failures', { ...moment, ...more }));

test('a failure goes from open to closed, each step with its proof and its history', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  const failure = await log(world, { did: { signal: 'gripper', value: 'closed' } });
  expect(failure).toMatchObject({
    state: 'linked',
    link: 'linked',
    clip: idOfUuid('clp', sampleUuid(1)),
    did: { signal: 'gripper', value: 'closed' },
    conditions: { signals: { vx: 0.52 } },
    source: 'operator',
  });
  const verb = async (name: string, body: object) =>
    await world.post(`/v1/failures/${failure.id}:${name}`, body);
  expect(await problem(verb('advance', { to: 'labelled' }))).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/shouldHaveDone' }],
  });
  expect(await problem(verb('advance', { to: 'in_dataset', datasetVersion: 'd' }))).toMatchObject({
    status: 409,
    remedy: 'From linked it becomes labelled, closed, wont_fix, not_a_failure.',
  });
  const label = { to: 'labelled', shouldHaveDone: { label: 'open_gripper' } };
  await json(verb('advance', label));
  await json(verb('advance', { to: 'in_dataset', datasetVersion: 'dsv_1' }));
  const fixed = { to: 'fixed_in', model: 'mdl_1', fix: 'generalised' };
  await json(verb('advance', fixed));
  await json(verb('advance', { to: 'released', release: 'rel_1', why: 'rolled out to hall 1' }));
  const closed = await json<FailureJson>(verb('close', { release: 'rel_1' }));
  expect(closed).toMatchObject({
    state: 'closed',
    shouldHaveDone: { label: 'open_gripper' },
    datasetVersion: 'dsv_1',
    model: 'mdl_1',
    fix: 'generalised',
    release: 'rel_1',
  });
  expect((await verb('close', { release: 'rel_2' })).status).toBe(409);
  const again = await json<FailureJson>(verb('reopen', { why: 'seen again on amr-07' }));
  expect(again.state).toBe('recurred');
  const history = await json<FailureHistoryPage>(
    world.get(`/v1/failures/${failure.id}/history?limit=4`),
  );
  const rest = await json<FailureHistoryPage>(
    world.get(`/v1/failures/${failure.id}/history?cursor=${history.nextCursor}`),
  );
  const steps = [...history.items, ...rest.items];
  expect(steps.map(({ n, action, state }) => [n, action, state])).toEqual([
    [1, 'log', 'open'],
    [2, 'link', 'linked'],
    [3, 'advance', 'labelled'],
    [4, 'advance', 'in_dataset'],
    [5, 'advance', 'fixed_in'],
    [6, 'advance', 'released'],
    [7, 'close', 'closed'],
    [8, 'reopen', 'recurred'],
  ]);
  expect(steps.at(-1)).toMatchObject({ why: 'seen again on amr-07', link: 'linked' });
  expect(new Set(steps.map(({ actor }) => actor)).size).toBe(1);
});

test('failures are found by q, by what was measured, and counted', async () => {
  await using world = await openApiWorld();
  await world.patch('/v1/devices/amr-01', { site: 'hall-1' }, { 'if-match': '*' });
  const now = String(BigInt(Date.now()) * 1_000_000n);
  const here = await log(world, { severity: 'critical', startNs: now });
  const other = await log(world, { device: 'amr-02', kind: 'stop', note: 'at the dock' });
  const found = async (query: string): Promise<readonly string[]> =>
    (await json<FailurePage>(world.get(`/v1/failures?${query}`))).items.map(({ id }) => id);
  const q = async (text: string) => await found(`q=${encodeURIComponent(text)}`);
  expect(await q('conditions.site = hall-1')).toEqual([here.id]);
  expect(await q('dock')).toEqual([other.id]);
  expect(await q('severity = critical and state = open')).toEqual([here.id]);
  expect(await found('device=amr-02')).toEqual([other.id]);
  expect(await found('sort=createdAt')).toEqual([here.id, other.id]);
  await json(
    world.post(`/v1/failures/${other.id}:dismiss`, { as: 'not_a_failure', why: 'as planned' }),
  );
  expect(await json<FailureCountsJson>(world.get('/v1/failureCounts'))).toMatchObject({
    total: 2,
    states: { open: 1, not_a_failure: 1, closed: 0 },
    links: { searching: 1, unrecoverable: 0 },
  });
  const patch = { note: 'x', shouldHaveDone: { text: 'wait' } };
  const etag = { 'if-match': '"1"' };
  const changed = await world.patch(`/v1/failures/${here.id}`, patch, etag);
  expect(await json<FailureJson>(changed)).toMatchObject({ ...patch, version: 2 });
  expect((await world.patch(`/v1/failures/${here.id}`, patch, etag)).status).toBe(412);
});

test('an event becomes a failure once, by a person or by the worker', async () => {
  await using world = await openApiWorld();
  const robots = {
    id: sampleUuid(5),
    name: 'near-miss',
    severity: 'critical' as const,
    atNs: BigInt(s(3)),
    synced: true,
    values: { vx: 0.9 },
  };
  await eventStore(world.db).putEvent('amr-01', robots, 1);
  const event = idOfUuid('evt', robots.id);
  const made = await json<FailureJson>(world.post('/v1/failures', { event }));
  expect(made).toMatchObject({
    device: 'amr-01',
    kind: 'near-miss',
    startNs: s(3),
    event,
    conditions: { signals: { vx: 0.9 } },
  });
  const twice = await problem(world.post('/v1/failures', { event }));
  expect(twice).toMatchObject({ status: 409, detail: expect.stringContaining(made.id) as string });
  expect(await problem(world.post('/v1/failures', { kind: 'x', startNs: '1' }))).toMatchObject({
    errors: [{ pointer: '/body/device' }],
  });
  const wrong = { event, device: 'amr-02' };
  expect(await problem(world.post('/v1/failures', wrong))).toMatchObject({ status: 400 });
});

test('the worker logs what a rule calls a failure and links its clip when that has come', async () => {
  await using world = await openApiWorld();
  const linked = Promise.withResolvers<string>();
  const deps = { read: world.db, write: world.db, clock: systemClock, log: silentLog };
  await using tail = await openTail(deps, { from: 'now', kinds: ['failure.linked'] }, (rows) => {
    linked.resolve(rows[0]?.subject ?? '');
  });
  await using linker = await openFailureLinker({ ...deps, ids: systemIds });
  expect([tail, linker]).toHaveLength(2);
  await eventStore(world.db).putEvent(
    'amr-01',
    {
      id: sampleUuid(5),
      name: 'near-miss',
      severity: 'warning',
      atNs: BigInt(s(3)),
      synced: true,
      rule: 'near-miss@3',
      tags: ['failure'],
    },
    1,
  );
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  const id = await linked.promise;
  expect(await json<FailureJson>(world.get(`/v1/failures/${id}`))).toMatchObject({
    source: 'rule',
    state: 'linked',
    clip: idOfUuid('clp', sampleUuid(1)),
    conditions: { signals: { vx: 0.52 } },
  });
});

test('who may read the log may not write it', async () => {
  await using world = await openApiWorld();
  const viewer = { authorization: `Bearer ${await world.keyAs('viewer')}` };
  const engineer = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  expect((await world.get('/v1/failures', viewer)).status).toBe(200);
  expect((await world.post('/v1/failures', moment, viewer)).status).toBe(403);
  expect((await world.post('/v1/failures', moment, engineer)).status).toBe(201);
});
