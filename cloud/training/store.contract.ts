/**
 * Goal: the same work is one training, a model has one at work, versions and aliases never change
 * behind somebody's back, and each reason of a policy begins one by itself.
 * Method: trainings, versions and policies as their parts write them; labels, audit choices, scores
 * and failures as rows of the other nouns.
 */
import { openIds, sha256Hex } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { plantClip, plantGround, plantLabels } from '../dataset/dataset.sample.ts';
import { gatherInput } from '../evaluation/gather.ts';
import { plantFailure } from '../evaluation/evaluation.sample.ts';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import { createModel, moveAlias, registerVersion } from '../store/model-registry.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { driftUnits, dueAgainMs } from '../training-limits.ts';
import { lookAtPolicy, type PolicyDeps } from './policies.ts';
import type { Triggers } from './policy.ts';
import { policyStore } from './policy-store.ts';
import {
  acceptTraining,
  lookAtTraining,
  startTraining,
  stopTraining,
  trainingStore,
  type WantedTraining,
} from './store.ts';
import type { Training } from './training.ts';
import { putDatasetVersion, toyDeclaration } from './training.sample.ts';

const file = (letter: string) => ({ sha256: letter.repeat(64), sizeBytes: 10 });
/** The model that the samples' units were scored by. */
const scored = { sha256: sha256Hex('model'), sizeBytes: 10 };

