/** A window that becomes a model, and one whose training fails, as cases of the crash kit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@fieldloop/core';
import { submit } from '../annotation/acts.ts';
import { annotatorStore } from '../annotation/annotator-store.ts';
import { resolveSome } from '../annotation/consensus-work.ts';
import { give } from '../annotation/give.ts';
import { ontologyStore } from '../annotation/ontology-store.ts';
import type { BlobStore } from '../blob/blob.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { type BuildInput, buildKind, buildVersion } from '../dataset/build.ts';
import { usualBuckets, usualGates } from '../dataset/dataset.ts';
import { datasetStore } from '../dataset/store.ts';
import type { Db } from '../store/db.ts';
import { operationRows } from '../store/operations.ts';
import { createModel } from '../store/model-registry.ts';
import { trainingStore } from '../training/store.ts';
import { policyStore } from '../triage/policy-store.ts';
import { openPlanner, type Planner } from '../triage/planner.ts';
import { putSampleUnits, sampleClasses, samplePolicy } from '../triage/triage.sample.ts';
import { drawWindow } from '../triage/write-draw.ts';
import { dataToTrainingWorkflow, labelBatchWorkflow } from './data-to-training-deps.ts';
import { type CrashWorld, type PatternCase, patternCase } from './kit/crash.sample.ts';
import type { Workflow } from './kit/workflow.ts';

/** Objects and the thread that draws are the same for all plays of a process. */
let bytes: Promise<BlobStore> | undefined;
let planner: Planner | undefined;

async function openBytes(): Promise<BlobStore> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldloop-loop-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return await openDiskBlobs(folder);
}

export async function closeThreads(): Promise<void> {
  await planner?.[Symbol.asyncDispose]();
  planner = undefined;
}

/** The pattern on an object store that has every clip, as the rows say. */
const withBytes = (one: Workflow): Workflow => ({
  ...one,
  bind: (ground) => one.bind({ ...ground, bytes: { ...ground.bytes, stat: sizeOf(ground.read) } }),
});

const sizeOf = (db: Db) => async (sha256: string) => {
  const clip = await db
    .selectFrom('clip')
    .select('size_bytes')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return clip && { sizeBytes: Number(clip.size_bytes) };
};

const by = 'usr_eng';

async function ground({ db, ids, clock }: CrashWorld): Promise<ReadonlyMap<string, string>> {
  const at = clock.now();
  const truths = await putSampleUnits(db, { clips: 2, frames: 2, ids });
  await db.transaction().execute(async (trx) => {
    const classes = sampleClasses.map((name) => ({ name }));
    await ontologyStore(trx).save({ name: 'aisle', classes }, { at, by });
    const definition = samplePolicy({
      duplicates: undefined,
      budget: { bytes: 1e9, labelMinutes: 600 },
    });
    await policyStore(trx).create({
      id: 'tpl_1',
      name: 'aisle',
      enabled: true,
      definition,
      by,
      at,
    });
    const settings = {
      selection: { ontology: 'aisle' },
      splitRule: { key: 'device_session' as const, salt: 's', buckets: usualBuckets },
      gates: { ...usualGates, bytes: 'present' as const },
      licences: [],
    };
    await datasetStore(trx).create({ id: 'dst_1', name: 'aisle', settings }, { by, at });
    await createModel(trx, { name: 'classifier', declaration: declaration() }, { at, by, ids });
  });
  return truths;
}

/** What people and other parts of the worker do when the run stands still. */
async function reacts(
  world: CrashWorld,
  truths: ReadonlyMap<string, string>,
  training: 'done' | 'failed',
): Promise<boolean> {
  return (
    (await draws(world)) ||
    (await answers(world, truths)) ||
    (await builds(world)) ||
    (await trains(world, training)) ||
    (await world.decide((gate) => (gate.kind === 'sign_off' ? 'approve' : 'give_up')))
  );
}

async function draws({ db, clock, ids }: CrashWorld): Promise<boolean> {
  const frozen = await db
    .selectFrom('triage_window')
    .select('id')
    .where('state', '=', 'frozen')
    .execute();
  planner ??= openPlanner();
  for (const { id } of frozen) await drawWindow({ read: db, write: db, clock, ids, planner }, id);
  return frozen.length > 0;
}

