import type { ClipPreview } from '@fieldloop/proto';
import type { Db, Row } from '../store/db.ts';
import type { RobotPreview } from './robot-preview.ts';

export const robotPreviewStore = (db: Db) => ({
  /** Once: what comes again with the same manifest changes nothing. Run inside a transaction. */
  async put(clipId: string, previews: readonly RobotPreview[]): Promise<void> {
    for (const { n, kind, topic, atNs, mediaType, width, height, sha256, bytes } of previews) {
      await db
        .insertInto('clip_robot_preview')
        .values({
          clip_id: clipId,
          n,
          kind,
          topic: topic ?? null,
          at_ns: atNs ?? null,
          media_type: mediaType,
          width: width ?? null,
          height: height ?? null,
          sha256,
          base64: Buffer.from(bytes).toString('base64'),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  },

  async list(clipId: string, kind: ClipPreview['kind']): Promise<readonly RobotPreview[]> {
    const rows = await db
      .selectFrom('clip_robot_preview')
      .selectAll()
      .where('clip_id', '=', clipId)
      .where('kind', '=', kind)
      .orderBy('n')
      .execute();
    return rows.map((row, n) => fromRow(row, kind, n));
  },
});

/** Pictures count from 0 among themselves, as those do that the cloud makes. */
function fromRow(
  row: Row<'clip_robot_preview'>,
  kind: ClipPreview['kind'],
  n: number,
): RobotPreview {
  return {
    n,
    kind,
    mediaType: row.media_type,
    sha256: row.sha256,
    bytes: Buffer.from(row.base64, 'base64'),
    ...(row.topic === null ? {} : { topic: row.topic }),
    ...(row.at_ns === null ? {} : { atNs: row.at_ns }),
    ...(row.width === null ? {} : { width: Number(row.width) }),
    ...(row.height === null ? {} : { height: Number(row.height) }),
  };
}
