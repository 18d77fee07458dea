/**
 * The SQLite adapter. A transaction takes the write lock when it begins (`begin immediate`), so a
 * read inside it is still true when it writes.
 */
import { type Clock, Fault } from '@fieldloop/core';
import { sqliteBusyMs, sqliteTurnMs } from '../limits.ts';
import type { Db } from './db.ts';
import { type DatabaseConnection, Kysely, SqliteDialect, SqliteDriver } from './kysely.ts';
import type { Tables } from './schema.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { type OnQuery, timed } from './timed.ts';

export interface SqliteOptions {
  readonly readOnly?: boolean;
  /**
   * For a thread that serves others meanwhile: a transaction waits on this clock for its turn to
   * write, instead of blocking the thread.
   */
  readonly waitOn?: Pick<Clock, 'sleep' | 'monotonicMs'>;
  readonly onQuery?: OnQuery | undefined;
}

/**
 * Opens a connection of its own; `destroy()` closes it. A committed transaction has reached the
 * disk (WAL with synchronous FULL). Faults: `unavailable` (cannot open, full, busy), `corrupt`.
 */
export function openSqlite(path: string, options: SqliteOptions = {}): Db {
  const { readOnly = false, waitOn } = options;
  const yields = waitOn !== undefined;
  const config = { database: openSqliteFile(path, { readOnly, yields }) };
  const dialect = new SqliteDialect(config);
  if (waitOn !== undefined) dialect.createDriver = () => new WaitingDriver(config, waitOn);
  return new Kysely<Tables>({ dialect, ...timed(options.onQuery) });
}

/** Asks again for the write lock, and leaves the thread to others between two tries. */
class WaitingDriver extends SqliteDriver {
  readonly #clock: NonNullable<SqliteOptions['waitOn']>;

  constructor(
    config: ConstructorParameters<typeof SqliteDriver>[0],
    clock: NonNullable<SqliteOptions['waitOn']>,
  ) {
    super(config);
    this.#clock = clock;
  }

  override async beginTransaction(on: DatabaseConnection): Promise<void> {
    const until = this.#clock.monotonicMs() + sqliteBusyMs;
    for (;;) {
      try {
        await super.beginTransaction(on);
        return;
      } catch (error) {
        const busy = error instanceof Fault && error.details?.['busy'] === true;
        if (!busy || this.#clock.monotonicMs() >= until) throw error;
        await this.#clock.sleep(sqliteTurnMs);
      }
    }
  }
}
