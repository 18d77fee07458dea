/** Workers on real databases for tests: SQLite files, or a database of the test's own server. */
import { existsSync, rmSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Json, type Log, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { gateStore } from '../../gate/store.ts';
import type { DatabaseAddress } from '../../store/database.ts';
import type { Db } from '../../store/db.ts';
import { postgresWorld } from '../../store/postgres.sample.ts';
import { sql } from '../../store/kysely.ts';
import { startRun } from '../../store/run-queue.ts';
import { sqliteWorld } from '../../store/sqlite.sample.ts';
import { type Engine, type EngineOptions, openEngine } from '../engine.ts';
import { runRow } from './turn.ts';
import type { Workflow, WorkflowGround } from './workflow.ts';

export interface KitWorld extends AsyncDisposable {
  readonly db: Db;
  readonly clock: Clock;
  readonly database: DatabaseAddress;
  /** Where the engine's file is. */
  readonly dataDir: string;
  ground(node: string, over?: Partial<WorkflowGround>): WorkflowGround;
  /** Another connection to the same engine; gone with the world. */
  engine(options?: EngineOptions): Promise<Engine>;
  start(workflow: Workflow, input: Json, more?: { readonly subject?: string }): Promise<string>;
  /** Resolves with the outcome once the run is over. */
  outcome(run: string): Promise<Json>;
  /** Resolves when the run stands in this state. */
  reaches(run: string, state: string): Promise<void>;
}

export type WorldKind = 'sqlite' | 'postgres';

export interface KitWorldOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  /** Every write reaches the disk, as it does in a cloud: for measurements. */
  readonly isDurable?: boolean;
}

export async function kitWorld(kind: WorldKind, options: KitWorldOptions = {}): Promise<KitWorld> {
  await using opened = new AsyncDisposableStack();
  const store = opened.use(kind === 'sqlite' ? await sqliteWorld() : await postgresWorld());
  const { isDurable = false } = options;
  const folder = isDurable ? tmpdir() : memoryFolder;
  const dataDir = await mkdtemp(join(folder, 'fieldloop-engine-'));
  opened.defer(async () => await rm(dataDir, { recursive: true }));
  if (kind === 'sqlite') {
    // Deaths of these tests are those of processes, not of the machine: nothing need reach a disk.
    if (!isDurable) await sql.raw('pragma synchronous = off').execute(store.db);
    filled ??= fillOne(store.db);
    await copyFile(await filled, join(dataDir, engineFile));
  }
  if (kind === 'postgres') await emptyEngine(store.db);
  const database: DatabaseAddress =
    'url' in store ? { kind: 'postgres', url: store.url } : { kind: 'sqlite', path: store.path };
  const { clock = systemClock, log = silentLog } = options;
  const all = opened.move();
  const { db } = store;
  const reached = async (run: string, is: (state: string) => boolean): Promise<void> => {
    for (;;) {
      const row = await runRow(db, run);
      if (row !== undefined && is(row.state)) return;
      // The test's own deadline ends this: rows of another process have no event to wait for.
      await systemClock.sleep(5);
    }
  };
  return {
    db,
    clock,
    database,
    dataDir,
    ground: (node, over = {}) => ({
      ...groundOf({ read: db, write: db }, { node, clock, log }),
      ...over,
    }),
    engine: async (engineOptions) =>
      all.use(
        await openEngine(
          { database, dataDir },
          { write: db, log, clock: systemClock },
          engineOptions,
        ),
      ),
    async start(workflow, input, more = {}) {
      const id = systemIds.ulid('run');
      const at = clock.now();
      await db.transaction().execute(
        async (trx) =>
          await startRun(trx, {
            id,
            workflow: workflow.name,
            workflowVersion: workflow.version,
            subject: more.subject ?? 'sub_1',
            input,
            actor: 'usr_ann',
            at,
          }),
      );
      return id;
    },
    async outcome(run) {
      await reached(run, (state) => state === 'ended');
      return JSON.parse((await runRow(db, run))?.outcome ?? 'null') as Json;
    },
    reaches: async (run, state) => await reached(run, (now) => now === state),
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

const engineFile = 'workflows.db';
/** The engine syncs each step; where memory is a folder that costs nothing. */
const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** An engine's file that each world is a copy of: every step of its tables syncs, a copy does not. */
let filled: Promise<string> | undefined;

async function fillOne(write: Db): Promise<string> {
  const dataDir = await mkdtemp(join(memoryFolder, 'fieldloop-engine-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const database: DatabaseAddress = { kind: 'sqlite', path: '' };
  const engine = await openEngine(
    { database, dataDir },
    { write, log: silentLog, clock: systemClock },
  );
  await engine[Symbol.asyncDispose]();
  return join(dataDir, engineFile);
}

/** A used database holds the engine's runs of the test before. */
async function emptyEngine(db: Db): Promise<void> {
  await sql
    .raw(`do $$ begin if to_regclass('openworkflow.workflow_runs') is not null then
      delete from openworkflow.workflow_signals;
      delete from openworkflow.step_attempts;
      delete from openworkflow.workflow_runs;
      end if; end $$`)
    .execute(db);
}

/** An admin decides at the gate where the run waits. */
export async function decideGate(world: KitWorld, run: string, option: string): Promise<void> {
  const decider = { id: 'usr_bob', userId: 'usr_bob', role: 'admin', scopes: ['*:admin'] } as const;
  await world.db.transaction().execute(async (trx) => {
    const gate = await gateStore(trx).openOf(run);
    if (gate === undefined) throw new Error('no gate is open');
    const at = world.clock.now();
    await gateStore(trx).decide(gate, decider, { option, reason: 'because', at });
  });
}

/** What adapters are made of where workflows touch no objects. */
export const groundOf = (
  on: Pick<WorkflowGround, 'read' | 'write'>,
  of: Pick<WorkflowGround, 'node' | 'clock' | 'log'>,
): WorkflowGround => ({
  read: on.read,
  write: on.write,
  bytes: {} as WorkflowGround['bytes'],
  ids: systemIds,
  random: seededRandom(of.node),
  randomBytes: systemRandomBytes,
  ...of,
});
