/** What people said of a task as it holds now: the last word of each that nobody took back. */
import type { Db, Row } from '../store/db.ts';
import type { LabelValue } from './annotation.ts';
import type { Answer } from './consensus.ts';

type Said = Pick<
  Row<'annotation'>,
  'id' | 'task_id' | 'annotator_id' | 'action' | 'body' | 'assisted' | 'undoes' | 'at'
>;

export interface TaskAnswer extends Answer {
  readonly id: string;
  readonly task: string;
  readonly at: number;
}

const actions = ['submit', 'import', 'undo', 'withdraw'];

/** By task, each in the order of the answers. A senior's word is none of them. */
export async function answersOf(
  db: Db,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, readonly TaskAnswer[]>> {
  const found = new Map<string, TaskAnswer[]>(taskIds.map((id) => [id, []]));
  for (let at = 0; at < taskIds.length; at += 500) {
    const rows: readonly Said[] = await db
      .selectFrom('annotation')
      .select(['id', 'task_id', 'annotator_id', 'action', 'body', 'assisted', 'undoes', 'at'])
      .where('task_id', 'in', taskIds.slice(at, at + 500))
      .where('action', 'in', actions)
      .orderBy('task_id')
      .orderBy('n')
      .execute();
    const undone = new Set(rows.flatMap(({ undoes }) => (undoes === null ? [] : [undoes])));
    for (const row of rows) {
      if (row.body === null || undone.has(row.id)) continue;
      if (row.action !== 'submit' && row.action !== 'import') continue;
      found.get(row.task_id)?.push({
        id: row.id,
        task: row.task_id,
        annotator: row.annotator_id,
        value: JSON.parse(row.body) as LabelValue,
        assisted: row.assisted === 1n,
        at: Number(row.at),
      });
    }
  }
  return found;
}

/** What machines predicted, by task. */
export async function predictionsOf(
  db: Db,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly annotator: string; readonly class: string }>> {
  const found = new Map<string, { readonly annotator: string; readonly class: string }>();
  for (let at = 0; at < taskIds.length; at += 500) {
    const rows = await db
      .selectFrom('annotation')
      .select(['task_id', 'annotator_id', 'class'])
      .where('task_id', 'in', taskIds.slice(at, at + 500))
      .where('action', '=', 'predict')
      .execute();
    for (const row of rows) {
      if (row.class === null) continue;
      found.set(row.task_id, { annotator: row.annotator_id, class: row.class });
    }
  }
  return found;
}
