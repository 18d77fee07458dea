/** Windows, tasks, versions and trainings for their workflow: each effect under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { askBuild } from '../dataset/build.ts';
import { datasetStore } from '../dataset/store.ts';
import { batchTasks } from '../loop-limits.ts';
import { ontologyNamed } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { batchCounts } from '../store/label-ref.ts';
import { operationRows } from '../store/operations.ts';
import { openTasks, type NewTask, voidTasks } from '../store/task-queue.ts';
import { lookAtTraining, startTraining, stopTraining, activeTraining } from '../training/store.ts';
import { askRetrainValue } from '../training/retrain.ts';
import { freezeWindow, windowStore } from '../triage/window-store.ts';
import { dataToTraining } from './data-to-training.ts';
import type {
  Built,
  DataDeps,
  DataInput,
  DataOutcome,
  Failure,
  Snapshot,
} from './data-to-training-port.ts';
import { versionEvidence } from './data-to-training-evidence.ts';
import { dataTriggers } from './data-to-training-triggers.ts';
import { pending } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';
import { type BatchCounts, type BatchDeps, labelBatch } from './label-batch.ts';

const system = 'system';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids' | 'bytes'>;

export const dataDeps = (ground: Ground): DataDeps => {
  const { write, clock, ids } = ground;
  const act = (by: string) => ({ at: clock.now(), by, ids });
  return {
    freeze: async (policy, e) =>
      await once(write, e.key, async (trx) => await frozen(trx, policy, act(e.run))),
    drawn: async (window) => (await drawnOf(write, window)) ?? pending,
    validate: async (window) => await validated(ground, window),
    openBatch: async (of, e) =>
      await once(write, e.key, async (trx) => {
        const tasks = await tasksOf(trx, of, clock.now());
        const opened = await openTasks(trx, tasks, { ids, at: clock.now() });
        return { tasks: opened.opened.length + opened.known.length };
      }),
    voidTasks: async (batch, reason, e) =>
      await once(write, e.key, async (trx) => ({
        void: await voidTasks(trx, batch, { reason, by: system }, { ids, at: clock.now() }),
      })),
    build: async (dataset, e) =>
      await once(write, e.key, async (trx) => {
        const operation = ids.ulid('op');
        const asked = { dataset, asOf: clock.now(), publish: true, by: e.run };
        await askBuild(trx, asked, operation);
        return { operation };
      }),
    built: async (operation) => (await builtOf(write, operation)) ?? pending,
    evidence: async (of) => await versionEvidence(write, of),
    publish: async (version, { by, reason }, e) =>
      await once(write, e.key, async (trx) => {
        const wanted = { decision: 'ready' as const, reason };
        const { state } = await datasetStore(trx).decide(version, wanted, act(by));
        return { state };
      }),
    discard: async (dataset, reason, e) =>
      await once(
        write,
        e.key,
        async (trx) => await discarded(trx, { dataset, reason }, act(e.run)),
      ),
    free: async (of) => {
      const active = await activeTraining(write, of.model);
      const isFree = active === undefined || active.datasetVersion === of.version;
      return isFree ? { free: true } : pending;
    },
    train: async (of, e) =>
      await once(write, e.key, async (trx) => {
        const wanted = { ...of, ...(await recipeOf(trx, of.model)), reason: `run ${e.run}` };
        const { training } = await startTraining(
          trx,
          { ...wanted, datasetVersion: of.version },
          act(e.run),
        );
        return { training: training.id };
      }),
    trained: async (training) => (await trainedOf(write, training)) ?? pending,
    stop: async (of, _, e) =>
      await once(write, e.key, async (trx) => {
        const active = await activeTraining(trx, of.model);
        if (active?.datasetVersion !== of.version) return { state: 'over' };
        return { state: (await stopTraining(trx, active.id, act(e.run))).state };
      }),
    teaches: async (training, e) =>
      await once(write, e.key, async (trx) => await taught(trx, training, act(e.run))),
  };
};

interface Act {
  readonly at: number;
  readonly by: string;
  readonly ids: WorkflowGround['ids'];
}

async function frozen(trx: Db, policy: string, act: Act) {
  const wanted = { policy, reason: `run ${act.by}` };
  try {
    const { id, units } = await freezeWindow(trx, wanted, act);
    return { window: id, units };
  } catch (error) {
    // Nothing came since the last window: an answer, not a fault of the run.
    if (error instanceof Fault && error.code === 'conflict') return { window: '', units: 0 };
    throw error;
  }
}

/** One of each unit: what was named and drawn as well is one task, with both of its choices. */
const choicesOf = (db: Db, window: string) =>
  db
    .selectFrom('triage_choice')
    .innerJoin('triage_unit', 'triage_unit.id', 'triage_choice.unit_id')
    .leftJoin('triage_choice as named', (join) =>
      join
        .onRef('named.unit_id', '=', 'triage_choice.unit_id')
        .onRef('named.window_id', '=', 'triage_choice.window_id')
        .onRef('named.id', '<>', 'triage_choice.id')
        .on('named.lane', '=', 'named'),
    )
    .where('triage_choice.window_id', '=', window)
    .where('named.id', 'is', null);

