/**
 * Goal: an operator sees who is in a cohort and who would be, and cannot pull one away from under
 * what uses it.
 * Method: real HTTP to a real SQLite file; cohorts by query, by list and frozen.
 */
import { expect, test } from 'vitest';
import type { Problem } from '../http/problem.ts';
import { openApiWorld } from '../http/world.sample.ts';
import type { CohortJson, CohortPage, CohortPreviewJson } from './routes.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const any = { 'if-match': '*' };

test('a cohort by query follows the fleet; frozen it stays', async () => {
  await using world = await openApiWorld();
  const q = 'site = hall-1';
  const live = await json<CohortJson>(world.post('/v1/cohorts', { name: 'hall', q }));
  expect(live).toMatchObject({ name: 'hall', q, size: 0, usedBy: [] });
  await world.patch('/v1/devices/amr-01', { site: 'hall-1' }, any);
  expect(await json<CohortJson>(world.get('/v1/cohorts/hall'))).toMatchObject({ size: 1 });
  const frozen = await json<CohortJson>(
    world.post('/v1/cohorts', { name: 'hall-then', q, freeze: true }),
  );
  expect(frozen.q).toBeUndefined();
  expect(frozen.frozenAt).toBeDefined();
  await world.patch('/v1/devices/amr-02', { site: 'hall-1' }, any);
  const sizes = async (): Promise<readonly [string, number][]> =>
    (await json<CohortPage>(world.get('/v1/cohorts'))).items.map(({ name, size }) => [name, size]);
  expect(await sizes()).toEqual([
    ['hall', 2],
    ['hall-then', 1],
  ]);
  const thawed = await world.patch('/v1/cohorts/hall-then', { q: 'name:amr-*', note: 'x' }, any);
  expect(await json<CohortJson>(thawed)).toMatchObject({ size: 2, q: 'name:amr-*', version: 2 });
});

test('a preview tells who is in, who would join and who would leave', async () => {
  await using world = await openApiWorld();
  await json(world.post('/v1/cohorts', { name: 'pilot', devices: ['amr-01'] }));
  const fresh = await json<CohortPreviewJson>(
    world.post('/v1/cohorts:preview', { q: 'name:amr-*' }),
  );
  expect(fresh.now).toMatchObject({ count: 2, sample: [{ name: 'amr-01' }, { name: 'amr-02' }] });
  const change = await json<CohortPreviewJson>(
    world.post('/v1/cohorts/pilot:preview', { devices: ['amr-02'] }),
  );
  expect(change).toMatchObject({
    now: { count: 1 },
    after: { count: 1 },
    joins: { count: 1, sample: [{ name: 'amr-02' }] },
    leaves: { count: 1, sample: [{ name: 'amr-01' }] },
  });
  const same = await json<CohortPreviewJson>(world.post('/v1/cohorts/pilot:preview'));
  expect(same).toMatchObject({ now: { count: 1 } });
  expect(same.after).toBeUndefined();
});

test('the devices of a cohort are a list like that of all devices', async () => {
  await using world = await openApiWorld();
  await json(world.post('/v1/cohorts', { name: 'all', q: 'name:amr-*' }));
  const first = await json<DeviceNames>(world.get('/v1/cohorts/all/devices?limit=1&count=exact'));
  expect(first).toMatchObject({ items: [{ name: 'amr-01' }], count: { value: 2 } });
  const next = `/v1/cohorts/all/devices?limit=1&count=exact&cursor=${first.nextCursor}`;
  expect((await json<DeviceNames>(world.get(next))).items).toMatchObject([{ name: 'amr-02' }]);
  const narrowed = await json<DeviceNames>(world.get('/v1/cohorts/all/devices?q=name%3Aamr-02'));
  expect(narrowed.items).toHaveLength(1);
  expect((await world.get('/v1/cohorts/none/devices')).status).toBe(404);
  expect(await json(world.get('/v1/devices/amr-01'))).toMatchObject({ cohorts: ['all'] });
});

interface DeviceNames {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor?: string;
}

test('what is wrong with a cohort is said where it is wrong', async () => {
  await using world = await openApiWorld();
  const make = async (body: object): Promise<Problem> =>
    (await (await world.post('/v1/cohorts', { name: 'pilot', ...body })).json()) as Problem;
  expect(await make({})).toMatchObject({ status: 400, errors: [{ pointer: '/body/q' }] });
  expect(await make({ q: 'sit = x' })).toMatchObject({
    status: 400,
    errors: [{ pointer: '/body/q', line: 1, col: 1 }],
  });
  expect(await make({ devices: ['amr-99'] })).toMatchObject({ status: 404 });
  expect(await make({ devices: [], freeze: true })).toMatchObject({ status: 400 });
  await json(world.post('/v1/cohorts', { name: 'pilot', devices: [] }));
  expect(await make({ devices: [] })).toMatchObject({ status: 409 });
});

test('a cohort in use stays; the one that uses it is named', async () => {
  await using world = await openApiWorld();
  const { id } = await json<CohortJson>(
    world.post('/v1/cohorts', { name: 'pilot', devices: ['amr-01'] }),
  );
  const scopes = ['clips:read'];
  await world.makeKey(scopes);
  const keys = world.db.updateTable('api_key').where('scopes', '=', JSON.stringify(scopes));
  await keys.set({ cohorts: JSON.stringify([id]) }).execute();
  const used = await json<CohortJson>(world.get('/v1/cohorts/pilot'));
  expect(used.usedBy).toMatchObject([{ kind: 'api_key', name: 'test' }]);
  const refused = await world.delete(`/v1/cohorts/${id}`, any);
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as Problem).detail).toContain('api_key test');
  await keys.set({ cohorts: null }).execute();
  expect((await world.delete(`/v1/cohorts/${id}`, any)).status).toBe(204);
  expect((await world.get(`/v1/cohorts/${id}`)).status).toBe(404);
});
