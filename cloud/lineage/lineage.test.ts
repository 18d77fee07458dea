/**
 * Goal: from any link of the chain both ends are found, and a link that somebody changed is named.
 * Method: a chain from a clip to a decision of a rollout, built by a real dataset build and rows of
 * the later parts; every link changed once.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeBytes } from '../blob/recordings/recording.sample.ts';
import { buildVersion } from '../dataset/build.ts';
import { plantDrives, plantGround, sampleSettings } from '../dataset/dataset.sample.ts';
import { datasetStore } from '../dataset/store.ts';
import { failureStore } from '../failure/store.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { bit } from '../store/db.ts';
import { jobKeyOf } from '../training/training.ts';

let world: ApiWorld;
let version = '';
let clip = '';
/** The first of the version. */
let label = '';

interface Lineage {
  readonly nodes: readonly { readonly kind: string; readonly id: string; readonly check: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly verified?: {
    readonly ok: boolean;
    readonly checked: number;
    readonly mismatch?: { readonly id: string; readonly why: string };
  };
}

const lineage = async (id: string, query = ''): Promise<Lineage> => {
  const response = await world.get(`/v1/lineage/${id}?verify=true${query}`);
  const body = (await response.json()) as Lineage;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body;
};

const kept = { created_by: 'usr_1', created_at: 1, updated_at: 1, version: 1 };

beforeAll(async () => {
  world = await openApiWorld();
  const { db, bytes } = world;
  await plantGround(db);
  const labels = await plantDrives(db, 'dev_wall', { count: 20, blobs: bytes });
  clip = labels[0]?.clipId ?? '';
  await datasetStore(db).create(
    { id: 'dst_1', name: 'wall', settings: sampleSettings },
    {
      by: 'usr_1',
      at: 5,
    },
  );
  const context = {
    id: 'op_1',
    read: db,
    write: db,
    bytes,
    clock: { now: () => 60, monotonicMs: () => 0, sleep: async () => undefined },
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  version = (await buildVersion({ dataset: 'wall', asOf: 40, by: 'usr_1' }, context)).version;
  const first = await db
    .selectFrom('dataset_item')
    .select('label_id')
    .where('n', '=', 0n)
    .executeTakeFirstOrThrow();
  label = first.label_id;
  const onnx = await storeBytes(bytes, Buffer.from('a model'));
  const document = await storeBytes(bytes, Buffer.from('its document'));
  await db
    .insertInto('model')
    .values({ id: 'mdl_1', name: 'wall', ...kept })
    .execute();
  const facts = { model: 'wall', config: { kind: 'mlp' }, seed: 7, trainer: 'builtin' };
  await db
    .insertInto('training')
    .values({
      id: 'trn_1',
      model: 'wall',
      version_id: version,
      config: JSON.stringify(facts.config),
      seed: 7,
      trainer: 'builtin',
      job_key: jobKeyOf({ ...facts, datasetVersion: version, breaking: false }),
      breaking: 0,
      state: 'done',
      attempt: 1,
      stop_asked: 0,
      deadline_at: 9,
      ...kept,
    })
    .execute();
  await db
    .insertInto('model_version')
    .values({
      id: 'mdv_1',
      model: 'wall',
      version: 1,
      onnx_sha256: onnx,
      onnx_bytes: 7,
      document_sha256: document,
      document_bytes: 12,
      dataset_version_id: version,
      training_id: 'trn_1',
      classes: '[]',
      breaking: 0,
      created_by: 'usr_1',
      created_at: 2,
    })
    .execute();
  const input: Json = { units: 3 };
  const result: Json = { accuracy: 0.9 };
  await db
    .insertInto('evaluation')
    .values({
      id: 'evl_1',
      model: 'wall',
      model_version_id: 'mdv_1',
      dataset_version_id: version,
      regression_sha256: sha256Hex('[]'),
      input: JSON.stringify(input),
      result: JSON.stringify(result),
      sha256: sha256Hex(canonicalJson({ input, result })),
      measured: '{}',
      outcome: 'pass',
      created_by: 'usr_1',
      created_at: 3,
    })
    .execute();
  const manifest: Json = {
    schema: 'x',
    components: [{ kind: 'onnx-model', onnx: { sha256: onnx } }],
  };
  const digest = sha256Hex(canonicalJson(manifest));
  await db
    .insertInto('release')
    .values({
      id: 'rel_1',
      name: 'wall',
      semver: '1.0.0',
      digest,
      manifest: JSON.stringify(manifest),
      state: 'released',
      evidence: '{}',
      author: 'usr_1',
      created_at: 4,
      updated_at: 4,
      version: 1,
    })
    .execute();
  await db
    .insertInto('rollout')
    .values({
      id: 'rol_1',
      release_id: 'rel_1',
      release_digest: digest,
      plan: '{}',
      plan_digest: sha256Hex('{}'),
      urgency: 'normal',
      state: 'completed',
      stage: 1,
      phase: 'none',
      stage_at: 1,
      halt_requested: 0,
      answers: '{}',
      evidence: '{}',
      judged_n: 0,
      judged_at: 0,
      created_by: 'usr_1',
      created_at: 5,
      updated_at: 5,
      version: 1,
    })
    .execute();
  const inputs: Json = { failures: 0 };
  await db
    .insertInto('rollout_decision')
    .values({
      rollout_id: 'rol_1',
      seq: 1,
      from_state: 'running',
      to_state: 'completed',
      rule: 'soaked',
      action: 'promote',
      inputs: JSON.stringify(inputs),
      inputs_digest: sha256Hex(canonicalJson(inputs)),
      actor: 'system',
      at: 6,
    })
    .execute();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const kinds = [
  'clip',
  'unit',
  'choice',
  'task',
  'label',
  'dataset_version',
  'training',
  'model_version',
  'evaluation',
  'release',
  'rollout',
  'rollout_decision',
];

test('from either end, and from the middle, the whole chain is found and every hash matches', async () => {
  const down = await lineage(clip, '&direction=down');
  const up = await lineage('rol_1.1', '&direction=up');
  const middle = await lineage(version.slice(0, 12));
  for (const found of [down, up, middle]) {
    expect([...new Set(found.nodes.map(({ kind }) => kind))]).toEqual(kinds);
    expect(found.verified).toMatchObject({ ok: true });
    expect(found.verified?.checked).toBeGreaterThan(10);
    for (const { from, to } of found.edges) {
      const places = [from, to].map((id) => found.nodes.findIndex((node) => node.id === id));
      expect(places[0]).toBeGreaterThanOrEqual(0);
      expect(places[0]).toBeLessThan(places[1] ?? -1);
    }
  }
  const unknown = await world.get('/v1/lineage/lbl_nothing');
  expect(unknown.status).toBe(404);
  expect((await world.get('/v1/lineage/what')).status).toBe(400);
});

test('a failure leads to the release that fixed it, and the release to the failures it fixed', async () => {
  const { db } = world;
  const clipRow = await db
    .selectFrom('clip')
    .innerJoin('device', 'device.id', 'clip.device_id')
    .select(['clip.sha256', 'clip.device_id', 'clip.session_id', 'device.name'])
    .where('clip.id', '=', clip)
    .executeTakeFirstOrThrow();
  for (const [n, model] of ['mdv_1', undefined].entries()) {
    const failure = `flr_${n}`;
    await failureStore(db).create({
      id: failure,
      kind: 'lost',
      severity: 'warning',
      deviceId: clipRow.device_id,
      startNs: 1n,
      endNs: 1n,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'usr_1',
      at: 7,
    });
    await db
      .updateTable('failure')
      .set({ clip_id: clip, ...(model === undefined ? {} : { model }) })
      .where('id', '=', failure)
      .execute();
    await db
      .insertInto('regression_case')
      .values({
        id: `rgc_${n}`,
        failure_id: failure,
        clip_id: clip,
        clip_sha256: clipRow.sha256,
        device_id: clipRow.device_id,
        session_id: clipRow.session_id,
        start_ns: 0n,
        end_ns: 2n,
        class: 'free',
        share: 0.9,
        held_out: 0,
        cluster: null,
        state: 'active',
        ...kept,
      })
      .execute();
    const asked = { evaluation_id: 'evl_1', case_id: `rgc_${n}`, is_right: bit(n === 0) };
    await db.insertInto('evaluation_case').values(asked).execute();
  }
  const found = await lineage('flr_0');
  const kinds = found.nodes.map(({ kind }) => kind);
  expect(kinds).toEqual([
    'clip',
    'failure',
    'evaluation',
    'release',
    'rollout',
    'rollout_decision',
  ]);
  expect(found.verified).toMatchObject({ ok: true });
  // Asked about, and not fixed.
  const wrong = (await lineage('flr_1')).nodes.map(({ kind }) => kind);
  expect(wrong).toEqual(['clip', 'failure']);
  const up = (await lineage('rol_1.1', '&direction=up')).nodes;
  expect(up.filter(({ kind }) => kind === 'failure').map(({ id }) => id)).toEqual(['flr_0']);
});

/** Changes a value behind the product's back, and puts it right again. */
async function changed(
  of: {
    readonly table: 'label' | 'training' | 'evaluation' | 'release' | 'rollout_decision';
    readonly column: string;
    readonly to: (before: string) => string | number;
  },
  look: () => Promise<void>,
): Promise<void> {
  const { table, column, to } = of;
  const key = table === 'rollout_decision' ? 'rollout_id' : 'id';
  const id = { label, training: 'trn_1', evaluation: 'evl_1', release: 'rel_1' };
  const where = table === 'rollout_decision' ? 'rol_1' : id[table];
  const rows = world.db.selectFrom(table as 'label').where(key as 'id', '=', where);
  const row = await rows.select(column as 'body').executeTakeFirstOrThrow();
  const before = (row as unknown as Record<string, string>)[column] ?? '';
  const set = async (value: string | number): Promise<void> => {
    await world.db
      .updateTable(table as 'label')
      .set({ [column]: value })
      .where(key as 'id', '=', where)
      .execute();
  };
  await set(to(before));
  await look();
  await set(before);
}

test.each([
  { table: 'label', column: 'body', to: () => '{"class":"other"}', why: 'value and consensus' },
  { table: 'training', column: 'seed', to: () => 8, why: 'job key' },
  { table: 'evaluation', column: 'result', to: () => '{"accuracy":1}', why: 'another SHA-256' },
  {
    table: 'release',
    column: 'manifest',
    to: (before: string) => before.replace('"x"', '"y"'),
    why: 'another digest',
  },
  {
    table: 'rollout_decision',
    column: 'inputs',
    to: () => '{"failures":9}',
    why: 'another digest',
  },
] as const)('a changed $table is named', async ({ why, ...change }) => {
  await changed(change, async () => {
    const found = await lineage('rol_1.1', '&direction=up');
    const kind = found.nodes.find(({ id }) => id === found.verified?.mismatch?.id)?.kind;
    expect(kind).toBe(change.table);
    expect(found.verified?.mismatch?.why).toContain(why);
    expect(found.nodes.filter(({ check }) => check === 'mismatch')).toHaveLength(1);
  });
  expect((await lineage('rol_1.1', '&direction=up')).verified?.ok).toBe(true);
});

test('a changed manifest of a dataset version is named; a model without its bytes is gone', async () => {
  const row = await world.db.selectFrom('dataset_version').select('manifest').executeTakeFirst();
  const manifest = row?.manifest ?? '';
  const set = async (text: string) =>
    await world.db.updateTable('dataset_version').set({ manifest: text }).execute();
  await set(manifest.replace('Apache-2.0', 'none'));
  const found = await lineage('rol_1.1', '&direction=up');
  expect(found.verified?.mismatch).toEqual({
    id: version,
    why: 'its manifest has another SHA-256',
  });
  await set(manifest);
  await world.bytes.remove(sha256Hex('its document'));
  const gone = await lineage('mdv_1', '&direction=up');
  expect(gone.verified?.ok).toBe(true);
  expect(gone.nodes.at(-1)).toMatchObject({ id: 'mdv_1', check: 'gone' });
});

test('a clip that was erased is gone and no mismatch; one that is missing on disk is', async () => {
  await world.bytes.remove(
    (
      await world.db
        .selectFrom('clip')
        .select('sha256')
        .where('id', '=', clip)
        .executeTakeFirstOrThrow()
    ).sha256,
  );
  expect((await lineage(clip, '&direction=down')).verified?.mismatch).toEqual({
    id: clip,
    why: 'it is stored, and its bytes are not here',
  });
  await world.db.updateTable('clip').set({ state: 'erased' }).where('id', '=', clip).execute();
  const found = await lineage(clip, '&direction=down');
  expect(found.verified?.ok).toBe(true);
  expect(found.nodes[0]).toMatchObject({ id: clip, check: 'gone' });
});
