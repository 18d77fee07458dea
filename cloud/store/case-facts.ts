/** What is known of a robot beside its case: what it reports, its telemetry, its diagnosis. */
import { canonicalJson, type Ids, type Json, sha256Hex } from '@fieldloop/core';
import type { Case } from '../case/case.ts';
import { caseDiagnoseMs, caseTelemetryMs, maxCaseTelemetryPoints } from '../care-limits.ts';
import { type Health, healthOf } from './case-health.ts';
import { queueCommand } from './command-queue.ts';
import type { Db } from './db.ts';
import { listDesired } from './desired.ts';
import { telemetryStore } from './telemetry.ts';

export async function caseHealth(
  db: Db,
  of: Pick<Case, 'deviceId' | 'wanted' | 'acknowledgedAt' | 'lastReportAt'>,
  now: number,
): Promise<Health> {
  const device = await db
    .selectFrom('device')
    .select(['state', 'online', 'last_seen_at'])
    .where('id', '=', of.deviceId)
    .executeTakeFirstOrThrow();
  const facts = {
    deviceState: device.state,
    online: device.online === 1n,
    lastSeenAt: device.last_seen_at === null ? undefined : Number(device.last_seen_at),
    since: of.acknowledgedAt ?? of.lastReportAt,
    desired: await listDesired(db, of.deviceId),
    reported: await reportsOf(db, of.deviceId),
    wanted: of.wanted,
  };
  return healthOf(facts, now);
}

export async function reportsOf(db: Db, deviceId: string) {
  const rows = await db
    .selectFrom('device_report')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('section')
    .execute();
  return rows
    .filter(({ section }) => !section.startsWith('command/'))
    .map(({ section, digest, document, at }) => ({
      section,
      digest,
      document: JSON.parse(document) as Json,
      at: Number(at),
    }));
}

/** What the robot said that it runs, and what it should run. */
export async function digestEvidence(db: Db, of: Pick<Case, 'deviceId'>): Promise<Json> {
  const reported = await reportsOf(db, of.deviceId);
  const desired = await listDesired(db, of.deviceId);
  return {
    reported: reported.map(({ section, digest, document, at }) => ({
      section,
      digest,
      documentSha256: sha256Hex(canonicalJson(document)),
      at,
    })),
    desired: desired.map(({ section, digest, generation }) => ({ section, digest, generation })),
  };
}

/** Its telemetry from ten minutes before to ten minutes after the report, as far as it came. */
export async function telemetryEvidence(
  db: Db,
  of: Pick<Case, 'deviceId' | 'createdAt'>,
): Promise<Json> {
  const telemetry = telemetryStore(db);
  const startAt = of.createdAt - caseTelemetryMs;
  const endAt = of.createdAt + caseTelemetryMs + 1;
  const series: Record<string, Json> = {};
  const left: string[] = [];
  let room = maxCaseTelemetryPoints;
  for (const name of await telemetry.names(of.deviceId)) {
    const points = await telemetry.series(of.deviceId, name, { startAt, endAt, limit: room + 1 });
    if (points.length > room) left.push(name);
    else if (points.length > 0) series[name] = points.map(({ at, value }) => [at, value]);
    room -= Math.min(room, points.length);
  }
  return { startAt, endAt, series, ...(left.length === 0 ? {} : { left }) };
}

/** The rollout that told of it, as it was then. */
export async function rolloutEvidence(db: Db, of: Case): Promise<Json> {
  const reports = await db
    .selectFrom('case_report')
    .selectAll()
    .where('case_id', '=', of.id)
    .orderBy('at')
    .orderBy('key')
    .limit(100)
    .execute();
  return {
    rollout: of.rollout ?? null,
    reports: reports.map(({ at, source, subject, summary, detail }) => ({
      at: Number(at),
      source,
      subject,
      summary,
      detail: JSON.parse(detail) as Json,
    })),
  };
}

/** The clip that was named, or the newest one of the robot that reaches into the ten minutes. */
export async function clipEvidence(db: Db, of: Case): Promise<Json> {
  const rows = db
    .selectFrom('clip')
    .select(['id', 'sha256', 'state', 'start_ns', 'end_ns'])
    .where('device_id', '=', of.deviceId);
  const startNs = BigInt(of.createdAt - caseTelemetryMs) * 1_000_000n;
  const row =
    of.clip === undefined
      ? await rows
          .where('end_ns', '>=', startNs)
          .where('start_ns', '<=', BigInt(of.createdAt + caseTelemetryMs) * 1_000_000n)
          .orderBy('start_ns', 'desc')
          .orderBy('id', 'desc')
          .limit(1)
          .executeTakeFirst()
      : await rows.where('id', '=', of.clip).executeTakeFirst();
  if (row === undefined) return { clip: null };
  const { id, sha256, state, start_ns, end_ns } = row;
  return { clip: id, sha256, state, startNs: String(start_ns), endNs: String(end_ns) };
}

/** Asks the robot for its diagnosis with the end of its log; the command's result holds it. */
export async function askDiagnosis(
  trx: Db,
  of: Pick<Case, 'deviceId'>,
  how: { readonly ids: Pick<Ids, 'uuid'>; readonly at: number; readonly by: string },
): Promise<string> {
  const { id } = await queueCommand(trx, {
    deviceId: of.deviceId,
    kind: 'diagnose',
    input: {},
    expiresAt: how.at + caseDiagnoseMs,
    by: how.by,
    ids: how.ids,
    at: how.at,
  });
  return id;
}
