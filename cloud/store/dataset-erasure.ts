/** What of data sets goes with a clip: files that hold its bytes. Versions stay. */
import type { Db } from './db.ts';
import { putOutbox } from './outbox.ts';

/**
 * Drops the exports of versions with this clip, those that are being made among them. Run inside
 * the transaction that erases it; returns their objects, which the caller wishes away.
 */
export async function dropDatasetExports(
  trx: Db,
  clipId: string,
  at: number,
): Promise<readonly string[]> {
  const dropped = await trx
    .updateTable('dataset_export')
    .set((set) => ({ erased_at: at, updated_at: at, version: set('version', '+', 1n) }))
    .where('erased_at', 'is', null)
    .where('version_id', 'in', (of) =>
      of
        .selectFrom('dataset_item')
        .select('dataset_item.version_id')
        .where('dataset_item.clip_id', '=', clipId),
    )
    .returning(['id', 'sha256'])
    .execute();
  for (const { id } of dropped) {
    await putOutbox(trx, { kind: 'dataset_export.erased', subject: id, at, body: {} });
  }
  return dropped.map(({ sha256 }) => sha256).filter((sha256) => sha256 !== null);
}
