/**
 * Goal: what the policy closes is closed for everybody without an active grant, and each rule says
 * by which clause.
 * Method: the pure judgement in tables; then real HTTP to a real SQLite file: exports, clips and
 * pulls of a region, with grants written as the workflow writes them.
 */
import { silentLog } from '@fieldloop/core';
import { seededRandom } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { exportKind, makeExport } from '../export/make.ts';
import type { Problem } from '../http/problem.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { openOperationRunner } from '../operation/runner.ts';
import { complianceDeps } from '../workflows/compliance-review-deps.ts';
import type { ReviewJson } from './json.ts';
import { isOpen, judge, type PolicyRule, scopeDigest, scopeOf, workingTime } from './review.ts';
import { reviewStore } from './store.ts';

const rule = (over: Partial<PolicyRule>): PolicyRule => ({
  id: 'r',
  clause: 'DPA 4.2',
  on: ['export'],
  effect: 'needs_approval',
  ...over,
});

const item = (id: string, region: string | null) => ({ id, region });
const scope = scopeOf('export', [item('b', 'eu'), item('a', null)], ['/camera/front', '/odom']);

test.each<[string, Partial<PolicyRule>, readonly string[], string]>([
  ['another kind', { on: ['pull'] }, [], 'allow'],
  ['this region', { regions: ['eu'] }, [], 'needs_approval'],
  ['another region', { regions: ['us'] }, [], 'allow'],
  ['any region', { regions: ['*'] }, [], 'needs_approval'],
  ['a topic', { topics: ['/camera/*'] }, [], 'needs_approval'],
  ['another topic', { topics: ['/audio/*'] }, [], 'allow'],
  ['somebody outside', { outside: true }, ['us'], 'needs_approval'],
  ['somebody inside', { outside: true }, ['eu'], 'allow'],
  ['more than one', { moreThan: 1 }, [], 'needs_approval'],
  ['not more than two', { moreThan: 2 }, [], 'allow'],
])('a rule for %s', (_, over, regions, effect) => {
  expect(judge({ rules: [rule(over)], otherwise: 'allow' }, scope, regions).effect).toBe(effect);
});

test('deny beats approval, approval beats allow, and every clause is named', () => {
  const rules = [
    rule({ id: 'a', effect: 'allow' }),
    rule({ id: 'b' }),
    rule({ id: 'c', effect: 'deny', clause: 'no faces' }),
  ];
  const all = judge({ rules, otherwise: 'allow' }, scope, []);
  expect(all.effect).toBe('deny');
  expect(all.findings.map(({ rule: id, clause }) => `${id} ${clause}`)).toEqual([
    'a DPA 4.2',
    'b DPA 4.2',
    'c no faces',
  ]);
  expect(judge({ rules: rules.slice(0, 2), otherwise: 'allow' }, scope, []).effect).toBe(
    'needs_approval',
  );
  expect(judge({ rules: [], otherwise: 'deny' }, scope, []).effect).toBe('deny');
});

test('a scope is its items whatever their order; a grant opens while its lease runs', () => {
  const other = scopeOf('export', [item('a', null), item('b', 'eu')], ['/odom', '/camera/front']);
  expect(scopeDigest(other)).toBe(scopeDigest(scope));
  const more = scopeOf('export', [item('a', null), item('b', 'us')], ['/odom', '/camera/front']);
  expect(scopeDigest(more)).not.toBe(scopeDigest(scope));
  expect(isOpen(undefined, 1)).toBe(false);
  expect(isOpen({ state: 'pending' }, 1)).toBe(false);
  expect(isOpen({ state: 'active', expiresAt: 2 }, 1)).toBe(true);
  expect(isOpen({ state: 'active', expiresAt: 2 }, 2)).toBe(false);
  expect(isOpen({ state: 'revoked', expiresAt: 2 }, 1)).toBe(false);
  const friday = Date.UTC(2026, 10, 20);
  expect(workingTime(friday, 5) / 86_400_000).toBe(7);
});

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));
const json = async <T>(response: Promise<Response>): Promise<T> => {
  const settled = await response;
  if (!settled.ok) throw new Error(`${settled.status} ${await settled.text()}`);
  return (await settled.json()) as T;
};
const problem = async (response: Promise<Response>): Promise<Problem> =>
  (await (await response).json()) as Problem;

