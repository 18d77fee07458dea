/**
 * Puts a backup back: everything is verified first, then objects and files are placed, and the rows
 * come last, in one transaction. Until that has ended the target holds no rows, so a restore that
 * was ended is seen and can be run again.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault } from '@fieldloop/core';
import type { BlobStore } from '../../blob/blob.ts';
import type { Db } from '../db.ts';
import { kindOf } from '../kind.ts';
import { sql } from '../kysely.ts';
import { migrate, migrateWithin, stepsDone } from '../migrate.ts';
import { migrations } from '../migrations/list.ts';
import { tablesOf } from '../tables.ts';
import { blobPath } from './backup.ts';
import { filesBelow, fileFault, hashFile, sizeOf, writeWhole } from './files.ts';
import {
  type BackupProgress,
  damaged,
  type Manifest,
  manifestName,
  parseManifest,
} from './format.ts';
import { loadTable, setCounter } from './rows.ts';

/** A moment that a backup's folder holds. */
export interface Moment {
  /** The folder of all moments, with `blobs`. */
  readonly root: string;
  readonly name: string;
  readonly manifest: Manifest;
}

/** The newest moment of `from`, or the one called `at`. Faults `not_found`, `corrupt`. */
export async function openMoment(from: string, at?: string): Promise<Moment> {
  const names = at === undefined ? await momentsIn(from) : [at];
  const name = names.at(-1);
  if (name === undefined) {
    throw new Fault('not_found', 'there is no backup in this folder', {
      place: from,
      remedy: 'Name the folder that `fieldloop cloud backup --to` wrote to.',
    });
  }
  const path = join(from, name, manifestName);
  try {
    return { root: from, name, manifest: parseManifest(await readFile(path, 'utf8'), path) };
  } catch (error) {
    throw fileFault(error, path);
  }
}

/** Oldest first. */
export async function momentsIn(from: string): Promise<readonly string[]> {
  try {
    const names = await readdir(from);
    return names.filter((name) => /^\d{4}-\d\d-\d\dT[\d-]+Z$/.test(name)).toSorted();
  } catch (error) {
    throw fileFault(error, from);
  }
}

type Hear = (progress: BackupProgress) => void;

/** Compares every file with what was written. Fault `corrupt` names the first that differs. */
export async function verifyMoment({ root, name, manifest }: Moment, hear?: Hear): Promise<void> {
  const rows = manifest.tables.map((table) => ({ ...table, path: `rows/${table.name}.ndjson` }));
  const files = manifest.files.map((file) => ({ ...file, path: `files/${file.path}` }));
  const hashes = await hashesIn(join(root, name, 'rows', 'blob.ndjson'), manifest);
  const total = rows.length + files.length + hashes.length;
  let done = 0;
  const check = async (path: string, expected: string): Promise<void> => {
    if ((await sizeOf(path)) === undefined) throw damaged(path, 'is missing');
    const { sha256 } = await hashFile(path);
    if (sha256 !== expected) throw damaged(path, 'is not what was written');
    hear?.({ step: 'verify', what: '', done: (done += 1), total });
  };
  for (const { path, sha256 } of [...rows, ...files]) await check(join(root, name, path), sha256);
  for (const hash of hashes) await check(blobPath(root, hash), hash);
}

/** The objects that this moment must hold, as its own rows name them. */
async function hashesIn(path: string, { absent }: Manifest): Promise<readonly string[]> {
  const left = new Set(absent);
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(1, -1);
  return lines
    .map((line) => /[0-9a-f]{64}/.exec(line)?.[0])
    .filter((hash) => hash !== undefined && !left.has(hash)) as string[];
}

export interface RestoreDeps {
  readonly write: Db;
  readonly blobs: Pick<BlobStore, 'begin' | 'stat'>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly onProgress?: Hear;
}

/** Fault `conflict` when something is there already. */
export async function demandEmpty(write: Db, dataDir: string, place: string): Promise<void> {
  const files = await filesBelow(dataDir, (path) => /^(cloud\.(db|lock).*|.*\.part)$/.test(path));
  const done = await stepsDone(write);
  if (files.length === 0 && done === undefined) return;
  throw new Fault('conflict', 'there is a cloud here already', {
    place: done === undefined ? join(dataDir, files[0] ?? '') : place,
    remedy: 'Restore to an empty folder and database, or replace what is here with --force.',
  });
}

