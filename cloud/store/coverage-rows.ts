/** What a device's coverage is made of. */
import { maxCoverageRows } from '../device-limits.ts';
import { type CoverageRange, coverageOfClip, type NsWindow } from './coverage.ts';
import type { Db } from './db.ts';

/**
 * Sessions and clips of a device, or of one session of it, that reach into the window; undefined:
 * more than can be shown.
 */
export async function coverageSpans(
  db: Db,
  of: { readonly deviceId: string; readonly session?: string | undefined },
  { startNs, endNs }: NsWindow,
): Promise<readonly CoverageRange[] | undefined> {
  const { deviceId, session } = of;
  let sessionRows = db
    .selectFrom('session')
    .select(['start_ns', 'end_ns'])
    .where('device_id', '=', deviceId)
    .where('start_ns', '<', endNs)
    .where('end_ns', '>', startNs)
    .limit(maxCoverageRows + 1);
  let clipRows = db
    .selectFrom('clip')
    .select(['state', 'start_ns', 'end_ns'])
    .where('device_id', '=', deviceId)
    .where('start_ns', '<', endNs)
    .where('end_ns', '>', startNs)
    .limit(maxCoverageRows + 1);
  if (session !== undefined) {
    sessionRows = sessionRows.where('id', '=', session);
    clipRows = clipRows.where('session_id', '=', session);
  }
  const sessions = await sessionRows.execute();
  const clips = await clipRows.execute();
  if (sessions.length + clips.length > maxCoverageRows) return undefined;
  const spans: CoverageRange[] = sessions.map((row) => ({
    state: 'recorded',
    startNs: row.start_ns,
    endNs: row.end_ns,
  }));
  for (const row of clips) {
    const state = coverageOfClip(row.state);
    if (state !== undefined) spans.push({ state, startNs: row.start_ns, endNs: row.end_ns });
  }
  return spans;
}