async function drawnOf(db: Db, id: string) {
  const window = await windowStore(db).get(id);
  if (window === undefined || window.state === 'frozen') return undefined;
  if (window.state === 'void') return { chosen: 0, batches: [] };
  const { n } = await choicesOf(db, id)
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .executeTakeFirstOrThrow();
  const chosen = Number(n);
  const batches = Array.from(
    { length: Math.ceil(chosen / batchTasks) },
    (_, at) => `${id}/${at + 1}`,
  );
  return { chosen, batches };
}

/** Bytes are hashed by the gates of a version; here a person's time is not spent on lost clips. */
async function validated({ read, bytes }: Ground, window: string) {
  const clips = await choicesOf(read, window)
    .innerJoin('clip', 'clip.id', 'triage_unit.clip_id')
    .select(['clip.id', 'clip.sha256', 'clip.state', 'clip.size_bytes'])
    .distinct()
    .orderBy('clip.id')
    .execute();
  const bad: string[] = [];
  for (const { id, sha256, state, size_bytes: size } of clips) {
    const found = state === 'stored' ? await bytes.stat(sha256) : undefined;
    if (found?.sizeBytes !== Number(size)) bad.push(id);
  }
  return { usable: clips.length - bad.length, bad: bad.slice(0, mostListed) };
}

const mostListed = 200;

/** Points of the queue: what was named first, then by place within its lane. */
const namedPoints = 50;
const lanePoints = 30;

async function tasksOf(
  trx: Db,
  of: { readonly window: string; readonly batch: string; readonly dataset: string },
  at: number,
): Promise<readonly NewTask[]> {
  const { settings } = await datasetStore(trx).demand(of.dataset);
  const ontology = await ontologyNamed(trx, settings.selection.ontology, at);
  if (ontology === undefined) {
    throw new Fault('invalid', `there is no ontology "${settings.selection.ontology}"`, {
      remedy: 'Save one with `fieldloop ontologies create`, or change the data set.',
    });
  }
  const n = Number(of.batch.slice(of.window.length + 1));
  const rows = await choicesOf(trx, of.window)
    .selectAll('triage_unit')
    .select(['triage_choice.id as choice', 'triage_choice.lane'])
    .select(['triage_choice.percentile', 'triage_choice.failure_id'])
    .orderBy('triage_choice.id')
    .offset((n - 1) * batchTasks)
    .limit(batchTasks)
    .execute();
  return rows.map((row) => ({
    batch: of.batch,
    unitId: row.id,
    clipId: row.clip_id,
    topic: row.topic,
    startNs: row.grain === 'frame' ? row.at_ns : row.start_ns,
    endNs: row.grain === 'frame' ? row.at_ns : row.end_ns,
    type: 'classification',
    ontologySha256: ontology.sha256,
    choiceId: row.choice,
    priority: row.lane === 'named' ? namedPoints : Math.round(lanePoints * row.percentile),
    ...(row.failure_id === null ? {} : { failureId: row.failure_id }),
  }));
}

async function builtOf(db: Db, operation: string): Promise<Built | undefined> {
  const done = await operationRows(db).get(operation);
  if (done === undefined || done.state === 'queued' || done.state === 'running') return undefined;
  const link = `/v1/operations/${operation}`;
  if (done.state !== 'done') {
    const reason = done.problem?.message ?? `the build is ${done.state}`;
    return { failure: failureOf(reason, done.problem as unknown as Json, link) };
  }
  const { version } = done.result as { readonly version: string };
  return { snapshot: await snapshotOf(db, version) };
}

const failureOf = (reason: string, of: Json | undefined, link: string): Failure => ({
  reason,
  digest: sha256Hex(canonicalJson(of ?? reason)),
  link,
});

async function snapshotOf(db: Db, id: string): Promise<Snapshot> {
  const { gates, outcome, manifest, state } = await datasetStore(db).demandVersion(id);
  const red = gates.filter((one) => one.outcome === 'fail' || one.outcome === 'inconclusive');
  return {
    version: id,
    items: manifest.counts.items,
    gates: outcome === 'fail' ? 'red' : outcome === 'inconclusive' ? 'inconclusive' : 'green',
    reasons: red.map(({ gate, reason }) => `${gate}: ${reason}`),
    ready: state === 'ready',
  };
}

