/**
 * Goal: what people do with clips is done once, to those they meant, and can be told afterwards.
 * Method: labels, tags, holds, pulls and erasing over real HTTP, with rights and repeated requests.
 */
import { silentLog, seededRandom } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { openOperationRunner } from '../operation/runner.ts';
import { sampleManifest, sampleUuid } from './clip.sample.ts';
import { clipOperationKinds } from './bulk-work.ts';
import { clipStore } from './store.ts';

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));
const path = (n: number): string => `/v1/clips/${clipId(n)}`;

type Json = Record<string, unknown>;
const jsonOf = async (response: Response | Promise<Response>): Promise<Json> =>
  (await (await response).json()) as Json;

const idsOf = async (world: ApiWorld, q: string): Promise<string[]> => {
  const { items } = await jsonOf(world.get(`/v1/clips?q=${encodeURIComponent(q)}`));
  return (items as { id: string }[]).map(({ id }) => id);
};

test('a label and a note are written by who read the clip, and by nobody else', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  const etag = (await world.get(path(1))).headers.get('etag') ?? '';
  const change = { label: 'first near-miss', note: 'look at 3 s' };
  expect((await world.patch(path(1), change, {})).status).toBe(428);
  const changed = await world.patch(path(1), change, { 'if-match': etag });
  expect(changed.status).toBe(200);
  expect(await jsonOf(changed)).toMatchObject({ ...change, version: 2 });
  expect((await world.patch(path(1), change, { 'if-match': etag })).status).toBe(412);
  const gone = await world.patch(path(1), { note: null }, { 'if-match': '"2"' });
  expect(await jsonOf(gone)).not.toHaveProperty('note');
});

test('tags of operators stand beside the robot’s, are found, and can be taken away', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { tags: ['rain'] });
  await world.putClip(2, { tags: ['dock'] });
  const ids = [clipId(1), clipId(2)];
  const tried = await jsonOf(world.post('/v1/clips:tag', { ids, add: ['golden'], dryRun: true }));
  expect(tried).toMatchObject({ matched: 2, changed: 2, dryRun: true });
  expect(await idsOf(world, 'tag:golden')).toEqual([]);
  const tagged = await jsonOf(world.post('/v1/clips:tag', { ids, add: ['golden', 'rain'] }));
  expect(tagged).toMatchObject({ matched: 2, changed: 2, results: [{ ok: true }, { ok: true }] });
  expect(await idsOf(world, 'tag:golden')).toEqual([clipId(2), clipId(1)]);
  expect(await idsOf(world, 'tag:rain')).toEqual([clipId(2), clipId(1)]);
  expect(await jsonOf(world.get(path(1)))).toMatchObject({
    tags: ['rain', 'golden'],
    operatorTags: ['golden'],
  });
  const again = await jsonOf(world.post('/v1/clips:tag', { ids, add: ['golden'] }));
  expect(again).toMatchObject({ changed: 0 });
  const some = { ids: [...ids, 'clp_0000000000000000000000000Z'], remove: ['rain'] };
  expect(await jsonOf(world.post('/v1/clips:tag', some))).toMatchObject({
    changed: 1,
    results: [
      { ok: false, problem: { code: 'conflict' } },
      { ok: true },
      { ok: false, problem: { code: 'not_found' } },
    ],
  });
  const byQuery = { q: 'tag:golden and tag:dock', remove: ['golden'] };
  expect(await jsonOf(world.post('/v1/clips:tag', byQuery))).toMatchObject({ changed: 1 });
  expect(await idsOf(world, 'tag:golden')).toEqual([clipId(1)]);
  expect((await world.post('/v1/clips:tag', { add: ['x'] })).status).toBe(400);
});

test('a pull waits for a robot that is away, and the same pull is the same command', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  await world.putClip(2, { bytes: new Uint8Array(10) });
  const first = await jsonOf(world.post(`${path(1)}:pull`, { topics: ['/odom'] }));
  expect(first).toMatchObject({ outcome: 'queued', command: { state: 'queued' } });
  const again = await jsonOf(world.post(`${path(1)}:pull`, { topics: ['/odom'] }));
  expect(again).toEqual({ ...first, outcome: 'live' });
  const other = await jsonOf(world.post(`${path(1)}:pull`, {}));
  expect(other['outcome']).toBe('queued');
  const stored = await world.post(`${path(2)}:pull`, {});
  expect(stored.status).toBe(409);
  expect(await jsonOf(stored)).toMatchObject({ remedy: expect.stringContaining('Download') });
  const bulk = await jsonOf(world.post('/v1/clips:pull', { q: 'device:amr-01' }));
  expect(bulk).toMatchObject({ matched: 2, changed: 0 });
  const { commands } = await jsonOf(world.get(`${path(1)}/lineage`));
  expect(commands).toHaveLength(2);
});

