/**
 * The only door to OpenWorkflow. Of the engine we use what it is good at: a durable queue of runs
 * with leases, sleeps and wake-ups that cost no memory. What a run did stands in our own rows, so
 * an engine that lost everything is filled again from them.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import { OpenWorkflow, type Worker } from 'openworkflow';
import type { Backend, WorkflowRun } from 'openworkflow/internal';
import { BackendSqlite } from 'openworkflow/sqlite';
import type { DatabaseAddress } from '../store/database.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { openLoop } from '../store/work.ts';
import { engineLeaseMs, enginePollMs, stopEffectsMs } from './limits.ts';

export type EngineBackend = Backend;

/** A run of the engine that works for a run of ours. */
export interface Task {
  readonly run: string;
  readonly segment: number;
  readonly engineId: string;
  /**
   * Ends this execution until the run is woken or the time is over; gives control back at once
   * when that was already so. The n-th wait has the same number however often it is asked for.
   */
  pause(wait: number, forMs: number): Promise<void>;
}

export interface Engine extends AsyncDisposable {
  /** The engine's run for this segment; again gives the same one. */
  start(run: string, segment: number): Promise<string>;
  /** Whether somebody waited and was woken. */
  wake(run: string): Promise<boolean>;
  /** Whether the engine will go on with it by itself. */
  isLive(engineId: string): Promise<boolean>;
  /** Works in the background until it is disposed; then what runs is finished first. */
  work(turn: (task: Task) => Promise<void>, slots: number): Promise<EngineWorker>;
  /** Forgets runs that ended before this time. */
  prune(before: number): Promise<void>;
}

export interface EngineWorker extends AsyncDisposable {
  /** Takes at once what is ready. */
  hurry(): void;
  /** As `hurry`; gives how many it took. */
  take(): Promise<number>;
}

export interface EngineOptions {
  readonly leaseMs?: number;
  /** Nothing is taken but by `take`, for tests that decide when. */
  readonly isManual?: boolean;
  /** Around the connection to the engine's tables, for tests that break it. */
  readonly wrap?: (backend: Backend) => Backend;
}

export interface EngineDeps {
  /** Steps of the engine's tables are taken one process at a time, under its write lock. */
  readonly write: Db;
  readonly log: Log;
  readonly clock: Clock;
}

const name = 'run';
const schema = 'openworkflow';
/** Every wake-up counts as an attempt of the engine's run: it must never run out of them. */
const retryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 0,
} as const;

interface Input {
  readonly run: string;
  readonly segment: number;
}

