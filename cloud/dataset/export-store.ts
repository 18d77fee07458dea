import { Fault } from '@fieldloop/core';
import type { Served } from '../blob/answer.ts';
import type { Db, Row } from '../store/db.ts';
import { noteBlob, wishErasure } from '../store/erasure.ts';
import { putOutbox } from '../store/outbox.ts';
import {
  type DatasetExport,
  datasetExportName,
  type DatasetExportOptions,
  datasetFormats,
  isZip,
} from './export.ts';

export interface NewDatasetExport
  extends Pick<DatasetExport, 'id' | 'versionId' | 'operationId' | 'format' | 'options'> {
  readonly dataset: string;
  readonly by: string;
  readonly at: number;
}

/** Files of versions. Changes run inside the caller's transaction. */
export const datasetExportStore = (db: Db) => ({
  async add(wanted: NewDatasetExport): Promise<void> {
    const { id, format, by, at, dataset } = wanted;
    await db
      .insertInto('dataset_export')
      .values({
        id,
        version_id: wanted.versionId,
        operation_id: wanted.operationId,
        format,
        options: JSON.stringify(wanted.options),
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    const body = { format, dataset };
    await putOutbox(db, { kind: 'dataset_export.asked', subject: id, at, body });
  },

  async get(id: string): Promise<DatasetExport | undefined> {
    const row = await db
      .selectFrom('dataset_export')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && datasetExportOfRow(row);
  },

  /** Fault `not_found`. */
  async demand(id: string): Promise<DatasetExport> {
    const found = await datasetExportStore(db).get(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no export "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop datasets exports`.',
    });
  },

  /** Its file. Faults: `not_found`, and `conflict` when it is not ready or is gone. */
  async served(id: string): Promise<Served> {
    const found = await datasetExportStore(db).demand(id);
    const { sha256, sizeBytes, erasedAt, operationId } = found;
    if (erasedAt !== undefined) {
      throw new Fault('conflict', `the file of ${id} is gone`, {
        remedy: 'Exports are kept for a day, and end with a clip in them; ask for a new one.',
      });
    }
    if (sha256 === undefined || sizeBytes === undefined) {
      throw new Fault('conflict', `${id} is not ready`, {
        remedy: `Wait for its operation: fieldloop operations get ${operationId} --wait.`,
      });
    }
    const mediaType = isZip(found.format) ? 'application/zip' : 'application/json';
    return { sha256, sizeBytes, mediaType, fileName: datasetExportName(found) };
  },

  /** Nothing when it is ready or gone already: then what was made goes away. */
  async ready(
    id: string,
    file: { readonly sha256: string; readonly sizeBytes: number; readonly expiresAt: number },
    at: number,
  ): Promise<void> {
    const { sha256, sizeBytes, expiresAt } = file;
    const row = await db
      .updateTable('dataset_export')
      .set((set) => ({
        sha256,
        size_bytes: sizeBytes,
        ready_at: at,
        expires_at: expiresAt,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', id)
      .where('ready_at', 'is', null)
      .where('erased_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (row === undefined) {
      await wishErasure(db, sha256, at);
      return;
    }
    await noteBlob(db, { sha256, sizeBytes, at });
    const body = { sha256, sizeBytes };
    await putOutbox(db, { kind: 'dataset_export.ready', subject: id, at, body });
  },

  /** Its file goes; the row stays. Returns the object to remove. */
  async drop(id: string, at: number): Promise<string | undefined> {
    const row = await db
      .updateTable('dataset_export')
      .set((set) => ({ erased_at: at, updated_at: at, version: set('version', '+', 1n) }))
      .where('id', '=', id)
      .where('erased_at', 'is', null)
      .returning('sha256')
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.sha256 !== null) await wishErasure(db, row.sha256, at);
    await putOutbox(db, { kind: 'dataset_export.erased', subject: id, at, body: {} });
    return row.sha256 ?? undefined;
  },

  /** Those whose time is over, and those that will never be ready. */
  async over(now: number, limit: number): Promise<readonly string[]> {
    const rows = await db
      .selectFrom('dataset_export')
      .leftJoin('operation', 'operation.id', 'dataset_export.operation_id')
      .select('dataset_export.id')
      .where('dataset_export.erased_at', 'is', null)
      .where((of) =>
        of.or([
          of('dataset_export.expires_at', '<=', BigInt(now)),
          of.and([
            of('dataset_export.ready_at', 'is', null),
            of.or([
              of('operation.state', 'in', ['failed', 'cancelled']),
              of('operation.id', 'is', null),
            ]),
          ]),
        ]),
      )
      .orderBy('dataset_export.created_at')
      .limit(limit)
      .execute();
    return rows.map(({ id }) => id);
  },
});

export function datasetExportOfRow(row: Row<'dataset_export'>): DatasetExport {
  const format = datasetFormats.find((one) => one === row.format);
  if (format === undefined) throw new TypeError(`an export's ${row.format}`);
  return {
    id: row.id,
    versionId: row.version_id,
    operationId: row.operation_id,
    format,
    options: JSON.parse(row.options) as DatasetExportOptions,
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.size_bytes === null ? {} : { sizeBytes: Number(row.size_bytes) }),
    ...(row.ready_at === null ? {} : { readyAt: Number(row.ready_at) }),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.erased_at === null ? {} : { erasedAt: Number(row.erased_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
