/** SQLite for tests: real files in a folder of their own. */
import { rmSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deviceStore } from '../device/store.ts';
import type { Db } from './db.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';
import type { StoreWorld } from './store.contract.ts';

/** A folder for a database file, gone with its holder. */
export async function sqliteFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-store-'));
  return {
    path: join(folder, 'cloud.db'),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
  };
}

/** A fresh database file with the devices `amr-01` and `amr-02`. */
export async function sqliteWorld(): Promise<StoreWorld & { readonly path: string }> {
  const folder = await sqliteFolder();
  const db = await openMigrated(folder.path);
  const devices = deviceStore(db);
  await devices.create({ id: 'dev_00000000000000000000000001', name: 'amr-01', at: 1 });
  await devices.create({ id: 'dev_00000000000000000000000002', name: 'amr-02', at: 1 });
  return {
    db,
    path: folder.path,
    deviceId: async (name) => (await deviceStore(db).get(name))?.id ?? '',
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A new migrated file at `path`, opened. It is a copy: all steps take tens of milliseconds. */
export async function openMigrated(path: string): Promise<Db> {
  migrated ??= migrateOne();
  await copyFile(await migrated, path);
  return openSqlite(path);
}

let migrated: Promise<string> | undefined;

async function migrateOne(): Promise<string> {
  const { path } = await sqliteFolder();
  process.once('exit', () => rmSync(dirname(path), { recursive: true, force: true }));
  const db = openSqlite(path);
  await migrate(db, { now: () => 1 });
  await db.destroy();
  return path;
}
