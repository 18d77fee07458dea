/** How every part opens a maintenance case, and how each step of a case is written down. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import {
  type Case,
  type CaseSeverity,
  type CaseSource,
  type CaseState,
  checkCaseStep,
  endedStates,
} from '../case/case.ts';
import { caseJoinMs } from '../care-limits.ts';
import type { Db } from './db.ts';
import { unknownDevice } from './device-ref.ts';
import { sql } from './kysely.ts';
import { putOutbox } from './outbox.ts';
import type { OutboxKind } from './outbox-kinds.ts';

/** What is wrong with one robot. */
export interface CaseReport {
  /** The same key is the same report: it opens or joins once. */
  readonly key: string;
  /** Id of the device. */
  readonly device: string;
  readonly kind: string;
  readonly severity: CaseSeverity;
  readonly source: CaseSource;
  readonly summary: string;
  /** The alert, rollout or event that says so. */
  readonly subject?: string | undefined;
  readonly rollout?: string | undefined;
  readonly clip?: string | undefined;
  /** Digest by section that the robot must report before the case can end. */
  readonly wanted?: Readonly<Record<string, string>> | undefined;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
  /** The workflow run that takes care of it; absent: the trigger on `case.opened` starts one. */
  readonly run?: string | undefined;
}

export interface By {
  readonly at: number;
  readonly by: string;
}

export interface OpenedCase {
  readonly id: string;
  /** It was there already. */
  readonly joined: boolean;
}

/**
 * Opens a case, or joins the live one of the same device and kind whose last report is no older
 * than 24 h. Run inside a transaction. Fault `not_found` for a device that is not there.
 */
export async function openCase(trx: Db, report: CaseReport, how: By): Promise<OpenedCase> {
  const known = await trx
    .selectFrom('case_report')
    .innerJoin('maintenance_case', 'maintenance_case.id', 'case_report.case_id')
    .select(['case_report.case_id', 'maintenance_case.run_id'])
    .where('case_report.key', '=', report.key)
    .executeTakeFirst();
  if (known !== undefined) {
    const isOwn = report.run !== undefined && known.run_id === report.run;
    return { id: known.case_id, joined: !isOwn };
  }
  const live = await liveCase(trx, report, how.at);
  if (live !== undefined) {
    await joinCase(trx, live, { report, how });
    return { id: live, joined: true };
  }
  return { id: await newCase(trx, report, how), joined: false };
}

