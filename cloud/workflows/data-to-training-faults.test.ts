/**
 * Goal: whatever a trainer does, its run stands in front of a person with what went wrong, nothing
 * of it is published, and the person's word ends it or tries again.
 * Method: the pattern on the real engine, trainings by the worker's part in processes of their own:
 * scripts that crash, hang, or leave what no robot could run; clips that are gone.
 */
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { networkGraph, onnxFile } from '@fieldloop/learning';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gate } from '../gate/gate.ts';
import { gateStore } from '../gate/store.ts';
import { resultName } from '../training/contract-names.ts';
import { builtinCommand } from '../training/own-program.ts';
import { policyStore } from '../training/policy-store.ts';
import type { TrainerCommand } from '../training/process.ts';
import { plantToyLoop, realBundle, type ToyLoop } from '../training/toy-loop.sample.ts';
import { retrainKind } from '../training/retrain.ts';
import { openTrainer } from '../training/trainer.ts';
import { openTrainingWorld, type TrainingWorld } from '../training/training.sample.ts';
import { valueStore } from '../triage/value-store.ts';
import { versionEvidence } from './data-to-training-evidence.ts';
import { dataToTrainingWorkflow, labelBatchWorkflow } from './data-to-training-deps.ts';
import { decideGate, type KitWorld, kitWorld } from './kit/kit.sample.ts';
import { openWorkflows } from './kit/worker.ts';

const opened = new AsyncDisposableStack();
let kit: KitWorld;
let world: TrainingWorld;
let loop: ToyLoop;
/** Only who hangs is not waited for. */
let beatMs = 30_000;

beforeAll(async () => {
  kit = opened.use(await kitWorld('sqlite'));
  world = opened.use(await openTrainingWorld(kit));
  loop = await plantToyLoop(world);
  const policy = {
    model: 'toy',
    dataset: 'halls',
    triggers: {},
    config: { hidden: [4], epochs: 8, learningRate: 0.02, batch: 16 },
    trainer: 'builtin',
    cooldownMs: 0,
    enabled: true,
    retrainValue: false,
  };
  await policyStore(kit.db).create(policy, { at: 1, by: 'usr_1', ids: world.deps.ids });
  const ground = kit.ground('one', { bytes: world.bytes });
  const workflows = [dataToTrainingWorkflow, labelBatchWorkflow];
  opened.use(await openWorkflows(ground, { engine: await kit.engine(), workflows }));
  const limits = {
    get beatMs() {
      return beatMs;
    },
    killMs: 30,
    attempts: 1,
  };
  const folder = join(world.folder, 'trainings');
  const bundle = realBundle(world);
  opened.use(await openTrainer(world.deps, { folder, trainers, bundle, limits, everyMs: 15 }));
}, 60_000);

afterAll(async () => {
  await opened.disposeAsync();
});

/** A few lines of JavaScript; `job` and `fs` are theirs. */
const script = (code: string): TrainerCommand => ({
  command: [
    process.execPath,
    '-e',
    `const fs = require('node:fs'); const path = process.argv.at(-1);
     const job = JSON.parse(fs.readFileSync(path, 'utf8')); ${code}`,
  ],
  environment: {},
});

/** Leaves a file of its own making, with a result that fits it. */
function leaves(onnx: Uint8Array, inputs: number): TrainerCommand {
  const result = {
    schema: resultName,
    sha256: sha256Hex(onnx),
    input: { name: 'values', shape: ['N', inputs] },
    output: { logits: 'logits', shape: ['N', 2] },
    classes: ['left', 'right'],
    metrics: { calibration: { n: 60, accuracy: 0.5 } },
    versions: {},
  };
  const bytes = Buffer.from(onnx).toString('base64');
  return script(
    `fs.writeFileSync(job.outDir + '/model.onnx', Buffer.from('${bytes}', 'base64'));
     fs.writeFileSync(job.outDir + '/result.json', ${JSON.stringify(JSON.stringify(result))});`,
  );
}

function toyOnnx(inputs: number, weight: number): Uint8Array {
  const weights = new Float64Array(inputs * 2).fill(weight);
  const layer = { inputs, outputs: 2, weights, bias: new Float64Array(2) };
  const input = { name: 'values', dimensions: ['N', inputs] };
  return onnxFile(networkGraph([layer], { name: 'toy', input, output: 'logits' }));
}

