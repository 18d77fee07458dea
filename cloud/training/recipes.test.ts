/**
 * Goal: what the built-in trainer can be told is what comes out of its process: the weights it
 * began with, a new head on a backbone that stays, the scale of the training data.
 * Method: trainings one after the other, each on the model before it; their files read back.
 */
import { join } from 'node:path';
import { networkOf, readOnnx } from '@fieldloop/learning';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepBlob, wholeBlob } from '../store/blob-bytes.ts';
import { demandModelVersion, registerVersion } from '../store/model-registry.ts';
import type { ModelVersion } from '../model/model.ts';
import { builtinCommand } from './own-program.ts';
import { documentJson } from './prepare.ts';
import { lookAtTraining, startTraining, type WantedTraining } from './store.ts';
import { openTrainer } from './trainer.ts';
import type { Training } from './training.ts';
import {
  openTrainingWorld,
  toyUnits,
  type TrainingWorld,
  writeToyBundle,
} from './training.sample.ts';

let world: TrainingWorld;
let base: ModelVersion;
let part: AsyncDisposable;
/** What the drives of the next bundle show. */
let scale = { by: 1, from: 0 };

beforeAll(async () => {
  world = await openTrainingWorld();
  part = await openTrainer(world.deps, {
    folder: join(world.folder, 'trainings'),
    trainers: { builtin: builtinCommand },
    bundle: async (_, folder) => {
      const units = toyUnits(4, 40).map((unit) => ({
        ...unit,
        values: unit.values.map((value) => scale.from + scale.by * value),
      }));
      await writeToyBundle(folder, units);
    },
    limits: { beatMs: 30_000, killMs: 200, attempts: 1 },
    everyMs: 15,
  });
  base = await made({ config: { hidden: [4], epochs: 12, learningRate: 0.02, batch: 16 } });
}, 60_000);

afterAll(async () => {
  await part[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function trained(more: Partial<WantedTraining>): Promise<Training> {
  const wanted = { model: 'toy', datasetVersion: world.versionId, ...more };
  const act = { at: Date.now(), by: 'usr_1', ids: world.deps.ids };
  const { training } = await world.db
    .transaction()
    .execute(async (trx) => await startTraining(trx, wanted, act));
  for (;;) {
    const now = await lookAtTraining(world.db, training.id);
    if (now.endedAt !== undefined) return now;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function made(more: Partial<WantedTraining>): Promise<ModelVersion> {
  const done = await trained(more);
  expect(done.problem).toBeUndefined();
  return await demandModelVersion(world.db, done.modelVersion ?? '');
}

async function networkIn({ onnx }: ModelVersion) {
  return networkOf(readOnnx(await wholeBlob(world.bytes, onnx.sha256, onnx.sizeBytes)));
}

/** The largest difference of any weight of a layer. */
const apart = (one: Float64Array | undefined, other: Float64Array | undefined): number =>
  Math.max(...Array.from(one ?? [], (value, i) => Math.abs(value - (other?.[i] ?? Number.NaN))));

test('a warm start goes on from the weights of its base; a fresh one does not', async () => {
  const config = { hidden: [4], epochs: 1, learningRate: 1e-7, batch: 16 };
  const from = { base: base.id, seed: 5 };
  const warm = await networkIn(await made({ ...from, config: { ...config, warmStart: true } }));
  const fresh = await networkIn(await made({ ...from, config }));
  const before = await networkIn(base);
  expect(warm).toHaveLength(before.length);
  before.forEach((layer, i) => {
    expect(apart(layer.weights, warm[i]?.weights)).toBeLessThan(1e-4);
    expect(apart(layer.weights, fresh[i]?.weights)).toBeGreaterThan(0.1);
  });
}, 60_000);

test('a new head leaves the backbone as it is, and its embedding comes out beside the logits', async () => {
  const config = { kind: 'head', epochs: 12, learningRate: 0.02, batch: 16 };
  const headed = await made({ base: base.id, seed: 6, config });
  const [before, after] = [await networkIn(base), await networkIn(headed)];
  expect(after).toHaveLength(2);
  expect(apart(before[0]?.weights, after[0]?.weights)).toBe(0);
  expect(apart(before[0]?.bias, after[0]?.bias)).toBe(0);
  expect(apart(before[1]?.weights, after[1]?.weights)).toBeGreaterThan(0.01);
  const document = await documentJson({ read: world.db, bytes: world.bytes }, headed.id);
  const { embedding } = (document as { readonly output: { readonly embedding?: string } }).output;
  const file = await wholeBlob(world.bytes, headed.onnx.sha256, headed.onnx.sizeBytes);
  expect(readOnnx(file).outputs.map(({ name }) => name)).toContain(embedding);
  expect((headed.calibration as { readonly accuracy: number }).accuracy).toBeGreaterThan(0.8);
}, 60_000);

test('numbers far from zero: standardise finds their scale, robots get it in the document', async () => {
  scale = { by: 100, from: 5000 };
  const config = { hidden: [4], epochs: 12, learningRate: 0.02, batch: 16, standardise: true };
  const version = await made({ base: null, seed: 7, config });
  const document = await documentJson({ read: world.db, bytes: world.bytes }, version.id);
  const { mean, std } = (document as { readonly input: Record<'mean' | 'std', number[]> }).input;
  expect(mean).toHaveLength(3);
  for (const value of mean) expect(Math.abs(value - 5000)).toBeLessThan(50);
  for (const value of std) expect(Math.abs(value - 100)).toBeLessThan(30);
  expect((version.calibration as { readonly accuracy: number }).accuracy).toBeGreaterThan(0.8);
  scale = { by: 1, from: 0 };
}, 60_000);

test.each([
  ['a warm start', { hidden: [4], warmStart: true }, '/body/config/warmStart'],
  ['a new head', { kind: 'head' }, '/body/config/kind'],
])('%s without a base is refused before anything begins', async (_, config, place) => {
  await expect(trained({ base: null, seed: 8, config })).rejects.toMatchObject({
    code: 'invalid',
    place,
  });
});

test('a base whose file is no model: the trainer says so', async () => {
  const config = { hidden: [4], epochs: 1, warmStart: true };
  const other = await wholeBlob(world.bytes, base.document.sha256, base.document.sizeBytes);
  const onnx = await keepBlob(world.bytes, 'no-onnx', other);
  const { document, classes } = base;
  const version = await world.db.transaction().execute(async (trx) => {
    const act = { at: 1, by: 'usr_1', ids: world.deps.ids };
    return await registerVersion(trx, { model: 'toy', onnx, document, classes }, act);
  });
  const failed = await trained({ base: version.id, seed: 9, config });
  expect(failed).toMatchObject({ state: 'failed', problem: { code: 'trainer_crashed' } });
  expect(failed.problem?.stderr).toMatch(/^corrupt|onnx/i);
}, 60_000);
