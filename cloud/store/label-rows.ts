/** A resolved label is written: by consensus, by a senior, or taken from a trusted machine. */
import type { Ids } from '@fieldloop/core';
import { type Consensus, labelHash, type LabelValue, valueText } from '../annotation/annotation.ts';
import type { TaskType } from '../annotation/task.ts';
import type { Db, Row } from './db.ts';
import { putOutbox } from './outbox.ts';

export type TaskFacts = Pick<
  Row<'task'>,
  | 'id'
  | 'unit_id'
  | 'clip_id'
  | 'device_id'
  | 'session_id'
  | 'topic'
  | 'start_ns'
  | 'end_ns'
  | 'type'
  | 'ontology_sha256'
  | 'choice_id'
  | 'failure_id'
>;

/** Its id. A label of this task that is there already is superseded, and stays. */
export async function putLabel(
  trx: Db,
  task: TaskFacts,
  { value, consensus }: { readonly value: LabelValue; readonly consensus: Consensus },
  { ids, at }: { readonly ids: Pick<Ids, 'ulid'>; readonly at: number },
): Promise<string> {
  const clip = await trx
    .selectFrom('clip')
    .select('sha256')
    .where('id', '=', task.clip_id)
    .executeTakeFirstOrThrow();
  const id = ids.ulid('lbl');
  const body = valueText(value);
  const { method, posterior, alpha, annotators } = consensus;
  await trx
    .updateTable('label')
    .set({ superseded_by: id })
    .where('task_id', '=', task.id)
    .where('superseded_by', 'is', null)
    .execute();
  await trx
    .insertInto('label')
    .values({
      id,
      unit_id: task.unit_id,
      clip_id: task.clip_id,
      device_id: task.device_id,
      session_id: task.session_id,
      topic: task.topic,
      start_ns: task.start_ns,
      end_ns: task.end_ns,
      type: task.type,
      class: value.class ?? null,
      body,
      sha256: labelHash({
        clipSha256: clip.sha256,
        topic: task.topic,
        startNs: task.start_ns,
        endNs: task.end_ns,
        type: task.type as TaskType,
        body,
        ontologySha256: task.ontology_sha256,
        consensus,
      }),
      ontology_sha256: task.ontology_sha256,
      method,
      posterior: posterior ?? null,
      alpha: alpha ?? null,
      annotators,
      choice_id: task.choice_id,
      task_id: task.id,
      created_at: at,
    })
    .execute();
  await putOutbox(trx, {
    kind: 'label.resolved',
    subject: id,
    at,
    body: {
      task: task.id,
      clip: task.clip_id,
      unit: task.unit_id,
      class: value.class ?? null,
      failure: task.failure_id,
      method,
    },
  });
  return id;
}
