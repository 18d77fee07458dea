/**
 * Goal: a release has one door at a time: nobody signs twice, nobody signs their own by another
 * door, and no signature counts for evidence that the person did not see.
 * Method: the real API over HTTP on SQLite, with the gate that candidate-to-release opens; people
 * come by login and by key.
 */
import { sha256Hex } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { type Role, roleScopes } from '../auth/rights.ts';
import { gateStore } from '../gate/store.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { newApiKey } from '../key/make.ts';
import { createModel, registerVersion } from '../store/model-registry.ts';
import { startRun } from '../store/run-queue.ts';
import { personBehind } from '../store/person-behind.ts';
import { putDatasetVersion } from '../training/training.sample.ts';
import { personStore } from '../user/store.ts';
import { candidateDeps } from '../workflows/candidate-to-release-deps.ts';
import { putGateVotes } from '../workflows/candidate-to-release-votes.ts';
import { parseManifest } from './manifest.ts';
import { evidenceDigest } from './release.ts';
import { releaseStore } from './store.ts';

const system = { clock: systemClock, ids: systemIds, randomBytes: systemRandomBytes };
const run = 'run_01JC0000000000000000000000';
const release = 'rel_01JC0000000000000000000000';

interface Person {
  readonly id: string;
  readonly key: string;
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

async function person(world: ApiWorld, name: string, role: Role): Promise<Person> {
  const at = systemClock.now();
  const made = {
    email: `${name}@example.com`,
    name,
    role,
    state: 'active',
    password: 'x',
  } as const;
  const id = systemIds.ulid('usr');
  await personStore(world.db).create({ ...made, id, createdBy: 'test', at });
  const own = { name, scopes: roleScopes[role], personId: id, makerId: id, createdBy: id };
  const { text, key } = await newApiKey(world.db, system, own);
  return {
    id,
    key: key.id,
    async post(path, body) {
      const response = await world.post(path, body, { authorization: `Bearer ${text}` });
      const answered = (await response.json()) as Record<string, unknown>;
      return { status: response.status, body: answered };
    },
  };
}

const manifest = `
apiVersion: fieldloop.release/v1
kind: Release
name: sim-stack
version: 1.0.0
order: [brain]
components:
- name: brain
  kind: sim
  version: 1.0.0
  artifact: {path: sim/brain, sha256: ${sha256Hex('brain')}, size: 5}
  sim: {script: [good]}
`;

/** A release at the approval of its run. */
async function atGate(world: ApiWorld, author: Person) {
  const { db } = world;
  const at = systemClock.now();
  const parsed = parseManifest(manifest).manifest;
  if (parsed === undefined) throw new Error('the manifest cannot be read');
  const releases = releaseStore(db);
  const made = { id: release, manifest: parsed, author: run, authorPerson: author.id, at };
  await releases.evaluate(await releases.create(made), { evaluation: 'first' }, at);
  const found = await releases.get(release);
  const subject = { id: release, digest: found.digest };
  const begun = { id: run, workflow: 'candidate-to-release', workflowVersion: 1, actor: 'test' };
  await startRun(db, { ...begun, subject: 'mdv_1', input: {}, at });
  const evidence = [{ name: 'release', digest: evidenceDigest(found.evidence) }];
  const gate = await gateStore(db).open({
    id: 'gat_01JC0000000000000000000000',
    runId: run,
    name: 'approval',
    kind: 'approval',
    question: 'Release it?',
    subject,
    evidence,
    options: ['approve', 'reject'],
    scope: 'releases:write',
    among: { role: 'release_manager', least: 1 },
    excluded: [author.id],
    quorum: 2,
    onDeadline: 'reject',
    escalateTo: [],
    withinMs: 3_600_000,
    at,
  });
  const yes = { digest: found.digest, reason: 'seen' };
  return { gate, releases, yes, path: `/v1/releases/${release}` };
}

const decide = { option: 'approve', reason: 'seen' };

test('while its gate is open nobody signs or refuses by the other door', async () => {
  await using world = await openApiWorld();
  const author = await person(world, 'ada', 'release_manager');
  const eve = await person(world, 'eve', 'release_manager');
  const { gate, path, yes, releases } = await atGate(world, author);
  for (const verb of ['approve', 'reject']) {
    const refused = await eve.post(`${path}:${verb}`, yes);
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.body)).toContain(`fieldloop gates decide ${gate.id} --option`);
  }
  expect(await releases.votes(await releases.get(release))).toEqual([]);
});

