import { type Clip } from '../clip/clip.ts';
import { exportPageClips } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { noteBlob, wishErasure } from '../store/erasure.ts';
import { clipsInOrder, exportOfRow, getExport } from '../store/exports.ts';
import { putOutbox } from '../store/outbox.ts';
import type { ClipExport, ExportFormat } from './export.ts';

export interface NewExport {
  readonly id: string;
  readonly operationId: string;
  readonly format: ExportFormat;
  readonly topics?: readonly string[] | undefined;
  readonly includeManifests: boolean;
  readonly clipIds: readonly string[];
  readonly sourceBytes: number;
  readonly by: string;
  readonly at: number;
}

/** Rows that one statement writes: below the parameters that a database takes. */
const itemsAtOnce = 500;

export const exportStore = (db: Db) => ({
  get: async (id: string): Promise<ClipExport | undefined> => await getExport(db, id),

  /** With the clips as they were chosen, in this order. Run inside a transaction. */
  async add(wanted: NewExport): Promise<void> {
    const { id, clipIds, topics, by, at } = wanted;
    await db
      .insertInto('clip_export')
      .values({
        id,
        operation_id: wanted.operationId,
        format: wanted.format,
        topics: topics === undefined ? null : JSON.stringify(topics),
        include_manifests: wanted.includeManifests ? 1 : 0,
        clip_count: clipIds.length,
        source_bytes: wanted.sourceBytes,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    for (let from = 0; from < clipIds.length; from += itemsAtOnce) {
      const rows = clipIds
        .slice(from, from + itemsAtOnce)
        .map((clip_id, i) => ({ export_id: id, n: from + i, clip_id }));
      await db.insertInto('clip_export_item').values(rows).execute();
    }
    await putOutbox(db, {
      kind: 'export.asked',
      subject: id,
      at,
      body: { format: wanted.format, clips: clipIds.length },
    });
  },

  /** Its clips as they are now, in the order they were chosen in. */
  async *clips(id: string): AsyncGenerator<readonly Clip[], void> {
    for (let from = 0; ; from += exportPageClips) {
      const page = await clipsInOrder(db, id, from, exportPageClips);
      if (page.length === 0) return;
      yield page;
    }
  },

  /** False when it is ready or gone already. Run inside a transaction. */
  async ready(
    id: string,
    file: { readonly sha256: string; readonly sizeBytes: number; readonly expiresAt: number },
    at: number,
  ): Promise<boolean> {
    const { sha256, sizeBytes, expiresAt } = file;
    const row = await db
      .updateTable('clip_export')
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
      // Somebody else made the same file, or nobody wants it any more.
      await wishErasure(db, sha256, at);
      return false;
    }
    await noteBlob(db, { sha256, sizeBytes, at });
    await putOutbox(db, { kind: 'export.ready', subject: id, at, body: { sha256, sizeBytes } });
    return true;
  },

  /** Its file goes; the row stays. Returns the object to remove. Run inside a transaction. */
  async drop(id: string, at: number): Promise<string | undefined> {
    const row = await db
      .updateTable('clip_export')
      .set((set) => ({ erased_at: at, updated_at: at, version: set('version', '+', 1n) }))
      .where('id', '=', id)
      .where('erased_at', 'is', null)
      .returning('sha256')
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.sha256 !== null) await wishErasure(db, row.sha256, at);
    await putOutbox(db, { kind: 'export.erased', subject: id, at, body: {} });
    return row.sha256 ?? undefined;
  },

  /** Those whose time is over, and those that will never be ready. */
  async over(now: number, limit: number): Promise<readonly ClipExport[]> {
    const rows = await db
      .selectFrom('clip_export')
      .leftJoin('operation', 'operation.id', 'clip_export.operation_id')
      .selectAll('clip_export')
      .where('clip_export.erased_at', 'is', null)
      .where((of) =>
        of.or([
          of('clip_export.expires_at', '<=', BigInt(now)),
          of.and([
            of('clip_export.ready_at', 'is', null),
            of.or([
              of('operation.state', 'in', ['failed', 'cancelled']),
              of('operation.id', 'is', null),
            ]),
          ]),
        ]),
      )
      .orderBy('clip_export.created_at')
      .limit(limit)
      .execute();
    return rows.map(exportOfRow);
  },
});
