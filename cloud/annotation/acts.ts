/** What an annotator does with a task: answer it, skip it, hand it back, take an answer back. */
import { Fault } from '@fieldloop/core';
import { putAnnotation } from '../store/annotation-rows.ts';
import { bit, type Db } from '../store/db.ts';
import { putLabel } from '../store/label-rows.ts';
import { putOutbox } from '../store/outbox.ts';
import { type Asked, checkValue, type LabelValue, valueText } from './annotation.ts';
import { type Annotator, demandActive, goldScore, isCorrect } from './annotator.ts';
import { annotatorStore } from './annotator-store.ts';
import { answersOf } from './answers.ts';
import { endLease, type GiveDeps, lease } from './give.ts';
import { ontologyStore } from './ontology-store.ts';
import { requeue } from './requeue.ts';
import { afterSkip, openCrew, raiseIfAlone } from './senior.ts';
import { demandLive, type TaskState, type TaskType } from './task.ts';
import { type TaskRow, taskStore } from './task-store.ts';

export interface Submission {
  readonly value: LabelValue;
  readonly seconds?: number | undefined;
}

export const askedOf = (task: TaskRow): Asked => ({
  type: task.type as TaskType,
  startNs: task.start_ns,
  endNs: task.end_ns,
});

/**
 * An answer. Faults: `invalid` off the ontology, `conflict` for a task that is over or somebody
 * else's, `forbidden` while paused.
 */
export async function submit(
  trx: Db,
  annotator: Annotator,
  of: { readonly taskId: string; readonly said: Submission },
  deps: GiveDeps,
): Promise<TaskRow> {
  demandActive(annotator);
  const { said } = of;
  const { task, assisted } = await held(trx, annotator, of.taskId);
  const ontology = await ontologyStore(trx).demand(task.ontology_sha256);
  checkValue(said.value, { asked: askedOf(task), ontology, place: '/body' });
  if (task.state === 'adjudication') return await adjudicate(trx, annotator, { task, said }, deps);
  await putAnnotation(
    trx,
    {
      taskId: task.id,
      annotatorId: annotator.id,
      action: 'submit',
      value: said.value,
      before: assisted ? await shownTo(trx, task) : undefined,
      seconds: said.seconds,
      assisted,
    },
    deps,
  );
  await putHand(trx, annotator.id, { taskId: task.id, how: 'submitted' });
  await endLease(trx, { task_id: task.id, annotator_id: annotator.id, at: deps.at });
  if (task.gold_id !== null) return await answerGold(trx, annotator, { task, said }, deps);
  const known = await taskStore(trx).demandRow(task.id);
  const after = await taskStore(trx).restand(known, { people: Number(known.people) + 1 }, deps.at);
  await tell(trx, after, 'task.submitted', deps.at);
  return await raiseIfAlone(trx, after, { crew: openCrew(trx, deps.at), at: deps.at });
}

/** The task with the annotator's lease: nobody chooses what they answer. */
async function held(
  trx: Db,
  annotator: Annotator,
  taskId: string,
): Promise<{ readonly task: TaskRow; readonly assisted: boolean }> {
  const row = await trx
    .selectFrom('task_lease')
    .select('assisted')
    .where('annotator_id', '=', annotator.id)
    .where('task_id', '=', taskId)
    .executeTakeFirst();
  if (row === undefined) {
    throw new Fault('conflict', `you do not hold ${taskId.slice(0, 64)}, or no more`, {
      remedy: 'Take the next one with `fieldloop tasks next`.',
    });
  }
  const task = await taskStore(trx).demandRow(taskId);
  demandLive({ id: task.id, state: task.state as TaskState });
  return { task, assisted: row.assisted === 1n };
}

/** What an assisted annotator was shown, as it stood in front of them. */
async function shownTo(trx: Db, task: TaskRow): Promise<string | null> {
  if (task.type !== 'text') return task.prefill;
  const answers = (await answersOf(trx, [task.id])).get(task.id) ?? [];
  const last = answers.at(-1);
  return last === undefined ? null : valueText(last.value);
}

