/** Which stored clips a backtest reads, newest first and within its limits. */
import type { Properties } from '@fieldloop/rules';
import { openFilter } from '../http/q/filter.ts';
import { selectPage } from '../http/q/page-plan.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';

export interface ClipChoice {
  /** A query over clips. */
  readonly q?: string | undefined;
  /** Ids of sessions; any unless said. */
  readonly sessions?: readonly string[] | undefined;
  readonly maxClips: number;
  readonly maxBytes: number;
}

export interface ChosenClip {
  readonly id: string;
  readonly device: string;
  readonly session: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Kept by sampling alone: no rule that looks at the world had a part in it. */
  readonly sampled: boolean;
}

/** Rows read at once. */
const pageRows = 500;

/** Faults: `invalid` for the query. */
export async function chooseClips(
  db: Db,
  { q, sessions, maxClips, maxBytes }: ClipChoice,
  now: number,
): Promise<{ readonly clips: readonly ChosenClip[]; readonly matched: number }> {
  const ofSessions =
    sessions === undefined
      ? undefined
      : sql<boolean>`clip.session_id in (${sql.join(sessions.map((id) => id))})`;
  const where = [sql<boolean>`clip.state = 'stored'`, ofSessions];
  const filter = await openFilter(db, clipSource, { now, q, where });
  const clips: ChosenClip[] = [];
  let bytes = 0;
  let matched = 0;
  let after: Awaited<ReturnType<typeof selectPage>>[number] | undefined;
  do {
    const page = await selectPage(db, filter, { sort: '-startNs', after, limit: pageRows });
    matched += page.length;
    for (const clip of await rowsOf(
      db,
      page.map(({ id }) => id),
    )) {
      if (clips.length >= maxClips || bytes + clip.sizeBytes > maxBytes) continue;
      clips.push(clip);
      bytes += clip.sizeBytes;
    }
    after = page.length < pageRows ? undefined : page.at(-1);
  } while (after !== undefined && clips.length < maxClips && bytes < maxBytes);
  return { clips, matched };
}

async function rowsOf(db: Db, ids: readonly string[]): Promise<readonly ChosenClip[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('clip')
    .innerJoin('device', 'device.id', 'clip.device_id')
    .select(['clip.id', 'clip.session_id', 'clip.sha256', 'clip.size_bytes', 'clip.class'])
    .select('device.name as device')
    .where('clip.id', 'in', ids)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const { device, session_id: session, sha256 } = row;
    const sizeBytes = Number(row.size_bytes);
    return [{ id, device, session, sha256, sizeBytes, sampled: row.class === 'baseline' }];
  });
}

/**
 * What the scopes of rules ask for, by the name of the device, as it is now and as text, which is
 * what robots have: a forecast tells of robots as they are.
 */
export async function propertiesOf(
  db: Db,
  clips: readonly ChosenClip[],
): Promise<ReadonlyMap<string, Properties>> {
  const names = [...new Set(clips.map(({ device }) => device))];
  const found = new Map(
    names.map((device): [string, Record<string, string>] => [device, { device }]),
  );
  for (let from = 0; from < names.length; from += pageRows) {
    const rows = await db
      .selectFrom('device_property')
      .innerJoin('device', 'device.id', 'device_property.device_id')
      .select(['device.name', 'device_property.key', 'device_property.text'])
      .where('device.name', 'in', names.slice(from, from + pageRows))
      .execute();
    for (const { name, key, text } of rows) Object.assign(found.get(name) ?? {}, { [key]: text });
  }
  return found;
}

/** Recorded time of each session that is known, in seconds. */
export async function sessionSeconds(
  db: Db,
  sessions: readonly string[],
): Promise<Map<string, number>> {
  const seconds = new Map<string, number>();
  for (let from = 0; from < sessions.length; from += pageRows) {
    const rows = await db
      .selectFrom('session')
      .select(['id', 'start_ns', 'end_ns'])
      .where('id', 'in', sessions.slice(from, from + pageRows))
      .execute();
    for (const row of rows) seconds.set(row.id, Number(row.end_ns - row.start_ns) / 1e9);
  }
  return seconds;
}
