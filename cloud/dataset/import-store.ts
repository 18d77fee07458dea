import { Fault } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';

export interface DatasetImport {
  readonly id: string;
  readonly datasetId: string;
  readonly deviceId: string;
  readonly device: string;
  readonly ontologySha256: string;
  readonly state: string;
  readonly clips: number;
  readonly items: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** Imports. Changes run inside the caller's transaction. */
export const datasetImportStore = (db: Db) => ({
  async add(
    made: Pick<DatasetImport, 'id' | 'datasetId' | 'deviceId' | 'ontologySha256'>,
    { by, at }: { readonly by: string; readonly at: number },
  ): Promise<void> {
    await db
      .insertInto('dataset_import')
      .values({
        id: made.id,
        dataset_id: made.datasetId,
        device_id: made.deviceId,
        ontology_sha256: made.ontologySha256,
        state: 'open',
        clips: 0,
        items: 0,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
  },

  /** Fault `not_found`. */
  async demand(id: string): Promise<DatasetImport> {
    const row = await db
      .selectFrom('dataset_import')
      .innerJoin('device', 'device.id', 'dataset_import.device_id')
      .selectAll('dataset_import')
      .select('device.name')
      .where('dataset_import.id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return importOfRow(row);
    throw new Fault('not_found', `there is no import "${id.slice(0, 64)}"`, {
      remedy: 'Begin one with `fieldloop datasets import FOLDER`.',
    });
  },

  /** Faults: `not_found`, `conflict` when it has ended. */
  async demandOpen(id: string): Promise<DatasetImport> {
    const found = await datasetImportStore(db).demand(id);
    if (found.state === 'open') return found;
    throw new Fault('conflict', `${id} has ended`, { remedy: 'Begin another import.' });
  },

  async count(id: string, more: { readonly clips: number; readonly items: number }, at: number) {
    await db
      .updateTable('dataset_import')
      .set((set) => ({
        clips: set('clips', '+', BigInt(more.clips)),
        items: set('items', '+', BigInt(more.items)),
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', id)
      .execute();
  },

  async finish(found: DatasetImport, at: number): Promise<void> {
    await db
      .updateTable('dataset_import')
      .set({ state: 'done', updated_at: at, version: found.version + 1 })
      .where('id', '=', found.id)
      .execute();
    const { datasetId: dataset, clips, items } = found;
    const body = { dataset, clips, items };
    await putOutbox(db, { kind: 'dataset_import.done', subject: found.id, at, body });
  },
});

const importOfRow = (row: Row<'dataset_import'> & { readonly name: string }): DatasetImport => ({
  id: row.id,
  datasetId: row.dataset_id,
  deviceId: row.device_id,
  device: row.name,
  ontologySha256: row.ontology_sha256,
  state: row.state,
  clips: Number(row.clips),
  items: Number(row.items),
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
