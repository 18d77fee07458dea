/**
 * Goal: a release reaches robots only after it was linted, evaluated and approved by two people who
 * did not write it, by exactly the plan that the dry run showed; one engineer stops everything.
 * Method: the real API over HTTP on SQLite: files, manifests, votes of people, plans, verbs.
 */
import { sha256Hex } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type Role, roleScopes } from '../auth/rights.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { newApiKey } from '../key/make.ts';
import { personStore } from '../user/store.ts';

const bytes = new TextEncoder().encode('a model that only exists as text');
const sha256 = sha256Hex(bytes);

const manifest = (version: string, change = ''): string => `
apiVersion: fieldloop.release/v1
kind: Release
name: sim-stack
version: ${version}
order: [brain]
components:
- name: brain
  kind: sim
  version: ${version}
  artifact: {path: sim/brain, sha256: ${sha256}, size: ${bytes.length}}
  sim: {script: [good]}
${change}`;

const plan = `
apiVersion: fieldloop.rollout/v1
kind: Rollout
release: sim-stack@1.0.0
selector: 'name:amr-*'
control: {percent: 0, min: 0}
stages:
- {name: canary, percent: 50, bake: 1h}
- {name: final, percent: 100}
`;

interface Answered {
  readonly id: string;
  readonly state: string;
  readonly digest: string;
  readonly faults: readonly { readonly line: number; readonly code: string }[];
  readonly detail: string;
  readonly targets: number;
  readonly approval: string;
  readonly agrees: boolean;
  readonly notes: readonly string[];
  readonly next: object;
}

type As = (
  path: string,
  body: unknown,
) => Promise<{ readonly status: number; readonly body: Answered }>;

async function person(world: ApiWorld, name: string, role: Role): Promise<As> {
  const user = await personStore(world.db).create({
    id: systemIds.ulid('usr'),
    email: `${name}@example.com`,
    name,
    role,
    state: 'active',
    password: 'x',
    createdBy: 'test',
    at: systemClock.now(),
  });
  const system = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
  const { text } = await newApiKey(world.db, system, {
    name,
    scopes: roleScopes[role],
    personId: user.id,
    makerId: user.id,
    createdBy: user.id,
  });
  return async (path, body) => {
    const authorization = `Bearer ${text}`;
    const response = await world.post(path, body, { authorization });
    return { status: response.status, body: (await response.json()) as Answered };
  };
}