export function trainingStoreContract(name: string, open: OpenStore): void {
  let drawn = 0;
  let now = 1_700_000_000_000;
  const clock = { now: () => now, monotonicMs: () => now, sleep: async () => undefined };
  const randomBytes = (length: number) =>
    new Uint8Array(length).map(() => (drawn = (drawn + 7) % 251));
  const ids = openIds({ clock, randomBytes });
  const act = (at = now) => ({ at, by: 'usr_1', ids });
  const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
  const deps = (db: Db): PolicyDeps => ({ read: db, write: db, clock, ids, log: silent });

  async function model(db: Db): Promise<string> {
    await createModel(db, { name: 'toy', declaration: toyDeclaration }, act());
    return await putDatasetVersion(db, 'a');
  }

  const start = async (db: Db, more: Partial<WantedTraining> = {}): Promise<Training> =>
    await db.transaction().execute(async (trx) => {
      const wanted = { model: 'toy', datasetVersion: 'a'.repeat(64), ...more };
      return (await startTraining(trx, wanted, act())).training;
    });

  const kindsOf = async (db: Db, subject: string): Promise<readonly string[]> =>
    (await db.selectFrom('outbox').select('kind').where('subject', '=', subject).execute()).map(
      ({ kind }) => kind,
    );

  test(`${name}: the same work is one training; another waits until it is over`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    const first = await start(db, { seed: 7 });
    expect(await start(db, { seed: 7 })).toMatchObject({ id: first.id });
    await expect(start(db, { seed: 8 })).rejects.toMatchObject({ code: 'conflict' });
    const store = trainingStore(db);
    const running = await store.began(first, 1, now);
    expect(running).toMatchObject({ state: 'running', attempt: 1 });
    await store.progress(first.id, { step: 1, of: 3, loss: 0.5 }, now);
    await store.checking(running, now);
    const made = { onnx: file('b'), document: file('c'), classes: ['left', 'right'] };
    const done = await db
      .transaction()
      .execute(async (trx) => await trainingStore(trx).done(running, made, act()));
    expect(done).toMatchObject({ state: 'done', progress: { step: 1 } });
    expect(await acceptTraining(db, first.id)).toBe(done.modelVersion);
    // Twice said is registered once.
    await db.transaction().execute(async (trx) => trainingStore(trx).done(running, made, act()));
    expect(await db.selectFrom('model_version').select('id').execute()).toHaveLength(1);
    expect(await kindsOf(db, first.id)).toEqual([
      'training.queued',
      'training.started',
      'training.done',
    ]);
    expect(await start(db, { seed: 7 })).toMatchObject({ id: first.id, state: 'done' });
  });

  test(`${name}: what failed or was stopped registers nothing, and may be asked for again`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    const first = await start(db);
    const problem = { code: 'not_finite' as const, message: 'NaN', remedy: 'Look.' };
    await trainingStore(db).end(first, { state: 'failed', problem }, act());
    expect(await lookAtTraining(db, first.id)).toMatchObject({ state: 'failed', problem });
    await expect(acceptTraining(db, first.id)).rejects.toMatchObject({ code: 'conflict' });
    const second = await start(db);
    expect(second.id).not.toBe(first.id);
    expect(second.jobKey).toBe(first.jobKey);
    await trainingStore(db).began(second, 1, now);
    const asked = await stopTraining(db, second.id, act());
    expect(asked.stopAsked).toBe(true);
    await trainingStore(db).end(asked, { state: 'stopped' }, act());
    const made = { onnx: file('b'), document: file('c'), classes: ['left', 'right'] };
    await db.transaction().execute(async (trx) => trainingStore(trx).done(second, made, act()));
    expect(await db.selectFrom('model_version').select('id').execute()).toEqual([]);
  });

  async function champion(db: Db, evaluated?: { readonly n: number; readonly accuracy: number }) {
    const { id } = await db.transaction().execute(async (trx) => {
      const made = { model: 'toy', onnx: scored, document: file('c'), classes: ['left', 'right'] };
      const version = await registerVersion(trx, made, act());
      const move = { model: 'toy', alias: 'champion', to: version.id, expects: 0 } as const;
      await moveAlias(trx, move, act());
      return version;
    });
    if (evaluated === undefined) return;
    await db
      .insertInto('evaluation')
      .values({
        id: 'evl_1',
        model: 'toy',
        model_version_id: id,
        dataset_version_id: 'a'.repeat(64),
        regression_sha256: 'r',
        input: '{}',
        result: JSON.stringify({ metrics: evaluated }),
        sha256: 's',
        measured: '{}',
        outcome: 'pass',
        created_by: 'usr_1',
        created_at: now,
      })
      .execute();
    await db.updateTable('model_version').set({ evaluation_id: 'evl_1' }).execute();
  }

  async function policy(db: Db, triggers: Triggers, cooldownMs = 0) {
    const wanted = {
      model: 'toy',
      dataset: 'toys',
      triggers,
      config: {},
      trainer: 'builtin',
      cooldownMs,
      enabled: true,
      retrainValue: true,
    };
    const made = await policyStore(db).create(wanted, act());
    if (made === undefined) throw new Error('no policy');
    return { ...made, look: async () => await lookAtPolicy(deps(db), made) };
  }

  const started = async (db: Db): Promise<string | undefined> =>
    (await db.selectFrom('training').select('reason').executeTakeFirst())?.reason ?? undefined;

  test(`${name}: enough new labels begin a training, and the cooldown holds the next`, async () => {
    await using world = await open();
    const { db } = world;
    const version = await model(db);
    const one = await policy(db, { newLabels: 2 }, 60_000);
    expect(await one.look()).toBe('held');
    const columns = 'version_id n item_sha256 clip_id clip_sha256 label_id label_sha256 split';
    const rows = [1, 2].map((n) => [
      version,
      n,
      `i${n}`,
      'c',
      's',
      `l${n}`,
      'h',
      'train',
      'g',
      'audit',
    ]);
    const all = [...columns.split(' '), 'group_key', 'lane'];
    await insertMany(db, { table: 'dataset_item', columns: all, rows });
    expect(await one.look()).toBe('started');
    expect(await started(db)).toBe('2 new labels, 2 asked for');
    expect(await one.look()).toBe('held');
    const [training] = await trainingStore(db).active();
    if (training === undefined) throw new Error('no training');
    await trainingStore(db).end(training, { state: 'stopped' }, act());
    expect(await one.look()).toBe('held');
    const checks = await db.selectFrom('training_check').select('why').orderBy('id').execute();
    expect(checks.at(-1)?.why).toBe('the last training is too new');
  });

  test(`${name}: failures of the audit above those at release begin one; the same rate does not`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    await champion(db, { n: 200, accuracy: 0.9 });
    await plantGround(db);
    const one = await policy(db, { failureRate: true });
    const plant = async (from: number, wrong: number): Promise<void> => {
      const labels = [];
      for (let clip = from; clip < from + 10; clip += 1) {
        const clipId = await plantClip(db, clip);
        const shared = {
          clipId,
          deviceId: 'dev_1',
          session: `ses_${clip}`,
          lane: 'audit' as const,
        };
        for (let frame = 0; frame < 10; frame += 1) {
          const isWrong = frame < wrong;
          const said = isWrong ? 'left' : 'forward';
          labels.push({ ...shared, n: clip * 10 + frame, frame, class: said });
        }
      }
      await plantLabels(db, labels);
    };
    await plant(1, 1);
    expect(await one.look()).toBe('held');
    await plant(11, 9);
    expect(await one.look()).toBe('started');
    expect(await started(db)).toMatch(
      /^the audited failure rate is at least \d+\.\d %, at release/,
    );
  });

  test(`${name}: scores that moved begin one; too few, or the same, do not`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    await champion(db);
    const one = await policy(db, { drift: true });
    await plantGround(db);
    const clipId = await plantClip(db, 1);
    const plant = async (from: number, value: (n: number) => number): Promise<void> => {
      const numbers = Array.from({ length: driftUnits }, (_, n) => from + n);
      const shared = { clipId, deviceId: 'dev_1', session: 'ses_1', class: 'forward' };
      await plantLabels(
        db,
        numbers.map((n) => ({ ...shared, n, frame: n })),
      );
      const columns = ['unit_id', 'scorer', 'scorer_sha256', 'value'];
      const rows = numbers.map((n) => [
        `unt_${String(n).padStart(26, '0')}`,
        'entropy',
        's',
        value(n),
      ]);
      await insertMany(db, { table: 'triage_score', columns, rows });
    };
    await plant(1, (n) => (n % 100) / 100);
    expect(await one.look()).toBe('held');
    await plant(1001, (n) => (n % 100) / 100);
    expect(await one.look()).toBe('held');
    await plant(2001, (n) => 0.5 + (n % 100) / 200);
    expect(await one.look()).toBe('started');
    expect(await started(db)).toMatch(/^scores drifted: stability index \d/);
  });

  test(`${name}: a cluster of labelled failures begins one; without a version it is asked for again`, async () => {
    await using world = await open();
    const { db } = world;
    const version = await model(db);
    const one = await policy(db, { cluster: 2 });
    await plantGround(db);
    const fail = async (n: number): Promise<void> => {
      const units = [{ clip: n, atNs: 1_717_171_717_000_000_000n, values: [], class: 'left' }];
      const clip = { id: await plantClip(db, n), units };
      await plantFailure(db, `flr_${n}`, { clip, label: 'left', cluster: 'fog' });
    };
    await fail(1);
    expect(await one.look()).toBe('held');
    await fail(2);
    await db.updateTable('dataset_version').set({ state: 'rejected' }).execute();
    const due = async (): Promise<number> =>
      (await kindsOf(db, one.id)).filter((kind) => kind === 'training.due').length;
    expect([await one.look(), await one.look(), await due()]).toEqual(['due', 'due', 1]);
    now += dueAgainMs;
    expect([await one.look(), await due()]).toEqual(['due', 2]);
    await db.updateTable('dataset_version').set({ state: 'ready' }).execute();
    expect(await one.look()).toBe('started');
    expect(await started(db)).toBe('2 labelled failures of the cluster fog');
    const [{ facts } = { facts: '{}' }] = await db
      .selectFrom('training_check')
      .select('facts')
      .where('outcome', '=', 'started')
      .execute();
    expect(JSON.parse(facts)).toMatchObject({ cluster: 'fog', version });
    expect(await clustersOf(db)).toEqual(['fog']);
  });

  /** What the model that comes of the training at work must get right, each case of it. */
  async function clustersOf(db: Db): Promise<readonly string[]> {
    const [training] = await trainingStore(db).active();
    if (training === undefined) throw new Error('no training');
    const made = { onnx: file('b'), document: file('c'), classes: ['left', 'right'] };
    const done = await db
      .transaction()
      .execute(async (trx) => await trainingStore(trx).done(training, made, act()));
    const wanted = { modelVersion: done.modelVersion ?? '', datasetVersion: 'a'.repeat(64) };
    return (await gatherInput(db, wanted, now)).clusters;
  }

  test(`${name}: data that a cluster asked for trains a model for that cluster, later data does not`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    const one = await policy(db, { cluster: 2 });
    const note = { policy: one.id, why: 'w' };
    const store = policyStore(db);
    await store.note({ ...note, outcome: 'due', facts: { cluster: 'fog' } }, { ids, at: now });
    await start(db, { policy: one.id, seed: 1 });
    expect(await clustersOf(db)).toEqual(['fog']);
    now += 1000;
    const before = { ...note, outcome: 'started' as const, training: 'trn_before' };
    await store.note({ ...before, facts: { cluster: 'fog' } }, { ids, at: now });
    await start(db, { policy: one.id, seed: 2 });
    expect(await clustersOf(db)).toEqual([]);
  });

  test(`${name}: a policy without triggers leaves it to people, whose training is theirs`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    const one = await policy(db, {});
    expect(await one.look()).toBe('held');
    const training = await start(db, { reason: 'a try' });
    expect(training).toMatchObject({ reason: 'a try', createdBy: 'usr_1' });
    expect(training.policy).toBeUndefined();
  });

  test(`${name}: an alias moves for who has read it, and champion leaves its way back`, async () => {
    await using world = await open();
    const { db } = world;
    await model(db);
    const register = async (letter: string) =>
      await db.transaction().execute(async (trx) => {
        const made = { model: 'toy', onnx: file(letter), document: file('d'), classes: ['left'] };
        return await registerVersion(trx, made, act());
      });
    const [one, two] = [await register('b'), await register('c')];
    expect([one.number, two.number]).toEqual([1, 2]);
    const to = async (id: string, expects: number) =>
      await moveAlias(db, { model: 'toy', alias: 'champion', to: id, expects }, act());
    expect(await to(one.id, 0)).toMatchObject({ version: 1 });
    await expect(to(two.id, 0)).rejects.toMatchObject({ code: 'conflict' });
    expect(await to(two.id, 1)).toMatchObject({ version: 2 });
    const rollback = await db
      .selectFrom('model_alias')
      .select('model_version_id')
      .where('alias', '=', 'rollback')
      .executeTakeFirstOrThrow();
    expect(rollback.model_version_id).toBe(one.id);
  });
}