async function answers(
  { db, clock, ids }: CrashWorld,
  truths: ReadonlyMap<string, string>,
): Promise<boolean> {
  const deps = { ids, at: clock.now() };
  let said = 0;
  for (const id of ['usr_ann', 'usr_ben']) {
    await db.transaction().execute(async (trx) => {
      const annotator = await annotatorStore(trx).ensure({ id, name: id }, deps.at);
      for (const { task } of await give(trx, annotator, 10, deps)) {
        const value = { class: truths.get(task.unit_id ?? '') ?? 'free' };
        await submit(trx, annotator, { taskId: task.id, said: { value, seconds: 3 } }, deps);
        said += 1;
      }
    });
  }
  if (said > 0) await resolveSome({ read: db, write: db }, deps);
  return said > 0;
}

async function builds({ db, clock }: CrashWorld): Promise<boolean> {
  const rows = operationRows(db);
  const claimed = await rows.claim('test', clock.now());
  if (claimed?.kind !== buildKind) return false;
  const input = claimed.input as unknown as BuildInput;
  const signal = new AbortController().signal;
  bytes ??= openBytes();
  const objects = { bytes: await bytes, clock, signal, progress: () => {} };
  const context = { id: claimed.id, read: db, write: db, ...objects };
  const result = await buildVersion(input, context);
  await rows.end(claimed.id, { state: 'done', result: { ...result } }, clock.now());
  return true;
}

async function trains({ db, clock, ids }: CrashWorld, how: 'done' | 'failed'): Promise<boolean> {
  const trainings = trainingStore(db);
  const [active] = await trainings.active();
  if (active === undefined) return false;
  const act = { at: clock.now(), by: 'system', ids };
  if (how === 'failed') {
    const problem = {
      code: 'not_finite' as const,
      message: 'the model wrote NaN',
      remedy: 'Look.',
    };
    await trainings.end(active, { state: 'failed', problem }, act);
  } else {
    const file = (letter: string) => ({ sha256: letter.repeat(64), sizeBytes: 10 });
    const made = { onnx: file('a'), document: file('b'), classes: sampleClasses };
    await trainings.done(active, made, act);
  }
  return true;
}

/** What is left, without ids and times. */
async function left({ db }: CrashWorld): Promise<Json> {
  const count = async (table: 'triage_choice' | 'triage_window' | 'label' | 'dataset_version') =>
    Number(
      (
        await db
          .selectFrom(table)
          .select((of) => of.fn.countAll<bigint>().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    );
  const tasks = await db.selectFrom('task').select('state').orderBy('state').execute();
  const trainings = await db.selectFrom('training').select('state').execute();
  const versions = await db.selectFrom('dataset_version').select(['state', 'items']).execute();
  const models = await db.selectFrom('model_version').select('version').execute();
  const runs = await db.selectFrom('run').select(['workflow', 'state', 'outcome']).execute();
  return {
    windows: await count('triage_window'),
    choices: await count('triage_choice'),
    labels: await count('label'),
    tasks: tasks.map(({ state }) => state),
    versions: versions.map(({ state, items }) => `${state} ${items}`),
    trainings: trainings.map(({ state }) => state),
    models: models.length,
    runs: runs
      .map(({ workflow, state, outcome }) => {
        const { status = '' } = JSON.parse(outcome ?? '{}') as { status?: string };
        return `${workflow} ${state} ${status}`;
      })
      .toSorted(),
  };
}

const caseOf = (name: string, training: 'done' | 'failed'): PatternCase =>
  patternCase(
    `data-to-training, ${name}`,
    [withBytes(dataToTrainingWorkflow), withBytes(labelBatchWorkflow)],
    async (world) => {
      const truths = await ground(world);
      const input = { policy: 'aisle', model: 'classifier', dataset: 'aisle' };
      return {
        begin: async () => void (await world.start('data-to-training', input, 'aisle')),
        react: async () => await reacts(world, truths, training),
        end: async () => await left(world),
      };
    },
  );

export const trained = caseOf('trained', 'done');
export const givenUp = caseOf('the training fails and is given up', 'failed');

function declaration() {
  return {
    id: 'classifier',
    task: 'classification' as const,
    classes: [...sampleClasses],
    input: { name: 'x', from: { topic: '/camera', path: 'x' }, size: 2, mean: [0], std: [1] },
    output: { logits: 'logits' },
  };
}
