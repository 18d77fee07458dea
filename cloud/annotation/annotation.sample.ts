/** A world of tasks for tests: clips, an ontology, people who answer as the test says. */
import { openIds } from '@fieldloop/core';
import { sampleManifest, sampleStartNs } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import type { Db } from '../store/db.ts';
import type { StoreWorld } from '../store/store.contract.ts';
import { type NewTask, openTasks, type OpenedTasks } from '../store/task-queue.ts';
import { submit } from './acts.ts';
import type { LabelValue } from './annotation.ts';
import type { Annotator } from './annotator.ts';
import { annotatorStore } from './annotator-store.ts';
import { resolveSome } from './consensus-work.ts';
import { give, type Given, type GiveDeps } from './give.ts';
import type { Ontology, OntologyDocument } from './ontology.ts';
import { ontologyStore } from './ontology-store.ts';
import { type TaskRow, taskStore } from './task-store.ts';

export const sampleOntology: OntologyDocument = {
  name: 'wall',
  classes: [
    { name: 'forward', says: 'Nothing is near.' },
    {
      name: 'left',
      attributes: [{ name: 'sharp', kind: 'boolean' }],
    },
    { name: 'right' },
  ],
  guide: 'Say what the robot should do next.',
};

export type TaskWorld = Awaited<ReturnType<typeof openTaskWorld>>;

/** Time stands still unless the test moves `at`; ids come from a counter. */
export async function openTaskWorld(db: Db) {
  let drawn = 0;
  const clock = { now: () => state.at, monotonicMs: () => state.at, sleep: async () => undefined };
  const state = { at: 1_000_000 };
  const ids = openIds({
    clock,
    randomBytes: (length) => new Uint8Array(length).map(() => (drawn = (drawn + 7) % 251)),
  });
  const deps = (): GiveDeps => ({ ids, at: state.at });
  const change = async <T>(work: (trx: Db) => Promise<T>): Promise<T> =>
    await db.transaction().execute(work);
  const made = await change(
    async (trx) => await ontologyStore(trx).save(sampleOntology, { by: 'usr_1', at: 1 }),
  );
  const ontology: Ontology = made.ontology;
  const clips = clipStore(db);

  /** Clip n of a device, stored unless said otherwise; its id. */
  async function clip(n: number, stored = true, device = 'amr-01'): Promise<string> {
    const manifest = sampleManifest(n, { device });
    await clips.putManifest(device, manifest, 5);
    if (stored) await clips.markStored(device, manifest.sha256, 4096, 6);
    return clipIdOf(manifest);
  }

  const taskOf = (clipId: string, more: Partial<NewTask> = {}): NewTask => ({
    batch: 'b1',
    clipId,
    topic: '/odom',
    startNs: sampleStartNs,
    endNs: sampleStartNs + 1_000_000_000n,
    type: 'classification',
    ontologySha256: ontology.sha256,
    priority: 10,
    ...more,
  });

  const open = async (...tasks: readonly NewTask[]): Promise<OpenedTasks> =>
    await change(async (trx) => await openTasks(trx, tasks, deps()));

  /** As many tasks as asked, each of a moment of clip 1. */
  async function openMany(count: number, more: Partial<NewTask> = {}): Promise<readonly string[]> {
    const clipId = await clip(1);
    const tasks = Array.from({ length: count }, (_, n) =>
      taskOf(clipId, { startNs: sampleStartNs + BigInt(n) * 1_000_000n, ...more }),
    );
    return (await open(...tasks)).opened;
  }

  async function person(id: string): Promise<Annotator> {
    return await change(
      async (trx) => await annotatorStore(trx).ensure({ id, name: `name of ${id}` }, state.at),
    );
  }

  const next = async (id: string, count = 1): Promise<readonly Given[]> => {
    const annotator = await person(id);
    return await change(async (trx) => await give(trx, annotator, count, deps()));
  };

  const answer = async (id: string, taskId: string, value: LabelValue): Promise<TaskRow> => {
    const annotator = await person(id);
    const said = { value, seconds: 2 };
    return await change(async (trx) => await submit(trx, annotator, { taskId, said }, deps()));
  };

  /** Takes what is next and says this of it; the id of the task. */
  async function takeAndSay(
    id: string,
    value: LabelValue | ((task: TaskRow) => LabelValue),
  ): Promise<string | undefined> {
    const [given] = await next(id);
    if (given === undefined) return undefined;
    const { task } = given;
    await answer(id, task.id, typeof value === 'function' ? value(task) : value);
    return task.id;
  }

  return Object.assign(state, {
    db,
    ids,
    deps,
    change,
    ontology,
    clip,
    taskOf,
    open,
    openMany,
    person,
    next,
    answer,
    takeAndSay,
    resolve: async (): Promise<number> => await resolveSome({ read: db, write: db }, deps()),
    task: async (id: string): Promise<TaskRow> => await taskStore(db).demandRow(id),
    label: async (taskId: string) =>
      await db
        .selectFrom('label')
        .selectAll()
        .where('task_id', '=', taskId)
        .where('superseded_by', 'is', null)
        .executeTakeFirst(),
    told: async (): Promise<readonly string[]> =>
      (await db.selectFrom('outbox').select('kind').orderBy('seq').execute()).map(
        ({ kind }) => kind,
      ),
  });
}

