/**
 * Advances runs: whatever the engine hands over is brought as far as it goes. Several processes do
 * so at once; each run is advanced by one of them.
 */
import { asFault, type Clock, Fault, type Ids, type Json, type Log } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import { type Engine, type EngineWorker, isWaitConflict, type Task } from '../engine.ts';
import { blockedMs, maxSegmentWaits, maxThrows, workflowSlots } from '../limits.ts';
import type { Advance } from './advance.ts';
import { Parked } from './attempts.ts';
import type { BoundaryKind, OnBoundary } from './boundary.ts';
import { engineFlow } from './engine-flow.ts';
import type { Flow } from './flow.ts';
import {
  beginTurn,
  endRun,
  handOver,
  hasOpenWait,
  OvertakenTurn,
  putWait,
  type RunRow,
  runRow,
  type Turn,
  within,
} from './turn.ts';
import { recorded } from './values.ts';
import { throwDelayMs } from './waits.ts';

export type BoundBody = (flow: Flow, input: Json) => Promise<Json>;

/** The bodies that this worker knows, by workflow and version. */
export interface Bodies {
  of(workflow: string, version: number): BoundBody | undefined;
  newest(workflow: string): number | undefined;
}

export interface RunnerDeps {
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly node: string;
  readonly engine: Engine;
  readonly bodies: Bodies;
  readonly onBoundary?: OnBoundary | undefined;
}

export interface Runner extends AsyncDisposable {
  /** Takes at once what is ready. */
  hurry(): void;
  /** As `hurry`; gives how many runs it took. */
  take(): Promise<number>;
}

/** Disposing it takes no more, lets effects finish, and leaves the rest to other workers. */
export async function openRunner(deps: RunnerDeps, slots = workflowSlots): Promise<Runner> {
  const stop = new AbortController();
  const turn = async (task: Task): Promise<void> => await advance(deps, task, stop.signal);
  const worker: EngineWorker = await deps.engine.work(turn, slots);
  return {
    hurry: () => worker.hurry(),
    take: async () => await worker.take(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await worker[Symbol.asyncDispose]();
    },
  };
}

/** As far as it goes: to its end, or to a wait that the engine keeps. */
async function advance(deps: RunnerDeps, task: Task, stop: AbortSignal): Promise<void> {
  const { write, clock } = deps;
  for (;;) {
    const run = await runRow(write, task.run);
    if (run === undefined || !isFor(run, task)) return;
    if (hasOpenWait(run)) {
      if (run.waits >= maxSegmentWaits || !(await paused(task, run, clock.now()))) {
        await write.transaction().execute(async (trx) => {
          const now = await runRow(trx, task.run);
          if (now !== undefined && isFor(now, task)) await handOver(trx, now, clock.now());
        });
        return;
      }
    }
    const begun = await beginTurn(write, task, clock.now());
    if (begun.kind === 'nothing') return;
    if ((await takeTurn(deps, begun.turn, { stop, before: run })) === 'over') return;
  }
}

const isFor = (run: RunRow, task: Task): boolean =>
  run.state !== 'ended' &&
  run.segment === BigInt(task.segment) &&
  (run.engine_id === null || run.engine_id === task.engineId);

/** False when this run of the engine has lost its place. */
async function paused(task: Task, run: RunRow, now: number): Promise<boolean> {
  try {
    await task.pause(Number(run.waits), Number(run.waiting_until ?? now) - now);
    return true;
  } catch (error) {
    if (isWaitConflict(error)) return false;
    throw error;
  }
}

type Left = 'over' | 'waits';

async function takeTurn(
  deps: RunnerDeps,
  turn: Turn,
  { stop, before }: { readonly stop: AbortSignal; readonly before: RunRow },
): Promise<Left> {
  const { run } = turn;
  const boundary = async (kind: BoundaryKind, step: string): Promise<void> =>
    await deps.onBoundary?.({ run: run.id, workflow: run.workflow, kind, step });
  await boundary('wake', before.waiting_for ?? 'start');
  // A person says when a run whose body fails goes on.
  if (run.throws >= maxThrows) return await stand(deps, turn, { ...before, state: 'stuck' });
  const body = deps.bodies.of(run.workflow, Number(run.workflow_version));
  if (body === undefined) return await stand(deps, turn, { ...before, state: 'blocked' });
  const on: Advance = {
    write: deps.write,
    clock: deps.clock,
    ids: deps.ids,
    node: deps.node,
    turn,
    stop,
    boundary,
    versionOf: (workflow) => demandVersion(deps.bodies, workflow),
  };
  try {
    const outcome = await body(engineFlow(on), JSON.parse(run.input) as Json);
    await within(deps.write, turn, async (trx, now) => {
      await endRun(trx, now, recorded(outcome, 'the end'), deps.clock.now());
    });
    return 'over';
  } catch (error) {
    if (error instanceof Parked) return 'waits';
    if (error instanceof OvertakenTurn) return 'over';
    return await thrown(deps, turn, error);
  }
}

function demandVersion(bodies: Bodies, workflow: string): number {
  const version = bodies.newest(workflow);
  if (version !== undefined) return version;
  throw new Fault('not_found', `there is no workflow "${workflow}"`, {
    remedy: 'Register it in cloud/workflows/list.ts.',
  });
}

/** A body that throws is a bug, unless it was the database: then the engine tries again. */
async function thrown(deps: RunnerDeps, turn: Turn, error: unknown): Promise<Left> {
  const fault = asFault(error);
  if (fault.code === 'unavailable' || fault.code === 'timeout') throw error;
  const { run } = turn;
  const at = deps.clock.now();
  deps.log.error('the body of a run threw', { run: run.id, workflow: run.workflow, cause: error });
  await within(deps.write, turn, async (trx, now) => {
    const throws = Number(now.throws) + 1;
    await trx.updateTable('run').set({ throws }).where('id', '=', run.id).execute();
    const trouble = fault.message;
    if (throws < maxThrows) {
      const until = at + throwDelayMs(throws);
      const wait = { state: 'retrying', kind: 'time', what: 'the body', until, trouble } as const;
      await putWait(trx, now, wait, at);
      return;
    }
    await putStand(trx, now, { state: 'stuck', trouble, isNew: true, at });
  });
  return 'waits';
}

async function stand(
  deps: RunnerDeps,
  turn: Turn,
  before: Pick<RunRow, 'waiting_kind' | 'trouble'> & { readonly state: 'stuck' | 'blocked' },
): Promise<Left> {
  const at = deps.clock.now();
  await within(deps.write, turn, async (trx, run) => {
    const { state } = before;
    const said =
      state === 'blocked' ? `no worker has ${run.workflow} v${run.workflow_version}` : '';
    const isNew = before.trouble === null;
    await putStand(trx, run, { state, trouble: before.trouble ?? said, isNew, at });
  });
  return 'waits';
}

const yearMs = 31_536_000_000;

async function putStand(
  trx: Db,
  run: RunRow,
  as: {
    readonly state: 'stuck' | 'blocked';
    readonly trouble: string;
    readonly isNew: boolean;
    readonly at: number;
  },
): Promise<void> {
  const { state, trouble, at } = as;
  const until = at + (state === 'stuck' ? yearMs : blockedMs);
  const what = state === 'stuck' ? 'a person' : 'a worker';
  await putWait(trx, run, { state, kind: 'event', what, until, trouble }, at);
  if (!as.isNew) return;
  const { workflow, subject } = run;
  const body = { workflow, subject, ...(state === 'stuck' && { trouble }) };
  await putOutbox(trx, { kind: `run.${state}`, subject: run.id, at, body });
}
