import type { Operation } from '../http/operation.ts';
import type { DatasetDeps } from './export-routes.ts';

export const datasetImportOperations = (_deps: DatasetDeps): readonly Operation[] => [];
