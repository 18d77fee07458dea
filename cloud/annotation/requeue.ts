/** What a paused annotator said since their last good mark is asked again, of others. */
import { leastPeople, maxOpenedTasks } from '../annotation-limits.ts';
import { putAnnotation } from '../store/annotation-rows.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Annotator } from './annotator.ts';
import { endLease, type GiveDeps } from './give.ts';
import { taskStore } from './task-store.ts';

/** How many tasks; the labels that were made with those answers stay until new ones hold. */
export async function requeue(trx: Db, annotator: Annotator, deps: GiveDeps): Promise<number> {
  const said = await trx
    .selectFrom('annotation')
    .select(['id', 'task_id', 'body'])
    .where('annotator_id', '=', annotator.id)
    .where('action', '=', 'submit')
    .where('at', '>=', BigInt(annotator.goodAt))
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(maxOpenedTasks)
    .execute();
  const undone = await trx
    .selectFrom('annotation')
    .select('undoes')
    .where('annotator_id', '=', annotator.id)
    .where('at', '>=', BigInt(annotator.goodAt))
    .where('undoes', 'is not', null)
    .execute();
  const takenBack = new Set(undone.map(({ undoes }) => undoes));
  const tasks = taskStore(trx);
  await dropLeases(trx, annotator.id, deps.at);
  let count = 0;
  for (const one of said) {
    const task = await tasks.demandRow(one.task_id);
    if (takenBack.has(one.id) || task.gold_id !== null || task.state === 'void') continue;
    // What a senior decided stands whatever others said before.
    if (task.state === 'adjudication' || (await isAdjudicated(trx, task.label_id))) continue;
    await putAnnotation(
      trx,
      {
        taskId: task.id,
        annotatorId: annotator.id,
        action: 'withdraw',
        before: one.body,
        undoes: one.id,
        reason: 'gold questions were answered wrong',
      },
      deps,
    );
    const people = Math.max(0, Number(task.people) - 1);
    const wanted = Math.max(leastPeople, people + 1);
    const again = task.state === 'resolved' ? { state: 'needs_more' as const } : {};
    await tasks.restand(task, { people, wanted, ...again }, deps.at);
    count += 1;
  }
  if (count === 0) return 0;
  const body = { tasks: count };
  await putOutbox(trx, { kind: 'task.requeued', subject: annotator.id, at: deps.at, body });
  return count;
}

async function dropLeases(trx: Db, annotatorId: string, at: number): Promise<void> {
  const rows = await trx
    .selectFrom('task_lease')
    .select(['task_id', 'annotator_id'])
    .where('annotator_id', '=', annotatorId)
    .execute();
  for (const row of rows) await endLease(trx, { ...row, at });
}

async function isAdjudicated(trx: Db, labelId: string | null): Promise<boolean> {
  if (labelId === null) return false;
  const row = await trx
    .selectFrom('label')
    .select('method')
    .where('id', '=', labelId)
    .executeTakeFirst();
  return row?.method === 'adjudicated';
}
