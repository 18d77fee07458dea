/**
 * Goal: whatever a trainer does, a model version comes of good work alone, and comes once.
 * Method: real processes on a real disk: the built-in trainer, and scripts that hang, crash, lie,
 * or leave files that no robot could run; workers that end in the middle.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, sha256Hex } from '@fieldloop/core';
import { networkGraph, onnxFile } from '@fieldloop/learning';
import { expect, test } from 'vitest';
import { demandModelVersion } from '../store/model-registry.ts';
import { resultName } from './contract-names.ts';
import { builtinCommand } from './own-program.ts';
import { knownProcess, startTrainer, type TrainerCommand } from './process.ts';
import {
  acceptTraining,
  lookAtTraining,
  startTraining,
  stopTraining,
  type WantedTraining,
} from './store.ts';
import { openTrainer, type TrainerOptions } from './trainer.ts';
import type { Training } from './training.ts';
import { openTrainingWorld, type TrainingWorld, writeToyBundle } from './training.sample.ts';

const quick = { beatMs: 30_000, killMs: 200, attempts: 2 };
const recipe = { hidden: [4], epochs: 12, learningRate: 0.02, batch: 16 };

/** A trainer that is a few lines of JavaScript; `job` and `fs` are theirs. */
const script = (code: string): TrainerCommand => ({
  command: [
    process.execPath,
    '-e',
    `const fs = require('node:fs'); const path = process.argv.at(-1);
     const job = JSON.parse(fs.readFileSync(path, 'utf8')); ${code}`,
  ],
  environment: {},
});

function optionsOf(world: TrainingWorld, more: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    folder: join(world.folder, 'trainings'),
    trainers: { builtin: builtinCommand },
    bundle: async (_, folder) => await writeToyBundle(folder),
    limits: quick,
    everyMs: 15,
    ...more,
  };
}

async function queue(world: TrainingWorld, more: Partial<WantedTraining> = {}): Promise<Training> {
  const wanted = { model: 'toy', datasetVersion: world.versionId, config: recipe, ...more };
  const act = { at: Date.now(), by: 'usr_1', ids: world.deps.ids };
  return await world.db
    .transaction()
    .execute(async (trx) => (await startTraining(trx, wanted, act)).training);
}

