import { idOfUuid } from '../entity-id.ts';
import { maxClipMarks } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';
import { propertiesAt } from '../store/properties.ts';
import type { Clip } from './clip.ts';
import { type ClipMark, type Lineage, rulesOf } from './story.ts';

export const clipStoryStore = (db: Db) => ({
  /** What the robot and people wrote at its time: the robot's events tell the margins. */
  async marks(clip: Clip): Promise<readonly ClipMark[]> {
    const deviceId = await deviceOf(db, clip.id);
    // Each of both has its index; one query with `or` would have none.
    const marks = db.selectFrom('event').selectAll().where('margin', 'is not', null);
    const named = await marks
      .where('clip_id', '=', clip.id)
      .where('device_id', '=', deviceId)
      .orderBy('at_ns')
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    const inside = await marks
      .where('device_id', '=', deviceId)
      .where('at_ns', '>=', clip.startNs)
      .where('at_ns', '<=', clip.endNs)
      .orderBy('at_ns')
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    const rows = [...inside, ...named];
    return rows.map(markOf);
  },

  /** What the device's properties were at its start. */
  async properties(clip: Clip): Promise<Readonly<Record<string, string | number | boolean>>> {
    const deviceId = await deviceOf(db, clip.id);
    return await propertiesAt(db, deviceId, Number(clip.startNs / 1_000_000n));
  },

  async lineage(clip: Clip): Promise<Lineage> {
    const deviceId = await deviceOf(db, clip.id);
    const rules = rulesOf(clip);
    const publications = await db
      .selectFrom('publication')
      .select(['id', 'digest'])
      .where('digest', 'in', [...rules.map(({ digest }) => digest), ''])
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    const failures = await db
      .selectFrom('failure')
      .select('id')
      .where('clip_id', '=', clip.id)
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    const exports = await db
      .selectFrom('clip_export_item')
      .select('export_id')
      .distinct()
      .where('clip_id', '=', clip.id)
      .orderBy('export_id')
      .limit(maxClipMarks)
      .execute();
    const origin = clip.manifest.derivedFrom;
    const derived = await db
      .selectFrom('clip')
      .select('id')
      .where('derived_from', '=', clip.id)
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    const pulls = await db
      .selectFrom('command')
      .select(['id', 'input'])
      .where('device_id', '=', deviceId)
      .where('kind', '=', 'pull')
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
    return {
      device: clip.device,
      session: clip.session,
      rules: rules.map((rule) => ({
        ...rule,
        publications: publications
          .filter(({ digest }) => digest === rule.digest)
          .map(({ id }) => id),
      })),
      ...(origin === undefined ? {} : { derivedFrom: idOfUuid('clp', origin) }),
      derived: derived.map(({ id }) => id),
      failures: failures.map(({ id }) => id),
      exports: exports.map((row) => row.export_id),
      commands: pulls
        .filter(({ input }) => (JSON.parse(input) as { clip?: string }).clip === clip.id)
        .map(({ id }) => id),
    };
  },
});

async function deviceOf(db: Db, clipId: string): Promise<string> {
  const row = await db
    .selectFrom('clip')
    .select('device_id')
    .where('id', '=', clipId)
    .executeTakeFirstOrThrow();
  return row.device_id;
}

const markOf = (row: Row<'event'>): ClipMark => ({
  atNs: row.at_ns,
  ...(row.rule === null ? {} : { rule: row.rule }),
  ...(row.margin === null ? {} : { margin: row.margin }),
});
