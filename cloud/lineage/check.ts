/** Proves a lineage: what has a hash is read and hashed again, in the order of the chain. */
import { createHash } from 'node:crypto';
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { isDrawn } from '@fieldloop/learning';
import { type Consensus, labelHash } from '../annotation/annotation.ts';
import type { BlobStore } from '../blob/blob.ts';
import { maxLineageBytes } from '../dataset-limits.ts';
import { wholeBlob } from '../store/blob-bytes.ts';
import type { Db } from '../store/db.ts';
import { datasetVersionRef } from '../store/lineage-ref.ts';
import { maxModelDocumentBytes } from '../training-limits.ts';
import { type CheckState, decisionOf, type LineageNode, type NodeKind } from './lineage.ts';
import type { Lineage } from './walk.ts';

export interface CheckDeps {
  readonly read: Db;
  readonly bytes: Pick<BlobStore, 'read' | 'stat'>;
  /** Puts a decision of a rollout through the deciding code again; undefined: there is none. */
  readonly replay: (rollout: string, seq: bigint) => Promise<Replayed | undefined>;
}

/** `person`: nothing decided but somebody. */
export interface Replayed {
  readonly replay: 'agrees' | 'differs' | 'person';
  readonly why?: string;
}

export interface Verified {
  readonly ok: boolean;
  /** Links whose hash was computed again. */
  readonly checked: number;
  /** The first that does not match, from the clip's side. */
  readonly mismatch?: { readonly id: string; readonly why: string };
}

interface Finding {
  readonly check: CheckState;
  readonly why?: string;
}

const ok: Finding = { check: 'ok' };
const unchecked: Finding = { check: 'unchecked' };
const mismatch = (why: string): Finding => ({ check: 'mismatch', why });
const matches = (is: boolean, why: string): Finding => (is ? ok : mismatch(why));

/** Writes what it finds into the nodes. Fault `limited` when too many bytes would be read. */
export async function verifyLineage(deps: CheckDeps, lineage: Lineage): Promise<Verified> {
  const hashes = openHashes(deps);
  let checked = 0;
  let first: Verified['mismatch'];
  for (const node of lineage.nodes) {
    const found = await checks[node.kind](deps, node, hashes);
    node.check = found.check;
    if (found.why !== undefined) node.why = found.why;
    if (found.check === 'ok' || found.check === 'mismatch') checked += 1;
    if (found.check === 'mismatch') first ??= { id: node.id, why: found.why ?? '' };
  }
  for (const edge of await crossings(deps.read, lineage)) {
    checked += 1;
    if (edge.why !== undefined) first ??= { id: edge.id, why: edge.why };
  }
  return { ok: first === undefined, checked, ...(first === undefined ? {} : { mismatch: first }) };
}

type Hashes = ReturnType<typeof openHashes>;

/** Objects are hashed once, and only so many bytes of them. */
function openHashes({ bytes }: CheckDeps) {
  const known = new Map<string, Finding>();
  let total = 0;
  const hashed = async (sha256: string): Promise<Finding> => {
    const stat = await bytes.stat(sha256);
    if (stat === undefined) return { check: 'gone', why: 'its bytes are not here' };
    total += stat.sizeBytes;
    if (total > maxLineageBytes) {
      throw new Fault('limited', `more than ${maxLineageBytes} bytes would be read`, {
        remedy: 'Follow fewer neighbours (fan), or one direction.',
      });
    }
    const hash = createHash('sha256');
    for await (const piece of bytes.read(sha256)) hash.update(piece);
    return matches(hash.digest('hex') === sha256, 'its bytes have another SHA-256');
  };
  return async (sha256: string): Promise<Finding> => {
    const found = known.get(sha256) ?? (await hashed(sha256));
    known.set(sha256, found);
    return found;
  };
}

type Check = (deps: CheckDeps, node: LineageNode, hashes: Hashes) => Promise<Finding>;

const plain: Check = async () => await Promise.resolve(unchecked);

