import type { Db, Row } from '../store/db.ts';
import { noteBlob, wishErasure } from '../store/erasure.ts';
import { type Preview, type PreviewKind, previewKinds, type PreviewState } from './preview.ts';

export const previewStore = (db: Db) => ({
  async list(clipId: string): Promise<readonly Preview[]> {
    const rows = await db
      .selectFrom('clip_preview')
      .selectAll()
      .where('clip_id', '=', clipId)
      .orderBy('n')
      .execute();
    return rows.map(fromRow);
  },

  async state(clipId: string): Promise<{ readonly state: PreviewState; readonly why?: string }> {
    const row = await db
      .selectFrom('clip')
      .select(['previews_at', 'previews_problem'])
      .where('id', '=', clipId)
      .executeTakeFirst();
    if (row === undefined || row.previews_at === null) return { state: 'pending' };
    const why = row.previews_problem;
    return why === null ? { state: 'made' } : { state: 'failed', why };
  },

  /** Stored clips whose previews nobody made yet, oldest first. */
  async due(limit: number): Promise<readonly string[]> {
    const rows = await db
      .selectFrom('clip')
      .select('id')
      .where('state', '=', 'stored')
      .where('previews_at', 'is', null)
      .orderBy('stored_at')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => row.id);
  },

  /**
   * Keeps what was made of a clip, none included, once. Objects of a clip that was erased
   * meanwhile are wished away. Run inside a transaction.
   */
  async put(
    clipId: string,
    made: { readonly previews: readonly Preview[]; readonly problem?: string | undefined },
    at: number,
  ): Promise<void> {
    const done = await db
      .updateTable('clip')
      // No new version: a person who edits the clip meanwhile is in nobody's way.
      .set({ previews_at: at, previews_problem: made.problem ?? null })
      .where('id', '=', clipId)
      .where('state', '=', 'stored')
      .where('previews_at', 'is', null)
      .executeTakeFirst();
    if (done.numUpdatedRows === 0n) {
      for (const { sha256 } of made.previews) await wishErasure(db, sha256, at);
      return;
    }
    for (const preview of made.previews) {
      const { sha256, sizeBytes } = preview;
      await noteBlob(db, { sha256, sizeBytes, at });
      await db
        .insertInto('clip_preview')
        .values({
          clip_id: clipId,
          n: preview.n,
          kind: preview.kind,
          topic: preview.topic,
          at_ns: preview.atNs,
          media_type: preview.mediaType,
          width: preview.width,
          height: preview.height,
          sha256,
          size_bytes: sizeBytes,
        })
        .execute();
    }
  },
});

const isKind = (text: string): text is PreviewKind => previewKinds.some((kind) => kind === text);

function fromRow(row: Row<'clip_preview'>): Preview {
  if (!isKind(row.kind)) throw new TypeError(`preview kind ${row.kind}`);
  return {
    n: Number(row.n),
    kind: row.kind,
    topic: row.topic,
    atNs: row.at_ns,
    mediaType: row.media_type,
    width: Number(row.width),
    height: Number(row.height),
    sha256: row.sha256,
    sizeBytes: Number(row.size_bytes),
  };
}
