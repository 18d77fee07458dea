/** A chain from a clip to a decision of a rollout: a real build, and rows of the later parts. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { storeBytes } from '../blob/recordings/recording.sample.ts';
import { buildVersion } from '../dataset/build.ts';
import { plantDrives, plantGround, sampleSettings } from '../dataset/dataset.sample.ts';
import { datasetStore } from '../dataset/store.ts';
import { failureStore } from '../failure/store.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { bit } from '../store/db.ts';
import { jobKeyOf } from '../training/training.ts';

export interface LineageWorld {
  readonly world: ApiWorld;
  readonly clip: string;
  readonly version: string;
  /** The first of the version. */
  readonly label: string;
  /** Hashes of the model's document, and of one that another training made. */
  readonly document: string;
  readonly otherDocument: string;
}

const kept = { created_by: 'usr_1', created_at: 1, updated_at: 1, version: 1 };

/** Failures of the clip: `flr_0` was fixed by the model, `flr_1` it was asked about in vain. */
export async function openLineageWorld(): Promise<LineageWorld> {
  const world = await openApiWorld();
  const { db, bytes } = world;
  await plantGround(db);
  const labels = await plantDrives(db, 'dev_wall', { count: 20, blobs: bytes });
  const clip = labels[0]?.clipId ?? '';
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
  const { version } = await buildVersion({ dataset: 'wall', asOf: 40, by: 'usr_1' }, context);
  const first = await db
    .selectFrom('dataset_item')
    .select('label_id')
    .where('n', '=', 0n)
    .executeTakeFirstOrThrow();
  const onnx = await storeBytes(bytes, Buffer.from('a model'));
  const otherDocument = await storeBytes(bytes, Buffer.from('{"version":"feedfeedfeed"}'));
  await db
    .insertInto('model')
    .values({ id: 'mdl_1', name: 'wall', ...kept })
    .execute();
  const facts = { model: 'wall', config: { kind: 'mlp' }, seed: 7, trainer: 'builtin' };
  const jobKey = jobKeyOf({ ...facts, datasetVersion: version, breaking: false });
  const document = await storeBytes(
    bytes,
    Buffer.from(canonicalJson({ version: jobKey.slice(0, 12) })),
  );
  await db
    .insertInto('training')
    .values({
      id: 'trn_1',
      model: 'wall',
      version_id: version,
      config: JSON.stringify(facts.config),
      seed: 7,
      trainer: 'builtin',
      job_key: jobKey,
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
  const input: Json = { candidate: { id: 'mdv_1', onnx }, datasetVersion: version, units: 3 };
  const result: Json = { accuracy: 0.9 };
  const judged = sha256Hex(canonicalJson({ input, result }));
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
      sha256: judged,
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
      evidence: JSON.stringify({ 'evaluation.wall': { id: 'evl_1', sha256: judged } }),
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
  await plantFailures(world, clip);
  return { world, clip, version, label: first.label_id, document, otherDocument };
}

async function plantFailures({ db }: ApiWorld, clip: string): Promise<void> {
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
}
