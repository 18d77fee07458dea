/** Several clips as one file: a zip of their files, or one recording, kept for a day. */

export const exportFormats = ['zip', 'mcap'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ClipExport {
  readonly id: string;
  /** The long work that makes it. */
  readonly operationId: string;
  readonly format: ExportFormat;
  /** Exact names; all when absent. */
  readonly topics?: readonly string[];
  readonly includeManifests: boolean;
  readonly clipCount: number;
  /** Of the clips' files together. */
  readonly sourceBytes: number;
  /** Of the file, once it is made. */
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

export type ExportState = 'making' | 'ready' | 'gone';

export function exportState({ erasedAt, readyAt }: ClipExport): ExportState {
  if (erasedAt !== undefined) return 'gone';
  return readyAt === undefined ? 'making' : 'ready';
}

/** Time of the request and id, so that two of them do not overwrite each other. */
export function exportFileName({ id, createdAt, format, clipCount }: ClipExport): string {
  const time = new Date(createdAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `fieldloop_${clipCount}-clips_${time}Z_${id.slice(-8)}.${format}`;
}

/** Name of the draft that its file is made in. */
export const exportDraft = (id: string): string => id.toLowerCase().replace('_', '-');
