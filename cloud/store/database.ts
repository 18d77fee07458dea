/** The database that the settings name, of either kind, as one writer and many readers. */
import { type Clock, Fault, type Log } from '@fieldloop/core';
import { postgresIngestWriters, postgresWriters } from '../limits.ts';
import type { Db } from './db.ts';
import type { DatabaseKind } from './kind.ts';
import { sql } from './kysely.ts';
import { openPostgres, type PostgresOptions } from './postgres.ts';
import { postgresPlace } from './postgres-fault.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import { openSqliteReaders } from './sqlite-readers.ts';

/** Where it is; crosses to a thread as it stands. */
export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string };

export interface Database extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** For messages: the file, or `host:port/database`. */
  readonly place: string;
  /** For transactions, and to read what was just written. */
  readonly write: Db;
  /** For everything else; blocks no thread. */
  readonly read: Db;
}

export interface DatabaseDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** How long each statement took. */
  readonly onQuery?: ((connection: 'read' | 'write', ms: number) => void) | undefined;
}

/** The oldest PostgreSQL that this cloud is tested with. */
const oldestPostgres = 15;

/**
 * Opens writer and readers. The file of SQLite is made when it is missing; a PostgreSQL database
 * must be there. Faults `unavailable`, `corrupt`, `invalid`.
 */
export async function openDatabase(
  address: DatabaseAddress,
  deps: DatabaseDeps,
): Promise<Database> {
  await using opened = new AsyncDisposableStack();
  const keep = (db: Db): Db => {
    opened.defer(async () => await db.destroy());
    return db;
  };
  const { clock: waitOn, onQuery } = deps;
  const write = keep(
    openWriter(address, { waitOn, onQuery: onQuery && ((ms) => onQuery('write', ms)) }),
  );
  if (address.kind === 'postgres') await demandFit(write, placeOf(address));
  const read = keep(openReaders(address, deps));
  const parts = opened.move();
  return {
    kind: address.kind,
    place: placeOf(address),
    write,
    read,
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}

/** For a thread of its own: while a transaction waits for its turn, an SQLite one blocks it. */
export const openWriteConnection = (address: DatabaseAddress): Db =>
  openWriter(address, { connections: postgresIngestWriters });

type WriterOptions = SqliteOptions & Pick<PostgresOptions, 'connections'>;

const openWriter = (address: DatabaseAddress, options: WriterOptions): Db =>
  address.kind === 'postgres'
    ? openPostgres(address.url, { connections: postgresWriters, ...options })
    : openSqlite(address.path, options);

export const placeOf = (address: DatabaseAddress): string =>
  address.kind === 'sqlite' ? address.path : postgresPlace(address.url);

/** Read only; the file of SQLite must be there. */
export function openReaders(address: DatabaseAddress, deps: DatabaseDeps): Db {
  const hear = deps.onQuery;
  const onQuery = hear && ((ms: number) => hear('read', ms));
  if (address.kind === 'postgres') return openPostgres(address.url, { readOnly: true, onQuery });
  const { clock, log } = deps;
  return openSqliteReaders(address.path, { clock, log: log.child('readers') }, { onQuery });
}

async function demandFit(db: Db, place: string): Promise<void> {
  const version = await setting(db, 'server_version_num');
  if (Number(version) < oldestPostgres * 10_000) {
    throw new Fault('unavailable', `the database server is older than ${oldestPostgres}`, {
      place,
      remedy: `Use PostgreSQL ${oldestPostgres} or newer; this one says ${version}.`,
    });
  }
  const encoding = await setting(db, 'server_encoding');
  if (encoding !== 'UTF8') {
    throw new Fault('unavailable', `the database keeps texts as ${encoding}`, {
      place,
      remedy: 'Make a database with `createdb -E UTF8 -T template0` and name it in the URL.',
    });
  }
}

async function setting(db: Db, name: string): Promise<string> {
  const { rows } = await sql<{ value: string }>`select current_setting(${name}) as value`.execute(
    db,
  );
  return rows[0]?.value ?? '';
}
