/**
 * The rows of a run while a worker advances it. Each execution of a body is a turn with a number;
 * who began earlier writes nothing more, so a worker that lost its lease cannot disturb the next.
 */
import type { Json } from '@fieldloop/core';
import type { StepKind, StepState, WaitingKind } from '../../run/run.ts';
import type { Db, Row } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import { wakeRun } from '../../store/run-queue.ts';
import { grouped } from './grouped.ts';

export type RunRow = Row<'run'>;
export type StepRow = Row<'run_step'>;

/** This execution has been overtaken: it ends without a trace. */
export class OvertakenTurn extends Error {
  constructor(run: string) {
    super(`another worker advances ${run}`);
    this.name = 'OvertakenTurn';
  }
}

export interface Turn {
  readonly run: RunRow;
  readonly n: bigint;
  /** Recorded steps by name, as they stand now. */
  readonly steps: Map<string, StepRow>;
}

export type Begun =
  | { readonly kind: 'go'; readonly turn: Turn }
  /** The run is over, gone, or another run of the engine works for it. */
  | { readonly kind: 'nothing' };

/** Whether the run stands in a wait that the engine must be asked about before anything else. */
export const hasOpenWait = (run: RunRow): boolean =>
  run.state !== 'running' && run.state !== 'ended';

export const runRow = async (db: Db, id: string): Promise<RunRow | undefined> =>
  await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();

/** The worker takes the run: it is running, and whatever woke it was heard. */
export async function beginTurn(
  write: Db,
  by: { readonly run: string; readonly segment: number; readonly engineId: string },
  at: number,
): Promise<Begun> {
  return await grouped<Begun>(write, async (trx) => {
    const run = await runRow(trx, by.run);
    if (run === undefined || run.state === 'ended') return { kind: 'nothing' };
    const isMine = run.engine_id === null || run.engine_id === by.engineId;
    if (!isMine || run.segment !== BigInt(by.segment)) return { kind: 'nothing' };
    const taken = {
      state: 'running',
      engine_id: by.engineId,
      turn: run.turn + 1n,
      waits: hasOpenWait(run) ? run.waits + 1n : run.waits,
      waiting_kind: null,
      waiting_for: null,
      waiting_since: null,
      waiting_until: null,
      trouble: null,
    };
    await trx
      .updateTable('run')
      .set({ ...taken, updated_at: at })
      .where('id', '=', by.run)
      .execute();
    await trx.deleteFrom('wake').where('run_id', '=', by.run).execute();
    await trx.deleteFrom('wait_on').where('run_id', '=', by.run).execute();
    const rows = await trx
      .selectFrom('run_step')
      .selectAll()
      .where('run_id', '=', by.run)
      .orderBy('n')
      .execute();
    const steps = new Map(rows.map((row) => [row.name, row]));
    return { kind: 'go', turn: { run: { ...run, ...taken }, n: taken.turn, steps } };
  });
}

/** Runs `work` unless another turn has begun; gives the run as it stands. Throws OvertakenTurn. */
export async function within<T>(
  write: Db,
  turn: Turn,
  work: (trx: Db, run: RunRow) => Promise<T>,
): Promise<T> {
  return await grouped(write, async (trx) => {
    const run = await runRow(trx, turn.run.id);
    if (run === undefined || run.turn !== turn.n || run.state === 'ended') {
      throw new OvertakenTurn(turn.run.id);
    }
    return await work(trx, run);
  });
}

/** What is said of a step; what is left out stays. */
export interface StepChange {
  readonly name: string;
  readonly kind: StepKind;
  readonly state: StepState;
  readonly attempts: number;
  readonly key: string;
  readonly worker: string;
  readonly output?: Json;
  readonly fault?: Json;
  readonly nextAt?: number;
  readonly at: number;
}

/** Writes a step; one that is done stays as it is. Gives the row. */
export async function putStep(trx: Db, turn: Turn, step: StepChange): Promise<StepRow> {
  const known = turn.steps.get(step.name);
  if (known?.state === 'done') return known;
  const isOver = step.state === 'done' || step.state === 'failed';
  const row: StepRow = {
    run_id: turn.run.id,
    name: step.name,
    n: known?.n ?? BigInt(turn.steps.size),
    kind: step.kind,
    state: step.state,
    attempts: BigInt(step.attempts),
    key: step.key,
    output: step.output === undefined ? null : JSON.stringify(step.output),
    fault: step.fault === undefined ? null : JSON.stringify(step.fault),
    worker: step.worker,
    started_at: known?.started_at ?? BigInt(step.at),
    finished_at: isOver ? BigInt(step.at) : null,
    next_at: step.nextAt === undefined ? null : BigInt(step.nextAt),
  };
  const { run_id: _run, name: _name, n: _n, started_at: _started, ...changed } = row;
  await trx
    .insertInto('run_step')
    .values(row)
    .onConflict((conflict) => conflict.columns(['run_id', 'name']).doUpdateSet(changed))
    .execute();
  turn.steps.set(step.name, row);
  return row;
}

export interface Wait {
  readonly state: 'waiting' | 'retrying' | 'parked' | 'stuck' | 'blocked';
  readonly kind: WaitingKind;
  /** What it waits for, in words for people: the gate's or step's name. */
  readonly what: string;
  readonly until: number;
  readonly trouble?: string;
}

/** The run stands still from now on. */
export async function putWait(trx: Db, run: RunRow, wait: Wait, at: number): Promise<void> {
  await trx
    .updateTable('run')
    .set({
      state: wait.state,
      waiting_kind: wait.kind,
      waiting_for: wait.what,
      waiting_since: at,
      waiting_until: wait.until,
      trouble: wait.trouble ?? null,
      updated_at: at,
      version: run.version + 1n,
    })
    .where('id', '=', run.id)
    .execute();
}

/** Another run of the engine goes on for it, from the rows. */
export async function handOver(trx: Db, run: RunRow, at: number): Promise<void> {
  await trx
    .updateTable('run')
    .set({
      state: 'running',
      engine_id: null,
      segment: run.segment + 1n,
      waits: 0,
      turn: run.turn + 1n,
      updated_at: at,
    })
    .where('id', '=', run.id)
    .execute();
  await wakeRun(trx, run.id, at);
}

/** The run is over; who waits for it looks. */
export async function endRun(trx: Db, run: RunRow, outcome: Json, at: number): Promise<void> {
  await trx
    .updateTable('run')
    .set({
      state: 'ended',
      outcome: JSON.stringify(outcome),
      waiting_kind: null,
      waiting_for: null,
      waiting_since: null,
      waiting_until: null,
      trouble: null,
      updated_at: at,
      ended_at: at,
      version: run.version + 1n,
    })
    .where('id', '=', run.id)
    .execute();
  await trx.deleteFrom('wake').where('run_id', '=', run.id).execute();
  await trx.deleteFrom('wait_on').where('run_id', '=', run.id).execute();
  if (run.parent_id !== null) await wakeRun(trx, run.parent_id, at);
  const { workflow, subject } = run;
  const body = { workflow, subject, outcome };
  await putOutbox(trx, { kind: 'run.ended', subject: run.id, at, body });
}