async function liveCase(trx: Db, report: CaseReport, at: number): Promise<string | undefined> {
  const row = await trx
    .selectFrom('maintenance_case')
    .select('id')
    .where('device_id', '=', report.device)
    .where('kind', '=', report.kind)
    .where('state', 'not in', [...endedStates])
    .where('last_report_at', '>=', BigInt(at - caseJoinMs))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** Named by its first report, so that the same report is the same case wherever it is written. */
const caseId = (key: string, at: number): string => {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const time = Array.from({ length: 10 }, (_, i) => digits[Math.floor(at / 32 ** (9 - i)) % 32]);
  const rest = sha256Hex(`case ${key}`).slice(0, 32);
  const chance = Array.from(
    { length: 16 },
    (_, i) => digits[Number.parseInt(rest.slice(i * 2, i * 2 + 2), 16) % 32],
  );
  return `cas_${time.join('')}${chance.join('')}`;
};

async function newCase(trx: Db, report: CaseReport, { at, by }: By): Promise<string> {
  const { device, kind, severity, source, summary } = report;
  const found = await trx
    .selectFrom('device')
    .select('name')
    .where('id', '=', device)
    .executeTakeFirst();
  if (found === undefined) throw unknownDevice(device);
  const id = caseId(report.key, at);
  await trx
    .insertInto('maintenance_case')
    .values({
      id,
      device_id: device,
      kind,
      severity,
      state: 'open',
      summary,
      source,
      subject: report.subject ?? null,
      rollout_id: report.rollout ?? null,
      clip_id: report.clip ?? null,
      run_id: report.run ?? null,
      tier: 1,
      wanted: canonicalJson(report.wanted ?? {}),
      report_count: 1,
      last_report_at: at,
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  await putReport(trx, id, { report, how: { at, by } });
  const detail = { severity, source, ...(report.subject && { subject: report.subject }) };
  await putCaseStep(trx, id, { action: 'open', actor: by, at, text: summary, detail });
  const body = { device: found.name, kind, severity, run: report.run ?? '' };
  await putOutbox(trx, { kind: 'case.opened', subject: id, at, body });
  return id;
}

interface Reported {
  readonly report: CaseReport;
  readonly how: By;
}

const rank: Readonly<Record<string, number>> = { sev1: 1, sev2: 2, sev3: 3 };

/** A worse report makes the case worse; a better one does not make it better. */
async function joinCase(trx: Db, id: string, { report, how }: Reported): Promise<void> {
  const { at, by } = how;
  const row = await trx
    .selectFrom('maintenance_case')
    .select(['severity', 'rollout_id', 'clip_id', 'wanted', 'version', 'report_count'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const worse = (rank[report.severity] ?? 3) < (rank[row.severity] ?? 3);
  const wanted = { ...(JSON.parse(row.wanted) as Record<string, string>), ...report.wanted };
  await trx
    .updateTable('maintenance_case')
    .set({
      severity: worse ? report.severity : row.severity,
      rollout_id: row.rollout_id ?? report.rollout ?? null,
      clip_id: row.clip_id ?? report.clip ?? null,
      wanted: canonicalJson(wanted),
      // What was good before this report proves nothing any more.
      healthy_since: null,
      report_count: row.report_count + 1n,
      last_report_at: at,
      updated_at: at,
      version: row.version + 1n,
    })
    .where('id', '=', id)
    .execute();
  await putReport(trx, id, { report, how });
  const detail = { severity: report.severity, source: report.source };
  await putCaseStep(trx, id, { action: 'join', actor: by, at, text: report.summary, detail });
  await tellCase(trx, id, { kind: 'case.joined', at });
}

async function putReport(trx: Db, id: string, { report, how }: Reported): Promise<void> {
  await trx
    .insertInto('case_report')
    .values({
      key: report.key,
      case_id: id,
      at: how.at,
      source: report.source,
      subject: report.subject ?? null,
      summary: report.summary,
      detail: canonicalJson(report.detail ?? {}),
      created_by: how.by,
    })
    .execute();
}

export interface CaseStepWish {
  readonly action: string;
  readonly actor: string;
  readonly at: number;
  readonly text?: string | undefined;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
}

/** Its history alone; the row is as the caller left it. */
export async function putCaseStep(trx: Db, id: string, step: CaseStepWish): Promise<void> {
  const row = await trx
    .selectFrom('maintenance_case')
    .select('state')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const last = await trx
    .selectFrom('case_step')
    .select('n')
    .where('case_id', '=', id)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  await trx
    .insertInto('case_step')
    .values({
      case_id: id,
      n: (last?.n ?? 0n) + 1n,
      at: step.at,
      actor: step.actor,
      action: step.action,
      state: row.state,
      text: step.text ?? null,
      detail: canonicalJson(step.detail ?? {}),
    })
    .execute();
}

/** The outbox's word of a case as it is now. */
export async function tellCase(
  trx: Db,
  id: string,
  { kind, at }: { readonly kind: OutboxKind; readonly at: number },
): Promise<void> {
  const row = await caseRows(trx).where('maintenance_case.id', '=', id).executeTakeFirstOrThrow();
  const { device, severity, state } = row;
  const body = { device, kind: row.kind, severity, state };
  await putOutbox(trx, { kind, subject: id, at, body });
}

/** The columns of a case, its device's name and whether it holds the device. */
export const caseRows = (db: Db) =>
  db
    .selectFrom('maintenance_case')
    .innerJoin('device', 'device.id', 'maintenance_case.device_id')
    .selectAll('maintenance_case')
    .select('device.name as device')
    .select(
      sql<bigint>`(select count(*) from device_hold
        where device_hold.case_id = maintenance_case.id
        and device_hold.lifted_at is null)`.as('holds'),
    );

type CaseRow = Awaited<ReturnType<ReturnType<typeof caseRows>['executeTakeFirstOrThrow']>>;

const number = <K extends string>(key: K, value: bigint | null): { readonly [P in K]?: number } =>
  (value === null ? {} : { [key]: Number(value) }) as { readonly [P in K]?: number };
const text = <K extends string>(key: K, value: string | null): { readonly [P in K]?: string } =>
  (value === null ? {} : { [key]: value }) as { readonly [P in K]?: string };

export function caseOfRow(row: CaseRow): Case {
  return {
    id: row.id,
    deviceId: row.device_id,
    device: row.device,
    kind: row.kind,
    severity: row.severity as CaseSeverity,
    state: row.state as CaseState,
    summary: row.summary,
    source: row.source as CaseSource,
    ...text('subject', row.subject),
    ...text('rollout', row.rollout_id),
    ...text('clip', row.clip_id),
    ...text('run', row.run_id),
    ...text('queue', row.queue),
    ...text('skill', row.skill),
    ...text('region', row.region),
    tier: Number(row.tier),
    ...text('assignee', row.assignee),
    ...number('dueAt', row.due_at),
    ...text('acknowledgedBy', row.acknowledged_by),
    ...number('acknowledgedAt', row.acknowledged_at),
    wanted: JSON.parse(row.wanted) as Record<string, string>,
    ...number('healthySince', row.healthy_since),
    ...number('verifiedAt', row.verified_at),
    ...text('code', row.code),
    ...text('cause', row.cause),
    ...text('proof', row.proof),
    ...text('closedBy', row.closed_by),
    ...number('closedAt', row.closed_at),
    reportCount: Number(row.report_count),
    lastReportAt: Number(row.last_report_at),
    held: row.holds > 0n,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

/** Fault `not_found` with what to do. */
export async function demandCase(db: Db, id: string): Promise<Case> {
  const row = await caseRows(db).where('maintenance_case.id', '=', id).executeTakeFirst();
  if (row !== undefined) return caseOfRow(row);
  throw new Fault('not_found', `there is no case "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop cases list`.',
  });
}

/** One step of a case's life: the row, its history and the outbox. Fault `conflict`. */
export async function changeCase(
  trx: Db,
  known: Pick<Case, 'id' | 'state' | 'version'>,
  change: {
    readonly step: CaseStepWish;
    readonly state?: CaseState | undefined;
    readonly told?: OutboxKind | undefined;
    readonly set?: {
      readonly assignee?: string | null;
      readonly queue?: string | null;
      readonly skill?: string | null;
      readonly region?: string | null;
      readonly tier?: number;
      readonly due_at?: number | null;
      readonly run_id?: string;
      readonly acknowledged_by?: string;
      readonly acknowledged_at?: number;
      readonly healthy_since?: number | null;
      readonly verified_at?: number | null;
      readonly code?: string;
      readonly cause?: string;
      readonly proof?: string;
      readonly closed_by?: string;
      readonly closed_at?: number;
    };
  },
): Promise<Case> {
  const { step, state, set } = change;
  if (state !== undefined) checkCaseStep(known.state, state);
  await trx
    .updateTable('maintenance_case')
    .set({
      ...set,
      ...(state === undefined ? {} : { state }),
      updated_at: step.at,
      version: known.version + 1,
    })
    .where('id', '=', known.id)
    .execute();
  await putCaseStep(trx, known.id, step);
  await tellCase(trx, known.id, { kind: change.told ?? 'case.changed', at: step.at });
  return await demandCase(trx, known.id);
}
