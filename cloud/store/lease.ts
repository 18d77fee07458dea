/** A name that one process at a time holds, for as long as it says so again and again. */
import type { Clock, Log } from '@fieldloop/core';
import { leaseMs, leaseRenewMs } from '../limits.ts';
import type { Db } from './db.ts';

/** True when `owner` holds the name from now on; it had it already, or nobody's time runs. */
export async function takeLease(
  db: Db,
  lease: { readonly name: string; readonly owner: string; readonly now: number },
): Promise<boolean> {
  const { name, owner, now } = lease;
  return await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('lease')
      .select(['owner', 'until_at'])
      .where('name', '=', name)
      .executeTakeFirst();
    if (row !== undefined && row.owner !== owner && row.until_at > BigInt(now)) return false;
    const until_at = now + leaseMs;
    await trx
      .insertInto('lease')
      .values({ name, owner, until_at })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ owner, until_at }))
      .execute();
    return true;
  });
}

/** Lets go of the name, so that another need not wait for its time to run out. */
export async function endLease(db: Db, name: string, owner: string): Promise<void> {
  await db.deleteFrom('lease').where('name', '=', name).where('owner', '=', owner).execute();
}

/**
 * Runs `work` whenever this process holds the name: it is opened then, and disposed when the lease
 * is lost or the holder is disposed.
 */
export function holdLease(
  deps: { readonly write: Db; readonly clock: Clock; readonly log: Log },
  lease: { readonly name: string; readonly owner: string },
  work: () => Promise<AsyncDisposable>,
): AsyncDisposable {
  const { write, clock, log } = deps;
  const stop = new AbortController();
  let running: AsyncDisposable | undefined;
  const end = async (): Promise<void> => {
    const ended = running;
    running = undefined;
    await ended?.[Symbol.asyncDispose]();
  };
  const step = async (): Promise<void> => {
    const started = clock.monotonicMs();
    const held = await takeLease(write, { ...lease, now: clock.now() });
    if (held && running === undefined) {
      log.info('lease taken', { lease: lease.name, owner: lease.owner });
      running = await work();
    } else if (!held && running !== undefined) {
      log.warn('lease lost', { lease: lease.name, owner: lease.owner });
      await end();
    }
    const left = leaseRenewMs - (clock.monotonicMs() - started);
    await clock.sleep(Math.max(1, left), stop.signal).catch(() => undefined);
  };
  const loop = async (): Promise<void> => {
    let lastHeldMs = clock.monotonicMs();
    while (!stop.signal.aborted) {
      try {
        await step();
        lastHeldMs = clock.monotonicMs();
      } catch (error) {
        log.warn('the lease was not renewed', { lease: lease.name, cause: error });
        // Another may hold the name once our time has run out: what runs must be over by then.
        if (clock.monotonicMs() - lastHeldMs > leaseMs - leaseRenewMs) await end();
        await clock.sleep(leaseRenewMs, stop.signal).catch(() => undefined);
      }
    }
  };
  const looped = loop();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await looped;
      await end();
      await endLease(write, lease.name, lease.owner).catch((error: unknown) => {
        log.warn('the lease was not let go', { lease: lease.name, cause: error });
      });
    },
  };
}