export async function putHand(
  trx: Db,
  annotatorId: string,
  { taskId, how }: { readonly taskId: string; readonly how: 'submitted' | 'skipped' },
): Promise<void> {
  await trx
    .insertInto('task_hand')
    .values({ annotator_id: annotatorId, task_id: taskId, how })
    // A senior may decide what they answered before, where no other is there.
    .onConflict((conflict) => conflict.columns(['annotator_id', 'task_id']).doNothing())
    .execute();
}

/** Skipped: never theirs again. What several people skip, a senior looks at. */
export async function skip(
  trx: Db,
  annotator: Annotator,
  of: { readonly taskId: string; readonly reason: string },
  deps: GiveDeps,
): Promise<TaskRow> {
  const { task } = await held(trx, annotator, of.taskId);
  const { reason } = of;
  const said = { taskId: task.id, annotatorId: annotator.id, action: 'skip' as const, reason };
  await putAnnotation(trx, said, deps);
  await putHand(trx, annotator.id, { taskId: task.id, how: 'skipped' });
  const after = await endLease(trx, { task_id: task.id, annotator_id: annotator.id, at: deps.at });
  const body = { batch: after.batch, reason };
  await putOutbox(trx, { kind: 'task.skipped', subject: task.id, at: deps.at, body });
  if (task.gold_id !== null) return after;
  return await afterSkip(trx, after, deps.at);
}

/** Handed back, as if it had never been taken. */
export async function release(
  trx: Db,
  annotator: Annotator,
  taskId: string,
  deps: GiveDeps,
): Promise<TaskRow> {
  const { task } = await held(trx, annotator, taskId);
  return await endLease(trx, { task_id: task.id, annotator_id: annotator.id, at: deps.at });
}

/**
 * Takes back the last answer of an annotator while its task is unresolved: it is in their hands
 * again. Fault `conflict` when there is none, or when its label is there.
 */
export async function undo(trx: Db, annotator: Annotator, deps: GiveDeps): Promise<TaskRow> {
  demandActive(annotator);
  const last = await trx
    .selectFrom('annotation')
    .select(['id', 'task_id', 'action', 'body'])
    .where('annotator_id', '=', annotator.id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last?.action !== 'submit') throw nothingToUndo('your last act was no answer');
  const task = await taskStore(trx).demandRow(last.task_id);
  const isOver = task.state === 'void' || (task.state === 'resolved' && task.gold_id === null);
  if (isOver || task.state === 'adjudication') throw nothingToUndo(`${task.id} is ${task.state}`);
  const said = { taskId: task.id, annotatorId: annotator.id, undoes: last.id };
  await putAnnotation(trx, { ...said, action: 'undo', before: last.body }, deps);
  await trx
    .deleteFrom('task_hand')
    .where('annotator_id', '=', annotator.id)
    .where('task_id', '=', task.id)
    .execute();
  await trx
    .deleteFrom('gold_answer')
    .where('annotator_id', '=', annotator.id)
    .where('task_id', '=', task.id)
    .execute();
  const people = Math.max(0, Number(task.people) - 1);
  const open = await taskStore(trx).restand(task, { state: 'open', people }, deps.at);
  const { task: after } = await lease(trx, open, { annotator, at: deps.at });
  // Before all that they hold: it is what they want to see.
  await trx
    .updateTable('task_lease')
    .set({ at: 0 })
    .where('task_id', '=', task.id)
    .where('annotator_id', '=', annotator.id)
    .execute();
  await tell(trx, after, 'task.undone', deps.at);
  return after;
}

const nothingToUndo = (why: string): Fault =>
  new Fault('conflict', `there is nothing to take back: ${why}`, {
    remedy: 'Go on with the next task.',
  });

