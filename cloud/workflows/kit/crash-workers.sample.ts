/** Workers that die at a boundary: their writes and their engine are gone from then on. */
import { Fault } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';
import { wakeRun } from '../../store/run-queue.ts';
import type { Engine, EngineBackend } from '../engine.ts';
import type { Boundary } from './boundary.ts';
import { dispatchSome } from './dispatch.ts';
import type { KitWorld } from './kit.sample.ts';
import { openRunner, type Runner } from './runner.ts';
import { wakeSome } from './wakes.ts';
import { bodiesOf } from './worker.ts';
import type { Workflow } from './workflow.ts';

export interface CrashWorkers extends AsyncDisposable {
  /** Boundaries that were reached, in their order. */
  readonly boundaries: readonly Boundary[];
  /** Advances runs until all stand still. */
  settle(): Promise<void>;
  /** Waits whose time is over end. */
  ring(): Promise<void>;
}

export interface CrashWorkersOptions {
  /** Of the case that is played. */
  readonly name: string;
  readonly workflows: readonly Workflow[];
  readonly count: number;
  readonly crashes: readonly number[];
  /** Wake-ups are gone once they were sent, and no wait ends by itself. */
  readonly forgetsSignals: boolean;
  /** People and the world, between a wait that was written and the engine that does not know. */
  readonly early?: (() => Promise<boolean>) | undefined;
}

export type OpenCrashWorkers = (
  world: KitWorld,
  options: CrashWorkersOptions,
) => Promise<CrashWorkers>;

interface Worker {
  readonly runner: Runner;
  readonly engine: Engine;
  readonly life: Life;
}

interface Life {
  isDead: boolean;
  /** Its own connection to the engine. */
  backend: EngineBackend | undefined;
  /** Runs of the engine that it works at, and those that it died at, with the id of its slot. */
  readonly held: Map<string, string>;
  /** Called when it works at none any more. */
  onIdle: () => void;
  readonly lost: Map<string, string>;
}

const killed = (): Fault => new Fault('unavailable', 'the worker was killed');

export const openCrashWorkers: OpenCrashWorkers = async (world, options) => {
  await using opened = new AsyncDisposableStack();
  const boundaries: Boundary[] = [];
  const deaths = [...options.crashes];
  const state = { passed: 0 };
  const { db, clock } = world;
  const ground = world.ground('script');
  const wake = async (engine: Engine): Promise<number> => {
    const woken = await wakeSome({ ...ground, engine, onReady: () => undefined });
    if (options.forgetsSignals) await db.deleteFrom('wake').execute();
    return woken;
  };
  const reach = async (on: Pick<Worker, 'engine' | 'life'>, at: Boundary): Promise<void> => {
    if (on.life.isDead) throw killed();
    boundaries.push(at);
    state.passed += 1;
    if (state.passed === deaths[0]) {
      deaths.shift();
      state.passed = 0;
      on.life.isDead = true;
      throw killed();
    }
    // What happens just before the engine knows of the wait meets nobody there.
    if (at.kind === 'park' && options.early !== undefined && (await options.early())) {
      await wake(on.engine);
    }
  };
  const make = async (): Promise<Worker> => await openWorker(world, options, reach);
  const workers: Worker[] = [];
  for (let n = 0; n < options.count; n += 1) workers.push(await make());
  opened.defer(async () => {
    for (const { runner } of workers) await runner[Symbol.asyncDispose]();
  });
  const dispatch = { ...ground, workflows: options.workflows, onRuns: () => undefined };
  await db.insertInto('setting').values({ name: 'workflow_dispatch', value: '0' }).execute();
  const all = opened.move();
  const revive = async (): Promise<void> => {
    for (const [n, worker] of workers.entries()) {
      if (!worker.life.isDead) continue;
      await lapse(worker);
      workers[n] = await make();
    }
  };
  return {
    boundaries,
    async settle() {
      for (let quiet = 0; quiet < 2; ) {
        await revive();
        while (await dispatchSome(dispatch));
        let moved = 0;
        for (const { engine, runner } of workers) {
          moved += await wake(engine);
          moved += await runner.take();
        }
        await Promise.all(workers.map(async (worker) => await isIdle(worker)));
        quiet = moved === 0 && workers.every((one) => !one.life.isDead) ? quiet + 1 : 0;
      }
    },
    async ring() {
      if (!options.forgetsSignals) await ringDue(db, clock.now());
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
};

/** Waits whose time is over end. */
export async function ringDue(db: Db, now: number): Promise<void> {
  const due = await db
    .selectFrom('run')
    .select('id')
    .where('state', 'not in', ['ended', 'running', 'stuck'])
    .where('waiting_until', '<=', BigInt(now))
    .execute();
  await db.transaction().execute(async (trx) => {
    for (const { id } of due) await wakeRun(trx, id, now);
  });
}

async function isIdle({ life }: Worker): Promise<void> {
  while (life.held.size > 0) {
    await new Promise<void>((resolve) => {
      life.onIdle = resolve;
    });
  }
}

async function openWorker(
  world: KitWorld,
  options: CrashWorkersOptions,
  reach: (worker: Pick<Worker, 'engine' | 'life'>, at: Boundary) => Promise<void>,
): Promise<Worker> {
  const life: Life = {
    isDead: false,
    backend: undefined,
    held: new Map(),
    onIdle: () => undefined,
    lost: new Map(),
  };
  const engine = await world.engine({ isManual: true, wrap: (backend) => mortal(backend, life) });
  const ground = world.ground('w', { write: mortalDb(world.db, life) });
  const runner = await openRunner(
    {
      ...ground,
      engine,
      bodies: bodiesOf(options.workflows, ground),
      onBoundary: async (at) => await reach({ engine, life }, at),
    },
    1,
  );
  return { runner, engine, life };
}

/** What the dead worker held is free at once, as if its lease had run out. */
async function lapse({ life }: Worker): Promise<void> {
  for (const [workflowRunId, workerId] of life.lost) {
    const availableAt = new Date();
    await life.backend?.sleepWorkflowRun({ workflowRunId, workerId, availableAt });
  }
}

function mortal(backend: EngineBackend, life: Life): EngineBackend {
  life.backend = backend;
  const ends =
    <P extends { readonly workflowRunId: string; readonly workerId: string }, R>(
      call: (params: P) => Promise<R>,
    ) =>
    async (params: P): Promise<R> => {
      try {
        if (!life.isDead) return await call(params);
        life.lost.set(params.workflowRunId, params.workerId);
        return {} as R;
      } finally {
        life.held.delete(params.workflowRunId);
        // The worker itself hears of it first.
        if (life.held.size === 0) setImmediate(() => life.onIdle());
      }
    };
  const own: Partial<EngineBackend> = {
    async claimWorkflowRun(params) {
      if (life.isDead) return null;
      const run = await backend.claimWorkflowRun(params);
      if (run !== null) life.held.set(run.id, params.workerId);
      return run;
    },
    sleepWorkflowRun: ends(async (params) => await backend.sleepWorkflowRun(params)),
    completeWorkflowRun: ends(async (params) => await backend.completeWorkflowRun(params)),
    failWorkflowRun: ends(async (params) => await backend.failWorkflowRun(params)),
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

/** Nothing that a dead worker writes arrives. */
function mortalDb(db: Db, life: Life): Db {
  return new Proxy(db, {
    get(target, property) {
      if (life.isDead) throw killed();
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
