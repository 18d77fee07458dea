/**
 * What a run had in its hands when it ended, was lost or got stuck: nothing of it goes on without
 * somebody at it. A rollout that is out is held and a fresh run takes it over, which waits for a
 * person; one that is not out yet is cancelled; a training is asked to stop; a case gets a run
 * again. Each is found from the rows alone, so several workers may look at once.
 */
import { type Clock, type Ids, type Log } from '@fieldloop/core';
import { endedStates } from '../case/case.ts';
import { caseStore } from '../case/store.ts';
import { doVerb } from '../rollout/acts.ts';
import { liveStates, type Rollout } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import type { Db } from '../store/db.ts';
import { startRun } from '../store/run-queue.ts';
import { openLoop } from '../store/work.ts';
import { stopTraining } from '../training/store.ts';
import { abandonedMs, abandonedRows } from './limits.ts';
import { maintenanceEscalation } from './maintenance-escalation-deps.ts';
import { stagedRolloutWorkflow } from './staged-rollout-deps.ts';

export interface AbandonedDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

const actor = 'sweep';

export const openAbandoned = (deps: AbandonedDeps): AsyncDisposable =>
  openLoop(deps, { name: 'abandoned', everyMs: abandonedMs }, async () => {
    await takeUpAbandoned(deps);
  });

/** Gives how many things it took in hand. */
export async function takeUpAbandoned(deps: AbandonedDeps): Promise<number> {
  return (
    (await takeUpRollouts(deps)) +
    (await holdStuckRollouts(deps)) +
    (await stopTrainings(deps)) +
    (await takeUpCases(deps))
  );
}

/** True when no run of this id will ever do anything again. */
async function isGone(db: Db, run: string | null | undefined): Promise<boolean> {
  if (run === null || run === undefined) return false;
  const row = await db.selectFrom('run').select('state').where('id', '=', run).executeTakeFirst();
  return row === undefined || row.state === 'ended';
}

async function takeUpRollouts(deps: AbandonedDeps): Promise<number> {
  const rows = await deps.read
    .selectFrom('rollout as o')
    .leftJoin('run as r', 'r.id', 'o.run_id')
    .select('o.id')
    .where('o.state', 'in', liveStates)
    .where('o.run_id', 'is not', null)
    .where((eb) => eb.or([eb('r.id', 'is', null), eb('r.state', '=', 'ended')]))
    .orderBy('o.id')
    .limit(abandonedRows)
    .execute();
  for (const { id } of rows) {
    await deps.write.transaction().execute(async (trx) => await takeUpRollout(trx, deps, id));
  }
  return rows.length;
}

async function takeUpRollout(trx: Db, deps: AbandonedDeps, id: string): Promise<void> {
  const at = deps.clock.now();
  const rollout = await rolloutStore(trx).get(id);
  if (!(await isGone(trx, rollout.runId))) return;
  const reason = 'its run ended without it';
  if (rollout.state === 'scheduled') {
    await doVerb(trx, rollout, 'abort', { actor, reason, at });
    return;
  }
  await hold(trx, rollout, { rule: 'run_gone', reason, at });
  const run = await startRun(trx, {
    id: deps.ids.ulid('run'),
    workflow: stagedRolloutWorkflow.name,
    workflowVersion: stagedRolloutWorkflow.version,
    subject: id,
    input: { rollout: id },
    actor,
    at,
  });
  await rolloutStore(trx).setRun(id, run);
  deps.log.warn('a rollout had lost its run', { rollout: id, state: rollout.state, run });
}

