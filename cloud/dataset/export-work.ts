/**
 * Makes the file of an export as it is read, so that memory does not follow its size; a worker that
 * died leaves a draft that the next one begins anew.
 */
import { Fault, formatSize, type Json } from '@fieldloop/core';
import { datasetExportKeptMs, datasetExportSweepMs } from '../dataset-limits.ts';
import { type ZipEntry, zipOf } from '../blob/zip.ts';
import { exportRoomBytes, maxPageRows } from '../limits.ts';
import { ontologyNamed } from '../store/dataset-ref.ts';
import type { Db } from '../store/db.ts';
import { eraseBlobs } from '../store/erasure.ts';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { type BundleFile, bundleContents, bundleFiles, demandClips } from './bundle.ts';
import { cocoFiles } from './coco.ts';
import { type CroissantFile, croissantOf } from './croissant.ts';
import type { DatasetVersion } from './dataset.ts';
import { type DatasetExport, datasetExportDraft } from './export.ts';
import { datasetExportStore } from './export-store.ts';
import { lerobotFiles } from './lerobot.ts';
import { lineageEvents, type TrainingRun } from './openlineage.ts';
import { datasetStore } from './store.ts';

export const datasetExportKind = 'dataset.export';

export const makeDatasetExport: OperationHandler = async (input, context) => {
  const { export: id } = input as { readonly export: string };
  const { read, write, bytes, clock, signal } = context;
  const made = await datasetExportStore(write).demand(id);
  if (made.erasedAt !== undefined) throw gone(id);
  if (made.readyAt !== undefined) return resultOf(made);
  const version = await datasetStore(read).demandVersion(made.versionId);
  await demandRoom(version, context);
  const draft = await bytes.draft(datasetExportDraft(id));
  try {
    for await (const piece of contentOf(made, version, context)) {
      signal.throwIfAborted();
      await draft.append([piece]);
    }
    signal.throwIfAborted();
    const file = await draft.finish();
    const at = clock.now();
    const kept = { ...file, expiresAt: at + datasetExportKeptMs };
    await write
      .transaction()
      .execute(async (trx) => await datasetExportStore(trx).ready(id, kept, at));
  } catch (error) {
    await draft.discard();
    throw error;
  }
  const ready = await datasetExportStore(write).demand(id);
  if (ready.erasedAt !== undefined) throw gone(id);
  return resultOf(ready);
};

const gone = (id: string): Fault =>
  new Fault('conflict', `the export ${id} is gone: a clip in it was erased, or it was deleted`, {
    remedy: 'Ask for a new one.',
  });

const resultOf = ({ id, sha256, sizeBytes }: DatasetExport): Json => ({
  export: id,
  ...(sha256 === undefined || sizeBytes === undefined ? {} : { sha256, sizeBytes }),
  data: `/v1/datasetExports/${id}/data`,
});

async function demandRoom(version: DatasetVersion, { bytes }: OperationContext): Promise<void> {
  const free = await bytes.freeBytes();
  const needed = version.manifest.counts.bytes + exportRoomBytes;
  if (free === undefined || free >= needed) return;
  const room = `${formatSize(needed)}, and ${formatSize(free)} are free`;
  throw new Fault('limited', `the export needs ${room}`, {
    remedy: 'Free space on the disk of the data folder.',
  });
}

async function* contentOf(
  made: DatasetExport,
  version: DatasetVersion,
  context: OperationContext,
): AsyncGenerator<Uint8Array, void> {
  if (made.format === 'openlineage') {
    const trainings = await trainingsOf(context.read, version.id);
    const events = lineageEvents('fieldloop', version, trainings);
    yield Buffer.from(`${JSON.stringify(events, undefined, 2)}\n`, 'utf8');
    return;
  }
  yield* zipOf(entries(filesOf(made, version, context), version));
}

