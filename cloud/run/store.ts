import { Fault } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { wakeRun } from '../store/run-queue.ts';
import { runOfRow, stepOfRow } from './rows.ts';
import type { Run, RunStep } from './run.ts';

export const runStore = (db: Db) => ({
  async get(id: string): Promise<Run | undefined> {
    const row = await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();
    return row && runOfRow(row);
  },

  /** Fault `not_found`. */
  async demand(id: string): Promise<Run> {
    const run = await runStore(db).get(id);
    if (run !== undefined) return run;
    throw new Fault('not_found', `there is no run "${id}"`, {
      remedy: 'List them with `fieldloop runs list`.',
    });
  },

  /** In their order. */
  async steps(id: string): Promise<readonly RunStep[]> {
    const rows = await db
      .selectFrom('run_step')
      .selectAll()
      .where('run_id', '=', id)
      .orderBy('n')
      .execute();
    return rows.map(stepOfRow);
  },

  async children(id: string): Promise<readonly Run[]> {
    const rows = await db
      .selectFrom('run')
      .selectAll()
      .where('parent_id', '=', id)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return rows.map(runOfRow);
  },

  /** The run and what it started stop where they can, and take back what they did. */
  async abort(
    run: Run,
    why: { readonly by: string; readonly reason: string; readonly at: number },
  ): Promise<void> {
    if (run.state === 'ended') return;
    const { by, reason, at } = why;
    for (const child of await runStore(db).children(run.id)) await runStore(db).abort(child, why);
    // A second abort while the first is still to be heard changes nothing.
    if (run.abort !== undefined && run.abort.step === undefined) return;
    await db
      .updateTable('run')
      .set({ abort_by: by, abort_reason: reason, abort_step: null, updated_at: at })
      .where('id', '=', run.id)
      .execute();
    await wakeRun(db, run.id, at);
    const { workflow, subject } = run;
    const body = { workflow, subject, by, reason };
    await putOutbox(db, { kind: 'run.aborted', subject: run.id, at, body });
  },

  /** It looks now, whatever it was to wait for. */
  async hurry(run: Run, at: number): Promise<void> {
    await db
      .updateTable('run_step')
      .set({ next_at: at })
      .where('run_id', '=', run.id)
      .where('state', '=', 'retrying')
      .execute();
    await wakeRun(db, run.id, at);
  },

  /** A body that failed may fail as often again. */
  async forgive(run: Run, at: number): Promise<void> {
    await db.updateTable('run').set({ throws: 0 }).where('id', '=', run.id).execute();
    await wakeRun(db, run.id, at);
  },
});