test('an erased clip keeps its row and nothing else', async () => {
  await using world = await openApiWorld();
  const bytes = new Uint8Array(1000).fill(7);
  const { sha256 } = await world.putClip(1, { bytes });
  expect((await world.delete(path(1), {})).status).toBe(428);
  const erased = await world.delete(`${path(1)}?reason=a+person`, { 'if-match': '*' });
  expect(erased.status).toBe(204);
  expect(await world.bytes.stat(sha256)).toBeUndefined();
  expect(await jsonOf(world.get(path(1)))).toMatchObject({
    state: 'erased',
    stateReason: 'a person',
    why: { rule: 'near-miss' },
  });
  expect((await world.get(`${path(1)}/data`)).status).toBe(409);
  expect((await world.delete(path(1), { 'if-match': '*' })).status).toBe(409);
  const audit = await world.db
    .selectFrom('audit')
    .select('subject')
    .where('action', '=', 'clip.delete')
    .execute();
  expect(audit).toEqual([{ subject: clipId(1) }]);
});

test('content that another clip needs stays when one of them is erased', async () => {
  await using world = await openApiWorld();
  const bytes = new Uint8Array(1000).fill(7);
  const { sha256 } = await world.putClip(1, { bytes });
  await world.putClip(2, { bytes, device: 'amr-02' });
  await world.delete(path(1), { 'if-match': '*' });
  expect(await world.bytes.stat(sha256)).toBeDefined();
  expect((await world.get(`${path(2)}/data`)).status).toBe(200);
  await world.delete(path(2), { 'if-match': '*' });
  expect(await world.bytes.stat(sha256)).toBeUndefined();
});

test('a held clip goes only by an admin with another person’s approval', async () => {
  await using world = await openApiWorld();
  const { sha256 } = await world.putClip(1, { bytes: new Uint8Array(10) });
  const engineer = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  const hold = { ids: [clipId(1)], hold: true, reason: 'accident 7' };
  expect(await jsonOf(world.post('/v1/clips:hold', hold, engineer))).toMatchObject({ changed: 1 });
  expect(await jsonOf(world.get(path(1)))).toMatchObject({
    isHeld: true,
    hold: { reason: 'accident 7' },
    pinnedBy: [{ kind: 'hold', what: 'accident 7' }],
  });
  const match = { 'if-match': '*' };
  expect((await world.delete(path(1), { ...match, ...engineer })).status).toBe(403);
  const alone = await world.delete(path(1), match);
  expect(alone.status).toBe(409);
  expect(await jsonOf(alone)).toMatchObject({ detail: expect.stringContaining('approval') });
  const bulk = await jsonOf(world.post('/v1/clips:delete', { ids: [clipId(1)] }));
  expect(bulk).toMatchObject({ changed: 0, results: [{ ok: false }] });
  await world.putClip(2, { bytes: new Uint8Array(20) });
  await world.post('/v1/clips:hold', { ids: [clipId(2)], hold: true, reason: 'accident 8' });
  expect((await world.delete(path(2), match)).status).toBe(409);
  await world.db
    .updateTable('approval')
    .set({ state: 'approved', decided_by: 'usr_other', decided_at: Date.now() })
    .where('subject', '=', clipId(2))
    .execute();
  expect((await world.delete(path(2), match)).status).toBe(204);
  const lift = { ids: [clipId(1)], hold: false };
  expect((await world.post('/v1/clips:hold', lift, engineer)).status).toBe(403);
  expect(await world.bytes.stat(sha256)).toBeDefined();
  expect(await jsonOf(world.post('/v1/clips:hold', lift))).toMatchObject({ changed: 1 });
  expect((await world.delete(path(1), { ...match, ...engineer })).status).toBe(204);
});

test('more clips than a request waits for are an operation that a worker finishes', async () => {
  await using world = await openApiWorld();
  await world.db.transaction().execute(async (trx) => {
    for (let n = 1; n <= 1001; n += 1) {
      await clipStore(trx).putManifest('amr-01', sampleManifest(n), 1);
    }
  });
  const started = await world.post('/v1/clips:tag', { q: 'state=on_device', add: ['many'] });
  expect(started.status).toBe(202);
  const { id } = await jsonOf(started);
  const { db, bytes } = world;
  await using _runner = await openOperationRunner(
    {
      read: db,
      write: db,
      bytes,
      clock: systemClock,
      ids: systemIds,
      random: seededRandom(1),
      randomBytes: systemRandomBytes,
      log: silentLog,
      node: 'test',
    },
    clipOperationKinds,
  );
  await expect
    .poll(async () => (await jsonOf(world.get(`/v1/operations/${String(id)}`)))['state'], {
      timeout: 20_000,
    })
    .toBe('done');
  expect(await jsonOf(world.get(`/v1/operations/${String(id)}`))).toMatchObject({
    result: { matched: 1001, changed: 1001, failed: 0 },
  });
  const { count } = await jsonOf(world.get('/v1/clips?q=tag:many&count=exact&limit=1'));
  expect(count).toMatchObject({ value: 1001 });
});
