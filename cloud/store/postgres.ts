/**
 * The PostgreSQL adapter: the only file that imports pg. Values come back as from SQLite: every
 * integer as `bigint`, true and false as 1 and 0. A write transaction takes one advisory lock when
 * it begins, so writes are serial across processes, as they are on SQLite; a statement of its own
 * is a transaction of its own. Each statement sees what is committed when it starts.
 */
import { Fault } from '@fieldloop/core';
import pg from 'pg';
import {
  postgresConnections,
  postgresIdleMs,
  postgresLockMs,
  postgresOpenMs,
  postgresReadMs,
} from '../limits.ts';
import type { Db } from './db.ts';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from './kysely.ts';
import { postgresFault, postgresPlace } from './postgres-fault.ts';
import type { Tables } from './schema.ts';
import { type OnQuery, timed } from './timed.ts';

export interface PostgresOptions {
  /** Transactions then see one moment of the database, and wait for no lock. */
  readonly readOnly?: boolean;
  /** Connections at once; a query beyond them waits. */
  readonly connections?: number;
  /** How long a transaction waits for its turn to write. */
  readonly lockMs?: number;
  /** How long each statement took. */
  readonly onQuery?: OnQuery | undefined;
}

/** The key of the lock that orders write transactions: "fl", "wr". */
export const writeLock = '26220, 30578';

/**
 * A pool of connections, opened when they are needed; `destroy()` closes it. Faults `invalid` (the
 * URL) here; `unavailable`, `corrupt`, `timeout` and `invalid` (a text that no database takes) from
 * its queries. A broken constraint or a wrong statement stays an error.
 */
export function openPostgres(url: string, options: PostgresOptions = {}): Db {
  const place = postgresPlace(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections ?? postgresConnections,
    connectionTimeoutMillis: postgresOpenMs,
    idleTimeoutMillis: postgresIdleMs,
    application_name: 'fieldloop',
    keepAlive: true,
    types: { getTypeParser: (type: number) => parsers[type] ?? asText },
  });
  // A connection that breaks tells the query that runs on it; without one it leaves the pool.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: guarded(pool, place, options) }),
    ...timed(options.onQuery),
  });
}

const int = (text: string): bigint => BigInt(text);
/** `sum` of integers is a numeric here and an integer in SQLite. */
const numeric = (text: string): bigint | number =>
  /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
const bool = (text: string): bigint => (text === 't' ? 1n : 0n);

/** By the type's number in PostgreSQL's catalog. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: bool,
  20: int,
  21: int,
  23: int,
  26: int,
  700: Number,
  701: Number,
  1700: numeric,
};
const asText = (text: string): string => text;

function guarded(pool: pg.Pool, place: string, options: PostgresOptions): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    async connect() {
      const client = await said(place, async () => await pool.connect());
      const before = known.get(client);
      if (before !== undefined) return before;
      try {
        await said(place, async () => await client.query(settingsOf(options)));
      } catch (error) {
        client.release(true);
        throw error;
      }
      const connection = connectionOf(client, place, options);
      known.set(client, connection);
      return connection;
    },
    end: async () => await pool.end(),
  };
}

/** Compiling a statement takes longer than each of these statements runs. */
const settingsOf = ({ readOnly = false }: PostgresOptions): string =>
  readOnly
    ? `set jit = off; set default_transaction_read_only = on;
       set statement_timeout = ${postgresReadMs}`
    : `set idle_in_transaction_session_timeout = ${postgresReadMs}`;

async function said<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw postgresFault(error, place) ?? error;
  }
}

type Query = (text: string, values?: readonly unknown[]) => Promise<Result>;
interface Result {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}

const writes = /^\s*(insert|update|delete)\s/i;

/** Sees every statement of one connection, and so knows when a transaction begins and ends. */
function connectionOf(
  client: pg.PoolClient,
  place: string,
  { readOnly = false, lockMs = postgresLockMs }: PostgresOptions,
): PostgresPoolClient {
  let inTransaction = false;
  const ask: Query = async (text, values = []) =>
    await said(place, async () => {
      // Without values the simple protocol takes several statements in one round trip.
      const result = values.length === 0 ? client.query(text) : client.query(text, [...values]);
      return await result;
    });
  const end = async (text: string): Promise<Result> => {
    inTransaction = false;
    return await ask(text);
  };
  const undo = async (): Promise<Result> => {
    try {
      return await end('rollback');
    } catch (error) {
      // The server undoes what a broken connection left; the pool drops that connection.
      if (!(error instanceof Fault)) throw error;
      return { command: 'ROLLBACK', rowCount: 0, rows: [] };
    }
  };
  const begin = async (): Promise<Result> => {
    inTransaction = true;
    if (readOnly) return await ask('begin isolation level repeatable read, read only');
    try {
      return await ask(
        `begin; set local lock_timeout = ${lockMs}; select pg_advisory_xact_lock(${writeLock});
         set local lock_timeout to default`,
      );
    } catch (error) {
      await undo();
      throw error;
    }
  };
  const alone = async (text: string, values: readonly unknown[]): Promise<Result> => {
    await begin();
    try {
      const result = await ask(text, values);
      await end('commit');
      return result;
    } catch (error) {
      await undo();
      throw error;
    }
  };
  const query: Query = async (text, values = []) => {
    if (text === 'begin') return await begin();
    if (text.startsWith('start transaction')) inTransaction = true;
    if (text === 'commit') return await end(text);
    if (text === 'rollback') return await undo();
    if (!inTransaction && !readOnly && writes.test(text)) return await alone(text, values);
    return await ask(text, values);
  };
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
}
