/**
 * Workers of the crash kit that are real processes: at the chosen boundary one is killed with
 * SIGKILL. The play has the clock and counts boundaries, the processes have everything else.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once as heard } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Fault } from '@fieldloop/core';
import type { DatabaseAddress } from '../../store/database.ts';
import type { Db } from '../../store/db.ts';
import { outboxEnd } from '../../store/tail.ts';
import type { Boundary } from './boundary.ts';
import {
  type CrashWorkersOptions,
  type OpenCrashWorkers,
  ringDue,
} from './crash-workers.sample.ts';
import type { KitWorld } from './kit.sample.ts';

/** What a process is started with. */
export interface ProcessPlace {
  readonly name: string;
  readonly database: DatabaseAddress;
  readonly dataDir: string;
  readonly leaseMs: number;
  readonly now: number;
}

export type ToProcess =
  | { readonly kind: 'live' }
  | { readonly kind: 'hurry' }
  | { readonly kind: 'clock'; readonly now: number };

export type FromProcess =
  | { readonly kind: 'ready' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'boundary'; readonly at: Boundary };

interface Worker {
  readonly child: ChildProcess;
  isDead: boolean;
  /** The time that it was told. */
  now: number;
  onSaid: () => void;
}

const entry = fileURLToPath(new URL('crash-process.sample.ts', import.meta.url));
/** Who was killed is overtaken after this. */
const leaseMs = 300;
/** Nothing moved for so long: wake-ups whose worker died with them wait for the clock. */
const stillMs = 3000;
/** Nothing moved for so long although a run is at work: it hangs. */
const deadMs = 60_000;
const lookMs = 10;
/** A play whose workers do not come to rest in this time hangs. */
const patienceMs = 120_000;

export const openProcessWorkers: OpenCrashWorkers = async (world, options) => {
  await using opened = new AsyncDisposableStack();
  const boundaries: Boundary[] = [];
  const deaths = [...options.crashes];
  const state = { passed: 0, movedAt: performance.now() };
  const workers: Worker[] = [];
  opened.defer(async () => {
    for (const worker of workers) await kill(worker);
  });
  await world.db.insertInto('setting').values({ name: 'workflow_dispatch', value: '0' }).execute();
  const reach = async (worker: Worker, at: Boundary): Promise<void> => {
    boundaries.push(at);
    state.passed += 1;
    state.movedAt = performance.now();
    if (state.passed === deaths[0]) {
      deaths.shift();
      state.passed = 0;
      await kill(worker);
      return;
    }
    tell(worker, { kind: 'live' });
  };
  const make = async (): Promise<Worker> => await spawned(world, options, reach);
  for (let n = 0; n < options.count; n += 1) workers.push(await make());
  const tellTime = async (): Promise<void> => {
    const now = world.clock.now();
    for (const worker of workers) {
      if (!worker.isDead && worker.now !== now) await tellClock(worker, now);
    }
  };
  const all = opened.move();
  return {
    boundaries,
    async settle() {
      const until = performance.now() + patienceMs;
      state.movedAt = performance.now();
      for (let quiet = 0; quiet < 2; ) {
        if (performance.now() > until) throw new Fault('timeout', 'the workers come to no rest');
        for (const [n, worker] of workers.entries()) {
          if (!worker.isDead) continue;
          workers[n] = await make();
          state.movedAt = performance.now();
        }
        await tellTime();
        for (const worker of workers) tell(worker, { kind: 'hurry' });
        const stoodMs = performance.now() - state.movedAt;
        const isQuiet = await isAtRest(world.db, world.clock.now(), stoodMs > stillMs);
        quiet = isQuiet || stoodMs > deadMs ? quiet + 1 : 0;
        await delay(lookMs);
      }
    },
    async ring() {
      await tellTime();
      await ringDue(world.db, world.clock.now());
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
};

async function spawned(
  { database, dataDir, clock }: KitWorld,
  { name }: CrashWorkersOptions,
  reach: (worker: Worker, at: Boundary) => Promise<void>,
): Promise<Worker> {
  const now = clock.now();
  const place: ProcessPlace = { name, database, dataDir, leaseMs, now };
  const child = fork(entry, [JSON.stringify(place)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'fieldloop-compile-cache') },
  });
  const worker: Worker = { child, isDead: false, now, onSaid: () => undefined };
  child.once('exit', () => {
    worker.isDead = true;
    worker.onSaid();
  });
  // One listener for all: messages of one read come before anybody who waits for the first goes on.
  child.on('message', (said: FromProcess) => {
    if (said.kind === 'boundary') void reach(worker, said.at);
    else worker.onSaid();
  });
  await said(worker);
  if (worker.isDead) throw new Fault('internal', 'a worker ended before it worked');
  return worker;
}

async function tellClock(worker: Worker, now: number): Promise<void> {
  const told = said(worker);
  tell(worker, { kind: 'clock', now });
  await told;
  worker.now = now;
}

/** Resolves when it says that it is ready or knows the time, or is gone. */
const said = async (worker: Worker): Promise<void> =>
  await new Promise<void>((resolve) => {
    worker.onSaid = resolve;
  });

function tell({ child, isDead }: Worker, told: ToProcess): void {
  if (!isDead && child.connected) child.send(told, () => undefined);
}

async function kill(worker: Worker): Promise<void> {
  const { child } = worker;
  if (worker.isDead || child.exitCode !== null || child.signalCode !== null) return;
  const ended = heard(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/**
 * No run is at work, no wake-up is due, and the dispatcher has seen everything. After a while runs
 * at work that have a wake-up to come are ones that no worker was told of.
 */
async function isAtRest(db: Db, now: number, isLong: boolean): Promise<boolean> {
  const running = await db
    .selectFrom('run as r')
    .leftJoin('wake as w', 'w.run_id', 'r.id')
    .select('w.run_id as woken')
    .where('r.state', '=', 'running')
    .execute();
  if (running.some(({ woken }) => woken === null || !isLong)) return false;
  const due = await db
    .selectFrom('wake')
    .select('run_id')
    .where('next_at', '<=', BigInt(now))
    .limit(1)
    .execute();
  const seen = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', 'workflow_dispatch')
    .executeTakeFirst();
  return due.length === 0 && BigInt(seen?.value ?? 0) >= (await outboxEnd(db));
}
