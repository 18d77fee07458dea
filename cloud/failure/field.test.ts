/**
 * Goal: a failure goes into the regression set and a version, out with a release, and is closed by
 * hours in the field and by nothing less; one that comes back is open again.
 * Method: the pure verdict by numbers; the steps on a real SQLite file with rows as the other parts
 * write them.
 */
import { canonicalJson } from '@fieldloop/core';
import { systemIds } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { plantClip, plantGround, plantLabels } from '../dataset/dataset.sample.ts';
import type { Db } from '../store/db.ts';
import { createModel, registerVersion } from '../store/model-registry.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { putDatasetVersion } from '../training/training.sample.ts';
import { exposedHours, fieldVerdict } from './exposure.ts';
import { followField, judgeField } from './field.ts';
import { failureStore } from './store.ts';

const hour = 3_600_000_000_000n;

test.each([
  [
    'one failure in ten hours, thirty without',
    { hours: 10, failures: 1 },
    { hours: 30, failures: 0 },
    'proven',
  ],
  ['twenty are not enough', { hours: 10, failures: 1 }, { hours: 20, failures: 0 }, 'unproven'],
  [
    'six failures in ten hours, five without',
    { hours: 10, failures: 6 },
    { hours: 5, failures: 0 },
    'proven',
  ],
  ['one more is one too many', { hours: 10, failures: 6 }, { hours: 500, failures: 1 }, 'recurred'],
  ['no hours, no proof', { hours: 10, failures: 6 }, { hours: 0, failures: 0 }, 'unproven'],
])('%s', (_, before, after, state) => {
  expect(fieldVerdict(before, after).state).toBe(state);
});

test('what is missing is said in hours', () => {
  const verdict = fieldVerdict({ hours: 10, failures: 1 }, { hours: 20, failures: 0 });
  expect(verdict).toEqual({ state: 'unproven', expected: 2, missingHours: 10 });
});

test('hours count while the model ran, and before it did; not after it was taken back', () => {
  const recorded = [
    { fromNs: 0n, toNs: 4n * hour },
    { fromNs: 10n * hour, toNs: 20n * hour },
  ];
  const held = [{ fromNs: 2n * hour, toNs: 12n * hour }, { fromNs: 18n * hour }];
  expect(exposedHours(recorded, held)).toEqual({ within: 6, before: 2 });
});

const model = 'a'.repeat(64);
const at = 1_000;

/** A failure that the model version `mdv` has fixed, on a robot that then runs it. */
async function fixed(db: Db) {
  await plantGround(db);
  const clip = await plantClip(db, 1);
  const { device_id: deviceId } = await db
    .selectFrom('clip')
    .select('device_id')
    .where('id', '=', clip)
    .executeTakeFirstOrThrow();
  const failures = failureStore(db);
  await failures.create({
    id: 'flr_1',
    kind: 'wrong_class',
    severity: 'warning',
    deviceId,
    startNs: hour,
    endNs: hour,
    conditions: { signals: {}, models: {}, properties: {} },
    source: 'operator',
    createdBy: 'usr_1',
    at,
  });
  const made = await failures.demand('flr_1');
  const by = { actor: 'usr_1', at };
  const linked = await failures.step(
    made,
    { ...by, action: 'link', state: 'linked' },
    { clip, link: 'linked' },
  );
  const shouldHaveDone = { label: 'left' };
  await failures.step(linked, { ...by, action: 'advance', state: 'labelled' }, { shouldHaveDone });
  return { clip, deviceId, failures };
}

const event = (
  kind: 'failure.labelled' | 'dataset_version.ready' | 'rollout.completed',
  subject: string,
  body = {},
) => ({ seq: 1n, kind, subject, at, body }) as unknown as Parameters<typeof followField>[1];

