/**
 * What every process of the cloud stands on: the data folder, the database at its newest step, the
 * certificate authority and the blobs. Processes that start at once make it one after the other.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { type AuditKey, openAuditKey } from './auth/audit-key.ts';
import { type Ca, openCa } from './auth/ca.ts';
import type { BlobStore } from './blob/blob.ts';
import { openDiskBlobs } from './blob/disk.ts';
import type { CloudConfig } from './config.ts';
import { type FirstKey, firstKey } from './first-start.ts';
import { startTurnMs } from './limits.ts';
import type { Database } from './store/database.ts';
import { openDatabase } from './store/database.ts';
import { endLease, takeLease } from './store/lease.ts';
import { migrate } from './store/migrate.ts';
import { lockFolder } from './store/sqlite-file.ts';
import type { CloudSystem } from './system.ts';

export interface Ground {
  readonly database: Database;
  readonly ca: Ca;
  /** Signs where the audit chain stands. */
  readonly auditKey: AuditKey;
  readonly blobs: BlobStore;
  /** Of the first start: the key with every right. */
  readonly admin: FirstKey | undefined;
}

export async function openGround(
  config: CloudConfig,
  system: CloudSystem,
  to: {
    readonly started: AsyncDisposableStack;
    /** Hears how long each statement took. */
    readonly onQuery: (connection: 'read' | 'write', ms: number) => void;
  },
): Promise<Ground> {
  const { clock, log } = system;
  const { started, onQuery } = to;
  const { dataDir } = config;
  await makeFolder(dataDir);
  // Several processes share the folder of a cloud on PostgreSQL; SQLite is for one.
  if (config.database.kind === 'sqlite') started.use(lockFolder(join(dataDir, 'cloud.lock')));
  const database = started.use(await openDatabase(config.database, { clock, log, onQuery }));
  const { write } = database;
  const steps = await migrate(write, { now: () => clock.now(), waitOn: clock });
  if (steps.length > 0) log.info('database migrated', { steps });
  const owner = system.ids.ulid('str');
  while (!(await takeLease(write, { name: startLease, owner, now: clock.now() }))) {
    await clock.sleep(startTurnMs);
  }
  try {
    const ca = await openCa({ folder: join(dataDir, 'ca'), clock });
    const auditKey = await openAuditKey(dataDir);
    const admin = await firstKey(dataDir, { ...system, write });
    const blobs = started.use(await openDiskBlobs(dataDir));
    return { database, ca, auditKey, blobs, admin };
  } finally {
    await endLease(write, startLease, owner);
  }
}

const startLease = 'start';

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault('unavailable', `the data folder cannot be made (${code})`, {
      place: dataDir,
      remedy: 'Choose another --data, or check that its parent is a folder of this user.',
      cause: error,
    });
  }
}
