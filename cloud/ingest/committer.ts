/**
 * Group commit: what arrives while one transaction runs goes into the next. Transactions of rows
 * begin 10 ms apart or with 200 rows, so that one row alone is not kept waiting and a stream of
 * them shares its syncs; a step of a transfer waits for nobody. A transaction that fails is split
 * until what breaks it stands alone.
 */
import { asFault, type Clock, Fault } from '@fieldloop/core';
import { commitAfterMs, commitRows } from '../wire-limits.ts';
import { commandStore } from '../command/store.ts';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { telemetryStore } from '../store/telemetry.ts';
import type { CallName, Calls, Writer } from './calls.ts';
import { decodeRows, type OnOtherName } from './decode-rows.ts';
import { connectionClosed, connectionOpened, nodeBeat } from './presence.ts';
import { nodeStarted, statusCame } from './presence.ts';
import { putRows } from './rows.ts';
import * as transfers from './transfer-rows.ts';

interface How {
  /** True when the job runs by itself because it broke a shared transaction. */
  readonly alone: boolean;
}

interface Job {
  readonly rows: number;
  readonly isUrgent: boolean;
  run(db: Db, how: How): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Owns the connection: closing the writer commits what waits and closes it. */
export function openCommitter(deps: CommitterDeps): Writer {
  return new Committer(deps);
}

export interface CommitterDeps {
  readonly db: Db;
  readonly clock: Clock;
  /** Called inside the transaction, which may run again. */
  readonly onOtherName?: OnOtherName | undefined;
}

class Committer implements Writer {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #onOtherName: OnOtherName | undefined;
  #queue: Job[] = [];
  #rows = 0;
  #running: Promise<void> | undefined;
  #hurry = new AbortController();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ db, clock, onOtherName }: CommitterDeps) {
    this.#db = db;
    this.#clock = clock;
    this.#onOtherName = onOtherName;
  }

  async submit<K extends CallName>(name: K, input: Calls[K]['input']): Promise<Calls[K]['output']> {
    const work = jobOf(name, input, this.#onOtherName);
    return await new Promise<Calls[K]['output']>((resolve, reject) => {
      this.#queue.push({ ...work, resolve, reject });
      this.#rows += work.rows;
      if (work.isUrgent || this.#rows >= commitRows) this.#hurry.abort();
      this.#running ??= this.#drain();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hurry.abort();
    await this.#running;
    await this.#db.destroy();
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#linger();
      const batch = this.#takeBatch();
      await this.#commit(batch);
    }
    this.#running = undefined;
  }

  async #linger(): Promise<void> {
    const waitMs = this.#lastMs + commitAfterMs - this.#clock.monotonicMs();
    if (!this.#hurry.signal.aborted && waitMs > 0) {
      await this.#clock.sleep(waitMs, this.#hurry.signal).catch(() => undefined);
    }
    this.#hurry = new AbortController();
    this.#lastMs = this.#clock.monotonicMs();
  }

  /** Whole jobs, in their order, up to the rows of one transaction. */
  #takeBatch(): readonly Job[] {
    let rows = 0;
    let count = 0;
    for (const job of this.#queue) {
      if (count > 0 && rows + job.rows > commitRows) break;
      rows += job.rows;
      count += 1;
    }
    this.#rows -= rows;
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    if (this.#queue.some((job) => job.isUrgent) || this.#rows >= commitRows) this.#hurry.abort();
    return batch;
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    const outcome = await this.#attempt(batch, { alone: false });
    if (outcome === undefined) return;
    if (batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await this.#commit(batch.slice(0, half));
      await this.#commit(batch.slice(half));
      return;
    }
    const last = await this.#attempt(batch, { alone: true });
    if (last !== undefined) batch[0]?.reject(asFault(last));
  }

  /** The error, or undefined when all of it is committed and answered. */
  async #attempt(batch: readonly Job[], how: How): Promise<unknown> {
    try {
      const results = await this.#db.transaction().execute(async (trx) => {
        const done: unknown[] = [];
        for (const job of batch) done.push(await job.run(trx, how));
        return done;
      });
      for (const [index, job] of batch.entries()) job.resolve(results[index]);
      return undefined;
    } catch (error) {
      return error ?? new Fault('internal', 'a write failed without a reason');
    }
  }
}

type Work = Pick<Job, 'rows' | 'isUrgent' | 'run'>;

/** Rows are decoded before they wait: what cannot be read at all is told at once. */
function jobOf<K extends CallName>(
  name: K,
  input: Calls[K]['input'],
  onOtherName: OnOtherName | undefined,
): Work {
  return makers[name](input, onOtherName);
}

type Maker<K extends CallName> = (
  input: Calls[K]['input'],
  onOtherName: OnOtherName | undefined,
) => Work;

const makers: { readonly [K in CallName]: Maker<K> } = {
  rows: (input, onOtherName) => {
    const { key, rows } = decodeRows({ ...input, onOtherName });
    const run = async (db: Db, how: How): Promise<unknown> => {
      await deviceStore(db).seen(input.device, input.at);
      return await putRows(db, key, rows, { at: input.at, alone: how.alone });
    };
    return { rows: rows.length, isUrgent: false, run };
  },
  status: (input) => once(async (db) => await statusCame(db, input)),
  opened: (input) => once(async (db) => await connectionOpened(db, input)),
  closed: (input) => once(async (db) => await connectionClosed(db, input)),
  begin: (input) => once(async (db) => await transfers.beginTransfer(db, input)),
  durable: (input) => once(async (db) => await transfers.setDurable(db, input)),
  finish: (input) => once(async (db) => await transfers.finishTransfer(db, input)),
  restart: (input) => once(async (db) => await transfers.restartTransfer(db, input)),
  end: (input) => once(async (db) => await transfers.endTransfer(db, input)),
  sweep: (input) => once(async (db) => await transfers.sweepTransfers(db, input.untouchedSince)),
  commandsSent: (input) => once(async (db) => await commandsSent(db, input)),
  telemetry: ({ device, values, at }) => ({
    rows: values.length,
    isUrgent: false,
    run: async (db) => {
      await deviceStore(db).seen(device, at);
      await telemetryStore(db).put(await deviceIdOf(db, device), values, at);
    },
  }),
  beat: (input) => once(async (db) => await nodeBeat(db, input)),
  start: (input) => once(async (db) => await nodeStarted(db, input)),
};

async function commandsSent(db: Db, { ids, at }: Calls['commandsSent']['input']): Promise<void> {
  for (const id of ids) await commandStore(db).advance(id, 'sent', at);
}

const once = (run: (db: Db) => Promise<unknown>): Work => ({ rows: 1, isUrgent: true, run });
