/** What somebody said of a task is added; nothing of it is ever changed. */
import type { Ids } from '@fieldloop/core';
import { type AnnotationAction, type LabelValue, valueText } from '../annotation/annotation.ts';
import { bit, type Db } from './db.ts';

export interface NewAnnotation {
  readonly taskId: string;
  readonly annotatorId: string;
  readonly action: AnnotationAction;
  readonly value?: LabelValue | undefined;
  readonly before?: string | null | undefined;
  readonly seconds?: number | undefined;
  readonly assisted?: boolean | undefined;
  readonly undoes?: string | undefined;
  readonly reason?: string | undefined;
}

/** Its id. */
export async function putAnnotation(
  trx: Db,
  said: NewAnnotation,
  { ids, at }: { readonly ids: Pick<Ids, 'ulid'>; readonly at: number },
): Promise<string> {
  const id = ids.ulid('ann');
  const last = await trx
    .selectFrom('annotation')
    .select('n')
    .where('task_id', '=', said.taskId)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  await trx
    .insertInto('annotation')
    .values({
      id,
      task_id: said.taskId,
      n: Number(last?.n ?? 0n) + 1,
      annotator_id: said.annotatorId,
      action: said.action,
      class: said.value?.class ?? null,
      body: said.value === undefined ? null : valueText(said.value),
      before: said.before ?? null,
      seconds: said.seconds ?? null,
      assisted: bit(said.assisted === true),
      undoes: said.undoes ?? null,
      reason: said.reason ?? null,
      at,
    })
    .execute();
  return id;
}
