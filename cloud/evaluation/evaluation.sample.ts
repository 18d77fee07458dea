/** Two toy models, test items with bytes and labels, and failures with their cases. */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { classesNote, networkGraph, onnxFile } from '@fieldloop/learning';
import { sampleStart, storeBytes } from '../blob/recordings/recording.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { plantGround, plantLabels } from '../dataset/dataset.sample.ts';
import { failureStore } from '../failure/store.ts';
import { keepBlob } from '../store/blob-bytes.ts';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import { registerVersion } from '../store/model-registry.ts';
import {
  toyClasses,
  toyClip,
  toyDeclaration,
  type ToyUnit,
  toyUnits,
  type TrainingWorld,
} from '../training/training.sample.ts';
import type { ModelVersion } from '../model/model.ts';

/** A version whose logits are ± these weights times the three numbers. */
export async function plantModel(
  world: TrainingWorld,
  weights: readonly number[],
  more: Partial<Parameters<typeof registerVersion>[1]> = {},
): Promise<ModelVersion> {
  const layer = {
    inputs: weights.length,
    outputs: 2,
    weights: Float64Array.from([...weights.map((one) => -one), ...weights]),
    bias: new Float64Array(2),
  };
  const input = { name: 'values', dimensions: ['N', weights.length] };
  const notes = { [classesNote]: JSON.stringify(toyClasses) };
  const onnx = onnxFile(networkGraph([layer], { name: 'toy', input, output: 'logits', notes }));
  const zeros = weights.map(() => 0);
  const document = {
    ...toyDeclaration,
    input: { ...toyDeclaration.input, size: weights.length },
    version: '1',
    golden: [{ input: zeros, output: [0, 0] }],
  };
  const text = new TextEncoder().encode(canonicalJson(document));
  const made = {
    model: 'toy',
    onnx: await keepBlob(world.bytes, 'toy-onnx', onnx),
    document: await keepBlob(world.bytes, 'toy-yaml', text),
    classes: toyClasses,
    ...more,
  };
  const act = { at: 2, by: 'usr_1', ids: world.deps.ids };
  return await world.db.transaction().execute(async (trx) => await registerVersion(trx, made, act));
}

export interface PlantedClip {
  readonly id: string;
  readonly units: readonly ToyUnit[];
}

/** Clips of `amr-01` with bytes; `units` of each as test items of the version. */
export async function plantTest(
  world: TrainingWorld,
  of: { readonly clips: number; readonly perClip: number },
): Promise<readonly PlantedClip[]> {
  const { db } = world;
  await plantGround(db);
  const device = await deviceId(db);
  const all = toyUnits(of.clips, of.perClip, 'test');
  const planted: PlantedClip[] = [];
  const items: (string | number | null)[][] = [];
  let n = 0;
  for (const [clip, units] of Map.groupBy(all, (unit) => unit.clip)) {
    const bytes = await toyClip(units);
    const clipSha256 = await storeBytes(world.bytes, bytes);
    const startNs = sampleStart + BigInt(clip) * 60_000_000_000n;
    const content = { sha256: clipSha256, sizeBytes: bytes.length, startNs };
    const manifest = sampleManifest(clip, content);
    await clipStore(db).putManifest('amr-01', manifest, 5);
    await clipStore(db).markStored('amr-01', clipSha256, bytes.length, 6);
    const id = clipIdOf(manifest);
    planted.push({ id, units });
    const labels = units.map((unit, frame) => ({
      n: (n += 1),
      clipId: id,
      deviceId: device,
      session: `ses_${clip}`,
      class: unit.class,
      frame,
      from: startNs,
      lane: 'audit' as const,
    }));
    await plantLabels(db, labels);
    for (const label of labels) {
      items.push([
        world.versionId,
        label.n,
        sha256Hex(`item ${label.n}`),
        id,
        clipSha256,
        `lbl_${String(label.n).padStart(26, '0')}`,
        sha256Hex(`label ${label.n}`),
        label.class,
        'test',
        `g${clip}`,
        'audit',
        0.1,
      ]);
    }
  }
  const columns =
    'version_id n item_sha256 clip_id clip_sha256 label_id label_sha256 class split'.split(' ');
  columns.push('group_key', 'lane', 'propensity');
  await insertMany(db, { table: 'dataset_item', columns, rows: items });
  return planted;
}

export async function deviceId(db: Db): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('id')
    .where('name', '=', 'amr-01')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** A failure in a dataset version, over the whole of its clip. */
export async function plantFailure(
  db: Db,
  id: string,
  of: { readonly clip: PlantedClip; readonly label: string; readonly cluster: string },
): Promise<void> {
  const [first, last] = [of.clip.units[0]?.atNs ?? 0n, of.clip.units.at(-1)?.atNs ?? 0n];
  const store = failureStore(db);
  await store.create({
    id,
    kind: 'misread',
    severity: 'warning',
    deviceId: await deviceId(db),
    startNs: first,
    // Not an instant, which would be judged by the frames around it.
    endNs: last + 1n,
    conditions: { signals: {}, models: {}, properties: {} },
    shouldHaveDone: { label: of.label },
    source: 'operator',
    createdBy: 'usr_1',
    at: 7,
  });
  const steps = ['linked', 'labelled', 'in_dataset'] as const;
  for (const state of steps) {
    const known = await store.demand(id);
    const change = state === 'linked' ? { clip: of.clip.id, cluster: of.cluster } : {};
    await store.step(known, { action: 'advance', actor: 'usr_1', at: 8, state }, change);
  }
}