test('from labelled to released, each step by what proves it', async () => {
  await using world = await sqliteWorld();
  const { db } = world;
  const { clip, deviceId, failures } = await fixed(db);
  const deps = { ids: systemIds, at };
  const follow = async (of: Parameters<typeof followField>[1]) =>
    await db.transaction().execute(async (trx) => {
      await followField(trx, of, deps);
      await followField(trx, of, deps);
    });
  await follow(event('failure.labelled', 'flr_1'));
  expect(await db.selectFrom('regression_case').select(['class', 'state']).execute()).toEqual([
    { class: 'left', state: 'active' },
  ]);

  const version = await putDatasetVersion(db, 'c');
  const label = { n: 1, clipId: clip, deviceId, session: 's', class: 'left', frame: 0 };
  await plantLabels(db, [label]);
  await putItem(db, version, clip);
  await follow(event('dataset_version.ready', version));
  expect(await failures.get('flr_1')).toMatchObject({
    state: 'in_dataset',
    datasetVersion: version,
  });

  const modelVersion = await registered(db);
  const known = await failures.get('flr_1');
  if (known === undefined) throw new Error('it is gone');
  const step = { actor: 'system', at, action: 'advance', state: 'fixed_in' as const };
  await failures.step(known, step, { model: modelVersion, fix: 'generalised' });
  await release(db);
  await follow(event('rollout.completed', 'rol_1', { release: 'rel_1' }));
  expect(await failures.get('flr_1')).toMatchObject({ state: 'released', release: 'rel_1' });

  // Nobody runs it yet: nothing is proven.
  const clock = { now: () => at, monotonicMs: () => 0, sleep: async () => {} };
  await judgeField({ read: db, write: db, clock });
  expect((await failures.get('flr_1'))?.state).toBe('released');

  await runs(db, deviceId, { fromMs: 3_600_000 * 10 });
  await records(db, deviceId, { from: 0n, to: 12n * hour });
  await judgeField({ read: db, write: db, clock });
  expect((await failures.get('flr_1'))?.state).toBe('released');
  await records(db, deviceId, { from: 12n * hour, to: 60n * hour });
  await judgeField({ read: db, write: db, clock });
  const closed = await failures.get('flr_1');
  expect(closed?.state).toBe('closed');
  const last = (await failures.history('flr_1', { after: 0, limit: 20 })).at(-1);
  expect(last).toMatchObject({ action: 'close', detail: { failuresBefore: 1, failures: 0 } });
});

async function putItem(db: Db, version: string, clip: string): Promise<void> {
  const label = await db.selectFrom('label').selectAll().executeTakeFirstOrThrow();
  const { sha256 } = await db
    .selectFrom('clip')
    .select('sha256')
    .where('id', '=', clip)
    .executeTakeFirstOrThrow();
  await db
    .insertInto('dataset_item')
    .values({
      version_id: version,
      n: 1,
      item_sha256: 'd'.repeat(64),
      clip_id: clip,
      clip_sha256: sha256,
      unit_id: label.unit_id,
      label_id: label.id,
      label_sha256: label.sha256,
      class: 'left',
      split: 'train',
      group_key: 'g',
      lane: 'named',
      propensity: 1,
    })
    .execute();
}

async function registered(db: Db): Promise<string> {
  const act = { at, by: 'usr_1', ids: systemIds };
  await createModel(db, { name: 'classifier' }, act);
  const file = (sha256: string) => ({ sha256, sizeBytes: 1 });
  const made = { onnx: file(model), document: file('b'.repeat(64)), classes: ['left', 'right'] };
  return (await registerVersion(db, { model: 'classifier', ...made }, act)).id;
}

async function release(db: Db): Promise<void> {
  const manifest = {
    components: [{ kind: 'onnx-model', name: 'classifier', artifact: { sha256: model } }],
  };
  await db
    .insertInto('release')
    .values({
      id: 'rel_1',
      name: 'classifier',
      semver: '1.1.0',
      digest: 'e'.repeat(64),
      manifest: canonicalJson(manifest),
      state: 'released',
      evidence: '{}',
      author: 'usr_1',
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
}

async function runs(db: Db, device: string, { fromMs }: { readonly fromMs: number }) {
  await db
    .insertInto('property_interval')
    .values({
      device_id: device,
      key: 'models.classifier',
      kind: 'string',
      text: model,
      source: 'models',
      from_at: fromMs,
    })
    .execute();
}

let sessions = 0;

async function records(db: Db, device: string, { from, to }: { from: bigint; to: bigint }) {
  sessions += 1;
  const kept = { created_at: at, updated_at: at, version: 1 };
  await db
    .insertInto('session')
    .values({
      id: `ses_field_${sessions}`,
      device_id: device,
      source: 'main',
      start_ns: from,
      end_ns: to,
      ...kept,
    })
    .execute();
}
