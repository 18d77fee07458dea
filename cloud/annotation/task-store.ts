/** Tasks as rows: read, counted, and put where they stand after something happened to them. */
import { Fault } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import type { LabelValue } from './annotation.ts';
import {
  type Band,
  firstWanted,
  isAged,
  isOver,
  type Raising,
  queueOf,
  rankOf,
  stateOf,
  type TaskState,
  type TaskType,
} from './task.ts';

export type TaskRow = Row<'task'>;

export interface Task {
  readonly id: string;
  readonly batch: string;
  readonly type: TaskType;
  readonly unit?: string;
  readonly clip: string;
  readonly device: string;
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly ontologySha256: string;
  readonly ontology: string;
  readonly choice?: string;
  readonly lane?: string;
  readonly failure?: string;
  readonly priority: number;
  readonly state: TaskState;
  readonly wanted: number;
  readonly people: number;
  readonly band: Band;
  readonly prefill?: LabelValue;
  readonly label?: string;
  readonly voidReason?: string;
  readonly why?: string;
  readonly raised?: Raising;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const taskStore = (db: Db) => ({
  async row(id: string): Promise<TaskRow | undefined> {
    return await db.selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst();
  },

  /** Fault `not_found`. */
  async demandRow(id: string): Promise<TaskRow> {
    const found = await this.row(id);
    if (found !== undefined) return found;
    throw unknownTask(id);
  },

  /** As people read it: a gold question is nobody's to look at. Fault `not_found`. */
  async demand(id: string): Promise<Task> {
    const row = await taskRows(db).where('task.id', '=', id).executeTakeFirst();
    if (row === undefined || row.gold_id !== null) throw unknownTask(id);
    return taskOfRow(row);
  },

  /** Puts a task where it stands now; what is given changes first. */
  async restand(known: TaskRow, change: Restanding, at: number): Promise<TaskRow> {
    const wanted = change.wanted ?? Number(known.wanted);
    const people = change.people ?? Number(known.people);
    const leases = await liveLeases(db, known.id);
    const aged = isAged(Number(known.created_at), at);
    const state = change.state ?? this.standing(known, { wanted, people, leases });
    const touched = people > 0 || (await isTouched(db, known.id));
    const standing = { state, wanted, people, leases, touched, aged };
    await db
      .updateTable('task')
      .set({
        state,
        wanted,
        people,
        leases,
        queue: queueOf(standing),
        rank: rankOf(known.priority, Number(known.created_at), aged),
        ...(change.labelId === undefined ? {} : { label_id: change.labelId }),
        ...(change.why === undefined ? {} : { why: change.why }),
        ...(change.raised === undefined ? {} : { raised: change.raised }),
        updated_at: at,
        version: known.version + 1n,
      })
      .where('id', '=', known.id)
      .execute();
    return await this.demandRow(known.id);
  },

  /** What its counts make of a task; one that is over or before a senior stays so. */
  standing(
    known: TaskRow,
    counts: { readonly wanted: number; readonly people: number; readonly leases: number },
  ): TaskState {
    const state = known.state as TaskState;
    if (isOver(state) || state === 'adjudication') return state;
    const more = known.label_id !== null || counts.wanted > firstWanted(known.type as TaskType);
    return stateOf(counts, more);
  },
});

interface Restanding {
  readonly state?: TaskState;
  readonly wanted?: number;
  readonly people?: number;
  readonly labelId?: string;
  readonly why?: string | null;
  readonly raised?: Raising | null;
}

async function liveLeases(db: Db, taskId: string): Promise<number> {
  const row = await db
    .selectFrom('task_lease')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('task_id', '=', taskId)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

async function isTouched(db: Db, taskId: string): Promise<boolean> {
  const row = await db
    .selectFrom('task_hand')
    .select('how')
    .where('task_id', '=', taskId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export const unknownTask = (id: string): Fault =>
  new Fault('not_found', `there is no task "${id.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop tasks list`.',
  });

/** The columns of a task and its device's name. */
export const taskRows = (db: Db) =>
  db
    .selectFrom('task')
    .innerJoin('device', 'device.id', 'task.device_id')
    .selectAll('task')
    .select('device.name as device');

type NamedRow = Awaited<ReturnType<ReturnType<typeof taskRows>['executeTakeFirstOrThrow']>>;

export function taskOfRow(row: NamedRow): Task {
  return {
    id: row.id,
    batch: row.batch,
    type: row.type as TaskType,
    ...(row.unit_id === null ? {} : { unit: row.unit_id }),
    clip: row.clip_id,
    device: row.device,
    topic: row.topic,
    startNs: row.start_ns,
    endNs: row.end_ns,
    ontologySha256: row.ontology_sha256,
    ontology: row.skill,
    ...(row.choice_id === null ? {} : { choice: row.choice_id }),
    ...(row.lane === '' ? {} : { lane: row.lane }),
    ...(row.failure_id === null ? {} : { failure: row.failure_id }),
    priority: row.priority,
    state: row.state as TaskState,
    wanted: Number(row.wanted),
    people: Number(row.people),
    band: row.band as Band,
    ...(row.prefill === null ? {} : { prefill: JSON.parse(row.prefill) as LabelValue }),
    ...(row.label_id === null ? {} : { label: row.label_id }),
    ...(row.void_reason === null ? {} : { voidReason: row.void_reason }),
    ...(row.why === null ? {} : { why: row.why }),
    ...(row.raised === null ? {} : { raised: row.raised as Raising }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
