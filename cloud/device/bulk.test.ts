/**
 * Goal: a verb on many devices tells what became of each, takes another person where it must, and
 * is work for the worker when it is long.
 * Method: real HTTP to a real SQLite file; the worker's handler run on what the request asked for.
 */
import type { Json } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { BulkAnswer } from '../http/bulk.ts';
import type { Problem } from '../http/problem.ts';
import { openApiWorld } from '../http/world.sample.ts';
import type { OperationContext } from '../store/operations.ts';
import { deviceOperationKinds } from './bulk-work.ts';
import { deviceStore } from './store.ts';

const json = async <T>(response: Response | Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};

const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

test('many devices are suspended at once, each with its result; a dry run changes nothing', async () => {
  await using world = await openApiWorld();
  const bulk = async (verb: string, body: object): Promise<BulkAnswer> =>
    await json<BulkAnswer>(world.post(`/v1/devices:${verb}`, body));
  const names = { ids: ['amr-01', 'amr-02', 'amr-99'] };
  const dry = await bulk('suspend', { ...names, dryRun: true });
  expect(dry).toMatchObject({ matched: 3, changed: 2, dryRun: true });
  expect(dry.results[2]).toMatchObject({ ok: false, problem: { code: 'not_found' } });
  expect(await bulk('suspend', names)).toMatchObject({ changed: 2, dryRun: false });
  expect(await bulk('suspend', names)).toMatchObject({ changed: 0 });
  expect(world.endings).toEqual(['amr-01 suspended', 'amr-02 suspended']);
  expect(await bulk('resume', { q: 'state = suspended' })).toMatchObject({ changed: 2 });
  const both = await world.post('/v1/devices:suspend', { ids: ['amr-01'], q: 'name:amr-*' });
  expect(both.status).toBe(400);
});

test('revoking many takes another person; a few do not', async () => {
  await using world = await openApiWorld();
  const made = Array.from({ length: 6 }, (_, n) => `bot-${n}`);
  for (const name of made) await deviceStore(world.db).create({ id: `dev_${name}`, name, at: 1 });
  const revoke = async (ids: readonly string[]) =>
    await world.post('/v1/devices:revoke', { ids, reason: 'sold' });
  expect(await json<BulkAnswer>(revoke(made.slice(0, 2)))).toMatchObject({ changed: 2 });
  const refused = await problem(revoke(made));
  expect(refused).toMatchObject({ status: 409 });
  expect(refused.remedy).toContain('approvals approve');
  const state = async (name: string) => (await deviceStore(world.db).get(name))?.state;
  expect(await state('bot-5')).toBe('enrolled');
  await world.db.updateTable('approval').set({ state: 'approved' }).execute();
  // Approved for these six: one more is another question.
  expect((await revoke([...made, 'amr-01'])).status).toBe(409);
  expect(await json<BulkAnswer>(revoke(made))).toMatchObject({ matched: 6, changed: 4 });
  expect(await state('bot-5')).toBe('revoked');
  expect((await revoke(made)).status).toBe(409);
});

test('many revoked one after the other take another person too', async () => {
  await using world = await openApiWorld();
  const made = Array.from({ length: 7 }, (_, n) => `bot-${n}`);
  for (const name of made) await deviceStore(world.db).create({ id: `dev_${name}`, name, at: 1 });
  const statuses: number[] = [];
  for (const name of made) {
    statuses.push((await world.post(`/v1/devices/${name}:revoke`, {})).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 409, 409]);
  expect((await world.post('/v1/devices:revoke', { ids: ['bot-5'] })).status).toBe(409);
  // What is over already is asked of nobody.
  expect((await world.post('/v1/devices/bot-0:revoke', {})).status).toBe(200);
  await world.db
    .updateTable('audit')
    .set({ at: 1 })
    .where('action', '=', 'device.revoke')
    .execute();
  expect((await world.post('/v1/devices/bot-5:revoke', {})).status).toBe(200);
});

test('more devices than a request waits for become an operation that the worker does', async () => {
  await using world = await openApiWorld();
  const count = 1003;
  await world.db.transaction().execute(async (trx) => {
    for (let n = 0; n < count; n += 1) {
      await deviceStore(trx).create({ id: `dev_bot-${n}`, name: `bot-${n}`, at: 1 });
    }
  });
  const q = 'name:bot-*';
  const dry = await json<BulkAnswer>(world.post('/v1/devices:suspend', { q, dryRun: true }));
  expect(dry).toMatchObject({ matched: 1000, changed: 1000 });
  const started = await world.post('/v1/devices:suspend', { q });
  expect(started.status).toBe(202);
  const { input } = (await started.json()) as { readonly input: Json };
  const progress: number[] = [];
  const context = {
    id: 'op_1',
    read: world.db,
    write: world.db,
    clock: systemClock,
    signal: new AbortController().signal,
    progress: (done: number) => progress.push(done),
  };
  const work = deviceOperationKinds['devices.suspend'];
  const run = async () => await work?.(input, context as unknown as OperationContext);
  expect(await run()).toEqual({ matched: count, changed: count, failed: 0, problems: [] });
  expect(progress.at(-1)).toBe(count);
  expect(await run()).toMatchObject({ changed: 0 });
  expect(await deviceStore(world.db).get('bot-7')).toMatchObject({ state: 'suspended' });
});
