import { canonicalJson, Fault, type Ids } from '@fieldloop/core';
import { maxOwnerChanges } from '../care-limits.ts';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import {
  type Correction,
  type CorrectionSource,
  type CorrectionState,
  endedCorrections,
  isSame,
  type OwnerChange,
  type Phase,
  type Verdict,
} from './correction.ts';

/** Somebody says that a person took over, or a figure that something goes wrong. */
export interface Intervention {
  /** The same key is the same report. */
  readonly key: string;
  readonly deviceId: string;
  readonly session?: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly source: CorrectionSource;
  readonly words?: string | undefined;
  readonly failure?: string | undefined;
}

export interface By {
  readonly at: number;
  readonly by: string;
}

export interface CorrectionChange {
  readonly state?: CorrectionState;
  readonly clip_id?: string;
  readonly command_id?: string | null;
  readonly task_batch?: string;
  readonly phases?: string;
  readonly verdict?: Verdict;
  readonly verdict_by?: string;
  readonly verdict_reason?: string;
  readonly failure_id?: string;
  readonly regression_id?: string | null;
  readonly case_id?: string;
  readonly dataset_version?: string;
  readonly evaluation_id?: string;
  readonly run_id?: string | null;
}

/** Each function runs inside the caller's transaction when it writes. */
export const correctionStore = (db: Db) => ({
  async get(id: string): Promise<Correction | undefined> {
    const row = await correctionRows(db).where('correction.id', '=', id).executeTakeFirst();
    return row && correctionOfRow(row);
  },

  /** Fault `not_found` with what to do. */
  async demand(id: string): Promise<Correction> {
    const found = await this.get(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no correction "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop corrections list`.',
    });
  },

  /** The same intervention from robot and operator is one: reports of touching times join. */
  async report(
    of: Intervention,
    how: By & { readonly ids: Pick<Ids, 'ulid'> },
  ): Promise<{ readonly id: string; readonly joined: boolean }> {
    const known = await db
      .selectFrom('correction_mark')
      .select('correction_id')
      .where('key', '=', of.key)
      .executeTakeFirst();
    if (known !== undefined) return { id: known.correction_id, joined: true };
    const live = await this.sameAs(of);
    const id = live?.id ?? how.ids.ulid('cor');
    if (live === undefined) await insertCorrection(db, id, { of, how });
    await db
      .insertInto('correction_mark')
      .values({
        key: of.key,
        correction_id: id,
        at_ns: of.startNs,
        source: of.source,
        words: of.words ?? null,
      })
      .execute();
    if (live !== undefined) await joinCorrection(db, live, { of, how });
    return { id, joined: live !== undefined };
  },

  async sameAs(of: Intervention): Promise<Correction | undefined> {
    const rows = await correctionRows(db)
      .where('correction.device_id', '=', of.deviceId)
      .where('correction.state', 'not in', [...endedCorrections])
      .orderBy('correction.start_ns', 'desc')
      .orderBy('correction.id', 'desc')
      .limit(50)
      .execute();
    return rows
      .map(correctionOfRow)
      .find(
        (one) =>
          isSame(one, of) &&
          (one.session === undefined || of.session === undefined || one.session === of.session),
      );
  },

  /** The run that takes care of it; false when another one does or it is over. */
  async claim(id: string, run: string, how: By): Promise<boolean> {
    const found = await this.demand(id);
    if (found.run !== undefined) return found.run === run;
    if (endedCorrections.includes(found.state) && found.state !== 'unrecoverable') return false;
    await this.change(id, { run_id: run, state: 'context' }, how);
    return true;
  },

  async change(
    id: string,
    change: CorrectionChange,
    how: By & { readonly told?: OutboxKind },
  ): Promise<Correction> {
    const found = await this.demand(id);
    await db
      .updateTable('correction')
      .set({ ...change, updated_at: how.at, version: found.version + 1 })
      .where('id', '=', id)
      .execute();
    const after = await this.demand(id);
    const kind = how.told ?? (isOver(after.state) ? 'correction.ended' : 'correction.changed');
    const body = { device: after.device, state: after.state };
    await putOutbox(db, { kind, subject: id, at: how.at, body });
    return after;
  },

  /** A person says what it really was; the run takes back what was begun. Fault `conflict`. */
  async revise(
    id: string,
    said: { readonly verdict: Verdict; readonly reason: string },
    how: By,
  ): Promise<Correction> {
    const found = await this.demand(id);
    if (found.verdict === undefined || isOver(found.state)) {
      throw new Fault('conflict', `${id} has no verdict that could be revised`, {
        remedy: 'A verdict is given at its gate, and is settled once a data set version has it.',
      });
    }
    const { verdict, reason } = said;
    const change = { verdict, verdict_by: how.by, verdict_reason: reason };
    return await this.change(id, change, { ...how, told: 'correction.revised' });
  },
});

const isOver = (state: CorrectionState): boolean => endedCorrections.includes(state);