const checks: Readonly<Record<NodeKind, Check>> = {
  async clip({ read }, { id, sha256 }, hashes) {
    const row = await read
      .selectFrom('clip')
      .select('state')
      .where('id', '=', id)
      .executeTakeFirst();
    if (row?.state !== 'stored') return { check: 'gone', why: `it is ${row?.state ?? 'unknown'}` };
    const found = await hashes(sha256 ?? '');
    return found.check === 'gone' ? mismatch('it is stored, and its bytes are not here') : found;
  },
  async failure({ read }, { id }) {
    const row = await read
      .selectFrom('regression_case')
      .leftJoin('clip', 'clip.id', 'regression_case.clip_id')
      .select(['clip_sha256', 'clip.sha256'])
      .where('failure_id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return unchecked;
    return matches(row.clip_sha256 === row.sha256, 'its case names another clip than is stored');
  },
  unit: plain,
  async choice({ read }, { id }) {
    const row = await read
      .selectFrom('triage_choice')
      .select(['lane', 'salt', 'unit_id', 'propensity'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row?.lane !== 'audit') return unchecked;
    const drawn = isDrawn(row.salt, row.unit_id, row.propensity);
    return matches(drawn, 'the hash of salt and unit is not below its propensity');
  },
  task: plain,
  label: async ({ read }, { id }) => await labelFinding(read, id),
  async dataset_version({ read }, { id }, hashes) {
    const row = await datasetVersionRef(read, id);
    if (row === undefined) return mismatch('there is no such version');
    if (sha256Hex(row.manifest) !== row.id) return mismatch('its manifest has another SHA-256');
    const { itemsSha256 } = JSON.parse(row.manifest) as { readonly itemsSha256: string };
    if (itemsSha256 !== row.items_sha256) return mismatch('its manifest names other items');
    const items = await hashes(itemsSha256);
    return items.check === 'gone' ? mismatch('its items are not here') : items;
  },
  async training({ read }, { id }) {
    const row = await read
      .selectFrom('training')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const facts = {
      model: row.model,
      datasetVersion: row.version_id,
      base: row.base_id,
      config: JSON.parse(row.config) as Json,
      seed: Number(row.seed),
      trainer: row.trainer,
      breaking: row.breaking === 1n,
    };
    return matches(
      sha256Hex(canonicalJson(facts)) === row.job_key,
      'its inputs have another job key',
    );
  },
  model_version: async (deps, { id }, hashes) => await modelFinding(deps, id, hashes),
  evaluation: async ({ read }, { id }) => await evaluationFinding(read, id),
  release: async ({ read }, { id }) => await releaseFinding(read, id),
  async rollout({ read }, { id }) {
    const row = await read
      .selectFrom('rollout')
      .innerJoin('release', 'release.id', 'rollout.release_id')
      .select(['rollout.release_digest', 'release.digest'])
      .where('rollout.id', '=', id)
      .executeTakeFirstOrThrow();
    return matches(row.release_digest === row.digest, 'its release has another digest now');
  },
  async rollout_decision({ replay }, { id }) {
    const { rollout, seq } = decisionOf(id);
    const found = await replay(rollout, seq);
    if (found === undefined) return mismatch('there is no such decision');
    return matches(found.replay !== 'differs', found.why ?? '');
  },
};

/** Both files, and the training that the document names: its version is the job's key. */
async function modelFinding({ read, bytes }: CheckDeps, id: string, hashes: Hashes) {
  const row = await read
    .selectFrom('model_version')
    .leftJoin('training', 'training.id', 'model_version.training_id')
    .select([
      'onnx_sha256',
      'document_sha256',
      'dataset_version_id',
      'training_id',
      'training.job_key',
      'training.version_id',
    ])
    .where('model_version.id', '=', id)
    .executeTakeFirstOrThrow();
  const onnx = await hashes(row.onnx_sha256);
  if (onnx.check !== 'ok') return onnx;
  const document = await hashes(row.document_sha256);
  if (document.check !== 'ok' || row.training_id === null) return document;
  if (row.version_id !== row.dataset_version_id) {
    return mismatch('its training names another dataset version');
  }
  const { version } = JSON.parse(
    new TextDecoder().decode(await wholeBlob(bytes, row.document_sha256, maxModelDocumentBytes)),
  ) as { readonly version?: string };
  const own = version !== undefined && (row.job_key ?? '').startsWith(version);
  return matches(own, 'its document names another training');
}

/** Its own hash, and that of the model and the data that it says it judged. */
async function evaluationFinding(read: Db, id: string): Promise<Finding> {
  const row = await read
    .selectFrom('evaluation')
    .innerJoin('model_version', 'model_version.id', 'evaluation.model_version_id')
    .select([
      'evaluation.input',
      'evaluation.result',
      'evaluation.sha256',
      'evaluation.model_version_id',
      'evaluation.dataset_version_id',
      'model_version.onnx_sha256',
    ])
    .where('evaluation.id', '=', id)
    .executeTakeFirstOrThrow();
  const input = JSON.parse(row.input) as Json;
  const result = JSON.parse(row.result) as Json;
  if (sha256Hex(canonicalJson({ input, result })) !== row.sha256) {
    return mismatch('its inputs and result have another SHA-256');
  }
  const { candidate, datasetVersion } = input as {
    readonly candidate?: { readonly id: string; readonly onnx: string };
    readonly datasetVersion?: string;
  };
  if (datasetVersion !== row.dataset_version_id) return mismatch('it judged on other data');
  const isOwn = candidate?.id === row.model_version_id && candidate.onnx === row.onnx_sha256;
  return matches(isOwn, 'it judged another model');
}

/** Its digest, and the evaluations that speak for it. */
async function releaseFinding(read: Db, id: string): Promise<Finding> {
  const row = await read
    .selectFrom('release')
    .select(['manifest', 'digest', 'evidence'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const found = sha256Hex(canonicalJson(JSON.parse(row.manifest) as Json));
  if (found !== row.digest) return mismatch('its manifest has another digest');
  const evidence = JSON.parse(row.evidence) as Readonly<Record<string, Json>>;
  for (const [name, said] of Object.entries(evidence)) {
    if (!name.startsWith('evaluation.')) continue;
    const { id: evaluation = '', sha256 } = said as { readonly id?: string; sha256?: string };
    const known = await read
      .selectFrom('evaluation')
      .select('sha256')
      .where('id', '=', evaluation)
      .executeTakeFirst();
    if (known?.sha256 !== sha256) return mismatch('its evidence is another evaluation');
  }
  return ok;
}

async function labelFinding(read: Db, id: string): Promise<Finding> {
  const row = await read
    .selectFrom('label')
    .innerJoin('clip', 'clip.id', 'label.clip_id')
    .selectAll('label')
    .select('clip.sha256 as clip_sha256')
    .where('label.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return mismatch('its clip is unknown');
  const consensus = {
    method: row.method,
    ...(row.posterior === null ? {} : { posterior: row.posterior }),
    ...(row.alpha === null ? {} : { alpha: row.alpha }),
    annotators: Number(row.annotators),
  } as Consensus;
  const found = labelHash({
    clipSha256: row.clip_sha256,
    topic: row.topic,
    startNs: row.start_ns,
    endNs: row.end_ns,
    type: row.type as Parameters<typeof labelHash>[0]['type'],
    body: row.body,
    ontologySha256: row.ontology_sha256,
    consensus,
  });
  return matches(found === row.sha256, 'its value and consensus have another SHA-256');
}

/** Where one link names another by hash: an item its label and its clip. */
async function crossings(
  read: Db,
  { edges }: Lineage,
): Promise<readonly { readonly id: string; readonly why?: string }[]> {
  const found: { id: string; why?: string }[] = [];
  for (const { from, to } of edges) {
    if (!from.startsWith('lbl_')) continue;
    const row = await read
      .selectFrom('dataset_item')
      .innerJoin('label', 'label.id', 'dataset_item.label_id')
      .innerJoin('clip', 'clip.id', 'dataset_item.clip_id')
      .select([
        'dataset_item.label_sha256',
        'dataset_item.clip_sha256',
        'label.sha256',
        'clip.sha256 as clip_now',
      ])
      .where('dataset_item.label_id', '=', from)
      .where('dataset_item.version_id', '=', to)
      .executeTakeFirst();
    if (row === undefined) continue;
    if (row.label_sha256 !== row.sha256) {
      found.push({ id: from, why: `${to.slice(0, 12)} holds another label than this one` });
    } else if (row.clip_sha256 !== row.clip_now) {
      found.push({ id: from, why: `${to.slice(0, 12)} holds another clip than this label’s` });
    } else found.push({ id: from });
  }
  return found;
}
