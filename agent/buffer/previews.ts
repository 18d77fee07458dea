/** The previews of the clips that the buffer holds; they go up with the manifest. */
import type { Sqlite } from './sqlite.ts';
import type { PreviewBytes } from './types.ts';

/** Call inside a transaction. */
export function keepPreviews(
  db: Sqlite,
  clipId: string,
  previews: readonly PreviewBytes[] = [],
): void {
  previews.forEach(({ kind, sha256, bytes }, n) => {
    db.run('INSERT OR REPLACE INTO preview VALUES (?, ?, ?, ?, ?)', clipId, n, kind, sha256, bytes);
  });
}

export function previewsOf(db: Sqlite, clipId: string): PreviewBytes[] {
  return db.all(
    'SELECT kind, sha256, bytes FROM preview WHERE clip_id = ? ORDER BY n',
    clipId,
  ) as PreviewBytes[];
}

/** Call inside a transaction. */
export function dropPreviews(db: Sqlite, clipId: string): void {
  db.run('DELETE FROM preview WHERE clip_id = ?', clipId);
}