interface Reported {
  readonly of: Intervention;
  readonly how: By;
}

const signs: readonly CorrectionSource[] = ['rate', 'drift', 'cluster'];

/** A sign of trouble says nothing of who had the command. */
const timelineOf = ({ startNs, endNs, source }: Intervention): readonly OwnerChange[] =>
  signs.includes(source)
    ? []
    : [
        { atNs: startNs, owner: 'person' },
        ...(endNs > startNs ? [{ atNs: endNs, owner: 'robot' as const }] : []),
      ];

const timelineText = (timeline: readonly OwnerChange[]): string =>
  canonicalJson(timeline.map(({ atNs, owner }) => ({ atNs: String(atNs), owner })));

async function insertCorrection(db: Db, id: string, { of, how }: Reported): Promise<void> {
  const { at, by } = how;
  await db
    .insertInto('correction')
    .values({
      id,
      device_id: of.deviceId,
      session_id: of.session ?? null,
      start_ns: of.startNs,
      end_ns: of.endNs,
      source: of.source,
      state: 'open',
      words: of.words ?? null,
      timeline: timelineText(timelineOf(of)),
      failure_id: of.failure ?? null,
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  const { name } = await db
    .selectFrom('device')
    .select('name')
    .where('id', '=', of.deviceId)
    .executeTakeFirstOrThrow();
  const body = { device: name, state: 'open' };
  await putOutbox(db, { kind: 'correction.opened', subject: id, at, body });
}

/** Its range grows to both, the operator's words are kept, and owners change as both say. */
async function joinCorrection(db: Db, live: Correction, { of, how }: Reported): Promise<void> {
  const timeline = [...live.timeline, ...timelineOf(of)]
    .toSorted((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0))
    .filter((one, i, all) => i === 0 || all[i - 1]?.owner !== one.owner)
    .slice(0, maxOwnerChanges);
  const words = [live.words, of.words].filter((text) => text !== undefined).join('\n');
  await db
    .updateTable('correction')
    .set({
      start_ns: of.startNs < live.startNs ? of.startNs : live.startNs,
      end_ns: of.endNs > live.endNs ? of.endNs : live.endNs,
      session_id: live.session ?? of.session ?? null,
      words: words === '' ? null : words,
      timeline: timelineText(timeline),
      failure_id: live.failure ?? of.failure ?? null,
      updated_at: how.at,
      version: live.version + 1,
    })
    .where('id', '=', live.id)
    .execute();
  const body = { device: live.device, state: live.state };
  await putOutbox(db, { kind: 'correction.changed', subject: live.id, at: how.at, body });
}

/** The columns of a correction and its device's name. */
export const correctionRows = (db: Db) =>
  db
    .selectFrom('correction')
    .innerJoin('device', 'device.id', 'correction.device_id')
    .selectAll('correction')
    .select('device.name as device');

export const phasesText = (phases: readonly Phase[]): string =>
  canonicalJson(
    phases.map(({ name, startNs, endNs }) => ({
      name,
      startNs: String(startNs),
      endNs: String(endNs),
    })),
  );

const text = <K extends string>(key: K, value: string | null): { readonly [P in K]?: string } =>
  (value === null ? {} : { [key]: value }) as { readonly [P in K]?: string };

export function correctionOfRow(row: Row<'correction'> & { readonly device: string }): Correction {
  const timeline = JSON.parse(row.timeline) as {
    readonly atNs: string;
    readonly owner: OwnerChange['owner'];
  }[];
  return {
    id: row.id,
    deviceId: row.device_id,
    device: row.device,
    ...text('session', row.session_id),
    startNs: row.start_ns,
    endNs: row.end_ns,
    source: row.source as CorrectionSource,
    state: row.state as CorrectionState,
    ...text('words', row.words),
    timeline: timeline.map(({ atNs, owner }) => ({ atNs: BigInt(atNs), owner })),
    ...text('clip', row.clip_id),
    ...text('command', row.command_id),
    ...text('taskBatch', row.task_batch),
    ...(row.phases === null ? {} : { phases: phasesOfText(row.phases) }),
    ...(row.verdict === null ? {} : { verdict: row.verdict as Verdict }),
    ...text('verdictBy', row.verdict_by),
    ...text('verdictReason', row.verdict_reason),
    ...text('failure', row.failure_id),
    ...text('regression', row.regression_id),
    ...text('case', row.case_id),
    ...text('datasetVersion', row.dataset_version),
    ...text('evaluation', row.evaluation_id),
    ...text('run', row.run_id),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

function phasesOfText(phases: string): readonly Phase[] {
  const rows = JSON.parse(phases) as {
    readonly name: Phase['name'];
    readonly startNs: string;
    readonly endNs: string;
  }[];
  return rows.map(({ name, startNs, endNs }) => ({
    name,
    startNs: BigInt(startNs),
    endNs: BigInt(endNs),
  }));
}
