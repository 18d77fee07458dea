import type { Severity } from '@fieldloop/proto';
import { maxClipMarks } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';
import { propertiesAt } from '../store/properties.ts';
import type { Clip } from './clip.ts';
import { type ClipMark, type Lineage, rulesOf } from './story.ts';

export const clipStoryStore = (db: Db) => ({
  /** Events and markers of its device that touch its time, and those that name it; oldest first. */
  async marks(clip: Clip): Promise<readonly ClipMark[]> {
    const deviceId = await deviceOf(db, clip.id);
    const rows = await db
      .selectFrom('event')
      .selectAll()
      .where('device_id', '=', deviceId)
      .where((of) =>
        of.or([
          of('clip_id', '=', clip.id),
          of.and([of('at_ns', '<', clip.endNs), of('at_ns', '>=', clip.startNs)]),
        ]),
      )
      .orderBy('at_ns')
      .orderBy('id')
      .limit(maxClipMarks)
      .execute();
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
  id: row.id,
  kind: row.kind === 'marker' ? 'marker' : 'event',
  name: row.name,
  severity: row.severity as Severity,
  atNs: row.at_ns,
  endNs: row.end_ns,
  ...(row.label === null ? {} : { label: row.label }),
  ...(row.text === null ? {} : { text: row.text }),
  ...(row.rule === null ? {} : { rule: row.rule }),
  ...(row.margin === null ? {} : { margin: row.margin }),
  ...(row.created_by === null ? {} : { by: row.created_by }),
});
