import { dropDatasetExports } from '../store/dataset-erasure.ts';
import type { Db } from '../store/db.ts';
import { wishErasure } from '../store/erasure.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Clip } from './clip.ts';
import { changedTags, demandPresent, type Pin, type TagChange } from './care.ts';

/** The same clips with the tags that operators gave. */
export async function taggedClips(db: Db, clips: readonly Clip[]): Promise<readonly Clip[]> {
  const tags = await clipCareStore(db).tags(clips.map(({ id }) => id));
  return clips.map((clip) => ({ ...clip, operatorTags: tags.get(clip.id) ?? [] }));
}

export interface By {
  readonly by: string;
  readonly at: number;
}

/** Changes that people make to clips. Run each inside the caller's transaction. */
export const clipCareStore = (db: Db) => ({
  /** Absent members stay as they are; null takes one away. */
  async edit(
    clip: Clip,
    edit: { readonly label?: string | null; readonly note?: string | null },
    { at }: By,
  ): Promise<void> {
    await db
      .updateTable('clip')
      .set((set) => ({
        ...(edit.label === undefined ? {} : { label: edit.label }),
        ...(edit.note === undefined ? {} : { note: edit.note }),
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', clip.id)
      .execute();
    await tell(db, clip, { kind: 'clip.edited', at });
  },

  /** Tags that operators gave, by clip, in the order of their text. */
  async tags(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    if (ids.length === 0) return new Map();
    const rows = await db
      .selectFrom('clip_tag')
      .select(['clip_id', 'tag'])
      .where('clip_id', 'in', ids)
      .orderBy('clip_id')
      .orderBy('tag')
      .execute();
    const grouped = Map.groupBy(rows, (row) => row.clip_id);
    return new Map([...grouped].map(([id, found]) => [id, found.map((row) => row.tag)]));
  },

  /** False when nothing changed. Faults as `changedTags`, and `conflict` for an erased clip. */
  async tag(clip: Clip, change: TagChange, { by, at }: By): Promise<boolean> {
    demandPresent(clip);
    const before = (await clipCareStore(db).tags([clip.id])).get(clip.id) ?? [];
    const after = changedTags(clip.manifest.tags, before, change);
    const gone = before.filter((tag) => !after.includes(tag));
    const fresh = after.filter((tag) => !before.includes(tag));
    if (gone.length + fresh.length === 0) return false;
    if (gone.length > 0) await removeTags(db, clip, gone);
    if (fresh.length > 0) {
      await db
        .insertInto('clip_tag')
        .values(fresh.map((tag) => ({ clip_id: clip.id, tag, created_by: by, at })))
        .execute();
      const terms = fresh.map((term) => ({
        kind: 'tag',
        term,
        start_ns: clip.startNs,
        clip_id: clip.id,
      }));
      await db
        .insertInto('clip_term')
        .values(terms)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await touch(db, clip.id, at);
    await tell(db, clip, { kind: 'clip.tagged', at, add: fresh, remove: gone });
    return true;
  },

  /** False when it is so already. */
  async hold(clip: Clip, wanted: { readonly reason: string } | undefined, { by, at }: By) {
    if ((wanted === undefined) === (clip.hold === undefined)) return false;
    if (wanted !== undefined) demandPresent(clip);
    await db
      .updateTable('clip')
      .set((set) => ({
        hold: wanted === undefined ? 0 : 1,
        hold_reason: wanted?.reason ?? null,
        hold_by: wanted === undefined ? null : by,
        hold_at: wanted === undefined ? null : at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', clip.id)
      .execute();
    await tell(db, clip, { kind: wanted === undefined ? 'clip.released' : 'clip.held', at });
    return true;
  },

  /**
   * The row stays and says `erased`; bytes, pictures and exports that hold it are wished away, those
   * that are being made among them: they may have read it already.
   * Returns the objects to remove once this is committed; none when it was erased before.
   */
  async erase(clip: Clip, reason: string, { at }: By): Promise<readonly string[]> {
    if (clip.state === 'erased') return [];
    await db
      .updateTable('clip')
      .set((set) => ({
        state: 'erased',
        state_reason: reason,
        hold: 0,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', clip.id)
      .execute();
    const pictures = await db
      .deleteFrom('clip_preview')
      .where('clip_id', '=', clip.id)
      .returning('sha256')
      .execute();
    await db.deleteFrom('clip_robot_preview').where('clip_id', '=', clip.id).execute();
    const exported = await db
      .updateTable('clip_export')
      .set((set) => ({ erased_at: at, updated_at: at, version: set('version', '+', 1n) }))
      .where('erased_at', 'is', null)
      .where('id', 'in', (of) =>
        of
          .selectFrom('clip_export_item')
          .select('clip_export_item.export_id')
          .where('clip_export_item.clip_id', '=', clip.id),
      )
      .returning(['id', 'sha256'])
      .execute();
    for (const { id } of exported) {
      await putOutbox(db, { kind: 'export.erased', subject: id, at, body: {} });
    }
    const objects = [
      clip.sha256,
      ...[...pictures, ...exported].map((row) => row.sha256 ?? ''),
      ...(await dropDatasetExports(db, clip.id, at)),
    ];
    const wished = [...new Set(objects.filter((sha256) => sha256 !== ''))];
    for (const sha256 of wished) await wishErasure(db, sha256, at);
    await tell(db, clip, { kind: 'clip.erased', at });
    return wished;
  },

  /** What keeps it, or would miss it. */
  async pins(clip: Clip): Promise<readonly Pin[]> {
    const failures = await db
      .selectFrom('failure')
      .select('id')
      .where('clip_id', '=', clip.id)
      .where('state', '<>', 'closed')
      .orderBy('id')
      .limit(100)
      .execute();
    const exports = await db
      .selectFrom('clip_export_item')
      .innerJoin('clip_export', 'clip_export.id', 'clip_export_item.export_id')
      .select('clip_export.id')
      .where('clip_export_item.clip_id', '=', clip.id)
      .where('clip_export.erased_at', 'is', null)
      .orderBy('clip_export.id')
      .limit(100)
      .execute();
    const datasets = await db
      .selectFrom('dataset_item')
      .innerJoin('dataset_version', 'dataset_version.id', 'dataset_item.version_id')
      .select('dataset_version.id')
      .distinct()
      .where('dataset_item.clip_id', '=', clip.id)
      .where('dataset_version.state', '<>', 'rejected')
      .orderBy('dataset_version.id')
      .limit(100)
      .execute();
    return [
      ...(clip.hold === undefined ? [] : [{ kind: 'hold' as const, what: clip.hold.reason }]),
      ...failures.map(({ id }) => ({ kind: 'failure' as const, what: id })),
      ...exports.map(({ id }) => ({ kind: 'export' as const, what: id })),
      ...datasets.map(({ id }) => ({ kind: 'dataset' as const, what: id })),
    ];
  },
});

async function removeTags(db: Db, clip: Clip, tags: readonly string[]): Promise<void> {
  await db.deleteFrom('clip_tag').where('clip_id', '=', clip.id).where('tag', 'in', tags).execute();
  const alone = tags.filter((tag) => !clip.manifest.tags.includes(tag));
  if (alone.length === 0) return;
  await db
    .deleteFrom('clip_term')
    .where('kind', '=', 'tag')
    .where('term', 'in', alone)
    .where('start_ns', '=', clip.startNs)
    .where('clip_id', '=', clip.id)
    .execute();
}

async function touch(db: Db, id: string, at: number): Promise<void> {
  await db
    .updateTable('clip')
    .set((set) => ({ updated_at: at, version: set('version', '+', 1n) }))
    .where('id', '=', id)
    .execute();
}

async function tell(
  db: Db,
  clip: Clip,
  told: {
    readonly kind: OutboxKind;
    readonly at: number;
    readonly add?: readonly string[];
    readonly remove?: readonly string[];
  },
): Promise<void> {
  const { kind, at, add, remove } = told;
  const changes = add === undefined ? {} : { add: [...add], remove: [...(remove ?? [])] };
  await putOutbox(db, {
    kind,
    subject: clip.id,
    at,
    body: { device: clip.device, severity: clip.severity, ...changes },
  });
}
