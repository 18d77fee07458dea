/** What a device's views are made of, read from the tables of others. */
import type { Json } from '@fieldloop/core';
import { maxShownConnections, topicSampleMs } from '../device-limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';

export interface LaneGap {
  readonly lane: string;
  readonly reason: string;
  /** How many rows will never come. */
  readonly rows: number;
  /** Unix milliseconds when the cloud learned of it. */
  readonly at: number;
}

/** Rows that the device will never send, by when the cloud learned of it: the newest first. */
export async function laneGaps(
  db: Db,
  device: string,
  range: { readonly startMs: number; readonly endMs: number },
): Promise<readonly LaneGap[]> {
  const rows = await db
    .selectFrom('lane_gap')
    .select(['lane', 'reason', 'seq', 'last_seq', 'at'])
    .where('device', '=', device)
    .where('at', '>=', BigInt(range.startMs))
    .where('at', '<', BigInt(range.endMs))
    .orderBy('at', 'desc')
    .orderBy('lane')
    .orderBy('seq')
    .limit(maxShownConnections)
    .execute();
  return rows.map((row) => ({
    lane: row.lane,
    reason: row.reason,
    rows: Number(row.last_seq - row.seq) + 1,
    at: Number(row.at),
  }));
}

export interface ShownConnection {
  readonly id: string;
  readonly kind: string;
  readonly node: string;
  readonly remote: string;
  readonly openedAt: number;
  readonly closedAt?: number;
  readonly why?: string;
}

/** The newest first. */
export async function connectionsOf(db: Db, device: string): Promise<readonly ShownConnection[]> {
  const rows = await db
    .selectFrom('connection')
    .selectAll()
    .where('device', '=', device)
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxShownConnections)
    .execute();
  return rows.map(({ id, kind, node, remote, opened_at, closed_at, why }) => ({
    id,
    kind,
    node,
    remote,
    openedAt: Number(opened_at),
    ...(closed_at === null ? {} : { closedAt: Number(closed_at) }),
    ...(why === null ? {} : { why }),
  }));
}

/** Topics in the manifests of the newest clips. */
export async function topicsInClips(db: Db, deviceId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('clip')
    .select('manifest')
    .where('device_id', '=', deviceId)
    .orderBy('start_ns', 'desc')
    .orderBy('id', 'desc')
    .limit(5)
    .execute();
  const topics = rows.flatMap(({ manifest }) => {
    const { topics } = JSON.parse(manifest) as { readonly topics?: Json };
    return Array.isArray(topics) ? (topics as readonly { readonly topic?: Json }[]) : [];
  });
  return new Set(topics.map(({ topic }) => topic).filter((topic) => typeof topic === 'string'));
}

/** Values of series since a moment, one in ten minutes: enough for a median. */
export async function sampledSeries(
  db: Db,
  deviceId: string,
  query: { readonly series: readonly string[]; readonly since: number },
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (query.series.length === 0) return new Map();
  const rows = await db
    .selectFrom('telemetry')
    .select(['series', 'value'])
    .where('device_id', '=', deviceId)
    .where('series', 'in', query.series)
    .where('at', '>=', BigInt(query.since))
    .where(sql<boolean>`at % ${sql.lit(topicSampleMs)} = 0`)
    .execute();
  const groups = Map.groupBy(rows, ({ series }) => series);
  return new Map([...groups].map(([series, of]) => [series, of.map(({ value }) => value)]));
}
