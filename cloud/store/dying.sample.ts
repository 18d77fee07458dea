/** A database that lets a worker die at one of its commits: for tests of what is left then. */
import type { Db } from './db.ts';

export class Died extends Error {}

export interface Death {
  /** Commits that it lived through. */
  readonly at: number;
  /** What it was doing is undone, or done and nobody was told. */
  readonly when: 'before' | 'after';
}

/** The same database to a worker that dies once; `commits` counts. */
export function dying(db: Db, death: Death | undefined) {
  const seen = { commits: 0 };
  const commit = async <T>(work: (inside: boolean) => Promise<T>): Promise<T> => {
    const isNow = seen.commits === death?.at;
    seen.commits += 1;
    const done = await work(isNow && death?.when === 'before');
    if (isNow) throw new Died('after its commit');
    return done;
  };
  const transaction = () => ({
    execute: async <T>(work: (trx: Db) => Promise<T>): Promise<T> =>
      await commit(
        async (dies) =>
          await db.transaction().execute(async (trx) => {
            const done = await work(trx);
            if (dies) throw new Died('before its commit');
            return done;
          }),
      ),
  });
  const mortal = new Proxy(db, {
    get(of, name) {
      if (name === 'transaction') return transaction;
      const member = Reflect.get(of, name) as unknown;
      return typeof member === 'function' ? (member.bind(of) as unknown) : member;
    },
  });
  return { write: mortal, seen };
}

/** Whether a life ended by its death, or by itself: work that logs its failures goes on. */
export const fateOf = async (life: Promise<unknown>): Promise<boolean> =>
  await life.then(
    () => true,
    (error: unknown) => error instanceof Died,
  );
