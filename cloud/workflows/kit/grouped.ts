/**
 * Small writes of many runs share one transaction, and so one sync of the disk: what waits while
 * one commits goes into the next. Each has a savepoint; what fails undoes only itself.
 */
import type { Db } from '../../store/db.ts';
import { sql } from '../../store/kysely.ts';

interface Waiting {
  readonly run: (trx: Db) => Promise<void>;
  readonly committed: () => void;
  readonly fail: (error: unknown) => void;
}

interface Queue {
  waiting: Waiting[];
  isBusy: boolean;
}

const queues = new WeakMap<Db, Queue>();
/** Writes of one transaction: others wait for their turn to write no longer than for these. */
const mostTogether = 20;

/** Resolves once it is committed, with what `work` gave. */
export async function grouped<T>(write: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  const queue = queues.get(write) ?? { waiting: [], isBusy: false };
  queues.set(write, queue);
  return await new Promise<T>((resolve, reject) => {
    let value: T;
    queue.waiting.push({
      run: async (trx) => {
        value = await work(trx);
      },
      committed: () => resolve(value),
      fail: reject,
    });
    if (!queue.isBusy) void flush(write, queue);
  });
}

async function flush(write: Db, queue: Queue): Promise<void> {
  queue.isBusy = true;
  while (queue.waiting.length > 0) {
    const together = queue.waiting.splice(0, mostTogether);
    try {
      const done = await write.transaction().execute(async (trx) => await each(trx, together));
      for (const one of done) one.committed();
    } catch (error) {
      // Those that failed by themselves have heard of it already.
      for (const one of together) one.fail(error);
    }
  }
  queue.isBusy = false;
}

async function each(trx: Db, together: readonly Waiting[]): Promise<readonly Waiting[]> {
  const [only] = together;
  if (only !== undefined && together.length === 1) {
    await only.run(trx);
    return together;
  }
  const done: Waiting[] = [];
  for (const one of together) {
    await sql.raw('savepoint step').execute(trx);
    try {
      await one.run(trx);
      done.push(one);
    } catch (error) {
      await sql.raw('rollback to savepoint step').execute(trx);
      one.fail(error);
    }
    await sql.raw('release savepoint step').execute(trx);
  }
  return done;
}