async function restrict(world: ApiWorld, over: Partial<PolicyRule> = {}): Promise<void> {
  await world.patch('/v1/devices/amr-01', { site: 'ber1' }, { 'if-match': '*' });
  await json(world.post('/v1/regions', { name: 'eu', sites: ['ber1'] }));
  const rules = [
    rule({
      on: ['export', 'cross_region_read', 'pull'],
      regions: ['eu'],
      outside: true,
      ...over,
    }),
  ];
  const policy = { rules, note: 'first' };
  expect((await world.put('/v1/compliancePolicy', policy, { 'if-match': '*' })).status).toBe(200);
}

test('an export that the policy closes becomes a review, and is read by its active grant alone', async () => {
  await using world = await openApiWorld();
  const bytes = new Uint8Array([1, 2, 3]);
  await world.putClip(1, { bytes });
  await restrict(world);
  const asked = { ids: [clipId(1)], rationale: 'for the customer' };
  const refused = await problem(world.post('/v1/clips:export', asked));
  expect(refused).toMatchObject({ status: 409 });
  const id = /rev_\w+/.exec(refused.detail)?.[0] ?? '';
  expect((await problem(world.post('/v1/clips:export', asked))).detail).toContain(id);
  const review = await json<ReviewJson>(world.get(`/v1/reviews/${id}`));
  expect(review).toMatchObject({ kind: 'export', state: 'requested', regions: ['eu'] });
  const parts = { clock: systemClock, ids: systemIds, random: seededRandom(1), log: silentLog };
  const ground = { ...parts, read: world.db, write: world.db, bytes: world.bytes, node: 'w' };
  const deps = complianceDeps(ground);
  const e = (step: string) => ({
    key: `run_1/${step}`,
    run: 'run_1',
    attempt: 1,
    signal: new AbortController().signal,
  });
  await deps.freeze(id, e('freeze'));
  expect(await deps.check(id, e('check'))).toMatchObject({ effect: 'needs_approval' });
  await deps.grant(id, { scopeSha256: review.scopeSha256, approvers: ['usr_1'] }, e('grant'));
  const { subject } = await deps.build(id, e('build'));
  await using _runner = await openOperationRunner(
    { ...ground, randomBytes: systemRandomBytes },
    { [exportKind]: makeExport },
  );
  const at = `/v1/exports/${subject}`;
  await expect
    .poll(async () => (await json<{ state: string }>(world.get(at))).state, { timeout: 10_000 })
    .toBe('ready');
  const reads = async (): Promise<readonly number[]> =>
    await Promise.all(
      ['data', 'links', 'manifest'].map(async (part) => (await world.get(`${at}/${part}`)).status),
    );
  // The file is there, and nothing opens it yet.
  expect(await reads()).toEqual([403, 403, 403]);
  await deps.activate(id, e('activate'));
  expect(await reads()).toEqual([200, 200, 200]);
  const link = await json<{ data: string }>(world.get(`${at}/links`));
  expect((await fetch(link.data)).status).toBe(200);
  await json(world.post(`/v1/reviews/${id}:revoke`, { reason: 'seen enough' }));
  expect(await reads()).toEqual([403, 403, 403]);
  expect((await fetch(link.data)).status).toBe(403);
  expect(await deps.prove(id, e('prove'))).toEqual({ denied: true });
  const uses = await json<{ items: { action: string; outcome: string }[] }>(
    world.get(`/v1/reviews/${id}/uses`),
  );
  expect(uses.items.map(({ action, outcome }) => `${action} ${outcome}`).toSorted()).toEqual([
    'export.link read',
    'export.manifest read',
    'export.read read',
    'prove denied',
  ]);
  expect(world.errors).toEqual([]);
});