/** Waits for the row, not for a time. */
async function until(
  world: TrainingWorld,
  id: string,
  isSo: (training: Training) => boolean,
): Promise<Training> {
  for (;;) {
    const now = await lookAtTraining(world.db, id);
    if (isSo(now)) return now;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const over = ({ endedAt }: Training): boolean => endedAt !== undefined;

async function trained(
  world: TrainingWorld,
  trainer: TrainerCommand | undefined,
  more: Partial<TrainerOptions> = {},
): Promise<Training> {
  const training = await queue(world, trainer === undefined ? {} : { trainer: 'own' });
  const trainers = { builtin: builtinCommand, ...(trainer === undefined ? {} : { own: trainer }) };
  await using _part = await openTrainer(world.deps, optionsOf(world, { trainers, ...more }));
  return await until(world, training.id, over);
}

test('the built-in trainer makes a version that robots can run', async () => {
  await using world = await openTrainingWorld();
  const done = await trained(world, undefined);
  expect(done.problem).toBeUndefined();
  expect(done).toMatchObject({ state: 'done', attempt: 1 });
  expect(await world.told(done.id)).toEqual([
    'training.queued',
    'training.started',
    'training.done',
  ]);
  const version = await demandModelVersion(world.db, await acceptTraining(world.db, done.id));
  expect(version).toMatchObject({
    model: 'toy',
    number: 1,
    classes: ['left', 'right'],
    training: done.id,
    datasetVersion: world.versionId,
    calibration: { n: 40 },
  });
  const { accuracy } = version.calibration as { readonly accuracy: number };
  expect(accuracy).toBeGreaterThan(0.8);
  expect(await world.told(version.id)).toEqual(['model.registered']);
  expect(await world.bytes.stat(version.onnx.sha256)).toEqual({
    sizeBytes: version.onnx.sizeBytes,
  });
  // The same work asked for again is the same training.
  expect(await queue(world)).toMatchObject({ id: done.id, state: 'done' });
  expect(await readdir(join(world.folder, 'trainings'))).toEqual([]);
});

/** Files of a trainer that cheats, put into its out folder as they are. */
async function forged(files: {
  readonly onnx?: Uint8Array;
  readonly result?: object;
}): Promise<TrainerCommand & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-forged-'));
  const { onnx, result } = files;
  if (onnx !== undefined) await writeFile(join(folder, 'model.onnx'), onnx);
  if (result !== undefined) await writeFile(join(folder, 'result.json'), JSON.stringify(result));
  const command = script(`fs.cpSync(${JSON.stringify(folder)}, job.outDir, { recursive: true });`);
  return {
    ...command,
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

function toyOnnx(inputs = 3, weight = 0.5, classes = 2): Uint8Array {
  const layer = {
    inputs,
    outputs: classes,
    weights: new Float64Array(inputs * classes).fill(weight),
    bias: new Float64Array(classes),
  };
  const input = { name: 'values', dimensions: ['N', inputs] };
  return onnxFile(networkGraph([layer], { name: 'toy', input, output: 'logits' }));
}

const resultOf = (onnx: Uint8Array, more: object = {}): object => ({
  schema: resultName,
  sha256: sha256Hex(onnx),
  input: { name: 'values', shape: ['N', 3] },
  output: { logits: 'logits', shape: ['N', 2] },
  classes: ['left', 'right'],
  metrics: { calibration: { n: 40, accuracy: 0.5 } },
  versions: {},
  ...more,
});

const plain = toyOnnx();
const broken = new Uint8Array([8, 8, 58, 4, 1, 2, 3, 4]);
const wide = toyOnnx(5);
const infinite = toyOnnx(3, Number.NaN);

test.each([
  ['NaN weights', { onnx: infinite, result: resultOf(infinite) }, 'not_finite'],
  ['a broken ONNX', { onnx: broken, result: resultOf(broken) }, 'onnx_broken'],
  [
    'another input shape',
    { onnx: wide, result: resultOf(wide, { input: { name: 'values', shape: ['N', 5] } }) },
    'shape_changed',
  ],
  ['another input shape, not told', { onnx: wide, result: resultOf(wide) }, 'shape_changed'],
  [
    'another order of classes',
    { onnx: plain, result: resultOf(plain, { classes: ['right', 'left'] }) },
    'classes_changed',
  ],
  ['another hash', { onnx: plain, result: resultOf(wide) }, 'hash_differs'],
  ['a better figure than its own', { onnx: plain, result: resultOf(plain) }, 'metric_differs'],
  [
    'other logits than its own',
    {
      onnx: plain,
      result: resultOf(plain, { golden: [{ input: [1, 2, 3], output: [9, 9] }] }),
    },
    'differs_from_trainer',
  ],
  ['no figures', { onnx: plain, result: { schema: resultName } }, 'result_invalid'],
  ['no result', { onnx: plain }, 'result_missing'],
])('%s: nothing is registered', async (_, files, code) => {
  await using world = await openTrainingWorld();
  await using cheat = await forged(files);
  const failed = await trained(world, cheat);
  expect(failed).toMatchObject({ state: 'failed', problem: { code } });
  expect(failed.problem?.remedy).not.toBe('');
  expect(await world.db.selectFrom('model_version').selectAll().execute()).toEqual([]);
  expect(await world.told(failed.id)).toContain('training.failed');
});

test('a crash keeps what the trainer said', async () => {
  await using world = await openTrainingWorld();
  const failed = await trained(world, script(`console.error('out of luck'); process.exit(3);`));
  expect(failed).toMatchObject({
    state: 'failed',
    attempt: 1,
    problem: { code: 'trainer_crashed' },
  });
  expect(failed.problem?.stderr).toContain('out of luck');
});

test('exit 75 is begun again, and at last given up', async () => {
  await using world = await openTrainingWorld();
  const failed = await trained(world, script('process.exit(75);'));
  expect(failed).toMatchObject({ state: 'failed', attempt: 2, problem: { code: 'gave_up' } });
});

test('one that hangs and does not listen is killed, begun again, and at last given up', async () => {
  await using world = await openTrainingWorld();
  const deaf = script(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`);
  const limits = { beatMs: 250, killMs: 30, attempts: 2 };
  const failed = await trained(world, deaf, { limits });
  expect(failed).toMatchObject({ state: 'failed', attempt: 2, problem: { code: 'trainer_hung' } });
});

test('clips that are gone: told which, no process, nothing registered', async () => {
  await using world = await openTrainingWorld();
  const bundle = async (): Promise<void> => {
    await Promise.resolve();
    throw new Fault('corrupt', 'the bytes of 2 clips cannot be had', { remedy: 'Pull them.' });
  };
  const failed = await trained(world, undefined, { bundle });
  expect(failed).toMatchObject({ state: 'failed', attempt: 0 });
  expect(failed.problem).toMatchObject({ code: 'bundle_unavailable', remedy: 'Pull them.' });
});

/** Beats and waits for ever. */
const patient = script(`
  const beat = () => fs.writeFileSync(job.outDir + '/heartbeat', '');
  beat(); setInterval(beat, 20);
  fs.writeFileSync(job.outDir + '/progress.ndjson', '{"step":1,"of":9}\\n');
`);

test('stopped by a person: its process is gone, it is no failure', async () => {
  await using world = await openTrainingWorld();
  const { id } = await queue(world, { trainer: 'own' });
  await using _part = await openTrainer(
    world.deps,
    optionsOf(world, { trainers: { own: patient } }),
  );
  await until(world, id, ({ progress }) => progress?.step === 1);
  await world.db
    .transaction()
    .execute(async (trx) => await stopTraining(trx, id, { at: 2, by: 'usr_1' }));
  const stopped = await until(world, id, over);
  expect(stopped).toMatchObject({ state: 'stopped' });
  const known = await knownProcess(join(world.folder, 'trainings', id, 'pid.1'));
  expect(known?.isAlive).toBe(false);
});

test('past its deadline it is ended and has failed', async () => {
  await using world = await openTrainingWorld();
  const { id } = await queue(world, { trainer: 'own', withinMs: 400 });
  const trainers = { own: patient };
  await using _part = await openTrainer(world.deps, optionsOf(world, { trainers }));
  const failed = await until(world, id, over);
  expect(failed).toMatchObject({ state: 'failed', problem: { code: 'deadline' } });
});

test('a worker that ends leaves the trainer, the next one attaches: one process', async () => {
  await using world = await openTrainingWorld();
  const { id } = await queue(world, { trainer: 'own' });
  const options = optionsOf(world, { trainers: { own: patient } });
  const folder = join(options.folder, id);
  const first = await openTrainer(world.deps, options);
  await until(world, id, ({ progress }) => progress?.step === 1);
  await first[Symbol.asyncDispose]();
  const before = await knownProcess(join(folder, 'pid.1'));
  expect(before?.isAlive).toBe(true);
  await using _second = await openTrainer(world.deps, options);
  await writeFile(join(folder, 'out', 'progress.ndjson'), '{"step":2,"of":9}\n');
  await until(world, id, ({ progress }) => progress?.step === 2);
  expect(await knownProcess(join(folder, 'pid.1'))).toMatchObject({ pid: before?.pid });
  expect((await readdir(folder)).filter((name) => name.startsWith('pid.'))).toEqual(['pid.1']);
  await world.db
    .transaction()
    .execute(async (trx) => await stopTraining(trx, id, { at: 2, by: 'usr_1' }));
  expect(await until(world, id, over)).toMatchObject({ state: 'stopped', attempt: 1 });
});

/** Zero would be the group of this very process. */
function demandPid(known: { readonly pid: number } | undefined): number {
  if (known === undefined) throw new Error('no process is known');
  return known.pid;
}

test('a kill between the row and the process: the same attempt begins, once', async () => {
  await using world = await openTrainingWorld();
  const folder = join(world.folder, 'job');
  await mkdir(join(folder, 'out'), { recursive: true });
  const job = join(folder, 'job.json');
  await writeFile(job, JSON.stringify({ outDir: join(folder, 'out') }));
  const at = { pidFile: join(folder, 'pid.1'), stderrFile: join(folder, 'stderr'), job };
  const [one, two] = [await startTrainer(patient, at), await startTrainer(patient, at)];
  const exits = (): readonly unknown[] => [one.exit(), two.exit()];
  while (!exits().includes(79)) await new Promise((resolve) => setImmediate(resolve));
  const known = await knownProcess(at.pidFile);
  expect([one.pid, two.pid]).toContain(known?.pid);
  expect(exits().filter((exit) => exit === undefined)).toHaveLength(1);
  process.kill(-demandPid(known), 'SIGKILL');
  while (exits().includes(undefined)) await new Promise((resolve) => setImmediate(resolve));
});

test('killed in the middle, it goes on from its checkpoint to the same bytes', async () => {
  await using world = await openTrainingWorld();
  const config = { ...recipe, epochs: 700 };
  const { id } = await queue(world, { config, seed: 7 });
  const options = optionsOf(world);
  const folder = join(options.folder, id);
  await using _part = await openTrainer(world.deps, options);
  await until(world, id, ({ progress }) => (progress?.step ?? 0) > 3);
  const known = await knownProcess(join(folder, 'pid.1'));
  process.kill(demandPid(known), 'SIGKILL');
  const again = await until(world, id, ({ attempt }) => attempt === 2);
  expect(over(again)).toBe(false);
  const job = JSON.parse(await readFile(join(folder, 'job.json'), 'utf8')) as object;
  expect(job).toHaveProperty('resumeFrom');
  const done = await until(world, id, over);
  expect(done).toMatchObject({ state: 'done', attempt: 2 });
  const version = await demandModelVersion(world.db, done.modelVersion ?? '');
  const whole = await wholeRun(world, job, config);
  expect(version.onnx.sha256).toBe(sha256Hex(whole));
});

/** The same job in one go, by the command itself. */
async function wholeRun(world: TrainingWorld, job: object, config: object): Promise<Uint8Array> {
  const dataset = join(world.folder, 'bundle');
  await writeToyBundle(dataset);
  const outDir = join(world.folder, 'out');
  await mkdir(outDir, { recursive: true });
  const path = join(world.folder, 'job.json');
  const { resumeFrom: _from, ...fresh } = job as Readonly<Record<string, unknown>>;
  const kept = { ...(fresh['config'] as object), ...config };
  await writeFile(path, JSON.stringify({ ...fresh, config: kept, dataset, outDir }));
  const [, ...rest] = builtinCommand.command;
  const child = spawn(process.execPath, [...rest, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve) => child.once('close', resolve));
  return await readFile(join(outDir, 'model.onnx'));
}

test('labels off the classes, a second training, a version that is not ready: refused', async () => {
  await using world = await openTrainingWorld();
  const first = await queue(world);
  await expect(queue(world, { seed: 5 })).rejects.toThrow(first.id);
  await expect(queue(world, { datasetVersion: 'f'.repeat(64) })).rejects.toThrow('no dataset');
  await expect(queue(world, { model: 'none' })).rejects.toThrow('no model');
  await expect(queue(world, { config: { epochs: -1 } })).rejects.toThrow('built-in trainer');
  const classes = ['right', 'left'];
  await expect(queue(world, { config: { ...recipe, classes } })).rejects.toThrow('order');
});
