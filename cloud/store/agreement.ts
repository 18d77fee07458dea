/** How far people agree on a kind of task, for gates: computed from what they said. */
import { agreement, type ClassAgreement } from '../annotation/agreement.ts';
import { answersOf } from '../annotation/answers.ts';
import type { OntologyDocument } from '../annotation/ontology.ts';
import type { TaskType } from '../annotation/task.ts';
import { consensusTasks, leastPeople } from '../annotation-limits.ts';
import type { Db } from './db.ts';

export interface AgreementQuestion {
  readonly ontologySha256: string;
  readonly type: TaskType;
  readonly batch?: string | undefined;
  /** Of these tasks alone: what a data set is made of. */
  readonly taskIds?: readonly string[] | undefined;
}

export interface KnownAgreement {
  /** Tasks with at least two blind answers. */
  readonly tasks: number;
  /** All classes together first, then each class. */
  readonly classes: readonly ClassAgreement[];
}

/** Over the latest tasks that people answered, or over those that are named. */
export async function agreementOf(db: Db, asked: AgreementQuestion): Promise<KnownAgreement> {
  const { ontologySha256, type, batch, taskIds } = asked;
  const ontology = await db
    .selectFrom('ontology')
    .select('document')
    .where('sha256', '=', ontologySha256)
    .executeTakeFirst();
  if (ontology === undefined) return { tasks: 0, classes: [] };
  const tasks = [];
  for (const some of chunks(taskIds)) {
    let query = db
      .selectFrom('task')
      .select(['id', 'topic', 'start_ns', 'end_ns'])
      .where('ontology_sha256', '=', ontologySha256)
      .where('type', '=', type)
      .where('gold_id', 'is', null)
      .where('people', '>=', BigInt(leastPeople));
    if (batch !== undefined) query = query.where('batch', '=', batch);
    if (some !== undefined) query = query.where('id', 'in', some);
    tasks.push(
      ...(await query
        .orderBy('updated_at', 'desc')
        .orderBy('id')
        .limit(some === undefined ? consensusTasks : some.length)
        .execute()),
    );
  }
  const answers = await answersOf(
    db,
    tasks.map(({ id }) => id),
  );
  const blind = tasks.map((task) => ({
    topic: task.topic,
    startNs: task.start_ns,
    endNs: task.end_ns,
    values: (answers.get(task.id) ?? [])
      .filter(({ assisted }) => !assisted)
      .map(({ value }) => value),
  }));
  const document = JSON.parse(ontology.document) as OntologyDocument;
  const names = document.classes.map(({ name }) => name);
  return {
    tasks: blind.filter(({ values }) => values.length >= leastPeople).length,
    classes: agreement(type, blind, names),
  };
}

/** One query for the latest, or one for each five hundred that are named. */
function chunks(ids: readonly string[] | undefined): readonly (readonly string[] | undefined)[] {
  if (ids === undefined) return [undefined];
  return Array.from({ length: Math.ceil(ids.length / 500) }, (_, i) =>
    ids.slice(i * 500, (i + 1) * 500),
  );
}
