/**
 * Goal: a training policy that lacks data gets it without anybody: its word starts a run that
 * freezes a window of the model's triage policy, one run a model, and why not is written down.
 * Method: policies, units and labels as rows; the looks of the worker's part, dispatcher and
 * pattern on the real engine.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ontologyStore } from '../annotation/ontology-store.ts';
import { usualBuckets, usualGates } from '../dataset/dataset.ts';
import { datasetStore } from '../dataset/store.ts';
import { createModel } from '../store/model-registry.ts';
import { lookAtPolicy, type PolicyDeps } from '../training/policies.ts';
import type { Policy } from '../training/policy.ts';
import { policyStore as trainingPolicies } from '../training/policy-store.ts';
import { policyStore as triagePolicies } from '../triage/policy-store.ts';
import {
  putSampleLabels,
  putSampleUnits,
  sampleClasses,
  samplePolicy,
} from '../triage/triage.sample.ts';
import { dataToTrainingWorkflow, labelBatchWorkflow } from './data-to-training-deps.ts';
import { type KitWorld, kitWorld } from './kit/kit.sample.ts';
import { openWorkflows } from './kit/worker.ts';

const opened = new AsyncDisposableStack();
let kit: KitWorld;
let deps: PolicyDeps;
let units: readonly string[] = [];
let truths: ReadonlyMap<string, string> = new Map();

const by = 'usr_1';

beforeAll(async () => {
  kit = opened.use(await kitWorld('sqlite'));
  const ground = kit.ground('one');
  deps = ground;
  const { db } = kit;
  const { ids } = ground;
  truths = await putSampleUnits(db, { clips: 3, frames: 4, ids });
  units = [...truths.keys()];
  await db.transaction().execute(async (trx) => {
    const classes = sampleClasses.map((name) => ({ name }));
    await ontologyStore(trx).save({ name: 'aisle', classes }, { at: 1, by });
    const definition = samplePolicy({ budget: { bytes: 1e9, labelMinutes: 600 } });
    const policy = { id: 'tpl_1', name: 'aisle', enabled: true, definition, by, at: 1 };
    await triagePolicies(trx).create(policy);
    const settings = {
      selection: { ontology: 'sample' },
      splitRule: { key: 'device_session' as const, salt: 's', buckets: usualBuckets },
      gates: usualGates,
      licences: [],
    };
    await datasetStore(trx).create({ id: 'dst_1', name: 'aisle', settings }, { by, at: 1 });
    for (const name of ['classifier', 'unwatched']) {
      await createModel(trx, { name }, { at: 1, by, ids });
    }
  });
  const workflows = [dataToTrainingWorkflow, labelBatchWorkflow];
  opened.use(await openWorkflows(ground, { engine: await kit.engine(), workflows }));
});

afterAll(async () => {
  await opened.disposeAsync();
});

async function policyFor(model: string): Promise<Policy> {
  const made = await trainingPolicies(kit.db).create(
    {
      model,
      dataset: 'aisle',
      triggers: { newLabels: 4 },
      config: {},
      trainer: 'builtin',
      cooldownMs: 0,
      enabled: true,
      retrainValue: true,
    },
    { at: 1, by, ids: deps.ids },
  );
  if (made === undefined) throw new Error('no policy');
  return made;
}

/** What became of the newest word of a policy; waits for the row. */
async function dispatched(n: number) {
  for (;;) {
    const rows = await kit.db
      .selectFrom('dispatch')
      .selectAll()
      .where('trigger', '=', 'data-on-due')
      .orderBy('event_seq')
      .execute();
    if (rows.length >= n) return rows[n - 1];
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('enough labels and no version: due, and a run freezes a window of the triage policy', async () => {
  const policy = await policyFor('classifier');
  await putSampleLabels(kit.db, units.slice(0, 3), { truths, at: 5 });
  expect(await lookAtPolicy(deps, policy)).toBe('held');
  await putSampleLabels(kit.db, units.slice(3, 4), { truths, at: 6 });
  expect(await lookAtPolicy(deps, policy)).toBe('due');
  // The same look again tells nobody a second time.
  expect(await lookAtPolicy(deps, policy)).toBe('due');
  const said = await dispatched(1);
  expect(said).toMatchObject({ outcome: 'started', subject: 'classifier' });
  const run = said?.run_id ?? '';
  const { input } = await kit.db
    .selectFrom('run')
    .select('input')
    .where('id', '=', run)
    .executeTakeFirstOrThrow();
  expect(JSON.parse(input)).toEqual({ policy: 'tpl_1', model: 'classifier', dataset: 'aisle' });
  expect(await firstWindow()).toEqual([{ created_by: run }]);
});

async function firstWindow() {
  for (;;) {
    const windows = await kit.db.selectFrom('triage_window').select('created_by').execute();
    if (windows.length > 0) return windows;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('while that run is open another word starts none; nor where no triage draws', async () => {
  await putSampleLabels(kit.db, units.slice(4, 6), { truths, at: 7 });
  const policy = await trainingPolicies(kit.db).demand('classifier');
  expect(await lookAtPolicy(deps, policy)).toBe('due');
  const again = await dispatched(2);
  expect(again).toMatchObject({ outcome: 'skipped' });
  expect(again?.reason).toMatch(/^running already: run_/);
  expect(await lookAtPolicy(deps, await policyFor('unwatched'))).toBe('due');
  const none = await dispatched(3);
  expect(none).toMatchObject({ outcome: 'skipped' });
  expect(none?.reason).toBe('no triage policy is on for unwatched');
  const runs = await kit.db
    .selectFrom('run')
    .select('id')
    .where('workflow', '=', 'data-to-training')
    .execute();
  expect(runs).toHaveLength(1);
});