/** The same version gives the same bytes: files carry its time. */
async function* entries(
  files: AsyncIterable<BundleFile>,
  version: DatasetVersion,
): AsyncGenerator<ZipEntry, void> {
  const modifiedAt = new Date(version.createdAt);
  for await (const { name, content } of files) yield { name, modifiedAt, content };
}

async function* filesOf(
  made: DatasetExport,
  version: DatasetVersion,
  context: OperationContext,
): AsyncGenerator<BundleFile, void> {
  const { read, bytes, signal } = context;
  const { format, options } = made;
  const deps = { read, bytes, signal };
  let done = 0;
  const counted = async function* (files: AsyncIterable<BundleFile>) {
    for await (const file of files) {
      yield file;
      done += 1;
      context.progress(done, undefined, 'files');
    }
  };
  if (format === 'lerobot') {
    yield* counted(lerobotFiles(deps, version, options));
    return;
  }
  if (format === 'coco') {
    const ontology = await ontologyNamed(read, version.manifest.ontologySha256);
    const { splits } = options;
    yield* counted(cocoFiles(deps, version, { splits, classes: ontology?.classes ?? [] }));
    return;
  }
  const contents = await bundleContents(deps, version, options);
  await demandClips(deps, contents.clips);
  const broken: { clip: string; sha256: string; why: string }[] = [];
  const sums: CroissantFile[] = [];
  const onSum = (sum: CroissantFile): void => void sums.push(sum);
  yield* counted(bundleFiles(deps, version, { ...options, contents, broken, onSum }));
  if (broken.length > 0) {
    throw new Fault('corrupt', `the bytes of ${broken.length} clips are not what they were`, {
      place: broken[0]?.clip ?? '',
      remedy: 'Restore them from a backup, or build a version without their labels.',
    });
  }
  if (format !== 'croissant') return;
  const dataset = await datasetStore(read).demand(version.datasetId);
  const { splits } = options;
  const about = croissantOf(version, { description: dataset.description, files: sums, splits });
  yield { name: 'croissant.json', content: text(`${JSON.stringify(about, undefined, 2)}\n`) };
}

async function* text(content: string): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(Buffer.from(content, 'utf8'));
}

async function trainingsOf(db: Db, versionId: string): Promise<readonly TrainingRun[]> {
  const rows = await db
    .selectFrom('training')
    .leftJoin('model_version', 'model_version.id', 'training.model_version_id')
    .select([
      'training.id',
      'training.model',
      'training.state',
      'training.created_at',
      'training.started_at',
      'training.ended_at',
      'training.model_version_id',
      'model_version.onnx_sha256',
    ])
    .where('training.version_id', '=', versionId)
    .orderBy('training.created_at')
    .orderBy('training.id')
    .limit(maxPageRows)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    model: row.model,
    state: row.state,
    startedAt: Number(row.started_at ?? row.created_at),
    endedAt: row.ended_at === null ? undefined : Number(row.ended_at),
    modelVersionId: row.model_version_id ?? undefined,
    onnxSha256: row.onnx_sha256 ?? undefined,
  }));
}

/** One round: files whose time is over go, with what a crash left of them. */
export async function sweepDatasetExports(
  deps: Pick<WorkerDeps, 'write' | 'bytes' | 'clock'>,
): Promise<void> {
  const { write, bytes, clock } = deps;
  const objects: string[] = [];
  for (const id of await datasetExportStore(write).over(clock.now(), maxPageRows)) {
    const object = await write
      .transaction()
      .execute(async (trx) => await datasetExportStore(trx).drop(id, clock.now()));
    if (object !== undefined) objects.push(object);
    const draft = datasetExportDraft(id);
    if ((await bytes.drafts()).includes(draft)) await (await bytes.draft(draft)).discard();
  }
  await eraseBlobs({ write, bytes }, objects);
}

export const openDatasetExportSweep = (deps: WorkerDeps): AsyncDisposable =>
  openLoop(deps, { name: 'dataset exports', everyMs: datasetExportSweepMs }, async () => {
    await sweepDatasetExports(deps);
  });