/** Run after `verifyMoment`. What the database held is gone afterwards; other objects stay. */
export async function restoreMoment(deps: RestoreDeps, moment: Moment): Promise<void> {
  const { manifest, root, name } = moment;
  demandKnown(manifest, join(root, name, manifestName));
  await dropTables(deps.write);
  await placeBlobs(deps, moment);
  for (const [index, file] of manifest.files.entries()) {
    const from = createReadStream(join(root, name, 'files', file.path));
    const how = { mode: file.mode, expected: file.sha256 };
    await mkdir(deps.dataDir, { recursive: true, mode: 0o700 });
    await writeWhole(join(deps.dataDir, file.path), from, how);
    const { length: total } = manifest.files;
    deps.onProgress?.({ step: 'files', what: file.path, done: index + 1, total });
  }
  await deps.write.transaction().execute(async (trx) => {
    await makeTables(trx, manifest);
    await withLateReferences(trx, async () => await loadTables(trx, deps, moment));
  });
  await migrate(deps.write, { now: () => deps.clock.now() });
  if (kindOf(deps.write) === 'postgres') await sql`vacuum (analyze)`.execute(deps.write);
}

function demandKnown({ steps }: Manifest, place: string): void {
  const unknown = steps.find((step, index) => migrations[index]?.name !== step.name);
  if (unknown === undefined) return;
  throw new Fault('conflict', `the backup has the step "${unknown.name}" that this cloud lacks`, {
    place,
    remedy: 'Restore with the Fieldloop that made it, or a newer one.',
  });
}

async function dropTables(db: Db): Promise<void> {
  if ((await stepsDone(db)) === undefined) return;
  const names = [...(await tablesOf(db)).map((table) => table.name), 'migration'];
  if (kindOf(db) === 'postgres') {
    await sql`drop table ${sql.join(names.map((one) => sql.table(one)))} cascade`.execute(db);
    return;
  }
  await db.connection().execute(async (one) => {
    await sql`pragma foreign_keys = off`.execute(one);
    for (const table of names) await sql`drop table ${sql.table(table)}`.execute(one);
    await sql`pragma foreign_keys = on`.execute(one);
  });
}

/** At the steps of the backup; later ones run when the rows are there. */
async function makeTables(trx: Db, { steps }: Manifest): Promise<void> {
  await migrateWithin(trx, { now: () => 0, steps: migrations.slice(0, steps.length) });
  for (const { name, at } of steps) {
    await sql`update migration set at = ${at} where name = ${name}`.execute(trx);
  }
}

/** Rows come table by table: whom they name may come later, and must be there at the end. */
async function withLateReferences(trx: Db, work: () => Promise<void>): Promise<void> {
  if (kindOf(trx) === 'sqlite') {
    await sql`pragma defer_foreign_keys = on`.execute(trx);
    await work();
    return;
  }
  const { rows } = await sql<{ table: string; name: string }>`
    select conrelid::regclass::text as "table", conname::text as name from pg_constraint
    where contype = 'f' and connamespace = current_schema()::regnamespace`.execute(trx);
  const each = async (how: string): Promise<void> => {
    for (const { table, name } of rows) {
      const [on, constraint] = [sql.table(table), sql.ref(name)];
      await sql`alter table ${on} alter constraint ${constraint} ${sql.raw(how)}`.execute(trx);
    }
  };
  await each('deferrable initially deferred');
  await work();
  await sql`set constraints all immediate`.execute(trx);
  await each('not deferrable');
}

async function loadTables(trx: Db, deps: RestoreDeps, { root, name, manifest }: Moment) {
  const shapes = new Map((await tablesOf(trx)).map((shape) => [shape.name, shape]));
  for (const table of manifest.tables) {
    const path = join(root, name, 'rows', `${table.name}.ndjson`);
    const shape = shapes.get(table.name);
    if (shape === undefined) throw damaged(path, 'is of a table that no step makes');
    // A step may have put rows of its own: the backup holds them as they became.
    await sql`delete from ${sql.table(table.name)}`.execute(trx);
    let done = 0;
    const count = await loadTable(trx, shape, path, (more) => {
      done += more;
      deps.onProgress?.({ step: 'rows', what: table.name, done, total: table.rows });
    });
    if (count !== table.rows) throw damaged(path, `has ${count} rows instead of ${table.rows}`);
    await setCounter(trx, shape, table.counter ?? '0');
  }
}

async function placeBlobs(deps: RestoreDeps, { root, name, manifest }: Moment): Promise<void> {
  const hashes = await hashesIn(join(root, name, 'rows', 'blob.ndjson'), manifest);
  for (const [index, sha256] of hashes.entries()) {
    const path = blobPath(root, sha256);
    const there = await deps.blobs.stat(sha256);
    if (there === undefined || there.sizeBytes !== (await sizeOf(path))) {
      await placeBlob(deps, sha256, path);
    }
    deps.onProgress?.({ step: 'blobs', what: '', done: index + 1, total: hashes.length });
  }
}

async function placeBlob({ blobs }: RestoreDeps, sha256: string, path: string): Promise<void> {
  const part = await blobs.begin({ owner: 'restore', sha256 });
  try {
    await part.truncate(0);
    for await (const piece of createReadStream(path)) await part.append([piece as Uint8Array]);
    if ((await part.commit()) === 'differs') throw damaged(path, 'is not what was written');
  } catch (error) {
    await part.discard().catch(() => undefined);
    throw fileFault(error, path);
  }
}