test('one person at a gate twice is one; the author is kept out by key and by login', async () => {
  await using world = await openApiWorld();
  const author = await person(world, 'ada', 'release_manager');
  const eve = await person(world, 'eve', 'release_manager');
  const bob = await person(world, 'bob', 'engineer');
  const { gate, releases } = await atGate(world, author);
  const at = `/v1/gates/${gate.id}:decide`;
  expect((await author.post(at, decide)).status).toBe(403);
  expect((await eve.post(at, decide)).body['state']).toBe('open');
  expect((await eve.post(at, decide)).body['state']).toBe('open');
  expect((await bob.post(at, decide)).body['state']).toBe('decided');
  const said = { release, run, by: [eve.id, bob.id], reason: 'seen' };
  expect((await putGateVotes(world.db, said, 1)).state).toBe('approved');
  // Told twice, one effect.
  expect((await putGateVotes(world.db, said, 2)).state).toBe('approved');
  const votes = await releases.votes(await releases.get(release));
  expect(votes.map(({ person: of, role }) => `${of} ${role}`).toSorted()).toEqual(
    [`${eve.id} release_manager`, `${bob.id} engineer`].toSorted(),
  );
});

test('signatures under evidence that changed since approve nothing', async () => {
  await using world = await openApiWorld();
  const author = await person(world, 'ada', 'release_manager');
  const eve = await person(world, 'eve', 'release_manager');
  const bob = await person(world, 'bob', 'engineer');
  const { gate, releases } = await atGate(world, author);
  for (const one of [eve, bob]) await one.post(`/v1/gates/${gate.id}:decide`, decide);
  await releases.evaluate(await releases.get(release), { evaluation: 'second' }, 3);
  const said = { release, run, by: [eve.id, bob.id], reason: 'seen' };
  await expect(putGateVotes(world.db, said, 4)).rejects.toMatchObject({ code: 'conflict' });
  expect((await releases.get(release)).state).toBe('evaluated');
  // The gate has decided, so the release's own door is open again: for what it says now.
  const { digest } = await releases.get(release);
  const stale = { digest, evidenceDigest: evidenceDigest({ evaluation: 'first' }), reason: 'x' };
  expect((await eve.post(`/v1/releases/${release}:approve`, stale)).status).toBe(409);
});

test('a release that was withdrawn while people signed stays withdrawn', async () => {
  await using world = await openApiWorld();
  const author = await person(world, 'ada', 'release_manager');
  const eve = await person(world, 'eve', 'release_manager');
  const { releases, path } = await atGate(world, author);
  expect((await eve.post(`${path}:withdraw`, { reason: 'bad' })).body['state']).toBe('withdrawn');
  const said = { release, run, by: [eve.id], reason: 'seen' };
  expect((await putGateVotes(world.db, said, 4)).state).toBe('withdrawn');
  expect((await releases.get(release)).state).toBe('withdrawn');
});

test('the author of a candidate is the person, though a key of theirs made it', async () => {
  await using world = await openApiWorld();
  const { db } = world;
  const author = await person(world, 'ada', 'release_manager');
  const act = { at: systemClock.now(), by: author.key, ids: systemIds };
  const version = await putDatasetVersion(db, 'a');
  await createModel(db, { name: 'toy' }, act);
  const file = (letter: string) => ({ sha256: letter.repeat(64), sizeBytes: 10 });
  const files = { onnx: file('b'), document: file('c'), classes: ['left', 'right'] };
  const made = { model: 'toy', datasetVersion: version, ...files };
  const { id } = await registerVersion(db, made, act);
  const deps = candidateDeps({ read: db, write: db, clock: systemClock, ids: systemIds });
  const e = { key: 'k', run, attempt: 1, signal: AbortSignal.timeout(10_000) };
  expect((await deps.bind({ modelVersion: id }, e)).author).toBe(author.id);
  expect(await personBehind(db, 'pol_1')).toBeUndefined();
});