async function discarded(
  trx: Db,
  of: { readonly dataset: string; readonly reason: string },
  { at, by }: Act,
) {
  const { id } = await datasetStore(trx).demand(of.dataset);
  const row = await trx
    .selectFrom('dataset_version')
    .select('id')
    .where('dataset_id', '=', id)
    .where('created_by', '=', by)
    .where('state', '=', 'draft')
    .executeTakeFirst();
  if (row === undefined) return { state: 'none' };
  const wanted = { decision: 'rejected' as const, reason: of.reason };
  return { state: (await datasetStore(trx).decide(row.id, wanted, { at, by })).state };
}

/** How a model is trained: by its policy, when it has one. */
async function recipeOf(trx: Db, model: string) {
  const policy = await trx
    .selectFrom('training_policy')
    .select(['id', 'config', 'trainer'])
    .where('model', '=', model)
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst();
  if (policy === undefined) return {};
  const config = JSON.parse(policy.config) as Readonly<Record<string, Json>>;
  return { policy: policy.id, config, trainer: policy.trainer };
}

/** What its lanes taught is measured where the policy wants it: that takes trainings. */
async function taught(trx: Db, id: string, { at, by, ids }: Act) {
  const { policy } = await lookAtTraining(trx, id);
  const row = await trx
    .selectFrom('training_policy')
    .select('retrain_value')
    .where('id', '=', policy ?? '')
    .executeTakeFirst();
  if (row === undefined) return { skipped: 'no policy asks for it' };
  if (row.retrain_value === 0n) return { skipped: 'the policy has it switched off' };
  const operation = ids.ulid('op');
  await askRetrainValue(trx, id, { id: operation, at, by });
  return { operation };
}

async function trainedOf(db: Db, id: string) {
  const { state, modelVersion, problem } = await lookAtTraining(db, id);
  if (modelVersion !== undefined) return { modelVersion };
  if (state !== 'failed' && state !== 'stopped') return undefined;
  const reason = problem === undefined ? `the training was ${state}` : problem.message;
  return { failure: failureOf(reason, { ...problem }, `/v1/trainings/${id}`) };
}

export const batchDeps = ({ read, write, clock, ids }: Ground): BatchDeps => ({
  look: async (batch) => {
    const counts = await countsOf(read, batch);
    return counts.open === 0 ? counts : pending;
  },
  count: async (batch) => await countsOf(read, batch),
  reassign: async (batch, e) =>
    await once(write, e.key, async (trx) => {
      const ended = await trx
        .deleteFrom('task_lease')
        .where('task_id', 'in', (of) =>
          of.selectFrom('task').select('id').where('batch', '=', batch),
        )
        .where('until_at', '<=', BigInt(clock.now()))
        .executeTakeFirst();
      return { freed: Number(ended.numDeletedRows) };
    }),
  voidOpen: async (batch, reason, e) =>
    await once(write, e.key, async (trx) => ({
      void: await voidTasks(trx, batch, { reason, by: system }, { ids, at: clock.now() }),
    })),
});

async function countsOf(db: Db, batch: string): Promise<BatchCounts> {
  const counts = await batchCounts(db, batch);
  const { resolved = 0, void: taken = 0, ...open } = counts;
  return {
    open: Object.values(open).reduce((sum, n) => sum + n, 0),
    resolved,
    void: taken,
    digest: sha256Hex(canonicalJson({ batch, ...counts })),
  };
}

export const labelBatchWorkflow = workflow({
  name: 'label-batch',
  version: 1,
  body: labelBatch,
  deps: batchDeps,
});

export const dataToTrainingWorkflow = workflow<DataInput, DataOutcome, DataDeps>({
  name: 'data-to-training',
  version: 1,
  body: dataToTraining,
  deps: dataDeps,
  check: checkDataInput,
  triggers: dataTriggers,
});

function checkDataInput(input: Json): DataInput {
  const given = input as Readonly<Record<string, Json | undefined>>;
  const texts = Object.values(given).every((value) => typeof value === 'string' && value !== '');
  const entries = ['policy', 'window', 'version'].filter((name) => given[name] !== undefined);
  if (texts && entries.length === 1 && given['model'] && given['dataset'])
    return input as DataInput;
  throw new Fault('invalid', 'the input of data-to-training is not whole', {
    place: '/input',
    remedy: 'Give model, dataset, and one of policy, window and version.',
  });
}
