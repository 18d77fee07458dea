/**
 * Readers of a SQLite file in threads of their own: better-sqlite3 blocks the thread it runs on, so
 * a query on the main thread would stop every socket. A query takes a free reader and gives it
 * back; a transaction keeps one, and sees one moment of the database. What waits for a reader is
 * bounded in number and in time. When a thread dies, the query it had fails as `unavailable` and a
 * new one is started.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import {
  maxReaderQueries,
  readerHeapMiB,
  readerRestartMs,
  readerThreads,
  readerWaitMs,
} from '../limits.ts';
import type { Db } from './db.ts';
import { faultFrom, type FaultWords } from './fault-words.ts';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from './kysely.ts';
import type { Tables } from './schema.ts';
import { type OnQuery, timed } from './timed.ts';

export interface ReaderQuestion {
  readonly id: number;
  readonly text: string;
  readonly values: readonly unknown[];
}

export type ReaderAnswer =
  | { readonly id: number; readonly columns: readonly string[]; readonly rows: unknown[][] }
  | { readonly id: number; readonly fault: FaultWords };

export interface ReaderDeps {
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReaderOptions {
  readonly threads?: number;
  /** Queries that wait for a reader; one more is refused. */
  readonly maxWaiting?: number;
  readonly onQuery?: OnQuery | undefined;
}

/** Threads start when they are needed; `destroy()` ends them after the queries in work. */
export function openSqliteReaders(path: string, deps: ReaderDeps, options: ReaderOptions = {}): Db {
  return new Kysely<Tables>({
    ...timed(options.onQuery),
    dialect: {
      createDriver: () => new ReaderPool(path, deps, options),
      createAdapter: () => new ManyReaders(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
  });
}

class ManyReaders extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

interface Turn {
  take(reader: Reader): void;
  refuse(fault: Fault): void;
}

class ReaderPool implements Driver {
  readonly #path: string;
  readonly #deps: ReaderDeps;
  readonly #threads: number;
  readonly #maxWaiting: number;
  readonly #stop = new AbortController();
  readonly #all = new Set<Reader>();
  readonly #ended = new Set<Promise<void>>();
  #free: Reader[] = [];
  readonly #waiting = new Set<Turn>();
  /** Threads that run or are about to run again. */
  #count = 0;

  constructor(path: string, deps: ReaderDeps, options: ReaderOptions) {
    this.#path = path;
    this.#deps = deps;
    this.#threads = options.threads ?? readerThreads;
    this.#maxWaiting = options.maxWaiting ?? maxReaderQueries;
  }

  async init(): Promise<void> {
    // Threads are started when they are needed.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#free.length === 0 && this.#count < this.#threads) this.#start();
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#waiting.size >= this.#maxWaiting) {
      throw overloaded('too many queries wait for the database');
    }
    return await this.#turn();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const reader = connection as Reader;
    if (!this.#all.has(reader)) return;
    const [next] = this.#waiting;
    if (next === undefined) this.#free.push(reader);
    else next.take(reader);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** A reader that died has no transaction left. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (!this.#all.has(connection as Reader)) return;
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    this.#stop.abort();
    for (const turn of this.#waiting) turn.refuse(gone());
    for (const reader of this.#all) reader.close();
    await Promise.all(this.#ended);
  }

  async #turn(): Promise<Reader> {
    const done = new AbortController();
    return await new Promise<Reader>((resolve, reject) => {
      const turn: Turn = {
        take: (reader) => {
          this.#waiting.delete(turn);
          done.abort();
          resolve(reader);
        },
        refuse: (fault) => {
          this.#waiting.delete(turn);
          done.abort();
          reject(fault);
        },
      };
      this.#waiting.add(turn);
      this.#deps.clock.sleep(readerWaitMs, done.signal).then(
        () => turn.refuse(overloaded('the query waited too long for its turn')),
        () => undefined,
      );
    });
  }

  #start(): void {
    this.#count += 1;
    const reader = new Reader(this.#path);
    this.#all.add(reader);
    const ended = reader.ended.then(async (error) => {
      this.#ended.delete(ended);
      await this.#restart(reader, error);
    });
    this.#ended.add(ended);
    void this.releaseConnection(reader);
  }

  async #restart(reader: Reader, cause: unknown): Promise<void> {
    this.#all.delete(reader);
    this.#free = this.#free.filter((one) => one !== reader);
    if (this.#stop.signal.aborted) return;
    this.#deps.log.error('a reader thread died', { cause });
    await this.#deps.clock.sleep(readerRestartMs, this.#stop.signal).catch(() => undefined);
    this.#count -= 1;
    // Without somebody who waits the next query starts it.
    if (!this.#stop.signal.aborted && this.#waiting.size > 0) this.#start();
  }
}

interface Asked {
  resolve(result: QueryResult<never>): void;
  reject(fault: Fault): void;
}

/** One thread as Kysely's connection. */
class Reader implements DatabaseConnection {
  /** Resolves when the thread has ended, with what broke it. */
  readonly ended: Promise<unknown>;
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  #isEnded = false;
  /** Why the thread could not begin. */
  #refusal: Fault | undefined;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./sqlite-reader-worker.ts', import.meta.url), {
      workerData: { path },
      name: 'sqlite-reader',
      resourceLimits: { maxOldGenerationSizeMb: readerHeapMiB },
    });
    this.#worker.on('message', (answer: ReaderAnswer) => this.#hear(answer));
    this.ended = new Promise((resolve) => {
      let cause: unknown;
      this.#worker.on('error', (error) => {
        cause = error;
      });
      this.#worker.once('exit', () => {
        this.#isEnded = true;
        for (const asked of this.#asked.values()) asked.reject(this.#refusal ?? gone());
        this.#asked.clear();
        resolve(cause ?? this.#refusal);
      });
    });
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#isEnded) throw this.#refusal ?? gone();
    return await new Promise<QueryResult<R>>((resolve, reject) => {
      const id = (this.#lastId += 1);
      const question: ReaderQuestion = { id, text: sql, values: parameters };
      this.#worker.postMessage(question, []);
      this.#asked.set(id, { resolve, reject });
    });
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError('readers do not stream: read page by page');
  }

  close(): void {
    this.#worker.postMessage('close', []);
  }

  #hear(answer: ReaderAnswer): void {
    if (answer.id === 0 && 'fault' in answer) this.#refusal = faultFrom(answer.fault);
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if ('fault' in answer) asked?.reject(faultFrom(answer.fault));
    else asked?.resolve({ rows: rowsOf(answer.columns, answer.rows) as never[] });
  }
}

/** Values cross without the names of their columns, which would be written with each row. */
function rowsOf(columns: readonly string[], rows: readonly (readonly unknown[])[]) {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (const [index, column] of columns.entries()) row[column] = values[index];
    return row;
  });
}

const overloaded = (message: string): Fault =>
  new Fault('unavailable', message, {
    remedy: 'Try again in a moment. If it stays so, narrow the queries or give more readers.',
    retryAfterMs: readerRestartMs,
  });

const gone = (): Fault =>
  new Fault('unavailable', 'the reader of the database is not running', {
    remedy: 'Try again; if it stays so, look into the log of the cloud for the cause.',
    retryAfterMs: readerRestartMs,
  });
