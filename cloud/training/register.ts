/** What a trainer made becomes a model version, after it was checked; bytes first, rows last. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '@fieldloop/core';
import { parseClassifier, readOnnx } from '@fieldloop/learning';
import { keepBlob } from '../store/blob-bytes.ts';
import type { WorkerDeps } from '../store/work.ts';
import { type Accepted, checkResult, type Expected } from './accept.ts';
import type { TrainingFolder } from './folder.ts';
import { declarationFor } from './prepare.ts';
import { trainingStore } from './store.ts';
import type { Training } from './training.ts';

export interface Registering
  extends Pick<WorkerDeps, 'read' | 'write' | 'bytes' | 'clock' | 'ids'> {
  readonly folder: TrainingFolder;
  readonly signal: AbortSignal;
}

type Outcome = { readonly ok: true } | Extract<Accepted, { ok: false }>;

export async function register(training: Training, of: Registering): Promise<Outcome> {
  const accepted = await checkTraining(training, of);
  if (!accepted.ok) return accepted;
  const { document, onnx } = await filesOf(training, accepted, of);
  const name = training.id.toLowerCase().replace('_', '-');
  const kept = {
    onnx: await keepBlob(of.bytes, `${name}-onnx`, onnx),
    document: await keepBlob(of.bytes, `${name}-yaml`, document),
  };
  const { result, accuracy, calibrationUnits } = accepted;
  const made = {
    ...kept,
    classes: result.classes,
    datasetVersion: training.datasetVersion,
    ...(training.base === undefined ? {} : { base: training.base }),
    seed: training.seed,
    trainer: { name: training.trainer, versions: { ...result.versions } },
    config: training.config,
    calibration: { n: calibrationUnits, accuracy },
    breaking: training.breaking,
  };
  const act = { at: of.clock.now(), by: 'system', ids: of.ids };
  await of.write
    .transaction()
    .execute(async (trx) => await trainingStore(trx).done(training, made, act));
  return { ok: true };
}

/** Against the base that it began with, or the declaration of its model. */
export async function checkTraining(training: Training, of: Registering): Promise<Accepted> {
  const declaration = await declarationFor(of, training);
  const wanted = training.config['classes'];
  const base = training.base === undefined ? undefined : join(of.folder.base, 'model.onnx');
  const expected: Expected = {
    declaration,
    input:
      base === undefined
        ? undefined
        : readOnnx(await readFile(base)).inputs.find(({ name }) => name === declaration.input.name)
            ?.dimensions,
    classes: Array.isArray(wanted) ? wanted.map(String) : declaration.classes,
    breaking: training.breaking,
  };
  return await checkResult(of.folder, expected, of.signal);
}

/**
 * The two files as robots get them. The version inside is the job's key: the same work makes the
 * same bytes, whichever number the registry gives them.
 */
export async function filesOf(
  training: Pick<Training, 'jobKey' | 'model'>,
  accepted: Extract<Accepted, { ok: true }>,
  { folder }: Pick<Registering, 'folder'>,
): Promise<{ readonly onnx: Uint8Array; readonly document: Uint8Array }> {
  const version = training.jobKey.slice(0, 12);
  const document = { ...accepted.document, id: training.model, version };
  parseClassifier(document);
  const text = `${canonicalJson(document)}\n`;
  return { onnx: await readFile(folder.onnx), document: new TextEncoder().encode(text) };
}
