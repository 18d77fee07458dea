/** Reads that would rather give up than be late. */
import { type Clock, Fault } from '@fieldloop/core';
import type { Db } from './db.ts';
import { kindOf } from './kind.ts';
import { type KyselyPlugin, sql } from './kysely.ts';

/**
 * What `work` found in one read transaction, or undefined when its time ran out first. `work` is
 * handed the transaction and should ask in several small queries: PostgreSQL ends a query that is
 * late, but nothing ends one that SQLite runs. The caller is answered in time all the same; that
 * query keeps one reader until it is done, and the next one is not begun.
 */
export async function readWithin<T>(
  db: Db,
  limit: { readonly ms: number; readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'> },
  work: (trx: Db) => Promise<T>,
): Promise<T | undefined> {
  const { ms, clock } = limit;
  const until = clock.monotonicMs() + ms;
  const late: KyselyPlugin = {
    transformQuery: ({ node }) => {
      if (clock.monotonicMs() >= until) throw tooLate();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const read = async (): Promise<T> =>
    await db.transaction().execute(async (trx) => {
      if (kindOf(trx) === 'postgres') {
        await sql.raw(`set local statement_timeout = ${Math.ceil(ms)}`).execute(trx);
      }
      return await work(trx.withPlugin(late));
    });
  const done = new AbortController();
  const over = clock.sleep(ms, done.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([read(), over]);
  } catch (error) {
    if (error instanceof Fault && error.code === 'timeout') return undefined;
    throw error;
  } finally {
    done.abort();
  }
}

const tooLate = (): Fault =>
  new Fault('timeout', 'the time of this read is over', {
    remedy: 'Narrow the query, for example to a shorter time.',
  });
