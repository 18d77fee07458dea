/** Publications and what each of their devices runs. Changes run in the caller's transaction. */
import { Fault } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import type { ToldProblem } from './fold.ts';
import type { Actual } from './judge.ts';
import {
  type DeviceRole,
  deviceRoles,
  type DeviceState,
  deviceStates,
  type PublicationLimits,
  type PublicationMode,
  type PublicationState,
  publicationModes,
  publicationStates,
} from './rule.ts';

export interface Publication {
  readonly id: string;
  readonly ruleSetId: string;
  readonly ruleSet: string;
  readonly n: number;
  readonly digest: string;
  readonly cohort: string;
  readonly mode: PublicationMode;
  readonly state: PublicationState;
  readonly percent: number;
  readonly rank: number;
  readonly limits: PublicationLimits;
  readonly forecastId?: string;
  readonly forced?: string;
  readonly reason?: string;
  readonly actual?: Actual;
  readonly judgedAt?: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface PublicationDevice {
  readonly deviceId: string;
  readonly device: string;
  readonly online: boolean;
  readonly role: DeviceRole;
  readonly state: DeviceState;
  readonly digest?: string;
  readonly problems: readonly ToldProblem[];
  readonly startedAt: number;
  readonly reportAt: number;
  readonly exposureMs: number;
  readonly evaluations: number;
  readonly faults: number;
  readonly fired: Readonly<Record<string, number>>;
  readonly clips: number;
  readonly bytes: number;
}

export interface NewPublication {
  readonly id: string;
  readonly ruleSetId: string;
  readonly n: number;
  readonly digest: string;
  readonly cohort: string;
  readonly mode: PublicationMode;
  readonly percent: number;
  readonly limits: PublicationLimits;
  readonly forecastId?: string | undefined;
  readonly forced?: string | undefined;
  readonly by: string;
  readonly at: number;
}

/** What a step of its life changes. */
export interface PublicationChange {
  readonly state?: PublicationState | undefined;
  readonly mode?: PublicationMode | undefined;
  readonly percent?: number | undefined;
  readonly reason?: string | null | undefined;
  readonly forecastId?: string | undefined;
  readonly forced?: string | undefined;
  /** From now on it wins over every other publication. */
  readonly isNewest?: boolean | undefined;
}

export const publicationStore = (db: Db) => ({
  async create(wanted: NewPublication): Promise<Publication> {
    const { id, at } = wanted;
    await db
      .insertInto('publication')
      .values({
        id,
        rule_set_id: wanted.ruleSetId,
        n: wanted.n,
        digest: wanted.digest,
        cohort_id: wanted.cohort,
        mode: wanted.mode,
        state: 'publishing',
        percent: wanted.percent,
        rank: await nextRank(db),
        limits: JSON.stringify(wanted.limits),
        forecast_id: wanted.forecastId ?? null,
        forced: wanted.forced ?? null,
        created_by: wanted.by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    return await this.get(id);
  },

  /** Fault `not_found` with what to do. */
  async get(id: string): Promise<Publication> {
    const row = await publications(db).where('publication.id', '=', id).executeTakeFirst();
    if (row !== undefined) return publicationFromRow(row);
    throw new Fault('not_found', `there is no publication "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop rules publications`.',
    });
  },

  /** The newest first. */
  async list(query: {
    readonly ruleSetId?: string | undefined;
    readonly state?: PublicationState | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  }): Promise<readonly Publication[]> {
    let rows = publications(db).orderBy('publication.id', 'desc').limit(query.limit);
    if (query.ruleSetId !== undefined) {
      rows = rows.where('publication.rule_set_id', '=', query.ruleSetId);
    }
    if (query.state !== undefined) rows = rows.where('publication.state', '=', query.state);
    if (query.before !== undefined) rows = rows.where('publication.id', '<', query.before);
    return (await rows.execute()).map(publicationFromRow);
  },

  /** Those that devices may run, the newest first. */
  async live(): Promise<readonly Publication[]> {
    const rows = await publications(db)
      .where('publication.state', 'in', ['publishing', 'active', 'superseded'])
      .orderBy('publication.rank', 'desc')
      .execute();
    return rows.map(publicationFromRow);
  },

  async change(of: Publication, to: PublicationChange, at: number): Promise<Publication> {
    const { id } = of;
    await db
      .updateTable('publication')
      .set({
        ...(to.state === undefined ? {} : { state: to.state }),
        ...(to.mode === undefined ? {} : { mode: to.mode }),
        ...(to.percent === undefined ? {} : { percent: to.percent }),
        ...(to.reason === undefined ? {} : { reason: to.reason }),
        ...(to.forecastId === undefined ? {} : { forecast_id: to.forecastId }),
        ...(to.forced === undefined ? {} : { forced: to.forced }),
        ...(to.isNewest === true ? { rank: await nextRank(db) } : {}),
        updated_at: at,
        version: of.version + 1,
      })
      .where('id', '=', id)
      .execute();
    return await this.get(id);
  },

  /** Its counts, as they were looked at; the version stays, for nobody decided anything. */
  async judged(id: string, actual: Actual, at: number): Promise<void> {
    await db
      .updateTable('publication')
      .set({ actual: JSON.stringify(actual), judged_at: at })
      .where('id', '=', id)
      .execute();
  },

  /** In the order of ids. */
  async devices(
    id: string,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly PublicationDevice[]> {
    let rows = db
      .selectFrom('publication_device')
      .innerJoin('device', 'device.id', 'publication_device.device_id')
      .selectAll('publication_device')
      .select(['device.name as device', 'device.online as online'])
      .where('publication_device.publication_id', '=', id)
      .orderBy('publication_device.device_id')
      .limit(page.limit);
    if (page.after !== undefined) {
      rows = rows.where('publication_device.device_id', '>', page.after);
    }
    return (await rows.execute()).map(deviceOf);
  },
});

type PublicationKind = Extract<OutboxKind, `publication.${string}`>;

/** Tells of a step in a publication's life. */
export async function tellPublication(
  trx: Db,
  publication: Publication,
  about: {
    readonly kind: PublicationKind;
    readonly at: number;
    readonly reason?: string | undefined;
    /** Name of the one device that it is about. */
    readonly device?: string | undefined;
  },
): Promise<void> {
  const { id, ruleSet, n, digest, mode, state, percent } = publication;
  const { kind, at, reason, device } = about;
  await putOutbox(trx, {
    kind,
    subject: id,
    at,
    body: {
      ruleSet,
      version: n,
      digest,
      mode,
      state,
      percent,
      ...(reason === undefined ? {} : { reason }),
      ...(device === undefined ? {} : { device }),
    },
  });
}

async function nextRank(db: Db): Promise<number> {
  const row = await db
    .selectFrom('publication')
    .select('rank')
    .orderBy('rank', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Number(row?.rank ?? 0n) + 1;
}

const publications = (db: Db) =>
  db
    .selectFrom('publication')
    .innerJoin('rule_set', 'rule_set.id', 'publication.rule_set_id')
    .selectAll('publication')
    .select('rule_set.name as rule_set');

type PublicationRow = Row<'publication'> & { readonly rule_set: string };
type DeviceRow = Row<'publication_device'> & { readonly device: string; readonly online: bigint };

export function publicationFromRow(row: PublicationRow): Publication {
  return {
    id: row.id,
    ruleSetId: row.rule_set_id,
    ruleSet: row.rule_set,
    n: Number(row.n),
    digest: row.digest,
    cohort: row.cohort_id,
    mode: known(publicationModes, row.mode),
    state: known(publicationStates, row.state),
    percent: Number(row.percent),
    rank: Number(row.rank),
    limits: JSON.parse(row.limits) as PublicationLimits,
    ...(row.forecast_id === null ? {} : { forecastId: row.forecast_id }),
    ...(row.forced === null ? {} : { forced: row.forced }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.actual === null ? {} : { actual: JSON.parse(row.actual) as Actual }),
    ...(row.judged_at === null ? {} : { judgedAt: Number(row.judged_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

function deviceOf(row: DeviceRow): PublicationDevice {
  return {
    deviceId: row.device_id,
    device: row.device,
    online: row.online === 1n,
    role: known(deviceRoles, row.role),
    state: known(deviceStates, row.state),
    ...(row.digest === null ? {} : { digest: row.digest }),
    problems: JSON.parse(row.problems) as readonly ToldProblem[],
    startedAt: Number(row.started_at),
    reportAt: Number(row.report_at),
    exposureMs: Number(row.exposure_ms),
    evaluations: Number(row.evaluations),
    faults: Number(row.faults),
    fired: JSON.parse(row.fired) as Readonly<Record<string, number>>,
    clips: Number(row.clips),
    bytes: Number(row.bytes),
  };
}

function known<T extends string>(list: readonly T[], text: string): T {
  const found = list.find((one) => one === text);
  if (found === undefined) throw new TypeError(`a row says "${text}"`);
  return found;
}
