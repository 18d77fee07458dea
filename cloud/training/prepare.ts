/** Everything that a trainer is given, on the disk before it begins. */
import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import type { Json } from '@fieldloop/core';
import { copyBlob, wholeBlob } from '../store/blob-bytes.ts';
import type { Db } from '../store/db.ts';
import { demandModel, demandModelVersion } from '../store/model-registry.ts';
import type { WorkerDeps } from '../store/work.ts';
import { maxModelDocumentBytes } from '../training-limits.ts';
import { type Declaration, type Job, jobName } from './contract-names.ts';
import { declarationOf, demandDeclaration } from './declaration.ts';
import { makeFolder, type TrainingFolder, writeWhole } from './folder.ts';
import type { Training } from './training.ts';

export interface Preparing {
  readonly deps: Pick<WorkerDeps, 'read' | 'bytes'>;
  readonly bundle: (versionId: string, folder: string, signal: AbortSignal) => Promise<unknown>;
  readonly folder: TrainingFolder;
  readonly signal: AbortSignal;
  /** A further attempt: the data is there, and there may be a checkpoint. */
  readonly again?: boolean;
}

export async function prepare(training: Training, of: Preparing): Promise<void> {
  const { deps, folder } = of;
  const isAgain = of.again === true;
  if (!isAgain) {
    await makeFolder(folder);
    await of.bundle(training.datasetVersion, folder.bundle, of.signal);
  }
  const declaration = await declarationFor(deps, training);
  const base = await baseFiles(training, of, isAgain);
  const resumeFrom = isAgain ? await existing(folder.checkpoint) : undefined;
  const job: Job = {
    schema: jobName,
    job: training.id,
    dataset: folder.bundle,
    declaration,
    ...(base === undefined ? {} : { base }),
    config: training.config,
    seed: training.seed,
    outDir: folder.out,
    deadline: new Date(training.deadlineAt).toISOString(),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
  };
  await writeWhole(folder.job, `${JSON.stringify(job)}\n`);
}

/** Of the base, or of the model when it has no version yet. */
export async function declarationFor(
  { read, bytes }: Preparing['deps'],
  { base, model }: Pick<Training, 'base' | 'model'>,
): Promise<Declaration> {
  if (base === undefined) return demandDeclaration(await demandModel(read, model));
  return declarationOf(await documentJson({ read, bytes }, base));
}

/** The model.yaml of a version: documents are kept as JSON, which is YAML. */
export async function documentJson(
  { read, bytes }: { readonly read: Db; readonly bytes: Preparing['deps']['bytes'] },
  versionId: string,
): Promise<Json> {
  const { document } = await demandModelVersion(read, versionId);
  const content = await wholeBlob(bytes, document.sha256, maxModelDocumentBytes);
  return JSON.parse(new TextDecoder().decode(content)) as Json;
}

async function baseFiles(
  { base }: Training,
  { deps, folder }: Preparing,
  isThere: boolean,
): Promise<Job['base']> {
  if (base === undefined) return undefined;
  const files = {
    onnx: join(folder.base, 'model.onnx'),
    document: join(folder.base, 'model.yaml'),
  };
  if (isThere) return files;
  const { onnx, document } = await demandModelVersion(deps.read, base);
  await copyBlob(deps.bytes, onnx.sha256, files.onnx);
  await copyBlob(deps.bytes, document.sha256, files.document);
  return files;
}

async function existing(path: string): Promise<string | undefined> {
  try {
    await stat(path);
    return path;
  } catch {
    return undefined;
  }
}
