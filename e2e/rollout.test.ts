/**
 * Goal: what people approve reaches real robots one stage at a time and is what scores there, and
 * what is no good is refused by the robot and taken back from everyone, models and rules alike.
 * Method: a cloud and two robots as processes, two people with accounts over the public API, models
 * whose class tells which of them scored. A laboratory's verdicts are written where it would.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqlite, putEvaluation, registerVersion } from '@fieldloop/cloud';
import { sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { readModelsReport, readRulesReport } from '@fieldloop/proto';
import { serveFleet } from '@fieldloop/sim';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentProcess } from './agent-process.ts';
import { type Caller, callAs, hire } from './people.ts';
import { openScene, type Scene } from './scene.ts';
import { type Made, make } from './toy-model.ts';
import { until } from './wait.ts';

const names = ['amr-one', 'amr-two'] as const;
let scene: Scene;
let fleet: Awaited<ReturnType<typeof serveFleet>>;
let agents: readonly AgentProcess[];
let admin: Caller;
let engineer: Caller;
let manager: Caller;

const rules = (set: string, version: number): string => `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: ${set}, version: ${version}}
models:
  who: {ref: who, input: {topic: /odom}, every: 100ms, deadline: 500ms}
rules:
- {id: unsure, severity: info, when: who.entropy > 0.999, capture: {topics: ["/odom"], pre: 1s, post: 1s}}
- id: baseline
  severity: info
  every: {period: 3s}
  class: baseline
  capture: {topics: ["/odom"], pre: 200ms, post: 200ms}
`;

const [own, better, wrongGolden] = [make('a'), make('b'), make('b', { golden: 1, padding: 10 })];

beforeAll(async () => {
  scene = await openScene();
  fleet = await serveFleet({ robots: 2, seed: 3, speed: 1, clock: systemClock, log: silentLog });
  const file = join(scene.folder, 'rules.yaml');
  writeFileSync(file, rules('own', 1));
  const path = join(scene.folder, 'who');
  mkdirSync(path);
  writeFileSync(join(path, 'model.onnx'), own.onnx);
  writeFileSync(join(path, 'model.yaml'), own.document);
  agents = await Promise.all(
    names.map(
      async (name, i) =>
        await scene.enrolAndStart({
          name,
          source: { sim: fleet.robots[i]?.url ?? '' },
          rules: file,
          models: [{ id: 'who', path }],
          soak: '1s',
        }),
    ),
  );
  admin = callAs(scene.cloud, scene.cloud.key);
  engineer = await hire(scene.cloud, { name: 'bob', role: 'engineer' });
  manager = await hire(scene.cloud, { name: 'eve', role: 'release_manager' });
  await untilSays(['a', 'a']);
}, 60_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const untilSays = async (classes: readonly string[]): Promise<void> =>
  void (await until(`the robots say ${classes.join(', ')}`, async () => {
    const said = await Promise.all(
      agents.map(async (agent) => (await agent.status())?.score.last?.topClass ?? ''),
    );
    return said.toSorted().join() === classes.toSorted().join();
  }));

/** What the cloud knows of both robots: measured by them. */
const modelsOf = async () =>
  await Promise.all(
    names.map(async (name) => {
      const { running } = await scene.api.device(name);
      return readModelsReport(running['models']?.document);
    }),
  );

const digests = async () =>
  (await modelsOf()).map((report) => report?.running['who']?.sha256 ?? 'none').toSorted();

async function upload({ onnx, document }: Made): Promise<void> {
  for (const [kind, bytes] of [['onnx', onnx] as const, ['document', document] as const]) {
    const sha256 = sha256Hex(bytes);
    await admin.upload(`/v1/artifacts?sha256=${sha256}&kind=${kind}&name=who`, bytes);
  }
}

async function inDatabase<T>(work: (trx: Db) => Promise<T>): Promise<T> {
  const db = openSqlite(join(scene.cloud.dataDir, 'cloud.db'));
  try {
    return await db.transaction().execute(work);
  } finally {
    await db.destroy();
  }
}
type Db = Parameters<typeof putEvaluation>[0];

const lab = () => ({ at: Date.now(), by: 'lab', ids: systemIds });