const trainers: Readonly<Record<string, TrainerCommand>> = {
  builtin: builtinCommand,
  crashes: script(`console.error('out of luck'); process.exit(3);`),
  hangs: script(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`),
  nan: leaves(toyOnnx(3, Number.NaN), 3),
  broken: leaves(new Uint8Array([8, 8, 58, 4, 1, 2, 3, 4]), 3),
  wide: leaves(toyOnnx(5, 0.5), 5),
};

async function begin(trainer: string): Promise<string> {
  await kit.db.updateTable('training_policy').set({ trainer }).execute();
  const input = { version: loop.versionId, model: 'toy', dataset: 'halls' };
  return await kit.start(dataToTrainingWorkflow, input, { subject: loop.versionId });
}

/** Waits for the row, not for a time. */
async function gateOf(run: string, name: string): Promise<Gate> {
  for (;;) {
    const gate = await gateStore(kit.db).openOf(run);
    if (gate?.name === name) return gate;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const newest = async () =>
  await kit.db
    .selectFrom('training')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();

async function expectNothingPublished(): Promise<void> {
  expect(await kit.db.selectFrom('model_version').selectAll().execute()).toEqual([]);
  const told = await kit.db
    .selectFrom('outbox')
    .select('kind')
    .where('kind', 'in', ['model.registered', 'training.done'])
    .execute();
  expect(told).toEqual([]);
}

/** It stands before a person with the fault, the training and its remedy. */
async function expectParked(run: string, code: string): Promise<void> {
  const gate = await gateOf(run, 'training-failed/1');
  const { id, state, problem } = await newest();
  const said = JSON.parse(problem ?? '{}') as Readonly<Record<string, string>>;
  expect({ state, code: said['code'] }).toEqual({ state: 'failed', code });
  expect(said['remedy']).toBeTruthy();
  expect(gate.question).toContain(said['message']);
  const evidence = await gateStore(kit.db).evidence(gate.id);
  expect(evidence).toMatchObject([{ name: 'problem', link: `/v1/trainings/${id}` }]);
  await expectNothingPublished();
}

test.each([
  ['crashes', 'crashes', 'trainer_crashed'],
  ['hangs', 'hangs', 'trainer_hung'],
  ['writes NaN', 'nan', 'not_finite'],
  ['writes a broken ONNX', 'broken', 'onnx_broken'],
  ['makes another input shape', 'wide', 'shape_changed'],
])(
  'a trainer that %s: its run waits for a person, who gives it up',
  async (_, trainer, code) => {
    beatMs = trainer === 'hangs' ? 250 : 30_000;
    const run = await begin(trainer);
    await expectParked(run, code);
    await decideGate(kit, run, 'give_up');
    expect(await kit.outcome(run)).toMatchObject({ status: 'training_failed' });
    await expectNothingPublished();
  },
  60_000,
);

test('who signs a version sees both numbers of the model, or that nobody measured them', async () => {
  const of = { model: 'wall', version: loop.versionId };
  const before = (await versionEvidence(kit.db, of)).find(({ name }) => name === 'two numbers');
  expect(before?.body).toEqual({
    'capture value': 'not measured yet',
    'retrain value': 'not measured yet',
  });
  const value = {
    policyId: 'tpl_1',
    model: 'wall',
    modelSha256: 'a'.repeat(64),
    lane: 'capture' as const,
    scorer: 'entropy',
    n: 120,
    nAudit: 60,
    detail: {},
    createdBy: 'system',
  };
  const put = async (source: string, more: object): Promise<void> => {
    const kept = { ...value, kind: 'retrain' as const, source, createdAt: 1, ...more };
    await valueStore(kit.db).put(kept, world.deps.ids);
  };
  await put('one', { withheld: 'not enough audit labels: 31 of 50' });
  await put('two', { value: 0.024, low: 0.011, high: 0.037, createdAt: 2 });
  await put('three', { kind: 'capture', value: 2.1, low: 1.5, high: 3.1 });
  const after = (await versionEvidence(kit.db, of)).find(({ name }) => name === 'two numbers');
  const labels = '120 labels against 60 of the audit';
  expect(after?.body).toEqual({
    'capture value': [`capture by entropy: 2.100 (1.500 to 3.100), ${labels}`],
    'retrain value': [`capture by entropy: 0.024 (0.011 to 0.037), ${labels}`],
  });
  expect(after?.digest).not.toBe(before?.digest);
});

test('clips that are gone: the run says which, and goes on once they are back', async () => {
  beatMs = 30_000;
  const { id: clip, sha256 } = await kit.db
    .selectFrom('dataset_item')
    .innerJoin('clip', 'clip.id', 'dataset_item.clip_id')
    .select(['clip.id', 'clip.sha256'])
    .where('split', '=', 'train')
    .limit(1)
    .executeTakeFirstOrThrow();
  const pieces: Uint8Array[] = [];
  for await (const piece of world.bytes.read(sha256)) pieces.push(piece);
  await world.bytes.remove(sha256);
  const run = await begin('builtin');
  await expectParked(run, 'bundle_unavailable');
  expect((await gateOf(run, 'training-failed/1')).question).toContain(clip);
  const draft = await world.bytes.draft('back');
  await draft.append(pieces);
  await draft.finish();
  await kit.db.updateTable('training_policy').set({ retrain_value: 1 }).execute();
  await decideGate(kit, run, 'retry');
  expect(await kit.outcome(run)).toMatchObject({ status: 'trained' });
  // What its lanes taught is measured by itself, and no run waits for that.
  const work = await kit.db.selectFrom('operation').select(['kind', 'input']).execute();
  expect(work.map(({ kind }) => kind)).toEqual([retrainKind]);
  expect(JSON.parse(work[0]?.input ?? '{}')).toMatchObject({ training: (await newest()).id });
  const versions = await kit.db.selectFrom('model_version').select('training_id').execute();
  expect(versions).toEqual([{ training_id: (await newest()).id }]);
}, 60_000);