/** SQLite: a file of its own in the data folder, for one process. PostgreSQL: a schema. */
export async function openEngine(
  place: { readonly database: DatabaseAddress; readonly dataDir: string },
  deps: EngineDeps,
  options: EngineOptions = {},
): Promise<Engine> {
  const { database } = place;
  const opened =
    database.kind === 'sqlite'
      ? openFile(join(place.dataDir, 'workflows.db'))
      : await openSchema(database.url, deps);
  const freed: Freed = { tell: () => undefined };
  const leaseMs = options.leaseMs ?? engineLeaseMs;
  const safe = guarded(opened.backend, { log: deps.log, leaseMs, freed });
  const backend = options.wrap?.(safe) ?? safe;
  const client = new OpenWorkflow({ backend });
  const spec = { name, retryPolicy } as const;
  return {
    async start(run, segment) {
      const handle = await client.runWorkflow<Input, null>(
        spec,
        { run, segment },
        { idempotencyKey: `${run}/${segment}` },
      );
      return handle.workflowRun.id;
    },
    wake: async (run) =>
      (await client.sendSignal({ signal: signalOf(run) })).workflowRunIds.length > 0,
    async isLive(engineId) {
      const found = await backend.getWorkflowRun({ workflowRunId: engineId });
      return found !== null && !over.has(found.status);
    },
    async work(turn, slots) {
      const here = new OpenWorkflow({ backend });
      here.implementWorkflow<Input, null>(spec, async ({ input, step, run }) => {
        await turn({
          ...input,
          engineId: run.id,
          async pause(wait, forMs) {
            // A time of 0 would be refused; what is due is due in a millisecond.
            const timeout = Math.max(1, Math.ceil(forMs));
            await step.waitForSignal({
              name: `wait:${wait}`,
              signal: signalOf(input.run),
              timeout,
            });
          },
        });
        return null;
      });
      const worker = here.newWorker({ concurrency: slots });
      const made = engineWorker(worker, deps, options.isManual === true);
      freed.tell = () => made.hurry();
      return await Promise.resolve(made);
    },
    prune: async (before) => await opened.prune(before),
    async [Symbol.asyncDispose]() {
      await backend.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

const signalOf = (run: string): string => `wake:${run}`;
const over: ReadonlySet<WorkflowRun['status']> = new Set([
  'completed',
  'succeeded',
  'failed',
  'canceled',
]);

/** True for an error of `pause` after which this run of the engine is of no use any more. */
export const isWaitConflict = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('is already being waited on');

/** Its own loop in the place of the engine's, which naps up to a second before it stops. */
function engineWorker(worker: Worker, { clock, log }: EngineDeps, isManual: boolean): EngineWorker {
  const take = async (): Promise<number> => await worker.tick();
  const loop = isManual
    ? undefined
    : openLoop({ clock, log }, { name: 'engine', everyMs: enginePollMs }, async (signal) => {
        while (!signal.aborted && (await take()) > 0);
      });
  return {
    hurry: () => loop?.hurry(),
    take,
    async [Symbol.asyncDispose]() {
      await loop?.[Symbol.asyncDispose]();
      // What does not end in its time loses its lease: another worker goes on.
      const late = new AbortController();
      const given = clock.sleep(stopEffectsMs, late.signal).catch(() => undefined);
      await Promise.race([worker.stop(), given]);
      late.abort();
    },
  };
}

/** Hears that a slot is free again. */
interface Freed {
  tell: () => void;
}

interface Opened extends AsyncDisposable {
  readonly backend: Backend;
  prune(before: number): Promise<void>;
}

/** Each claim looks for deadlines, of which there are none; without this it reads all waiters. */
const deadlineIndex = (on: string): string =>
  `create index if not exists workflow_runs_deadline on ${on} (namespace_id, deadline_at)
   where deadline_at is not null`;

function openFile(path: string): Opened {
  try {
    const backend = BackendSqlite.connect(path);
    // Both connections are synchronous in one thread: neither ever meets the other's lock.
    const db = new DatabaseSync(path);
    db.exec(deadlineIndex('workflow_runs'));
    return {
      backend,
      async prune(before) {
        const at = new Date(before).toISOString();
        for (const table of ['workflow_signals', 'step_attempts']) {
          db.prepare(
            `delete from ${table} where workflow_run_id in
             (select id from workflow_runs where finished_at < ?)`,
          ).run(at);
        }
        db.prepare('delete from workflow_runs where finished_at < ?').run(at);
        return await Promise.resolve();
      },
      async [Symbol.asyncDispose]() {
        db.close();
        return await Promise.resolve();
      },
    };
  } catch (error) {
    throw new Fault('unavailable', 'the file of the workflow engine cannot be opened', {
      place: path,
      remedy: 'Check that the data folder can be written; the file may be deleted, it is refilled.',
      cause: error,
    });
  }
}

async function openSchema(url: string, { write, log }: EngineDeps): Promise<Opened> {
  // Loaded here: a cloud on SQLite does without its driver.
  const { BackendPostgres } = await import('openworkflow/postgres');
  const heard = hearLostConnections(log);
  const backend = await write.transaction().execute(async (trx) => {
    const made = await BackendPostgres.connect(url, { schema });
    await sql.raw(deadlineIndex(`${schema}.workflow_runs`)).execute(trx);
    return made;
  });
  return {
    backend,
    async prune(before) {
      const at = new Date(before).toISOString();
      for (const table of ['workflow_signals', 'step_attempts']) {
        await sql`delete from ${sql.table(`${schema}.${table}`)} where workflow_run_id in
          (select id from openworkflow.workflow_runs where finished_at < ${at}::timestamptz)`.execute(
          write,
        );
      }
      await sql`delete from openworkflow.workflow_runs
        where finished_at < ${at}::timestamptz`.execute(write);
    },
    async [Symbol.asyncDispose]() {
      heard[Symbol.dispose]();
      return await Promise.resolve();
    },
  };
}

/** The engine's driver rejects promises that nobody holds when a connection breaks. */
function hearLostConnections(log: Log): Disposable {
  const hear = (error: unknown): void => {
    const code = (error as { readonly code?: unknown } | null)?.code;
    const lost = typeof code === 'string' && /^(CONNECTION_|ECONN|EPIPE|57P0|08)/.test(code);
    if (!lost) throw error;
    log.warn('the engine lost a connection', { code });
  };
  process.on('unhandledRejection', hear);
  return { [Symbol.dispose]: () => void process.off('unhandledRejection', hear) };
}

/**
 * Sets the lease, and keeps the engine's own complaints off the console: a transition that cannot
 * be written is as good as a worker that died, the lease runs out and another goes on.
 */
function guarded(
  backend: Backend,
  to: { readonly log: Log; readonly leaseMs: number; readonly freed: Freed },
): Backend {
  const { log, leaseMs, freed } = to;
  const told = (what: string, error: unknown): void =>
    log.warn('the engine could not be told', { what, cause: error });
  const unheard =
    <P, R>(what: string, call: (params: P) => Promise<R>) =>
    async (params: P): Promise<R> => {
      try {
        return await call(params);
      } catch (error) {
        told(what, error);
        return {} as R;
      } finally {
        if (what !== 'lease') setImmediate(() => freed.tell());
      }
    };
  const claimed = inTurn(async (params: Parameters<Backend['claimWorkflowRun']>[0]) => {
    try {
      return await backend.claimWorkflowRun({ ...params, leaseDurationMs: leaseMs });
    } catch (error) {
      told('claim', error);
      return null;
    }
  });
  const own: Partial<Backend> = {
    claimWorkflowRun: claimed,
    extendWorkflowRunLease: unheard(
      'lease',
      async (params: Parameters<Backend['extendWorkflowRunLease']>[0]) =>
        await backend.extendWorkflowRunLease({ ...params, leaseDurationMs: leaseMs }),
    ),
    failWorkflowRun: unheard(
      'fail',
      async (params: Parameters<Backend['failWorkflowRun']>[0]) =>
        await backend.failWorkflowRun(params),
    ),
    completeWorkflowRun: unheard(
      'complete',
      async (params: Parameters<Backend['completeWorkflowRun']>[0]) =>
        await backend.completeWorkflowRun(params),
    ),
    sleepWorkflowRun: unheard(
      'sleep',
      async (params: Parameters<Backend['sleepWorkflowRun']>[0]) =>
        await backend.sleepWorkflowRun(params),
    ),
  };
  return new Proxy(backend, {
    get(target, property) {
      const mine: unknown = Reflect.get(own, property);
      if (mine !== undefined) return mine;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Every free slot asks for a run of its own. They ask one after the other; who asked before the
 * one that found nothing need not ask any more.
 */
function inTurn<P, R>(claim: (params: P) => Promise<R | null>): (params: P) => Promise<R | null> {
  let last: Promise<unknown> = Promise.resolve();
  let asked = 0;
  let emptyFor = 0;
  return async (params) => {
    const mine = (asked += 1);
    const turn = last.then(async () => {
      if (mine <= emptyFor) return null;
      const known = asked;
      const found = await claim(params);
      if (found === null) emptyFor = known;
      return found;
    });
    last = turn;
    return await turn;
  };
}