/** The laboratory's word that a model passes: this one never sees the robot's frames. */
async function passes(version: string): Promise<string> {
  const sha256 = sha256Hex(version);
  const input = { model: 'who', candidate: { id: version }, against: null, cases: [] };
  const made = {
    input: { ...input, datasetVersion: sha256 },
    result: { gates: [], cases: [] },
    measured: { latencyMs: { p50: 1, p99: 1 }, memoryBytes: 1, machine: 'lab', gates: [] },
    sha256,
    outcome: 'pass',
  } as unknown as Parameters<typeof putEvaluation>[1];
  return await inDatabase(async (trx) => (await putEvaluation(trx, made, lab())).id);
}

interface Released {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
}

/** Two people approve it, neither of them its author. */
async function released(text: object, evaluations: readonly string[] = []): Promise<void> {
  const made = await admin.post<Released>('/v1/releases', { text: JSON.stringify(text) });
  const path = `/v1/releases/${made.id}`;
  await admin.post(`${path}:evaluate`, { evaluations });
  const yes = { digest: made.digest, reason: 'seen' };
  expect((await engineer.post<Released>(`${path}:approve`, yes)).state).toBe('evaluated');
  expect((await manager.post<Released>(`${path}:approve`, yes)).state).toBe('approved');
  expect((await manager.post<Released>(`${path}:release`)).state).toBe('released');
}

const modelRelease = (version: string, { ref }: Made, previous?: string) => {
  const file = (path: string, { sha256, sizeBytes: size }: Made['ref']['onnx']) => ({
    path,
    sha256,
    size,
  });
  const component = { name: 'who', kind: 'onnx-model', version };
  const onnx = { document: file('who/model.yaml', ref.document) };
  const artifact = file('who/model.onnx', ref.onnx);
  return {
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name: 'who',
    version,
    ...(previous === undefined ? {} : { previous }),
    order: ['who'],
    components: [{ ...component, artifact, onnx }],
  };
};

interface Rollout {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly reason?: string;
  readonly counts?: Readonly<Record<string, number>>;
  readonly wayBack?: { readonly present: number };
  readonly excluded?: Readonly<Record<string, number>>;
}

/** As `firmware-manifests/rollouts/small-fleet.yaml` has it, with seconds in place of minutes. */
const plan = (release: string) => ({
  apiVersion: 'fieldloop.rollout/v1',
  kind: 'Rollout',
  release,
  selector: 'name:amr-*',
  control: { percent: 0, min: 0 },
  stages: [
    { name: 'first', percent: 1, min: 1, bake: '1s', gate: 'human' },
    { name: 'rest', percent: 100, bake: '1s' },
  ],
  hardStops: { rejected: 1, rolled_back: 1, failed: 1, silent_after_activate: 1 },
});

const rolloutOf = async (id: string): Promise<Rollout> =>
  await admin.get<Rollout>(`/v1/rollouts/${id}`);

/** Two people approve the plan, too. */
async function begun(release: string): Promise<Rollout> {
  const text = JSON.stringify(plan(release));
  const dry = await engineer.post<Rollout>('/v1/rollouts:plan', { text });
  await admin.post('/v1/rollouts', { text, id: dry.id, digest: dry.digest });
  const gate = await gateOf('rollout_plan', dry.id);
  for (const one of [engineer, manager]) await decide(one, gate, 'approve');
  return dry;
}

const gateOf = async (kind: string, subject: string): Promise<string> =>
  await until(
    `the gate ${kind}`,
    async () => {
      const { items } = await admin.get<{
        readonly items: readonly {
          readonly id: string;
          readonly kind: string;
          readonly subject: { readonly id: string };
        }[];
      }>('/v1/gates?state=open');
      return items.find((one) => one.kind === kind && one.subject.id === subject)?.id;
    },
    { describe: async () => JSON.stringify(await rolloutOf(subject)) },
  );

const decide = async (by: Caller, gate: string, option: string): Promise<void> =>
  void (await by.post(`/v1/gates/${gate}:decide`, { option, reason: 'seen' }));

const untilState = async (id: string, state: string): Promise<Rollout> =>
  await until(
    `the rollout is ${state}`,
    async () => {
      const now = await rolloutOf(id);
      return now.state === state ? now : undefined;
    },
    { describe: async () => JSON.stringify([await rolloutOf(id), await modelsOf()]) },
  );

