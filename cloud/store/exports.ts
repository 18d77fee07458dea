/** The rows of exports, for who asks for one, who makes it and who reads it. */
import { Fault } from '@fieldloop/core';
import type { Served } from '../blob/answer.ts';
import type { Clip } from '../clip/clip.ts';
import { clipOfRow, clipRows } from '../clip/store.ts';
import { type ClipExport, exportFileName } from '../export/export.ts';
import { demandExportOpen, useOpened } from './access.ts';
import type { Db, Row } from './db.ts';

export async function getExport(db: Db, id: string): Promise<ClipExport | undefined> {
  const row = await db
    .selectFrom('clip_export')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && exportOfRow(row);
}

/** The file of an export. Faults: `not_found`, and `conflict` when it is not ready or is gone. */
export async function exportServed(db: Db, id: string): Promise<Served> {
  const found = await getExport(db, id);
  if (found === undefined) throw unknownExport(id);
  const { sha256, sizeBytes, erasedAt } = found;
  if (erasedAt !== undefined) {
    throw new Fault('conflict', `the file of ${id} is gone`, {
      remedy: 'Exports are kept for a day, and end with a clip in them; ask for a new one.',
    });
  }
  if (sha256 === undefined || sizeBytes === undefined) {
    throw new Fault('conflict', `${id} is not ready`, {
      remedy: `Wait for its operation: fieldloop operations get ${found.operationId} --wait.`,
    });
  }
  const mediaType = found.format === 'zip' ? 'application/zip' : 'application/octet-stream';
  return { sha256, sizeBytes, mediaType, fileName: exportFileName(found) };
}

/** Whoever reads, and where what is read is written down. */
export interface ExportReading {
  readonly read: Db;
  readonly write: Db;
  readonly clock: { now(): number };
}

/** As `exportServed`, for a read. Fault `forbidden` while the policy closes it. */
export async function exportRead(
  deps: ExportReading,
  id: string,
  by: { readonly actor: string; readonly action: string },
): Promise<Served> {
  const served = await exportServed(deps.read, id);
  const opened = await demandExportOpen(deps.read, id, deps.clock.now());
  await useOpened(deps, opened, { ...by, subject: id });
  return served;
}

/** The chosen clips from the n-th on, as they are now. */
export async function clipsInOrder(
  db: Db,
  exportId: string,
  from: number,
  limit: number,
): Promise<readonly Clip[]> {
  const items = await db
    .selectFrom('clip_export_item')
    .select('clip_id')
    .where('export_id', '=', exportId)
    .where('n', '>=', BigInt(from))
    .orderBy('n')
    .limit(limit)
    .execute();
  return await clipsNamed(
    db,
    items.map((row) => row.clip_id),
  );
}

/** These clips in this order; unknown ones are left out. */
export async function clipsNamed(db: Db, ids: readonly string[]): Promise<readonly Clip[]> {
  if (ids.length === 0) return [];
  const rows = await clipRows(db).where('clip.id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, clipOfRow(row)]));
  return ids.map((id) => byId.get(id)).filter((clip) => clip !== undefined);
}

export function unknownExport(id: string): Fault {
  return new Fault('not_found', `there is no export "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop exports list`.',
  });
}

export function exportOfRow(row: Row<'clip_export'>): ClipExport {
  const time = (value: bigint | null): number | undefined =>
    value === null ? undefined : Number(value);
  const readyAt = time(row.ready_at);
  const expiresAt = time(row.expires_at);
  const erasedAt = time(row.erased_at);
  return {
    id: row.id,
    operationId: row.operation_id,
    format: row.format === 'zip' ? 'zip' : 'mcap',
    ...(row.topics === null ? {} : { topics: JSON.parse(row.topics) as string[] }),
    includeManifests: row.include_manifests === 1n,
    clipCount: Number(row.clip_count),
    sourceBytes: Number(row.source_bytes),
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.size_bytes === null ? {} : { sizeBytes: Number(row.size_bytes) }),
    ...(readyAt === undefined ? {} : { readyAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(erasedAt === undefined ? {} : { erasedAt }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
