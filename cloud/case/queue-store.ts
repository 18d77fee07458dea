/** Queues: who takes cases of which kinds in which regions. */
import { canonicalJson } from '@fieldloop/core';
import type { By } from '../store/case-queue.ts';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Queue } from './case.ts';

export interface KeptQueue extends Queue {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export async function listQueues(db: Db): Promise<readonly KeptQueue[]> {
  const rows = await db.selectFrom('case_queue').selectAll().orderBy('name').execute();
  return rows.map(queueOfRow);
}

export async function findQueue(db: Db, idOrName: string): Promise<KeptQueue | undefined> {
  const row = await db
    .selectFrom('case_queue')
    .selectAll()
    .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
    .executeTakeFirst();
  return row && queueOfRow(row);
}

/** Makes the queue of this name, or makes it so. */
export async function putQueue(
  trx: Db,
  queue: Queue,
  { id, at, by }: By & { readonly id: string },
): Promise<KeptQueue> {
  const known = await findQueue(trx, queue.name);
  const columns = {
    skill: queue.skill ?? null,
    kinds: canonicalJson(queue.kinds),
    regions: canonicalJson(queue.regions),
    people: canonicalJson(queue.people),
    updated_at: at,
    version: (known?.version ?? 0) + 1,
  };
  if (known === undefined) {
    const made = { id, name: queue.name, created_by: by, created_at: at };
    await trx
      .insertInto('case_queue')
      .values({ ...made, ...columns })
      .execute();
  } else {
    await trx.updateTable('case_queue').set(columns).where('id', '=', known.id).execute();
  }
  const subject = known?.id ?? id;
  await putOutbox(trx, { kind: 'case_queue.changed', subject, at, body: { name: queue.name } });
  return { ...queue, ...keptOf(known, { id, at, by }), version: columns.version };
}

const keptOf = (known: KeptQueue | undefined, how: By & { readonly id: string }) => ({
  id: known?.id ?? how.id,
  createdBy: known?.createdBy ?? how.by,
  createdAt: known?.createdAt ?? how.at,
  updatedAt: how.at,
});

export async function dropQueue(trx: Db, queue: KeptQueue, at: number): Promise<void> {
  await trx.deleteFrom('case_queue').where('id', '=', queue.id).execute();
  const body = { name: queue.name };
  await putOutbox(trx, { kind: 'case_queue.deleted', subject: queue.id, at, body });
}

export function queueOfRow(row: Row<'case_queue'>): KeptQueue {
  return {
    id: row.id,
    name: row.name,
    ...(row.skill === null ? {} : { skill: row.skill }),
    kinds: JSON.parse(row.kinds) as string[],
    regions: JSON.parse(row.regions) as string[],
    people: JSON.parse(row.people) as string[],
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