async function upload(world: ApiWorld, content: Uint8Array, hash: string): Promise<Response> {
  return await fetch(`${world.url}/v1/artifacts?sha256=${hash}&kind=sim&name=brain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/octet-stream' },
    body: content,
  });
}

test('an artifact is what its hash says, comes once, and reads back', async () => {
  await using world = await openApiWorld();
  expect((await upload(world, bytes, 'a'.repeat(64))).status).toBe(422);
  expect((await upload(world, bytes, sha256)).status).toBe(201);
  expect((await upload(world, bytes, sha256)).status).toBe(201);
  const back = await world.get(`/v1/artifacts/${sha256}/data`);
  expect(new Uint8Array(await back.arrayBuffer())).toEqual(bytes);
  const page = (await (await world.get('/v1/artifacts')).json()) as { items: unknown[] };
  expect(page.items).toHaveLength(1);
});

test('lint tells every fault at once, by line', async () => {
  await using world = await openApiWorld();
  const wrong = `${manifest('1.0.0').replace('order: [brain]', 'order: [brian]')}
colour: red
`;
  const found = (await (await world.post('/v1/releases:lint', { text: wrong })).json()) as Answered;
  expect(found.faults.map(({ code }) => code)).toEqual(['unknown-key']);
  const text = manifest('1.0.0', 'previous: gone@1.0.0').replace(
    'order: [brain]',
    'order: [brian]',
  );
  const more = (await (await world.post('/v1/releases:lint', { text })).json()) as Answered;
  expect(more.faults.map(({ code, line }) => `${line} ${code}`)).toEqual([
    '6 order',
    '11 blob-missing',
    '13 previous-unknown',
  ]);
  const anchored = manifest('1.0.0').replace('script: [good]', 'script: &a [good]');
  const last = (await (
    await world.post('/v1/releases:lint', { text: anchored })
  ).json()) as Answered;
  expect(last.faults.map(({ code }) => code)).toEqual(['anchor']);
});

/** A release that may go out, by its author, and the people around it. */
async function released(world: ApiWorld) {
  await upload(world, bytes, sha256);
  const author = await person(world, 'ada', 'release_manager');
  const bob = await person(world, 'bob', 'engineer');
  const eve = await person(world, 'eve', 'release_manager');
  const made = await author('/v1/releases', { text: manifest('1.0.0') });
  expect(made.status).toBe(201);
  const path = `/v1/releases/${made.body.id}`;
  return { author, bob, eve, path, digest: made.body.digest };
}

test('two people who did not write it approve exactly one digest', async () => {
  await using world = await openApiWorld();
  const { author, bob, eve, path, digest } = await released(world);
  const yes = { digest, reason: 'seen' };
  expect((await bob(`${path}:approve`, yes)).status).toBe(409);
  expect((await author(`${path}:evaluate`, { note: 'a script' })).body.state).toBe('evaluated');
  expect((await author(`${path}:approve`, yes)).status).toBe(403);
  expect((await world.post(`${path}:approve`, yes)).status).toBe(403);
  const other = { digest: 'b'.repeat(64), reason: 'seen' };
  expect((await bob(`${path}:approve`, other)).status).toBe(409);
  expect((await bob(`${path}:approve`, yes)).body.state).toBe('evaluated');
  expect((await bob(`${path}:approve`, yes)).body.state).toBe('evaluated');
  expect((await author(`${path}:evaluate`, { note: 'another' })).body.state).toBe('evaluated');
  // Bob saw other evidence: his word holds no more.
  expect((await eve(`${path}:approve`, yes)).body.state).toBe('evaluated');
  expect((await bob(`${path}:approve`, yes)).body.state).toBe('approved');
  expect((await bob(`${path}:release`, {})).status).toBe(403);
  expect((await eve(`${path}:release`, {})).body.state).toBe('released');
  expect((await author('/v1/releases', { text: manifest('1.0.0') })).status).toBe(400);
  expect((await eve(`${path}:withdraw`, { reason: 'bad' })).body.state).toBe('withdrawn');
  expect((await eve(`${path}:release`, {})).status).toBe(409);
});

test('one rejection ends it', async () => {
  await using world = await openApiWorld();
  const { author, bob, path, digest } = await released(world);
  await author(`${path}:evaluate`, {});
  expect((await bob(`${path}:reject`, { digest, reason: 'no' })).body.state).toBe('rejected');
  expect((await bob(`${path}:approve`, { digest, reason: 'yes' })).status).toBe(409);
});

test('one person halts; two let it go on, the one who asks not being both', async () => {
  await using world = await openApiWorld();
  const { author, bob, eve, path, digest } = await released(world);
  await author(`${path}:evaluate`, {});
  for (const one of [bob, eve]) await one(`${path}:approve`, { digest, reason: 'seen' });
  await eve(`${path}:release`, {});
  const dry = await bob('/v1/rollouts:plan', { text: plan });
  expect(dry.body.notes).toContain(
    'No metric is watched: hard stops, bakes and people alone decide.',
  );
  const { id } = dry.body;
  await bob('/v1/rollouts', { text: plan, id, digest: dry.body.digest });
  const rollout = `/v1/rollouts/${id}`;
  expect((await world.get(rollout)).status).toBe(200);
  const began = { state: 'running', stage: 0, phase: 'releasing' };
  await world.db.updateTable('rollout').set(began).execute();
  await world.db.updateTable('rollout_target').set({ state: 'eligible' }).execute();
  const shown = (await (await world.get(rollout)).json()) as Answered;
  expect(shown.next).toMatchObject({ action: 'wait', rule: 'nobody_can_be_reached' });
  expect((await bob(`${rollout}:halt`, { reason: 'smoke' })).body.state).toBe('halted');
  expect((await bob(`${rollout}:resume`, { reason: 'a drill' })).status).toBe(403);
  const waits = await eve(`${rollout}:resume`, { reason: 'a drill' });
  expect(waits.status).toBe(409);
  const approve = `/v1/approvals/${waits.body.approval}:approve`;
  expect((await eve(approve, { note: 'me again' })).status).toBe(403);
  expect((await author(approve, { note: 'ok' })).status).toBe(200);
  expect((await eve(`${rollout}:resume`, { reason: 'a drill' })).body.state).toBe('running');
});

test('a plan starts as its dry run showed it, or not at all; verbs, freeze and replay', async () => {
  await using world = await openApiWorld();
  const { author, bob, eve, path, digest } = await released(world);
  expect((await author('/v1/rollouts:plan', { text: plan })).status).toBe(409);
  await author(`${path}:evaluate`, {});
  for (const one of [bob, eve]) await one(`${path}:approve`, { digest, reason: 'seen' });
  await eve(`${path}:release`, {});
  const dry = await bob('/v1/rollouts:plan', { text: plan });
  expect(dry.body).toMatchObject({ targets: 2, found: 2 });
  expect((await bob('/v1/rollouts:plan', { text: 'kind: Rollout' })).status).toBe(400);
  const start = { text: plan, id: dry.body.id, digest: dry.body.digest };
  expect((await bob('/v1/rollouts', { ...start, digest: 'c'.repeat(64) })).status).toBe(409);
  const made = await bob('/v1/rollouts', start);
  expect(made.status).toBe(201);
  expect(made.body.state).toBe('waiting_approval');
  expect((await bob('/v1/rollouts', start)).status).toBe(409);
  const again = await bob('/v1/rollouts:plan', { text: plan });
  // Its robots are in the first one: nobody is left.
  expect(again.status).toBe(409);
  const rollout = `/v1/rollouts/${made.body.id}`;
  expect((await bob(`${rollout}:pause`, { reason: 'x' })).status).toBe(409);
  expect((await bob(`${rollout}:abort`, { reason: 'not today' })).body.state).toBe('cancelled');
  const explained = (await (await world.get(`${rollout}/explanation`)).json()) as Answered;
  expect(explained.agrees).toBe(true);
  for (const part of ['targets', 'decisions', 'verdicts']) {
    expect((await world.get(`${rollout}/${part}`)).status).toBe(200);
  }
  const frozen = await bob('/v1/freezes', { reason: 'they stop on ramps' });
  expect(frozen.status).toBe(201);
  const lift = `/v1/freezes/${frozen.body.id}:lift`;
  expect((await bob(lift, { reason: 'fixed' })).status).toBe(403);
  const waits = await eve(lift, { reason: 'fixed' });
  expect(waits.status).toBe(409);
  expect(
    (await author(`/v1/approvals/${waits.body.approval}:approve`, { note: 'ok' })).status,
  ).toBe(200);
  expect((await eve(lift, { reason: 'fixed' })).body.state).toBe('lifted');
});