test('a model goes from its files to both robots, one of them first, and is the champion then', async () => {
  await upload(better);
  const onnx = better.ref.onnx.sha256;
  const version = await admin.post<{ readonly id: string }>('/v1/models/who/versions', {
    onnx,
    document: better.yaml,
    alias: 'candidate',
  });
  await released(modelRelease('1.0.0', better), [await passes(version.id)]);
  const { id } = await begun('who@1.0.0');
  const gate = await gateOf('rollout_human', id);
  await untilSays(['a', 'b']);
  expect((await digests()).filter((one) => one === onnx)).toHaveLength(1);
  await decide(manager, gate, 'promote');
  expect((await untilState(id, 'completed')).counts).toEqual({ committed: 2 });
  await untilSays(['b', 'b']);
  expect(await digests()).toEqual([onnx, onnx]);
  expect((await modelsOf()).map((report) => report?.rollout)).toEqual([id, id]);
  const model = await admin.get<{
    readonly aliases: readonly { readonly alias: string; readonly modelVersion: string }[];
  }>('/v1/models/who');
  expect(model.aliases.find(({ alias }) => alias === 'champion')?.modelVersion).toBe(version.id);
}, 60_000);

test('a model whose golden check fails on the robot never scores, and the rollout is taken back', async () => {
  await upload(wrongGolden);
  const files = { ...wrongGolden.ref, classes: ['a', 'b'] };
  const version = await inDatabase(
    async (trx) => await registerVersion(trx, { model: 'who', ...files }, lab()),
  );
  await released(modelRelease('1.1.0', wrongGolden, 'who@1.0.0'), [await passes(version.id)]);
  const { id, wayBack } = await begun('who@1.1.0');
  expect(wayBack?.present).toBe(2);
  const rollout = await untilState(id, 'rolled_back');
  expect(rollout.reason).toBe('1 robots are rejected');
  await untilSays(['b', 'b']);
  expect(await digests()).toEqual([better.ref.onnx.sha256, better.ref.onnx.sha256]);
  const targets = await admin.get<{
    readonly items: readonly { readonly state: string; readonly fault?: { message: string } }[];
  }>(`/v1/rollouts/${id}/targets`);
  const states = targets.items.map(({ state }) => state).toSorted();
  expect(states).toEqual(['frozen', 'rejected']);
  const refused = targets.items.find(({ state }) => state === 'rejected');
  expect(refused?.fault?.message).toContain('golden input 0');
  const replayed = await admin.get<{ readonly agrees: boolean }>(`/v1/rollouts/${id}/explanation`);
  expect(replayed.agrees).toBe(true);
  const cases = await admin.get<{ readonly items: readonly { readonly kind: string }[] }>(
    '/v1/cases',
  );
  expect(cases.items.map(({ kind }) => kind)).toContain('rollout_rejected');
}, 60_000);

/** What the cloud knows of the rules on both robots. */
const rulesOf = async () =>
  await Promise.all(
    names.map(async (name) => {
      const { running } = await scene.api.device(name);
      const report = readRulesReport(running['rules']?.document);
      return `${report?.set} ${report?.version} ${report?.publication ?? 'own'}`;
    }),
  );

test('rules go the same way, and a halt takes them back from every robot', async () => {
  const text = rules('site', 1);
  await admin.post('/v1/ruleSets', { name: 'site' });
  await admin.post('/v1/ruleSets/site/versions', { yaml: text });
  await until('clips are stored', async () => (await scene.api.clips('state=stored')).length > 3);
  const work = await admin.post<{ readonly id: string }>('/v1/ruleSets/site:backtest', {
    version: 1,
  });
  await until('the forecast', async () => {
    const { state } = await admin.get<{ readonly state: string }>(`/v1/operations/${work.id}`);
    return state === 'done';
  });
  const artifact = { path: 'rules/site.yaml', sha256: sha256Hex(text), size: text.length };
  const component = { name: 'site', kind: 'rules-bundle', version: '1.0.0', artifact, rules: {} };
  await released({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name: 'site',
    version: '1.0.0',
    order: ['site'],
    components: [component],
  });
  // The robot that refused the model is held by its case until a person ends that.
  const { id, excluded } = await begun('site@1.0.0');
  expect(excluded).toEqual({ held: 1 });
  await gateOf('rollout_human', id);
  const during = ['own 1 own', `site 1 ${id}`];
  expect((await rulesOf()).toSorted()).toEqual(during);
  await engineer.post(`/v1/rollouts/${id}:halt`, { reason: 'they fire too often' });
  expect((await untilState(id, 'rolled_back')).reason).toBe('they fire too often');
  expect(await rulesOf()).toEqual(['own 1 own', 'own 1 own']);
}, 60_000);
