/**
 * Goal: over the API people start a run, see where it stands and steer it, each act with a reason
 * that is kept; who may look may not act; a trigger that is off starts nothing.
 * Method: real HTTP to a real SQLite file without a worker; states of runs are set in their rows.
 */
import { expect, test } from 'vitest';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import type { RunJson, RunPage } from './routes.ts';

const wish = {
  workflow: 'data-to-training',
  subject: 'aisle',
  input: { policy: 'aisle', model: 'classifier', dataset: 'aisle' },
};
const reason = 'because';

const json = async <T>(response: Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

const stands = async (world: ApiWorld, state: string): Promise<void> =>
  void (await world.db
    .updateTable('run')
    .set({ state, waiting_kind: 'event', waiting_for: 'a person', waiting_since: 1 })
    .execute());

test('a run is started once for its key, listed, shown and replayed', async () => {
  await using world = await openApiWorld();
  const once = { 'idempotency-key': 'start-1' };
  const made = await json<RunJson>(world.post('/v1/runs', wish, once));
  expect(made).toMatchObject({ workflow: 'data-to-training', state: 'running', subject: 'aisle' });
  expect((await json<RunJson>(world.post('/v1/runs', wish, once))).id).toBe(made.id);
  const page = await json<RunPage>(world.get('/v1/runs?state=running&workflow=data-to-training'));
  expect(page.items.map(({ id }) => id)).toEqual([made.id]);
  expect((await json<RunPage>(world.get('/v1/runs?state=parked'))).items).toEqual([]);
  const shown = await json<RunJson>(world.get(`/v1/runs/${made.id}`));
  expect(shown).toMatchObject({ input: wish.input, cause: [] });
  const history = await json<{ readonly steps: readonly unknown[] }>(
    world.get(`/v1/runs/${made.id}/history`),
  );
  expect(history.steps).toEqual([]);
  const explained = await json(world.get(`/v1/runs/${made.id}/explanation`));
  expect(explained).toMatchObject({ agrees: true, lastStep: 'freeze' });
});

test('what cannot be started says why', async () => {
  await using world = await openApiWorld();
  const unknown = await problem(world.post('/v1/runs', { ...wish, workflow: 'none' }));
  expect(unknown).toMatchObject({
    status: 404,
    remedy: expect.stringContaining('data-to-training'),
  });
  const wrong = await problem(world.post('/v1/runs', { ...wish, input: { policy: 7 } }));
  expect(wrong.status).toBe(400);
  expect((await world.get('/v1/runs/run_none')).status).toBe(404);
});

test('people steer a run where it stands, and nowhere else; each act is in the audit log', async () => {
  await using world = await openApiWorld();
  const { id } = await json<RunJson>(world.post('/v1/runs', wish));
  const verb = async (name: string, body: object = { reason }) =>
    await world.post(`/v1/runs/${id}:${name}`, body);
  expect(await problem(verb('retry'))).toMatchObject({
    status: 409,
    remedy: expect.stringContaining('expedite'),
  });
  expect((await verb('skip')).status).toBe(409);
  expect((await verb('retry', {})).status).toBe(400);
  expect((await verb('reassign', { to: 'usr_none', reason })).status).toBe(404);
  await stands(world, 'stuck');
  await world.db.updateTable('run').set({ throws: 5 }).execute();
  await json(verb('retry'));
  const row = await world.db.selectFrom('run').select('throws').executeTakeFirstOrThrow();
  expect(row.throws).toBe(0n);
  await json(verb('expedite'));
  expect(await json<RunJson>(verb('abort'))).toMatchObject({ abort: { reason } });
  const acts = await world.db
    .selectFrom('audit')
    .select('action')
    .where('subject', '=', id)
    .orderBy('seq')
    .execute();
  expect(acts.map(({ action }) => action)).toEqual([
    'run.start',
    'run.retry',
    'run.expedite',
    'run.abort',
  ]);
  await stands(world, 'ended');
  expect((await verb('abort')).status).toBe(409);
});

test('who may look starts nothing and stops nothing', async () => {
  await using world = await openApiWorld();
  const { id } = await json<RunJson>(world.post('/v1/runs', wish));
  const authorization = `Bearer ${await world.keyAs('viewer')}`;
  expect((await world.get('/v1/runs', { authorization })).status).toBe(200);
  expect((await world.post('/v1/runs', wish, { authorization })).status).toBe(403);
  const abort = world.post(`/v1/runs/${id}:abort`, { reason }, { authorization });
  expect((await abort).status).toBe(403);
});

test('a trigger is switched off and on, with its latest evaluations', async () => {
  await using world = await openApiWorld();
  interface Shown {
    readonly name: string;
    readonly enabled: boolean;
    readonly last: readonly unknown[];
  }
  const of = async (): Promise<Shown | undefined> =>
    (await json<{ items: Shown[] }>(world.get('/v1/triggers'))).items.find(
      ({ name }) => name === 'data-on-selection',
    );
  expect(await of()).toMatchObject({ enabled: true, last: [] });
  await json(world.post('/v1/triggers/data-on-selection:disable', { reason }));
  await world.db
    .insertInto('dispatch')
    .values({
      trigger: 'data-on-selection',
      key: '1',
      workflow: 'data-to-training',
      subject: 'win_1',
      outcome: 'skipped',
      reason: 'disabled',
      at: 1,
    })
    .execute();
  expect(await of()).toMatchObject({ enabled: false, last: [{ reason: 'disabled' }] });
  await json(world.post('/v1/triggers/data-on-selection:enable', { reason }));
  expect(await of()).toMatchObject({ enabled: true });
  expect((await world.post('/v1/triggers/none:enable', { reason })).status).toBe(404);
});
