/** A version as a file for other programs, kept for a day. */
import type { Split } from '@fieldloop/learning';

export const datasetFormats = ['lerobot', 'coco', 'croissant', 'bundle', 'openlineage'] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

export interface DatasetExportOptions {
  readonly splits: readonly Split[];
  /** Labels of type text hold what people wrote. */
  readonly withText: boolean;
  /** Of lerobot. */
  readonly signals: readonly { readonly topic: string; readonly path: string }[];
  readonly images: readonly string[];
  readonly fps: number;
  readonly robot: string;
}

export interface DatasetExport {
  readonly id: string;
  readonly versionId: string;
  /** The long work that makes it. */
  readonly operationId: string;
  readonly format: DatasetFormat;
  readonly options: DatasetExportOptions;
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly readyAt?: number;
  readonly expiresAt?: number;
  readonly erasedAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export function datasetExportState({ erasedAt, readyAt }: DatasetExport) {
  if (erasedAt !== undefined) return 'gone' as const;
  return readyAt === undefined ? ('making' as const) : ('ready' as const);
}

export const isZip = (format: DatasetFormat): boolean => format !== 'openlineage';

export const datasetExportName = ({ id, versionId, format }: DatasetExport): string =>
  `fieldloop_${versionId.slice(0, 12)}_${format}_${id.slice(-8)}.${isZip(format) ? 'zip' : 'json'}`;

/** Name of the draft that its file is made in. */
export const datasetExportDraft = (id: string): string => id.toLowerCase().replace('_', '-');
