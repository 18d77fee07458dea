/**
 * Takes a backup of a cloud that may run meanwhile: rows in one read transaction, which is one
 * moment, then the objects that these rows name. Objects never change, so one that is there already
 * is not copied again.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type Clock, Fault } from '@fieldloop/core';
import type { BlobStore } from '../../blob/blob.ts';
import { maxBlobPage } from '../../limits.ts';
import type { Db } from '../db.ts';
import { kindOf } from '../kind.ts';
import { sql } from '../kysely.ts';
import { stepsDone } from '../migrate.ts';
import { tablesOf } from '../tables.ts';
import { fileFault, filesBelow, sizeOf, syncFiles, writeWhole } from './files.ts';
import {
  backupFormat,
  type BackupProgress,
  type KeptFile,
  type Manifest,
  manifestName,
  manifestText,
  type TableFile,
} from './format.ts';
import { counterOf, tableLines } from './rows.ts';

export interface BackupDeps {
  /** Readers of the database: a write connection would hold up the cloud. */
  readonly read: Db;
  readonly blobs: Pick<BlobStore, 'read' | 'stat'>;
  /** The data folder: its small files are kept too. */
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupDone {
  readonly manifest: Manifest;
  /** The folder of this moment. */
  readonly folder: string;
  /** Objects that were not there from an earlier backup. */
  readonly copied: number;
}

/** What of the data folder is kept by other means, or is not worth keeping. */
const leftOut = /^(cloud\.(db|lock).*|blobs|parts|drafts|.*\.part)$/;

/** Faults `not_found` (no cloud there), `unavailable`, `limited` (disk full), `corrupt`. */
export async function makeBackup(deps: BackupDeps, to: string): Promise<BackupDone> {
  demandOutside(deps.dataDir, to);
  const madeAt = deps.clock.now();
  const name = new Date(madeAt).toISOString().replaceAll(/[:.]/g, '-');
  const folder = join(to, name);
  const part = `${folder}.part`;
  if ((await sizeOf(folder)) !== undefined) {
    throw new Fault('conflict', 'there is a backup of this moment already', {
      place: folder,
      remedy: 'Run it again.',
    });
  }
  try {
    await removeUnfinished(to);
    await mkdir(part, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFault(error, to);
  }
  const { steps, tables, hashes } = await writeRows(deps, part);
  const { blobs, absent, copied } = await copyBlobs(deps, to, hashes);
  const files = await copyFiles(deps, part);
  const manifest: Manifest = {
    format: backupFormat,
    madeAt,
    version: deps.version,
    database: kindOf(deps.read),
    steps,
    tables,
    files,
    blobs,
    absent,
  };
  // The manifest comes last: with it everything before it is on disk.
  const written = await filesBelow(part, () => false);
  const folders = new Set(['', 'rows', ...written.map((path) => dirname(path))]);
  await syncFiles([...written, ...folders].map((path) => join(part, path)));
  await writeWhole(join(part, manifestName), [manifestText(manifest)]);
  await rename(part, folder);
  await syncFiles([folder, to]);
  return { manifest, folder, copied };
}

/** Inside the data folder each backup would hold the ones before it, and go with the disk. */
function demandOutside(dataDir: string, to: string): void {
  const way = relative(resolve(dataDir), resolve(to));
  if (way.startsWith('..') || isAbsolute(way)) return;
  throw new Fault('invalid', 'the backup would be inside the data folder', {
    place: to,
    remedy: 'Name a folder elsewhere, at best on another disk.',
  });
}

/** What an earlier run left when it was ended. */
async function removeUnfinished(to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await readdir(to)) {
    if (name.endsWith('.part')) await rm(join(to, name), { recursive: true });
  }
}

interface Rows {
  readonly steps: Manifest['steps'];
  readonly tables: readonly TableFile[];
  readonly hashes: readonly string[];
}

async function writeRows({ read, onProgress }: BackupDeps, part: string): Promise<Rows> {
  return await read.transaction().execute(async (trx) => {
    if ((await stepsDone(trx)) === undefined) {
      throw new Fault('not_found', 'the database has no tables of a cloud', {
        remedy: 'Check --data, or the URL of the database.',
      });
    }
    const { rows: steps } = await sql<{ name: string; at: bigint }>`
      select name, at from migration order by name`.execute(trx);
    const tables: TableFile[] = [];
    for (const table of await tablesOf(trx)) {
      let rows = 0;
      const total = await countOf(trx, table.name);
      const lines = tableLines(trx, table, (more) => {
        rows += more;
        onProgress?.({ step: 'rows', what: table.name, done: rows, total });
      });
      const path = join(part, 'rows', `${table.name}.ndjson`);
      const written = await writeWhole(path, lines, { later: true });
      const counter = await counterOf(trx, table);
      tables.push({
        name: table.name,
        rows,
        ...(counter === undefined ? {} : { counter }),
        ...written,
      });
    }
    return {
      steps: steps.map(({ name, at }) => ({ name, at: Number(at) })),
      tables,
      hashes: await hashesOf(trx),
    };
  });
}

async function countOf(db: Db, table: string): Promise<number> {
  const query = sql<{ n: bigint }>`select count(*) as n from ${sql.table(table)}`;
  return Number((await query.execute(db)).rows[0]?.n ?? 0n);
}

/** Every object that rows of this moment name, in the order of the hashes. */
export async function hashesOf(db: Db): Promise<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const rows = await db
      .selectFrom('blob')
      .select('sha256')
      .where('sha256', '>', found.at(-1) ?? '')
      .orderBy('sha256')
      .limit(maxBlobPage)
      .execute();
    for (const { sha256 } of rows) found.push(sha256);
    if (rows.length < maxBlobPage) return found;
  }
}

/** Where an object stands below a backup's folder. */
export const blobPath = (to: string, sha256: string): string =>
  join(to, 'blobs', sha256.slice(0, 2), sha256);

async function copyBlobs(deps: BackupDeps, to: string, hashes: readonly string[]) {
  const absent: string[] = [];
  let bytes = 0;
  let copied = 0;
  for (const [index, sha256] of hashes.entries()) {
    const known = await deps.blobs.stat(sha256);
    const path = blobPath(to, sha256);
    const before = await sizeOf(path);
    if (known === undefined && before === undefined) {
      absent.push(sha256);
    } else if (before === undefined || (known !== undefined && before !== known.sizeBytes)) {
      const done = await writeWhole(path, deps.blobs.read(sha256), { expected: sha256 });
      bytes += done.bytes;
      copied += 1;
    } else {
      bytes += before;
    }
    deps.onProgress?.({ step: 'blobs', what: '', done: index + 1, total: hashes.length });
  }
  return { blobs: { count: hashes.length - absent.length, bytes }, absent, copied };
}

async function copyFiles(deps: BackupDeps, part: string): Promise<readonly KeptFile[]> {
  const paths = await filesBelow(deps.dataDir, (path) => leftOut.test(path));
  const kept: KeptFile[] = [];
  for (const path of paths) {
    const from = join(deps.dataDir, path);
    const { mode } = await stat(from);
    const copy = createReadStream(from);
    const written = await writeWhole(join(part, 'files', path), copy, { later: true });
    kept.push({ path, mode: mode & 0o777, ...written });
    deps.onProgress?.({ step: 'files', what: path, done: kept.length, total: paths.length });
  }
  return kept;
}
