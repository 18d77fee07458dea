/** Backup, restore and migration of the cloud that the settings name. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import { openDiskBlobs } from '../blob/disk.ts';
import type { CloudConfig } from '../config.ts';
import { type BackupDone, makeBackup } from './backup/backup.ts';
import { fileFault, sizeOf } from './backup/files.ts';
import type { BackupProgress, Manifest } from './backup/format.ts';
import { demandEmpty, openMoment, restoreMoment, verifyMoment } from './backup/restore.ts';
import { openDatabase, openReaders } from './database.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrate, missingSteps, stepsDone } from './migrate.ts';
import { lockFolder } from './sqlite-file.ts';

export interface UpkeepDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress?: (progress: BackupProgress) => void;
}

type Where = Pick<CloudConfig, 'dataDir' | 'database'>;

/** The cloud may run meanwhile. Faults as `makeBackup`. */
export async function backupCloud(
  where: Where,
  deps: UpkeepDeps,
  options: { readonly to: string; readonly version: string },
): Promise<BackupDone> {
  await demandCloud(where);
  const { dataDir, database } = where;
  await using blobs = await openDiskBlobs(dataDir);
  const read = openReaders(database, deps);
  try {
    const { clock, onProgress } = deps;
    const hear = onProgress === undefined ? {} : { onProgress };
    const { to, version } = options;
    return await makeBackup({ read, blobs, dataDir, clock, version, ...hear }, to);
  } finally {
    await read.destroy();
  }
}

/** Verifies all, then replaces. Fault `conflict` when something is there and `force` is not said. */
export async function restoreCloud(
  where: Where,
  deps: UpkeepDeps,
  options: { readonly from: string; readonly at?: string; readonly force: boolean },
): Promise<Manifest> {
  const { dataDir, database } = where;
  const moment = await openMoment(options.from, options.at);
  await verifyMoment(moment, deps.onProgress);
  await using opened = new AsyncDisposableStack();
  await hold(where, opened);
  const { write, place } = opened.use(await openDatabase(database, deps));
  if (database.kind === 'postgres' && (await othersOn(write)) > 0n) {
    throw new Fault('conflict', 'a cloud runs on this database', {
      place,
      remedy: 'Stop every process of it first.',
    });
  }
  if (!options.force) await demandEmpty(write, dataDir, place);
  const blobs = opened.use(await openDiskBlobs(dataDir));
  await restoreMoment({ ...deps, write, blobs, dataDir }, moment);
  return moment.manifest;
}

/** The steps that ran, or with `dryRun` those that would. */
export async function migrateCloud(
  where: Where,
  deps: UpkeepDeps,
  options: { readonly dryRun: boolean },
): Promise<readonly string[]> {
  const { database } = where;
  if (options.dryRun) {
    const isAbsent = database.kind === 'sqlite' && (await sizeOf(database.path)) === undefined;
    if (isAbsent) return missingSteps([]).map((step) => step.name);
    const read = openReaders(database, deps);
    try {
      return missingSteps((await stepsDone(read)) ?? []).map((step) => step.name);
    } finally {
      await read.destroy();
    }
  }
  await using opened = new AsyncDisposableStack();
  await hold(where, opened);
  const { write } = opened.use(await openDatabase(database, deps));
  return await migrate(write, { now: () => deps.clock.now(), waitOn: deps.clock });
}

/** True when another process has this cloud open. */
export async function cloudRunsOn({ dataDir, database }: Where, db: Db): Promise<boolean> {
  if (database.kind === 'postgres') return (await othersOn(db)) > 0n;
  try {
    lockFolder(join(dataDir, lockName))[Symbol.dispose]();
    return false;
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict') return true;
    throw error;
  }
}

const lockName = 'cloud.lock';

/** SQLite is for one process; those on PostgreSQL take turns by themselves. */
async function hold({ dataDir, database }: Where, opened: AsyncDisposableStack): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFault(error, dataDir);
  }
  if (database.kind === 'sqlite') opened.use(lockFolder(join(dataDir, lockName)));
}

async function demandCloud({ dataDir, database }: Where): Promise<void> {
  const file = database.kind === 'sqlite' ? database.path : dataDir;
  if ((await sizeOf(file)) !== undefined) return;
  throw new Fault('not_found', 'there is no cloud here', {
    place: file,
    remedy: 'Check --data: it is the folder that `fieldloop cloud run` was given.',
  });
}

/** Connections of other processes of Fieldloop to the same database. */
async function othersOn(db: Db): Promise<bigint> {
  const { rows } = await sql<{ n: bigint }>`select count(*) as n from pg_stat_activity
    where datname = current_database() and application_name = 'fieldloop'
    and pid <> pg_backend_pid()`.execute(db);
  return rows[0]?.n ?? 0n;
}
