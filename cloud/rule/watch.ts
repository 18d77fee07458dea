/**
 * The worker's part that looks after publications: cohorts that change, devices to settle, reports
 * to fold, states, and the halt when the actual counts are over what was forecast.
 */
import { readRulesReport } from '@fieldloop/proto';
import type { Forecast } from '@fieldloop/rules';
import {
  cohortStepMs,
  foldTogether,
  judgeAgainMs,
  judgeEveryMs,
  publicationStepMs,
  settleTogether,
} from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { actualOf } from './actual.ts';
import { foldReport, type Told } from './fold.ts';
import { type Bounds, judge } from './judge.ts';
import { halt, noteState } from './life.ts';
import { membersOf } from './members.ts';
import { type Publication, publicationStore, tellPublication } from './publication-store.ts';
import { deviceRoles, deviceStates, isLive, stateAfter } from './rule.ts';
import { addDevices, removeDevices, settleMarked } from './settle.ts';
import { forecastStore } from './store.ts';

type WatchDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'log'>;

/** Looks when something happens that concerns it, and every few seconds. */
export async function openPublicationWatch(deps: WatchDeps): Promise<AsyncDisposable> {
  const { clock } = deps;
  let cohortsAt = Number.NEGATIVE_INFINITY;
  let judgedAt = Number.NEGATIVE_INFINITY;
  /** Reports came that were not judged yet. */
  let isNew = false;
  const loop = openLoop(deps, { name: 'publications', everyMs: publicationStepMs }, async () => {
    const now = clock.monotonicMs();
    if (now - cohortsAt >= cohortStepMs) {
      await followCohorts(deps);
      cohortsAt = now;
    }
    await settleAll(deps);
    const folded = await foldReports(deps);
    isNew ||= folded > 0;
    if (now - judgedAt >= (isNew ? judgeAgainMs : judgeEveryMs)) {
      isNew = false;
      await judgeAll(deps);
      judgedAt = now;
    }
  });
  const kinds = [
    'device.reported',
    'publication.published',
    'publication.promoted',
    'publication.halted',
    'publication.rolled_back',
    'cohort.changed',
  ];
  const tail = await openTail(deps, { from: 'now', kinds }, (rows) => {
    if (rows.some(({ kind }) => kind === 'cohort.changed')) cohortsAt = Number.NEGATIVE_INFINITY;
    loop.hurry();
  });
  return {
    async [Symbol.asyncDispose]() {
      await tail[Symbol.asyncDispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
}

/** Who joined a cohort gets its rules; who left it gets what else is meant for it. */
export async function followCohorts({ read, write, clock }: WatchDeps): Promise<void> {
  for (const { id, cohort } of await publicationStore(read).live()) {
    // Without its cohort a publication keeps the devices that it has.
    const members = await membersOf(read, cohort, clock.now());
    if (members === undefined) continue;
    const rows = await read
      .selectFrom('publication_device')
      .select('device_id')
      .where('publication_id', '=', id)
      .execute();
    const known = new Set(rows.map((row) => row.device_id));
    const wanted = new Set(members);
    const joined = members.filter((device) => !known.has(device));
    const left = [...known].filter((device) => !wanted.has(device)).slice(0, settleTogether);
    if (joined.length === 0 && left.length === 0) continue;
    await write.transaction().execute(async (trx) => {
      if (!isLive((await publicationStore(trx).get(id)).state)) return;
      await addDevices(trx, id, joined, clock.now());
      await removeDevices(trx, id, left, clock.now());
    });
  }
}

export async function settleAll({ write, clock }: WatchDeps): Promise<void> {
  for (;;) {
    const settled = await write
      .transaction()
      .execute(async (trx) => await settleMarked(trx, { most: settleTogether, at: clock.now() }));
    if (settled < settleTogether) return;
  }
}

/** How many reports were new. */
export async function foldReports(deps: WatchDeps): Promise<number> {
  let folded = 0;
  for (;;) {
    const rows = await newReports(deps.read);
    if (rows.length === 0) return folded;
    await deps.write.transaction().execute(async (trx) => {
      for (const row of rows) await foldOne(trx, row);
    });
    folded += rows.length;
  }
}

/** Reports of devices in a role that came after the last one that was folded. */
const newReports = async (db: Db) =>
  await db
    .selectFrom('publication_device as d')
    .innerJoin('device_report as r', 'r.device_id', 'd.device_id')
    .innerJoin('publication as p', 'p.id', 'd.publication_id')
    .innerJoin('device as v', 'v.id', 'd.device_id')
    .selectAll('d')
    .select(['r.document', 'r.at', 'p.digest as wanted', 'v.name as device'])
    .where('r.section', '=', 'rules')
    .where('p.state', 'in', ['publishing', 'active', 'superseded'])
    .where('d.role', 'in', ['active', 'shadow'])
    .where('d.unsettled', '=', 0n)
    .whereRef('r.at', '>', 'd.report_at')
    .whereRef('r.at', '>=', 'd.started_at')
    .limit(foldTogether)
    .execute();

type ReportRow = Awaited<ReturnType<typeof newReports>>[number];

async function foldOne(trx: Db, row: ReportRow): Promise<void> {
  const at = Number(row.at);
  const told = toldOf(row);
  const report = readRulesReport(JSON.parse(row.document));
  const next =
    report === undefined
      ? { ...told, reportAt: at }
      : foldReport(told, report, {
          publication: row.publication_id,
          digest: row.wanted,
          role: row.role === 'active' ? 'active' : 'shadow',
          startedAt: Number(row.started_at),
          at,
        });
  await trx
    .updateTable('publication_device')
    .set({
      state: next.state,
      digest: next.digest ?? null,
      problems: JSON.stringify(next.problems),
      report_at: next.reportAt,
      counters: next.counters === undefined ? null : JSON.stringify(next.counters),
      exposure_ms: Math.round(next.exposureMs),
      evaluations: next.evaluations,
      faults: next.faults,
      fired: JSON.stringify(next.fired),
      clips: next.clips,
      bytes: next.bytes,
    })
    .where('publication_id', '=', row.publication_id)
    .where('device_id', '=', row.device_id)
    // The role may have changed since the rows were read; then the report is of the past.
    .where('role', '=', row.role)
    .where('started_at', '=', row.started_at)
    .execute();
  if (next.state !== 'rejected' || told.state === 'rejected') return;
  const publication = await publicationStore(trx).get(row.publication_id);
  const [first] = next.problems;
  const reason = `${row.device}: ${first?.message ?? 'it says nothing of why'}`;
  const { device } = row;
  await tellPublication(trx, publication, {
    kind: 'publication.device_rejected',
    at,
    reason,
    device,
  });
}

function toldOf(row: ReportRow): Told {
  return {
    state: deviceStates.find((one) => one === row.state) ?? 'pending',
    digest: row.digest ?? undefined,
    problems: JSON.parse(row.problems) as Told['problems'],
    counters: row.counters === null ? undefined : (JSON.parse(row.counters) as Told['counters']),
    reportAt: Number(row.report_at),
    exposureMs: Number(row.exposure_ms),
    evaluations: Number(row.evaluations),
    faults: Number(row.faults),
    fired: JSON.parse(row.fired) as Told['fired'],
    clips: Number(row.clips),
    bytes: Number(row.bytes),
  };
}

export async function judgeAll(deps: WatchDeps): Promise<void> {
  for (const publication of await publicationStore(deps.read).live()) {
    await judgeOne(deps, publication);
  }
}

async function judgeOne(deps: WatchDeps, publication: Publication): Promise<void> {
  const { read, write, clock, log } = deps;
  const { id, forecastId, limits } = publication;
  const kept = forecastId === undefined ? undefined : await forecastStore(read).get(forecastId);
  const actual = await actualOf(read, publication, kept?.forecast.dutyHours ?? 24);
  const verdict = judge(actual, kept && boundsOf(kept.forecast), limits);
  const devices = await devicesOf(read, id);
  const at = clock.now();
  await write.transaction().execute(async (trx) => {
    const now = await publicationStore(trx).get(id);
    // Somebody decided meanwhile: the next look is at what they made of it.
    if (!isLive(now.state) || now.rank !== publication.rank) return;
    await publicationStore(trx).judged(id, actual, at);
    if (verdict === undefined) {
      await noteState(trx, now, stateAfter(devices), at);
      return;
    }
    const { reason } = verdict;
    await halt(trx, now, { at, reason });
    const detail = { by: verdict.by, reason, ruleSet: now.ruleSet, version: now.n };
    const what = { action: 'publication.halt', subject: id, detail };
    await putAudit(trx, { at, actor: 'system', via: 'process', ...what });
    log.warn('a publication was halted', { publication: id, reason });
  });
}

const devicesOf = async (db: Db, id: string) => {
  const rows = await db
    .selectFrom('publication_device as d')
    .innerJoin('device as v', 'v.id', 'd.device_id')
    .select(['d.role', 'd.state', 'v.online'])
    .where('d.publication_id', '=', id)
    .execute();
  return rows.map((row) => ({
    role: deviceRoles.find((one) => one === row.role) ?? 'none',
    state: deviceStates.find((one) => one === row.state) ?? 'pending',
    online: row.online === 1n,
  }));
};

/**
 * Upper ends of what was forecast. Where no recording told of some rule, what all of them do
 * together is not known, and each of the others is held to its own.
 */
export function boundsOf({ fires, clips, bytes, clipBytes, rules }: Forecast): Bounds {
  const isWhole = rules.every(({ basis }) => basis !== 'blind');
  return {
    ...(isWhole ? { fires: fires.high, clips: clips.high, bytes: bytes.high } : {}),
    largestClip: clipBytes.most,
    byRule: Object.fromEntries(
      rules.flatMap(({ rule, perRobotDay }) =>
        perRobotDay === undefined ? [] : [[rule, perRobotDay.high]],
      ),
    ),
  };
}
