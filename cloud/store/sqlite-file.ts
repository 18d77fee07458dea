/**
 * A SQLite file: the only file that imports better-sqlite3. Its failures are Faults. It stands
 * apart from Kysely, which a thread that only reads need not load.
 */
import { Fault } from '@fieldloop/core';
import Database from 'better-sqlite3';
import {
  maxPreparedStatements,
  maxReadLength,
  maxReadRows,
  readerCacheKiB,
  sqliteBusyMs,
  sqliteCacheKiB,
  sqliteTurnMs,
  sqliteWalBytes,
} from '../limits.ts';

type Statement = Database.Statement;
type SqliteError = InstanceType<typeof Database.SqliteError>;

/** The options of a connection: `yields` when its thread must not be blocked by another's write. */
export interface FileOptions {
  readonly readOnly: boolean;
  readonly yields: boolean;
}

/** A connection in the form that Kysely's driver takes. Faults `unavailable`, `corrupt`. */
export function openSqliteFile(path: string, { readOnly, yields }: FileOptions) {
  const database = guarded(path, () => {
    const timeout = yields ? sqliteTurnMs : sqliteBusyMs;
    const opened = new Database(path, { readonly: readOnly, timeout });
    if (!readOnly) opened.pragma('journal_mode = WAL');
    opened.pragma('synchronous = FULL');
    opened.pragma('foreign_keys = ON');
    opened.pragma(`journal_size_limit = ${sqliteWalBytes}`);
    opened.pragma(`cache_size = -${sqliteCacheKiB}`);
    opened.pragma('temp_store = MEMORY');
    opened.defaultSafeIntegers(true);
    return opened;
  });
  return connection(database, path);
}

/** What a reader's thread runs: values in the order of their columns, one statement at a time. */
export interface SqliteReader {
  ask(
    text: string,
    values: readonly unknown[],
  ): { readonly columns: readonly string[]; readonly rows: unknown[][] };
  close(): void;
}

/** A read-only connection; its transactions see one moment of the database. Faults as above. */
export function openSqliteReader(path: string): SqliteReader {
  const database = guarded(path, () => {
    const opened = new Database(path, { readonly: true, timeout: sqliteBusyMs });
    opened.pragma(`cache_size = -${readerCacheKiB}`);
    opened.defaultSafeIntegers(true);
    return opened;
  });
  const prepare = keptStatements((text) => database.prepare(text));
  return {
    ask: (text, values) =>
      guarded(path, () => {
        const statement = prepare(text);
        if (!statement.reader) {
          statement.run(...values);
          return { columns: [], rows: [] };
        }
        const columns = statement.columns().map((column) => column.name);
        return { columns, rows: boundedRows(statement.raw().iterate(...values), path) };
      }),
    close: () => void database.close(),
  };
}

/** A thread that runs out of memory takes the whole process with it. */
function boundedRows(found: Iterable<unknown>, path: string): unknown[][] {
  const rows: unknown[][] = [];
  let size = 0;
  for (const row of found as Iterable<unknown[]>) {
    for (const value of row) size += typeof value === 'string' ? value.length : 8;
    if (size > maxReadLength || rows.length >= maxReadRows) {
      throw new Fault('limited', 'the database found more than one answer may hold', {
        place: path,
        remedy: 'Ask for fewer at once: lists have a limit and a cursor.',
      });
    }
    rows.push(row);
  }
  return rows;
}

/**
 * Holds a folder for this process: the lock is the operating system's, on an open file, so it ends
 * with the process however that dies. Fault `conflict` when another process holds it.
 */
export function lockFolder(path: string): Disposable {
  const database = guarded(path, () => new Database(path, { timeout: 0 }));
  try {
    guarded(path, () => {
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('begin exclusive');
    });
  } catch (error) {
    database.close();
    if (!(error instanceof Fault) || error.code !== 'unavailable') throw error;
    throw new Fault('conflict', 'another cloud runs on this data folder', {
      place: path,
      remedy: 'Stop it first, or give this one another folder with --data.',
      cause: error,
    });
  }
  return { [Symbol.dispose]: () => void database.close() };
}

/** Statements by their text; the least recently used one is dropped. */
function keptStatements(make: (text: string) => Statement): (text: string) => Statement {
  const prepared = new Map<string, Statement>();
  return (text) => {
    const statement = prepared.get(text) ?? make(text);
    prepared.delete(text);
    prepared.set(text, statement);
    const oldest = prepared.keys().next().value;
    if (prepared.size > maxPreparedStatements && oldest !== undefined) prepared.delete(oldest);
    return statement;
  };
}

function connection(database: Database.Database, path: string) {
  const prepare = keptStatements((text) => database.prepare(text));
  // A transaction that may write takes the write lock when it begins.
  const begin = database.readonly ? 'begin' : 'begin immediate';
  return {
    close: () => void database.close(),
    prepare: (text: string) => {
      const statement = guarded(path, () => prepare(text === 'begin' ? begin : text));
      return {
        reader: statement.reader,
        all: (values: readonly unknown[]) => guarded(path, () => statement.all(...values)),
        run: (values: readonly unknown[]) => guarded(path, () => statement.run(...values)),
        iterate: (values: readonly unknown[]) => statement.iterate(...values),
      };
    },
  };
}

/** SQLite's own failures as Faults; a broken constraint or a wrong statement stays an error. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Database.SqliteError) throw faultOf(error, path) ?? error;
    // What better-sqlite3 says itself, before SQLite is asked.
    if (error instanceof TypeError && error.message.includes('directory does not exist')) {
      throw cannotUse(path, 'its folder does not exist', error);
    }
    throw error;
  }
}

function faultOf(error: SqliteError, path: string): Fault | undefined {
  const parts = { place: path, cause: error };
  if (/^SQLITE_(BUSY|LOCKED)/.test(error.code)) {
    return new Fault('unavailable', 'the database is busy with another write', {
      ...parts,
      details: { busy: true },
      remedy: 'Try again. If it stays so, look for a second process that holds this file.',
    });
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) {
    return new Fault('corrupt', 'the database file is damaged or is not a database', {
      ...parts,
      remedy: 'Stop the cloud and put back the last backup of this file.',
    });
  }
  if (/^SQLITE_(CANTOPEN|READONLY|FULL|IOERR|PERM)/.test(error.code)) {
    return cannotUse(path, error.message, error);
  }
  return undefined;
}

const cannotUse = (place: string, why: string, cause: Error): Fault =>
  new Fault('unavailable', `the database cannot be used (${why})`, {
    place,
    cause,
    remedy: 'Check that the folder exists, is writable for this user and has free space.',
  });