test('an export of before is closed by the policy that came after it', async () => {
  await using world = await openApiWorld({ worker: true });
  await world.putClip(1, { bytes: new Uint8Array([1, 2, 3]) });
  const started = await json<{ input: { export: string } }>(
    world.post('/v1/clips:export', { ids: [clipId(1)] }),
  );
  const at = `/v1/exports/${started.input.export}`;
  await expect
    .poll(async () => (await json<{ state: string }>(world.get(at))).state, { timeout: 10_000 })
    .toBe('ready');
  expect((await world.get(`${at}/data`)).status).toBe(200);
  await restrict(world);
  expect(await problem(world.get(`${at}/data`))).toMatchObject({
    status: 403,
    remedy: expect.stringContaining('reviews request') as string,
  });
});

test('the bytes of a clip and its pull are closed for who works elsewhere', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1, 2, 3]) });
  await world.putClip(2);
  await world.putClip(3, { bytes: new Uint8Array([4]), device: 'amr-02' });
  const read = async (n: number, part = 'data'): Promise<number> =>
    (await world.get(`/v1/clips/${clipId(n)}/${part}`)).status;
  expect(await read(1)).toBe(200);
  await restrict(world);
  expect([await read(1), await read(1, 'links'), await read(3)]).toEqual([403, 403, 200]);
  expect((await world.post(`/v1/clips/${clipId(2)}:pull`)).status).toBe(403);
  const asked = { kind: 'cross_region_read', clips: [clipId(1)], rationale: 'to debug it' };
  const review = await json<ReviewJson>(world.post('/v1/reviews', asked));
  const reviews = reviewStore(world.db);
  const now = Date.now();
  await reviews.grant(
    review.id,
    { scopeSha256: review.scopeSha256, approvers: [] },
    { at: now, ids: systemIds },
  );
  expect(await read(1)).toBe(403);
  await reviews.activate(review.id, { at: now });
  // Bytes for the one who asked; a link would be for anybody.
  expect([await read(1), await read(1, 'links')]).toEqual([200, 403]);
  const other = { authorization: `Bearer ${await world.keyAs('engineer')}` };
  expect((await world.get(`/v1/clips/${clipId(1)}/data`, other)).status).toBe(403);
  await reviews.revoke(review.id, { at: now, by: 'usr_1' });
  expect(await read(1)).toBe(403);
});

test('what a clause denies is refused with the clause, and makes no review', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: new Uint8Array([1]) });
  await restrict(world, { effect: 'deny', outside: false });
  const refused = await problem(world.post('/v1/clips:export', { ids: [clipId(1)] }));
  expect(refused).toMatchObject({
    status: 403,
    detail: expect.stringContaining('DPA 4.2') as string,
  });
  expect(await json<{ items: unknown[] }>(world.get('/v1/reviews'))).toMatchObject({ items: [] });
});

test('only an admin changes the policy, and a site lies in one region', async () => {
  await using world = await openApiWorld();
  await restrict(world);
  const manager = { authorization: `Bearer ${await world.keyAs('release_manager')}` };
  const put = await world.put(
    '/v1/compliancePolicy',
    { rules: [], note: 'x' },
    { 'if-match': '*', ...manager },
  );
  expect(put.status).toBe(403);
  expect(await problem(world.post('/v1/regions', { name: 'us', sites: ['ber1'] }))).toMatchObject({
    status: 409,
    remedy: 'Take it out of eu first.',
  });
  const version = { 'if-match': '"0"' };
  const stale = await world.put('/v1/compliancePolicy', { rules: [], note: 'x' }, version);
  expect(stale.status).toBe(412);
});
