/** The long work of data sets: building, proving and writing files. */
import type { Json } from '@fieldloop/core';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import { buildDataset, buildKind } from './build.ts';
import { datasetExportKind, makeDatasetExport } from './export-work.ts';
import { datasetStore } from './store.ts';
import { rebuildVersion, verifyVersion } from './verify.ts';

export const verifyKind = 'dataset.verify';
export const rebuildKind = 'dataset.rebuild';

const proving =
  (prove: typeof verifyVersion | typeof rebuildVersion): OperationHandler =>
  async (input, context: OperationContext): Promise<Json> => {
    const { version: id } = input as { readonly version: string };
    const version = await datasetStore(context.read).demandVersion(id);
    const { read, bytes, signal } = context;
    const proof = await prove(
      { read, bytes, signal, progress: context.progress.bind(context) },
      version,
    );
    return JSON.parse(JSON.stringify(proof)) as Json;
  };

export const datasetOperationKinds: Readonly<Record<string, OperationHandler>> = {
  [buildKind]: buildDataset,
  [verifyKind]: proving(verifyVersion),
  [rebuildKind]: proving(rebuildVersion),
  [datasetExportKind]: makeDatasetExport,
};