/** A senior's word is the label, and from then on a gold question. */
async function adjudicate(
  trx: Db,
  annotator: Annotator,
  { task, said }: { readonly task: TaskRow; readonly said: Submission },
  deps: GiveDeps,
): Promise<TaskRow> {
  const { value, seconds } = said;
  const act = { taskId: task.id, annotatorId: annotator.id, action: 'adjudicate' as const };
  await putAnnotation(trx, { ...act, value, seconds }, deps);
  await putHand(trx, annotator.id, { taskId: task.id, how: 'submitted' });
  const answers = (await answersOf(trx, [task.id])).get(task.id) ?? [];
  const people = new Set([...answers.map((one) => one.annotator), annotator.id]);
  const consensus = { method: 'adjudicated' as const, annotators: people.size };
  const label = await putLabel(trx, task, { value, consensus }, deps);
  await endLease(trx, { task_id: task.id, annotator_id: annotator.id, at: deps.at });
  const known = await taskStore(trx).demandRow(task.id);
  const after = await taskStore(trx).restand(known, { state: 'resolved', labelId: label }, deps.at);
  if (task.type !== 'text') await makeGold(trx, { task, value, by: annotator.id }, deps);
  return after;
}

/** False when the task is a gold question already. */
export async function makeGold(
  trx: Db,
  of: { readonly task: TaskRow; readonly value: LabelValue; readonly by: string },
  { ids, at }: GiveDeps,
): Promise<boolean> {
  const { task, value, by } = of;
  const id = ids.ulid('gld');
  const done = await trx
    .insertInto('gold')
    .values({
      id,
      task_id: task.id,
      type: task.type,
      ontology_sha256: task.ontology_sha256,
      skill: task.skill,
      body: valueText(value),
      retired: 0,
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .onConflict((conflict) => conflict.column('task_id').doNothing())
    .executeTakeFirst();
  if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
  await putOutbox(trx, { kind: 'gold.created', subject: id, at, body: { task: task.id } });
  return true;
}

/** Scored at once, and seen by nobody; who falls below the floor is paused. */
async function answerGold(
  trx: Db,
  annotator: Annotator,
  { task, said }: { readonly task: TaskRow; readonly said: Submission },
  deps: GiveDeps,
): Promise<TaskRow> {
  const goldId = task.gold_id ?? '';
  const gold = await trx
    .selectFrom('gold')
    .select('body')
    .where('id', '=', goldId)
    .executeTakeFirstOrThrow();
  const isRight = isCorrect(JSON.parse(gold.body) as LabelValue, said.value);
  const last = await trx
    .selectFrom('gold_answer')
    .select('n')
    .where('annotator_id', '=', annotator.id)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  await trx
    .insertInto('gold_answer')
    .values({
      annotator_id: annotator.id,
      n: Number(last?.n ?? 0n) + 1,
      gold_id: goldId,
      task_id: task.id,
      correct: bit(isRight),
      at: deps.at,
    })
    .execute();
  const annotators = annotatorStore(trx);
  const { isBelow } = goldScore(await annotators.goldAnswers(annotator));
  if (isBelow) {
    const reason = 'too many gold questions answered wrong';
    await annotators.pause(annotator, reason, deps.at);
    await requeue(trx, annotator, deps);
  } else if (isRight) await annotators.markGood(annotator.id, deps.at);
  const known = await taskStore(trx).demandRow(task.id);
  const after = await taskStore(trx).restand(known, { state: 'resolved', people: 1 }, deps.at);
  // As of any other task: nothing says that this one was a gold question.
  await tell(trx, after, 'task.submitted', deps.at);
  return after;
}

async function tell(
  trx: Db,
  task: TaskRow,
  kind: 'task.submitted' | 'task.undone',
  at: number,
): Promise<void> {
  const state = task.gold_id === null ? task.state : 'submitted';
  const body = { batch: task.batch, state };
  await putOutbox(trx, { kind, subject: task.id, at, body });
}
