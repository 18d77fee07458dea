/** Forgets what nobody asks for any more, a few rows at a time. */
import {
  endedLoginMs,
  housekeepingMs,
  housekeepingRows,
  idempotencyMs,
  operationMs,
  outboxMs,
} from '../limits.ts';
import type { Db } from './db.ts';
import { openLoop, type WorkerDeps } from './work.ts';

/** A worker's part. */
export function openHousekeeping(deps: WorkerDeps): AsyncDisposable {
  return openLoop(deps, { name: 'housekeeping', everyMs: housekeepingMs }, async (signal) => {
    const now = deps.clock.now();
    for (const sweep of sweeps) {
      // Each round is a short transaction, so that writers wait for none of it.
      while (!signal.aborted && (await sweep(deps.write, now)) >= housekeepingRows);
    }
  });
}

/** Removes at most `housekeepingRows` rows and tells how many. */
type Sweep = (db: Db, now: number) => Promise<number>;

const sweeps: readonly Sweep[] = [
  async (db, now) => {
    const before = BigInt(now - endedLoginMs);
    const old = db
      .selectFrom('login_session')
      .select('id')
      .where('expires_at', '<', before)
      .limit(housekeepingRows);
    const done = await db.deleteFrom('login_session').where('id', 'in', old).executeTakeFirst();
    return Number(done.numDeletedRows);
  },
  async (db, now) => {
    const old = db
      .selectFrom('one_time_link')
      .select('id')
      .where('expires_at', '<', BigInt(now - endedLoginMs))
      .limit(housekeepingRows);
    const done = await db.deleteFrom('one_time_link').where('id', 'in', old).executeTakeFirst();
    return Number(done.numDeletedRows);
  },
  async (db, now) => {
    const old = db
      .selectFrom('outbox')
      .select('seq')
      .where('at', '<', BigInt(now - outboxMs))
      .orderBy('at')
      .limit(housekeepingRows);
    const done = await db.deleteFrom('outbox').where('seq', 'in', old).executeTakeFirst();
    return Number(done.numDeletedRows);
  },
  async (db, now) => {
    const done = await db
      .deleteFrom('idempotency')
      .where('at', '<', BigInt(now - idempotencyMs))
      .executeTakeFirst();
    return Number(done.numDeletedRows);
  },
  async (db, now) => {
    const old = db
      .selectFrom('operation')
      .select('id')
      .where('ended_at', '<', BigInt(now - operationMs))
      .limit(housekeepingRows);
    const done = await db.deleteFrom('operation').where('id', 'in', old).executeTakeFirst();
    return Number(done.numDeletedRows);
  },
];
