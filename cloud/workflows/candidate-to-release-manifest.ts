/** The manifests of releases that candidates become: one component each. */
import { Fault, sha256Hex } from '@fieldloop/core';
import { artifactStore } from '../artifact/store.ts';
import type { ModelVersion } from '../model/model.ts';
import { manifestSchema, type ReleaseManifest } from '../release/manifest.ts';
import { ruleSetStore } from '../rule/store.ts';
import type { Db } from '../store/db.ts';

export async function modelManifest(
  trx: Db,
  version: ModelVersion,
  act: { readonly at: number; readonly by: string },
): Promise<ReleaseManifest> {
  const { model, onnx, document, number } = version;
  await artifactStore(trx).put({ ...onnx, kind: 'onnx', name: `${model}.onnx`, ...act });
  await artifactStore(trx).put({ ...document, kind: 'document', name: `${model}.yaml`, ...act });
  const file = (name: string, of: ModelVersion['onnx']) => ({
    path: `models/${name}`,
    sha256: of.sha256,
    size: of.sizeBytes,
  });
  const component = {
    name: model,
    kind: 'onnx-model',
    version: `${number}.0.0`,
    artifact: file(`${model}-${number}.onnx`, onnx),
    onnx: { document: file(`${model}-${number}.yaml`, document) },
  };
  const notes = `Model ${model} ${number}, trained on ${version.datasetVersion ?? 'unknown data'}.`;
  return await manifestOf(trx, { name: model, notes, component });
}

export async function ruleManifest(
  trx: Db,
  id: string,
  act: { readonly at: number; readonly by: string },
): Promise<ReleaseManifest> {
  const [set = '', n = ''] = id.split('@');
  const rules = ruleSetStore(trx);
  const entry = await rules.get(set);
  const found = await rules.version(entry, Number(n));
  const size = Buffer.byteLength(found.text);
  const sha256 = sha256Hex(found.text);
  await artifactStore(trx).put({
    sha256,
    sizeBytes: size,
    kind: 'rules',
    name: entry.name,
    ...act,
  });
  const component = {
    name: entry.name,
    kind: 'rules-bundle',
    version: `${n}.0.0`,
    artifact: { path: `rules/${entry.name}-${n}.yaml`, sha256, size },
    rules: {},
  };
  return await manifestOf(trx, { name: entry.name, notes: found.note ?? '', component });
}

interface Planned {
  readonly name: string;
  readonly notes: string;
  readonly component: { readonly name: string; readonly version: string };
}

/**
 * One component under the next free version. The way back is the newest release that robots really
 * have: one that a rollout completed and nobody took back.
 */
async function manifestOf(trx: Db, { name, notes, component }: Planned): Promise<ReleaseManifest> {
  const rows = await trx
    .selectFrom('release')
    .selectAll()
    .where('name', '=', name)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const [major = '0'] = component.version.split('.');
  const tried = rows.filter((row) => row.semver.startsWith(`${major}.`)).length;
  const brought = await trx
    .selectFrom('rollout')
    .innerJoin('release', 'release.id', 'rollout.release_id')
    .select('rollout.release_id')
    .where('release.name', '=', name)
    .where('rollout.state', '=', 'completed')
    .execute();
  const onRobots = new Set(brought.map((row) => row.release_id));
  const previous = rows.find((row) => row.state === 'released' && onRobots.has(row.id));
  const parsed = manifestSchema.safeParse({
    apiVersion: 'fieldloop.release/v1',
    kind: 'Release',
    name,
    version: `${major}.${tried}.0`,
    notes,
    ...(previous === undefined ? {} : { previous: `${name}@${previous.semver}` }),
    order: [component.name],
    components: [component],
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault('invalid', `no release can be named after it: ${issue?.message ?? ''}`, {
    place: `/${(issue?.path ?? []).map(String).join('/')}`,
    remedy: 'Names of models and rule sets that are released have 1 to 64 of a-z, 0-9 and -.',
  });
}
