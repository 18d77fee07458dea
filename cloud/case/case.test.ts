/**
 * Goal: a person opens a case, sees it through by hand, and who may look may not act.
 * Method: real HTTP to a real SQLite file; the pure decisions in tables.
 */
import { expect, test } from 'vitest';
import type { Problem } from '../http/problem.ts';
import { openApiWorld } from '../http/world.sample.ts';
import { matches, type PatternCase, proposalOf, routeOf } from './case.ts';
import type { CaseHistoryPage, CaseJson, CasePage } from './routes.ts';

const json = async <T>(response: Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

test.each([
  ['drive.*', 'drive.hot', true],
  ['*', 'anything', true],
  ['*.hot', 'drive.hot', true],
  ['drive', 'drive.hot', false],
  ['a*b*c', 'abc', true],
  ['ab*bc', 'abc', false],
])('%s speaks of %s: %s', (glob, kind, is) => {
  expect(matches(glob, kind)).toBe(is);
});

test('a queue for the region goes before one for every region', () => {
  const queue = (name: string, regions: readonly string[]) => ({
    name,
    kinds: ['drive.*'],
    regions,
    people: [],
  });
  const queues = [queue('all', []), queue('eu', ['eu'])];
  expect(routeOf({ kind: 'drive.hot', region: 'eu' }, queues, {}).queue).toBe('eu');
  expect(routeOf({ kind: 'drive.hot', region: 'us' }, queues, {}).queue).toBe('all');
  expect(routeOf({ kind: 'lidar' }, queues, {})).toEqual({});
});

test('a rollout that most cases name is to be withdrawn', () => {
  const one = (id: string, over: Partial<PatternCase>): PatternCase => ({
    id,
    deviceId: `dev_${id}`,
    state: 'resolved',
    ...over,
  });
  const named = ['1', '2'].map((id) => one(id, { rollout: 'rol_1' }));
  expect(proposalOf([...named, one('3', {})])).toEqual({ proposal: 'withdraw', subject: 'rol_1' });
  const shown = ['1', '2', '3'].map((id) => one(id, { clip: 'clp_1' }));
  expect(proposalOf(shown)).toEqual({ proposal: 'correction_loop' });
  expect(proposalOf(shown.map((of) => ({ ...of, deviceId: 'dev_1' })))).toBeUndefined();
  expect(proposalOf(shown.slice(1))).toBeUndefined();
});

test('a case from open to closed by hand, with its history and its hold', async () => {
  await using world = await openApiWorld();
  const wish = { device: 'amr-01', kind: 'drive.hot', summary: 'left drive 92 C' };
  const made = await json<CaseJson>(world.post('/v1/cases', wish));
  expect(made).toMatchObject({ state: 'open', severity: 'sev2', source: 'operator', held: false });
  expect((await json<CaseJson>(world.post('/v1/cases', wish))).id).toBe(made.id);
  const verb = async (name: string, body: object = {}) =>
    await world.post(`/v1/cases/${made.id}:${name}`, body);
  await json(verb('note', { text: 'smells' }));
  expect(await json<CaseJson>(verb('acknowledge'))).toMatchObject({ state: 'acknowledged' });
  const early = (await (await verb('close', { code: 'repaired', cause: 'x' })).json()) as Problem;
  expect(early).toMatchObject({ status: 409, remedy: expect.stringContaining('reports well') });
  expect((await verb('assign', { to: 'usr_none' })).status).toBe(404);
  expect((await verb('lift', { reason: 'x' })).status).toBe(409);
  const closed = await json<CaseJson>(verb('close', { code: 'not_a_fault', cause: 'the sun' }));
  expect(closed).toMatchObject({ state: 'not_a_fault', cause: 'the sun', reportCount: 2 });
  expect((await verb('decommission', { cause: 'x' })).status).toBe(409);
  const history = await json<CaseHistoryPage>(world.get(`/v1/cases/${made.id}/history`));
  expect(history.items.map(({ action }) => action)).toEqual([
    'open',
    'join',
    'note',
    'acknowledge',
    'close',
  ]);
  const page = await json<CasePage>(
    world.get(`/v1/cases?q=${encodeURIComponent('device = amr-01 and kind ~ drive.*')}`),
  );
  expect(page.items.map(({ id }) => id)).toEqual([made.id]);
});

test('who may look at cases may not act on them; queues are changed by version', async () => {
  await using world = await openApiWorld();
  const viewer = { authorization: `Bearer ${await world.keyAs('viewer')}` };
  const wish = { device: 'amr-01', kind: 'x', summary: 'y' };
  expect((await world.get('/v1/cases', viewer)).status).toBe(200);
  expect((await world.post('/v1/cases', wish, viewer)).status).toBe(403);
  const queue = { name: 'drives', kinds: ['drive.*'] };
  expect((await world.post('/v1/caseQueues', queue)).status).toBe(201);
  expect((await world.post('/v1/caseQueues', queue)).status).toBe(409);
  const path = '/v1/caseQueues/drives';
  const changed = await world.patch(path, { regions: ['eu'] }, { 'if-match': '"1"' });
  expect(await changed.json()).toMatchObject({ regions: ['eu'], version: 2 });
  expect((await world.patch(path, { kinds: ['*'] }, { 'if-match': '"1"' })).status).toBe(412);
  expect((await world.delete(path, { 'if-match': '*' })).status).toBe(204);
  expect((await world.get(path)).status).toBe(404);
});

test('devices on hold are found by q', async () => {
  await using world = await openApiWorld();
  const wish = { device: 'amr-01', kind: 'x', summary: 'y' };
  const made = await json<CaseJson>(world.post('/v1/cases', wish));
  await world.db
    .insertInto('device_hold')
    .values({ device_id: made.deviceId, case_id: made.id, reason: 'x', held_at: 1 })
    .execute();
  const named = async (q: string) =>
    (
      await json<{ items: { name: string }[] }>(world.get(`/v1/devices?q=${encodeURIComponent(q)}`))
    ).items.map(({ name }) => name);
  expect(await named('held = true')).toEqual(['amr-01']);
  expect(await named('held = false')).toEqual(['amr-02']);
});
