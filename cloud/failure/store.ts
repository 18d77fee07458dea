import { canonicalJson, type Json } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import { propertyKindOf } from '../property/property.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import {
  checkStep,
  type Conditions,
  conditionValues,
  type Did,
  type Failure,
  type FailureLink,
  type FailureSource,
  type FailureState,
  type FailureStep,
  type ShouldHaveDone,
} from './failure.ts';

export interface NewFailure {
  readonly id: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly deviceId: string;
  readonly session?: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly conditions: Conditions;
  readonly did?: Did | undefined;
  readonly shouldHaveDone?: ShouldHaveDone | undefined;
  readonly note?: string | undefined;
  readonly source: FailureSource;
  readonly event?: string | undefined;
  readonly createdBy: string;
  readonly at: number;
}

/** What else a step changes; null takes away, absent stays. */
export interface FailureChange {
  readonly kind?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly did?: Did | null | undefined;
  readonly shouldHaveDone?: ShouldHaveDone | null | undefined;
  readonly note?: string | null | undefined;
  readonly conditions?: Conditions | undefined;
  readonly clip?: string | null | undefined;
  readonly session?: string | undefined;
  readonly command?: string | null | undefined;
  readonly link?: FailureLink | undefined;
  readonly cluster?: string | null | undefined;
  readonly datasetVersion?: string | undefined;
  readonly model?: string | undefined;
  readonly fix?: 'memorised' | 'generalised' | undefined;
  readonly release?: string | undefined;
}

export interface Step {
  readonly action: string;
  readonly actor: string;
  readonly at: number;
  /** Absent: it stays as it is. */
  readonly state?: FailureState | undefined;
  readonly why?: string | undefined;
  readonly detail?: Readonly<Record<string, Json>> | undefined;
  /** What the outbox calls it; absent: by the new state, or `failure.changed`. */
  readonly told?: OutboxKind | undefined;
}

