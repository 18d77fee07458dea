/**
 * Tells the engine which runs are to begin or to look again. The row stays until the run took it:
 * a wake-up that met nobody comes again, later and later.
 */
import { type Clock, type Log } from '@fieldloop/core';
import type { Db, Row } from '../../store/db.ts';
import { openLoop } from '../../store/work.ts';
import type { Engine } from '../engine.ts';
import { wakeAgainMs, wakePollMs, wakeRows } from '../limits.ts';

export interface WakeDeps {
  readonly write: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine;
  /** What is ready is to be taken at once. */
  readonly onReady: () => void;
}

export const openWakes = (deps: WakeDeps): AsyncDisposable & { hurry(): void } =>
  openLoop(deps, { name: 'wake-ups', everyMs: wakePollMs }, async (signal) => {
    for (let found = wakeRows; found === wakeRows && !signal.aborted; ) {
      found = await wakeSome(deps);
    }
  });

/** Gives how many were due. */
export async function wakeSome(deps: WakeDeps): Promise<number> {
  const now = deps.clock.now();
  const due = await deps.write
    .selectFrom('wake')
    .selectAll()
    .where('next_at', '<=', BigInt(now))
    .orderBy('next_at')
    .limit(wakeRows)
    .execute();
  if (due.length === 0) return 0;
  const mine = await deps.write.transaction().execute(async (trx) => await claimed(trx, due, now));
  for (const row of mine) {
    const run = await deps.write
      .selectFrom('run')
      .select(['id', 'engine_id', 'segment'])
      .where('id', '=', row.run_id)
      .executeTakeFirst();
    if (run === undefined) continue;
    if (run.engine_id === null) await deps.engine.start(run.id, Number(run.segment));
    else await deps.engine.wake(run.id);
  }
  if (mine.length > 0) deps.onReady();
  return due.length;
}

/** The rows that no other worker has taken meanwhile; each comes again unless the run takes it. */
async function claimed(
  trx: Db,
  due: readonly Row<'wake'>[],
  now: number,
): Promise<readonly Row<'wake'>[]> {
  const mine: Row<'wake'>[] = [];
  for (const row of due) {
    const waitMs = Math.min(wakeAgainMs.initialMs * 2 ** Number(row.tries), wakeAgainMs.maxMs);
    const done = await trx
      .updateTable('wake')
      .set({ tries: row.tries + 1n, next_at: now + waitMs })
      .where('run_id', '=', row.run_id)
      .where('n', '=', row.n)
      .where('tries', '=', row.tries)
      .where('next_at', '=', row.next_at)
      .executeTakeFirst();
    if (done.numUpdatedRows === 1n) mine.push(row);
  }
  return mine;
}
