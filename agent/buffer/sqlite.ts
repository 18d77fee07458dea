/**
 * The one door to better-sqlite3: a small synchronous port, and SQLite's failures as faults.
 * WAL with FULL sync: a commit that returned survives a power cut.
 */
import { Fault, type FaultCode } from '@fieldloop/core';
import Database from 'better-sqlite3';

export type SqlValue = string | number | bigint | Uint8Array | null;

export interface Sqlite {
  /** Rows changed by one statement. */
  run(sql: string, ...params: readonly SqlValue[]): number;
  /** The first row as an object, undefined when there is none; the caller knows its columns. */
  get(sql: string, ...params: readonly SqlValue[]): unknown;
  all(sql: string, ...params: readonly SqlValue[]): unknown[];
  /** All of `body` or nothing; durable when it returns. */
  transaction<T>(body: () => T): T;
  close(): void;
}

/** better-sqlite3 is built with 16 MiB, which the index of a robot fills within days. */
const pageCacheKib = 1_024;

/**
 * Opens or creates a database that this process alone holds. Fault `corrupt` when the file is not
 * a sound database, `conflict` when another process holds it.
 */
export function openSqlite(path: string): Sqlite {
  const database = guarded(path, () => new Database(path, { timeout: 500 }));
  try {
    guarded(path, () => {
      database.pragma('locking_mode = EXCLUSIVE');
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      database.pragma(`cache_size = -${pageCacheKib}`);
      // The lock is taken by the first access, so a second process is refused here.
      database.exec('BEGIN IMMEDIATE; COMMIT');
      demandSound(path, database);
    });
  } catch (error) {
    database.close();
    throw error;
  }
  return wrap(path, database);
}

/**
 * Reads all of a database and changes nothing of it; SQLite may leave an empty `-wal` and a `-shm`
 * beside it, as an agent does. Fault `corrupt` when it is not sound, `conflict`
 * while another process holds it.
 */
export function checkSqlite(path: string): void {
  guarded(path, () => {
    const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      demandSound(path, database);
    } finally {
      database.close();
    }
  });
}

function demandSound(path: string, database: Database.Database): void {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw damaged(path, String(found));
}

function wrap(path: string, database: Database.Database): Sqlite {
  const statements = new Map<string, Database.Statement<SqlValue[]>>();
  const prepare = (sql: string): Database.Statement<SqlValue[]> => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare<SqlValue[]>(sql);
    statements.set(sql, made);
    return made;
  };
  return {
    run: (sql, ...params) => guarded(path, () => prepare(sql).run(...params).changes),
    get: (sql, ...params) => guarded(path, () => prepare(sql).get(...params)),
    all: (sql, ...params) => guarded(path, () => prepare(sql).all(...params)),
    transaction: (body) => guarded(path, () => database.transaction(body).immediate()),
    close: () => database.close(),
  };
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Database.SqliteError ? asSqliteFault(path, error) : error;
  }
}

const codes: readonly (readonly [prefix: string, code: FaultCode, what: string, remedy: string])[] =
  [
    [
      'SQLITE_FULL',
      'limited',
      'the disk is full',
      'Free space on this disk or lower buffer.quota in agent.yaml.',
    ],
    [
      'SQLITE_BUSY',
      'conflict',
      'another process holds the buffer',
      'Stop the other fieldloop-agent that uses this buffer.path, or give this one its own.',
    ],
    [
      'SQLITE_READONLY',
      'unavailable',
      'the disk is read-only',
      'Remount the disk for writing and check that the agent owns buffer.path.',
    ],
    [
      'SQLITE_CANTOPEN',
      'unavailable',
      'the buffer database cannot be opened',
      'Check that buffer.path exists and that the agent may write there.',
    ],
    [
      'SQLITE_IOERR',
      'unavailable',
      'the disk reported an error',
      'Look at the kernel log of this machine; the disk may be failing.',
    ],
  ];

function asSqliteFault(path: string, error: InstanceType<typeof Database.SqliteError>): unknown {
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return damaged(path, error.message, error);
  const known = codes.find(([prefix]) => error.code.startsWith(prefix));
  if (known === undefined) return error;
  const [, code, what, remedy] = known;
  return new Fault(code, what, { place: path, remedy, cause: error });
}

function damaged(path: string, found: string, cause?: unknown): Fault {
  return new Fault('corrupt', `the buffer database is damaged: ${found}`, {
    place: path,
    remedy: 'Restart the agent: it moves the damaged file aside and rebuilds from the clip files.',
    cause,
  });
}