export const failureStore = (db: Db) => ({
  /** False when its event is in the log already. */
  async create(failure: NewFailure): Promise<boolean> {
    const { id, at, conditions, did, shouldHaveDone, createdBy } = failure;
    const done = await db
      .insertInto('failure')
      .values({
        id,
        kind: failure.kind,
        severity: failure.severity,
        device_id: failure.deviceId,
        session_id: failure.session ?? null,
        start_ns: failure.startNs,
        end_ns: failure.endNs,
        conditions: canonicalJson(conditions as unknown as Json),
        did: textOf(did),
        should_have_done: textOf(shouldHaveDone),
        note: failure.note ?? null,
        source: failure.source,
        event_id: failure.event ?? null,
        link: 'searching',
        state: 'open',
        created_by: createdBy,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('event_id').doNothing())
      .executeTakeFirst();
    if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
    await putConditions(db, id, conditions);
    const made = await this.demand(id);
    await putStep(db, made, { action: 'log', actor: createdBy, at, told: 'failure.logged' });
    return true;
  },

  async get(id: string): Promise<Failure | undefined> {
    const row = await failureRows(db).where('failure.id', '=', id).executeTakeFirst();
    return row && failureOfRow(row);
  },

  /** One that is there. */
  async demand(id: string): Promise<Failure> {
    const found = await this.get(id);
    if (found === undefined) throw new TypeError(`the failure ${id} is not there`);
    return found;
  },

  async ofEvent(event: string): Promise<Failure | undefined> {
    const row = await failureRows(db).where('failure.event_id', '=', event).executeTakeFirst();
    return row && failureOfRow(row);
  },

  /**
   * One step of its life: the row, its history and the outbox. Fault `conflict` when the table
   * does not lead from its state to that of the step.
   */
  async step(known: Failure, step: Step, change: FailureChange = {}): Promise<Failure> {
    if (step.state !== undefined) checkStep(known.state, step.state);
    const { did, shouldHaveDone, conditions } = change;
    await db
      .updateTable('failure')
      .set({
        ...columnsOf(change),
        ...(did === undefined ? {} : { did: textOf(did) }),
        ...(shouldHaveDone === undefined ? {} : { should_have_done: textOf(shouldHaveDone) }),
        ...(conditions === undefined
          ? {}
          : { conditions: canonicalJson(conditions as unknown as Json) }),
        ...(step.state === undefined ? {} : { state: step.state }),
        updated_at: step.at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .execute();
    if (conditions !== undefined) await putConditions(db, known.id, conditions);
    const after = await this.demand(known.id);
    await putStep(db, after, step);
    return after;
  },

  /** Oldest first, after step `n`. */
  async history(
    id: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly FailureStep[]> {
    const rows = await db
      .selectFrom('failure_step')
      .selectAll()
      .where('failure_id', '=', id)
      .where('n', '>', BigInt(page.after))
      .orderBy('n')
      .limit(page.limit)
      .execute();
    return rows.map((row) => ({
      n: Number(row.n),
      at: Number(row.at),
      actor: row.actor,
      action: row.action,
      state: row.state as FailureState,
      link: row.link as FailureLink,
      ...(row.why === null ? {} : { why: row.why }),
      detail: JSON.parse(row.detail) as Record<string, unknown>,
    }));
  },

  /** How many are in each state, and of which the clip is where. */
  async counts(): Promise<
    readonly { readonly state: FailureState; readonly link: FailureLink; readonly n: number }[]
  > {
    const rows = await db
      .selectFrom('failure')
      .select(['state', 'link'])
      .select((of) => of.fn.countAll<bigint>().as('n'))
      .groupBy(['state', 'link'])
      .orderBy('state')
      .orderBy('link')
      .execute();
    return rows.map(({ state, link, n }) => ({
      state: state as FailureState,
      link: link as FailureLink,
      n: Number(n),
    }));
  },
});

const textOf = (value: Did | ShouldHaveDone | null | undefined): string | null =>
  value === undefined || value === null ? null : canonicalJson(value as unknown as Json);

function columnsOf(change: FailureChange) {
  const { kind, severity, note, clip, session, command, link, cluster } = change;
  const { datasetVersion, model, fix, release } = change;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(severity === undefined ? {} : { severity }),
    ...(note === undefined ? {} : { note }),
    ...(clip === undefined ? {} : { clip_id: clip }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(command === undefined ? {} : { command_id: command }),
    ...(link === undefined ? {} : { link }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(datasetVersion === undefined ? {} : { dataset_version: datasetVersion }),
    ...(model === undefined ? {} : { model }),
    ...(fix === undefined ? {} : { fix }),
    ...(release === undefined ? {} : { release }),
  };
}

async function putConditions(db: Db, id: string, conditions: Conditions): Promise<void> {
  await db.deleteFrom('failure_condition').where('failure_id', '=', id).execute();
  const rows = conditionValues(conditions).map(({ key, value }) => ({
    failure_id: id,
    key,
    kind: propertyKindOf(value),
    text: String(value),
    num: typeof value === 'string' ? null : Number(value),
  }));
  if (rows.length > 0) await db.insertInto('failure_condition').values(rows).execute();
}

/** What the outbox calls the step to a state. */
const becameKinds: Readonly<Record<FailureState, OutboxKind>> = {
  open: 'failure.open',
  linked: 'failure.linked',
  labelled: 'failure.labelled',
  in_dataset: 'failure.in_dataset',
  fixed_in: 'failure.fixed_in',
  released: 'failure.released',
  closed: 'failure.closed',
  recurred: 'failure.recurred',
  wont_fix: 'failure.wont_fix',
  not_a_failure: 'failure.not_a_failure',
};

/** Its history and the outbox; `after` is the failure as the step left it. */
async function putStep(db: Db, after: Failure, step: Step): Promise<void> {
  const { id, device, kind, severity, state, link } = after;
  const last = await db
    .selectFrom('failure_step')
    .select('n')
    .where('failure_id', '=', id)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  await db
    .insertInto('failure_step')
    .values({
      failure_id: id,
      n: Number(last?.n ?? 0n) + 1,
      at: step.at,
      actor: step.actor,
      action: step.action,
      state,
      link,
      why: step.why ?? null,
      detail: canonicalJson(step.detail ?? {}),
    })
    .execute();
  await putOutbox(db, {
    kind: step.told ?? (step.state === undefined ? 'failure.changed' : becameKinds[step.state]),
    subject: id,
    at: step.at,
    body: { device, kind, severity, state, link },
  });
}

/** The columns of a failure and its device's name. */
export const failureRows = (db: Db) =>
  db
    .selectFrom('failure')
    .innerJoin('device', 'device.id', 'failure.device_id')
    .selectAll('failure')
    .select('device.name as device');

type FailureRow = Awaited<ReturnType<ReturnType<typeof failureRows>['executeTakeFirstOrThrow']>>;

export function failureOfRow(row: FailureRow): Failure {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity as Severity,
    device: row.device,
    ...(row.session_id === null ? {} : { session: row.session_id }),
    startNs: row.start_ns,
    endNs: row.end_ns,
    conditions: JSON.parse(row.conditions) as Conditions,
    ...(row.did === null ? {} : { did: JSON.parse(row.did) as Did }),
    ...(row.should_have_done === null
      ? {}
      : { shouldHaveDone: JSON.parse(row.should_have_done) as ShouldHaveDone }),
    ...(row.note === null ? {} : { note: row.note }),
    source: row.source as FailureSource,
    ...(row.event_id === null ? {} : { event: row.event_id }),
    ...(row.clip_id === null ? {} : { clip: row.clip_id }),
    link: row.link as FailureLink,
    ...(row.cluster === null ? {} : { cluster: row.cluster }),
    state: row.state as FailureState,
    ...(row.dataset_version === null ? {} : { datasetVersion: row.dataset_version }),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.fix === null ? {} : { fix: row.fix === 'memorised' ? 'memorised' : 'generalised' }),
    ...(row.release === null ? {} : { release: row.release }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