/** Its run, or the one that runs its stage, stands still until somebody mends it. */
async function holdStuckRollouts(deps: AbandonedDeps): Promise<number> {
  const rows = await deps.read
    .selectFrom('rollout as o')
    .innerJoin('run as r', (join) =>
      join.on((eb) =>
        eb.or([eb('r.id', '=', eb.ref('o.run_id')), eb('r.parent_id', '=', eb.ref('o.run_id'))]),
      ),
    )
    .select(['o.id', 'r.id as run', 'r.state'])
    .where('o.state', '=', 'running')
    .where('r.state', 'in', ['stuck', 'blocked'])
    .orderBy('o.id')
    .limit(abandonedRows)
    .execute();
  for (const { id, run, state } of rows) {
    await deps.write.transaction().execute(async (trx) => {
      const rollout = await rolloutStore(trx).get(id);
      const at = deps.clock.now();
      await hold(trx, rollout, { rule: 'run_stuck', reason: `its run ${run} is ${state}`, at });
    });
    deps.log.warn('a rollout is held: its run stands still', { rollout: id, run, state });
  }
  return rows.length;
}

/** Only what goes out is held: what waits for people waits, what goes back goes back. */
async function hold(
  trx: Db,
  rollout: Rollout,
  why: { readonly rule: string; readonly reason: string; readonly at: number },
): Promise<void> {
  if (rollout.state !== 'running') return;
  const { rule, reason, at } = why;
  const inputs = { state: rollout.state, run: rollout.runId ?? null };
  const note = { rule, action: 'hold', inputs, actor, reason, at, told: 'rollout.held' } as const;
  await rolloutStore(trx).decided(rollout, { state: 'held', reason }, note);
}

/** One that a run began and nobody waits for any more. */
async function stopTrainings(deps: AbandonedDeps): Promise<number> {
  const rows = await deps.read
    .selectFrom('training as t')
    .leftJoin('run as r', 'r.id', 't.created_by')
    .select('t.id')
    .where('t.state', 'in', ['queued', 'running'])
    .where('t.stop_asked', '=', 0n)
    .where('t.created_by', 'like', 'run%')
    .where((eb) => eb.or([eb('r.id', 'is', null), eb('r.state', '=', 'ended')]))
    .orderBy('t.id')
    .limit(abandonedRows)
    .execute();
  for (const { id } of rows) {
    if (await isAwaited(deps.read, id)) continue;
    const act = { at: deps.clock.now(), by: actor, ids: deps.ids };
    await deps.write.transaction().execute(async (trx) => await stopTraining(trx, id, act));
    deps.log.warn('a training is stopped: its run ended without it', { training: id });
  }
  return rows.length;
}

/** Equal work is one training: another run may wait for it as well. */
async function isAwaited(db: Db, training: string): Promise<boolean> {
  const row = await db
    .selectFrom('run_step as s')
    .innerJoin('run as r', 'r.id', 's.run_id')
    .select('s.run_id')
    .where('r.state', '!=', 'ended')
    .where('s.output', 'like', `%"${training}"%`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** One that a run gave up is with people already; one whose run is gone gets another. */
async function takeUpCases(deps: AbandonedDeps): Promise<number> {
  const rows = await deps.read
    .selectFrom('maintenance_case as c')
    .leftJoin('run as r', 'r.id', 'c.run_id')
    .select(['c.id', 'c.run_id'])
    .where('c.state', 'not in', [...endedStates])
    .where('c.run_id', 'is not', null)
    .where((eb) => eb.or([eb('r.id', 'is', null), eb('r.state', '=', 'ended')]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('case_step as s')
            .select('s.case_id')
            .whereRef('s.case_id', '=', 'c.id')
            .where('s.action', '=', 'leave'),
        ),
      ),
    )
    .orderBy('c.id')
    .limit(abandonedRows)
    .execute();
  for (const { id } of rows) {
    await deps.write.transaction().execute(async (trx) => {
      const at = deps.clock.now();
      const known = await caseStore(trx).demand(id);
      if (!(await isGone(trx, known.run))) return;
      const run = await startRun(trx, {
        id: deps.ids.ulid('run'),
        workflow: maintenanceEscalation.name,
        workflowVersion: maintenanceEscalation.version,
        subject: id,
        input: { case: id },
        actor,
        at,
      });
      await trx
        .updateTable('maintenance_case')
        .set({ run_id: run, updated_at: at })
        .where('id', '=', id)
        .execute();
    });
    deps.log.warn('a case had lost its run', { case: id });
  }
  return rows.length;
}
