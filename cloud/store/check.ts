/** What is wrong with a database: reached, whole, at its newest step, and one with its objects. */
import type { FaultCode } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import { maxBlobPage } from '../limits.ts';
import { hashesOf } from './backup/backup.ts';
import type { Db } from './db.ts';
import { kindOf } from './kind.ts';
import { sql } from './kysely.ts';
import { missingSteps, stepsDone } from './migrate.ts';

export interface Finding {
  /** What was looked at: `database`, `blobs`. */
  readonly what: string;
  /** `warn` needs a look, `wrong` keeps the cloud from working. */
  readonly state: 'ok' | 'warn' | 'wrong';
  readonly message: string;
  readonly place?: string | undefined;
  readonly remedy?: string | undefined;
  /** Of something wrong. */
  readonly code?: FaultCode | undefined;
}

export const fine = (what: string, message: string): Finding => ({ what, state: 'ok', message });

/** Version, damage and steps. Faults are the caller's to show: it knows the place. */
export async function checkDatabase(db: Db, place: string): Promise<readonly Finding[]> {
  const isSqlite = kindOf(db) === 'sqlite';
  const version = isSqlite ? sql`select sqlite_version() as v` : sql`show server_version`;
  const [row] = (await version.execute(db)).rows as Record<string, string>[];
  const name = isSqlite ? 'SQLite' : 'PostgreSQL';
  return [
    fine('database', `${name} ${Object.values(row ?? {}).join('')} answers at ${place}`),
    isSqlite ? await sqliteDamage(db, place) : await postgresDamage(db, place),
    await stepsOf(db, place),
  ];
}

async function sqliteDamage(db: Db, place: string): Promise<Finding> {
  const { rows: broken } = await sql<{ quick_check: string }>`pragma quick_check(5)`.execute(db);
  const { rows: orphans } = await sql<{ table: string }>`pragma foreign_key_check`.execute(db);
  const said = [
    ...broken.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    ...(orphans.length === 0 ? [] : [`${orphans.length} rows name others that are not there`]),
  ];
  return said.length === 0 ? fine('integrity', 'no damage found') : damage(said, place);
}

async function postgresDamage(db: Db, place: string): Promise<Finding> {
  const { rows } = await sql<{ name: string }>`
    select c.relname::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
    where not i.indisvalid and c.relnamespace = current_schema()::regnamespace
    union all select conname::text from pg_constraint
    where not convalidated and connamespace = current_schema()::regnamespace`.execute(db);
  if (rows.length === 0) return fine('integrity', 'every index and constraint is valid');
  return damage(
    rows.map((row) => `${row.name} is not valid`),
    place,
  );
}

const damage = (said: readonly string[], place: string): Finding => ({
  what: 'integrity',
  state: 'wrong',
  message: `the database is damaged: ${said.join('; ')}`,
  place,
  remedy: 'Stop the cloud and run `fieldloop cloud restore` from the last backup.',
  code: 'corrupt',
});

async function stepsOf(db: Db, place: string): Promise<Finding> {
  const done = await stepsDone(db);
  // A database of a newer cloud is a Fault that says so.
  const missing = missingSteps(done ?? []);
  if (missing.length === 0) return fine('steps', `at its newest step, ${done?.at(-1)}`);
  return {
    what: 'steps',
    state: 'warn',
    message:
      done === undefined
        ? 'the database is empty'
        : `${missing.length} steps are missing, the first is ${missing[0]?.name}`,
    place,
    remedy: 'The next start runs them; `fieldloop cloud migrate` does it now.',
  };
}

export interface BlobCheck {
  /** Rows whose object is not there or has another size. */
  readonly lost: readonly string[];
  /** Objects that no row names. */
  readonly unnamed: readonly string[];
  readonly count: number;
}

/** Compares rows and objects; both are walked in the order of the hashes. */
export async function compareBlobs(
  db: Db,
  blobs: Pick<BlobStore, 'stat' | 'list'>,
): Promise<BlobCheck> {
  const named = new Set(await hashesOf(db));
  const lost: string[] = [];
  for (const sha256 of named) {
    if ((await blobs.stat(sha256)) === undefined) lost.push(sha256);
  }
  const unnamed: string[] = [];
  for (let after = ''; ; ) {
    const page = await blobs.list({ after, limit: maxBlobPage });
    unnamed.push(...page.filter((sha256) => !named.has(sha256)));
    const last = page.at(-1);
    if (last === undefined) break;
    after = last;
  }
  return { lost, unnamed, count: named.size };
}
