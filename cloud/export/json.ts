/** An export as the API shows it. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type ClipExport, exportFileName, exportFormats, exportState } from './export.ts';

export const exportSchema = z
  .object({
    id: z.string().openapi({ example: 'exp_01JC0000000000000000000000' }),
    state: z
      .enum(['making', 'ready', 'gone'])
      .openapi({ description: '`gone`: its time is over, or a clip in it was erased.' }),
    operation: z.string().openapi({ description: 'The long work that makes it.' }),
    format: z.enum(exportFormats),
    topics: z.array(z.string()).optional(),
    includeManifests: z.boolean(),
    clipCount: z.int(),
    sourceBytes: z.int().openapi({ description: 'Of the clips’ files together.' }),
    fileName: z.string(),
    sizeBytes: z.int().optional(),
    sha256: z.string().optional(),
    readyAt: instantField.optional(),
    expiresAt: instantField.optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Export');

export type ExportJson = z.infer<typeof exportSchema>;

export function exportJson(made: ClipExport): ExportJson {
  const { readyAt, expiresAt, sha256, sizeBytes, topics } = made;
  return {
    id: made.id,
    state: exportState(made),
    operation: made.operationId,
    format: made.format,
    ...(topics === undefined ? {} : { topics: [...topics] }),
    includeManifests: made.includeManifests,
    clipCount: made.clipCount,
    sourceBytes: made.sourceBytes,
    fileName: exportFileName(made),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(readyAt === undefined ? {} : { readyAt: instantText(readyAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: instantText(expiresAt) }),
    createdBy: made.createdBy,
    createdAt: instantText(made.createdAt),
    updatedAt: instantText(made.updatedAt),
    version: made.version,
  };
}
