/**
 * The net below everything: compares what the engine has with our rows and starts again what it
 * lost, wakes what is overdue, reminds people, and forgets what ended long ago.
 */
import { type Clock, type Log } from '@fieldloop/core';
import { gateOfRow } from '../../gate/rows.ts';
import { gateStore } from '../../gate/store.ts';
import type { Db } from '../../store/db.ts';
import { wakeRun } from '../../store/run-queue.ts';
import { openLoop } from '../../store/work.ts';
import type { Engine } from '../engine.ts';
import { engineKeepMs, overdueMs, sweepMs, sweepRows } from '../limits.ts';
import { handOver, runRow } from './turn.ts';

export interface SweepDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine;
}

export function openSweep(deps: SweepDeps): AsyncDisposable {
  let behind = '';
  let pruned = 0;
  return openLoop(deps, { name: 'workflow sweep', everyMs: sweepMs }, async () => {
    behind = await sweepRuns(deps, behind);
    await remindPeople(deps);
    const now = deps.clock.now();
    if (now - pruned < hourMs) return;
    pruned = now;
    await deps.engine.prune(now - engineKeepMs);
  });
}

const hourMs = 3_600_000;

/** Looks at one page of open runs behind this id; gives where the next page begins. */
export async function sweepRuns(deps: SweepDeps, behind: string): Promise<string> {
  const now = deps.clock.now();
  const rows = await deps.read
    .selectFrom('run')
    .select(['id', 'engine_id', 'segment', 'waiting_until', 'updated_at'])
    .where('state', '!=', 'ended')
    .where('id', '>', behind)
    .orderBy('id')
    .limit(sweepRows)
    .execute();
  for (const row of rows) {
    if (now - Number(row.updated_at) < overdueMs) continue;
    if (row.engine_id !== null && !(await deps.engine.isLive(row.engine_id))) {
      await restart(deps, row.id, { engineId: row.engine_id, now });
    } else if (row.engine_id === null || isOverdue(row.waiting_until, now)) {
      await deps.write
        .transaction()
        .execute(async (trx) => await wakeUnlessWoken(trx, row.id, now));
    }
  }
  return rows.length < sweepRows ? '' : (rows.at(-1)?.id ?? '');
}

const isOverdue = (until: bigint | null, now: number): boolean =>
  until !== null && now - Number(until) > overdueMs;

async function wakeUnlessWoken(trx: Db, run: string, now: number): Promise<void> {
  const woken = await trx
    .selectFrom('wake')
    .select('n')
    .where('run_id', '=', run)
    .executeTakeFirst();
  if (woken === undefined) await wakeRun(trx, run, now);
}

/** The engine lost this run or gave it up: another of its runs goes on from the rows. */
async function restart(
  deps: SweepDeps,
  id: string,
  { engineId, now }: { readonly engineId: string; readonly now: number },
): Promise<void> {
  const done = await deps.write.transaction().execute(async (trx) => {
    const run = await runRow(trx, id);
    if (run === undefined || run.state === 'ended' || run.engine_id !== engineId) return false;
    await handOver(trx, run, now);
    return true;
  });
  if (done) deps.log.warn('the engine had lost a run', { run: id });
}

/** Part of a gate's time is over: whoever is asked is told again. */
export async function remindPeople({ read, write, clock }: SweepDeps): Promise<void> {
  const now = clock.now();
  const due = await read
    .selectFrom('gate')
    .select('id')
    .where('state', '=', 'open')
    .where('remind_at', '<=', BigInt(now))
    .limit(sweepRows)
    .execute();
  for (const { id } of due) {
    await write.transaction().execute(async (trx) => {
      const row = await trx.selectFrom('gate').selectAll().where('id', '=', id).executeTakeFirst();
      const isDue = row?.remind_at != null && Number(row.remind_at) <= now;
      if (row === undefined || row.state !== 'open' || !isDue) return;
      await gateStore(trx).remind(gateOfRow(row), now);
    });
  }
}