/** The same on the store of a contract suite, which ends with it. */
export async function openTaskWorldOn(store: StoreWorld): Promise<TaskWorld & AsyncDisposable> {
  const world = await openTaskWorld(store.db);
  return Object.assign(world, {
    [Symbol.asyncDispose]: async () => await store[Symbol.asyncDispose](),
  });
}

/** Units of clip 1 of which a model says `left`: audited, captured, and the last one named too. */
export async function putUnits(
  world: Pick<TaskWorld, 'clip' | 'db'>,
  count: number,
): Promise<{ readonly clipId: string }> {
  const clipId = await world.clip(1);
  const { device_id, session_id } = await world.db
    .selectFrom('clip')
    .select(['device_id', 'session_id'])
    .executeTakeFirstOrThrow();
  await world.db
    .insertInto('triage_policy')
    .values({
      id: 'trp_1',
      name: 'p',
      enabled: 1,
      definition: '{}',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
  await world.db
    .insertInto('triage_window')
    .values({
      id: 'trw_1',
      policy_id: 'trp_1',
      policy: 'p',
      definition: '{}',
      salt: 's',
      from_n: 0,
      to_n: count,
      as_of: 1,
      holder: '{}',
      state: 'drawn',
      units: count,
      reason: 'test',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
  const ns = Array.from({ length: count }, (_, n) => n);
  const units = ns.map((n) => ({
    id: `unt_${n}`,
    n,
    clip_id: clipId,
    device_id,
    session_id,
    topic: '/odom',
    at_ns: sampleStartNs + BigInt(n),
    start_ns: sampleStartNs + BigInt(n),
    end_ns: sampleStartNs + BigInt(n),
    grain: 'frame',
    population: 'fleet',
    propensity_device: 1,
    model_id: 'classifier',
    model_sha256: 'a'.repeat(64),
    predicted: 'left',
    bytes: 1,
    created_at: 1,
  }));
  await world.db.insertInto('triage_unit').values(units).execute();
  const lanes = { audit: (n: number) => n < 80 || n === 140, capture: (n: number) => n >= 80 };
  for (const [lane, isDrawn] of Object.entries({ ...lanes, named: (n: number) => n === 140 })) {
    const choices = ns.filter(isDrawn).map((n) => ({
      id: `chc_${lane}_${n}`,
      unit_id: `unt_${n}`,
      clip_id: clipId,
      window_id: 'trw_1',
      lane,
      scorer: 'entropy',
      scorer_sha256: 'b'.repeat(64),
      propensity: 1,
      salt: 's',
      reason: 'test',
      percentile: 0.5,
      created_at: 1,
    }));
    await world.db.insertInto('triage_choice').values(choices).execute();
  }
  return { clipId };
}
