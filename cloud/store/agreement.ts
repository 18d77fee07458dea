/** How far people agree on a kind of task, for gates: computed from what they said. */
import type { Random } from '@fieldloop/core';
import {
  type AgreedTasks,
  type AgreementBounds,
  type ClassAgreement,
  openAgreedTasks,
} from '../annotation/agreement.ts';
import { answersOf } from '../annotation/answers.ts';
import type { OntologyDocument } from '../annotation/ontology.ts';
import type { TaskType } from '../annotation/task.ts';
import { consensusTasks, leastPeople } from '../annotation-limits.ts';
import type { Db, Row } from './db.ts';

export interface AgreementQuestion {
  readonly ontologySha256: string;
  readonly type: TaskType;
  readonly batch?: string | undefined;
}

export interface KnownAgreement {
  /** Tasks with at least two blind answers. */
  readonly tasks: number;
  /** All classes together first, then each class. */
  readonly classes: readonly ClassAgreement[];
}

/** Over the latest tasks that people answered; with intervals where there is chance to draw by. */
export async function agreementOf(
  db: Db,
  asked: AgreementQuestion,
  random?: Random,
): Promise<KnownAgreement> {
  const { ontologySha256, type, batch } = asked;
  const ontology = await db
    .selectFrom('ontology')
    .select('document')
    .where('sha256', '=', ontologySha256)
    .executeTakeFirst();
  if (ontology === undefined) return { tasks: 0, classes: [] };
  let query = db
    .selectFrom('task')
    .select(['id', 'topic', 'start_ns', 'end_ns'])
    .where('ontology_sha256', '=', ontologySha256)
    .where('type', '=', type)
    .where('gold_id', 'is', null)
    .where('people', '>=', BigInt(leastPeople));
  if (batch !== undefined) query = query.where('batch', '=', batch);
  const tasks = await query
    .orderBy('updated_at', 'desc')
    .orderBy('id')
    .limit(consensusTasks)
    .execute();
  const agreed = openAgreedTasks(type);
  await addTasks(db, agreed, tasks);
  const document = JSON.parse(ontology.document) as OntologyDocument;
  const names = document.classes.map(({ name }) => name);
  return { tasks: agreed.tasks(), classes: agreed.classes(names, random) };
}

/** A figure of one type of task, of all its classes or of one, as a data set judges it. */
export interface JudgedAgreement extends ClassAgreement {
  readonly type: TaskType;
}

export interface LabelAgreement {
  readonly figures: readonly JudgedAgreement[];
  /** Labels whose tasks have no two blind answers: imported, or taken from a machine. */
  readonly unmeasured: number;
}

/** What a data set is made of: the agreement on exactly the tasks of these labels, by type. */
export async function agreementOfLabels(
  db: Db,
  pages: AsyncIterable<readonly string[]>,
  of: {
    readonly classes: readonly string[];
    readonly bounds: AgreementBounds;
    readonly random: Random;
  },
): Promise<LabelAgreement> {
  const types = new Map<TaskType, AgreedTasks>();
  let labels = 0;
  for await (const ids of pages) {
    const rows = await db
      .selectFrom('label')
      .innerJoin('task', 'task.id', 'label.task_id')
      .select(['task.id', 'task.type', 'task.topic', 'task.start_ns', 'task.end_ns'])
      .where('label.id', 'in', ids)
      .execute();
    labels += ids.length;
    for (const [type, tasks] of Map.groupBy(rows, (row) => row.type as TaskType)) {
      const agreed = types.get(type) ?? openAgreedTasks(type, of.bounds);
      types.set(type, agreed);
      await addTasks(db, agreed, tasks);
    }
  }
  const measured = [...types.values()].reduce((sum, agreed) => sum + agreed.tasks(), 0);
  const figures = [...types].flatMap(([type, agreed]) =>
    agreed.classes(of.classes, of.random).map((one) => ({ type, ...one })),
  );
  return { figures, unmeasured: labels - measured };
}

async function addTasks(
  db: Db,
  agreed: AgreedTasks,
  tasks: readonly Pick<Row<'task'>, 'id' | 'topic' | 'start_ns' | 'end_ns'>[],
): Promise<void> {
  const ids = tasks.map(({ id }) => id);
  const answers = await answersOf(db, ids);
  for (const task of tasks) {
    agreed.add({
      topic: task.topic,
      startNs: task.start_ns,
      endNs: task.end_ns,
      values: (answers.get(task.id) ?? [])
        .filter(({ assisted }) => !assisted)
        .map(({ value }) => value),
    });
  }
}
