/** What people cannot settle comes before a senior, and goes back to people when more are there. */
import { leastPeople, mostPeople, mostSkips, taskUpkeepRows } from '../annotation-limits.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { canTake, crewOf, handsOf, isSomebodyLeft, type Member } from './crew.ts';
import { queues, type Raising } from './task.ts';
import { type TaskRow, taskStore } from './task-store.ts';

/** Nobody but a senior is asked any more. */
export async function toSenior(
  trx: Db,
  task: TaskRow,
  { raised, why, at }: { readonly raised: Raising; readonly why: string; readonly at: number },
): Promise<TaskRow> {
  await trx.deleteFrom('task_lease').where('task_id', '=', task.id).execute();
  const change = { state: 'adjudication' as const, raised, why };
  const after = await taskStore(trx).restand(task, change, at);
  const body = { batch: task.batch, clip: task.clip_id, reason: why };
  await putOutbox(trx, { kind: 'task.adjudication', subject: task.id, at, body });
  return after;
}

/** Consensus found nothing that holds: one more is asked, or a senior. */
export async function askOneMore(
  trx: Db,
  task: TaskRow,
  of: { readonly said: number; readonly why: string; readonly crew: Crew; readonly at: number },
): Promise<TaskRow> {
  const { said, why, crew, at } = of;
  if (said >= mostPeople) {
    const words = `${said} people answered, ${why}`;
    return await toSenior(trx, task, { raised: 'most_people', why: words, at });
  }
  const wanted = Math.max(leastPeople, said + 1);
  const after = await taskStore(trx).restand(task, { wanted, people: said, why }, at);
  return await raiseIfAlone(trx, after, { crew, at });
}

/** Somebody skipped it: for good, and what several skip a senior looks at. */
export async function afterSkip(trx: Db, task: TaskRow, at: number): Promise<TaskRow> {
  if (!isOffered(task)) return task;
  const rows = await trx
    .selectFrom('annotation')
    .select('reason')
    .where('task_id', '=', task.id)
    .where('action', '=', 'skip')
    .orderBy('n', 'desc')
    .limit(mostSkips)
    .execute();
  if (rows.length >= mostSkips) {
    const reasons = [...new Set(rows.map(({ reason }) => (reason ?? '').slice(0, 100)))];
    const why = `${rows.length} people skipped it: ${reasons.join('; ')}`;
    return await toSenior(trx, task, { raised: 'skipped', why, at });
  }
  return await raiseIfAlone(trx, task, { crew: openCrew(trx, at), at });
}

/** A task that at least two people are done with, and nobody else can be asked about. */
export async function raiseIfAlone(
  trx: Db,
  task: TaskRow,
  { crew, at }: { readonly crew: Crew; readonly at: number },
): Promise<TaskRow> {
  if (!isOffered(task) || task.leases > 0n) return task;
  const hands = (await handsOf(trx, [task.id])).get(task.id) ?? new Set();
  if (hands.size < leastPeople || isSomebodyLeft(await crew(), task, hands)) return task;
  const answered = Number(task.people);
  const others = hands.size - answered;
  const who =
    others <= 0
      ? `all ${answered} annotators answered`
      : `${answered} answered, ${others} skipped, and nobody else is there`;
  const why = task.why === null ? who : `${who}${others <= 0 ? ',' : ';'} ${task.why}`;
  return await toSenior(trx, task, { raised: 'nobody_left', why, at });
}

const isOffered = ({ state }: TaskRow): boolean => state === 'open' || state === 'needs_more';

/** Read once, and only when it is asked for. */
export type Crew = () => Promise<readonly Member[]>;

export function openCrew(db: Db, at: number): Crew {
  let known: Promise<readonly Member[]> | undefined;
  return async () => await (known ??= crewOf(db, at));
}

interface Stores {
  readonly read: Db;
  readonly write: Db;
}

/**
 * People joined, left, or may do other things than before: tasks that have nobody left go to a
 * senior, and those come back that did for want of people. How many moved.
 */
export async function recheck(
  { read, write }: Stores,
  members: readonly Member[],
  at: number,
): Promise<number> {
  const crew: Crew = async () => members;
  let moved = 0;
  for await (const page of offered(read)) {
    const hands = await handsOf(
      read,
      page.map(({ id }) => id),
    );
    for (const task of page) {
      const of = hands.get(task.id) ?? new Set();
      if (of.size < leastPeople || isSomebodyLeft(members, task, of)) continue;
      moved += await write.transaction().execute(async (trx) => {
        const now = await taskStore(trx).demandRow(task.id);
        const after = await raiseIfAlone(trx, now, { crew, at });
        return after.version === now.version ? 0 : 1;
      });
    }
  }
  for await (const page of waitingForWant(read)) {
    const hands = await handsOf(
      read,
      page.map(({ id }) => id),
    );
    for (const task of page) {
      if (!isSomebodyLeft(members, task, hands.get(task.id) ?? new Set())) continue;
      moved += await write
        .transaction()
        .execute(async (trx) => await askAgain(trx, task.id, members, at));
    }
  }
  return moved;
}

/** Before a senior for want of people alone, page after page. */
async function* waitingForWant(read: Db): AsyncGenerator<readonly TaskRow[], void> {
  for (let last = ''; ; ) {
    const page: readonly TaskRow[] = await read
      .selectFrom('task')
      .selectAll()
      .where('queue', '=', BigInt(queues.adjudication))
      .where('raised', '=', 'nobody_left')
      .where('people', '<', BigInt(mostPeople))
      .where('id', '>', last)
      .orderBy('id')
      .limit(taskUpkeepRows)
      .execute();
    yield page;
    const end = page.at(-1);
    if (end === undefined || page.length < taskUpkeepRows) return;
    last = end.id;
  }
}

/** Tasks in line that somebody is done with, page after page. */
async function* offered(read: Db): AsyncGenerator<readonly TaskRow[], void> {
  for (const queue of [queues.started, queues.aged]) {
    let last: TaskRow | undefined;
    do {
      let query = read.selectFrom('task').selectAll().where('queue', '=', BigInt(queue));
      const { rank, id } = last ?? {};
      if (rank !== undefined && id !== undefined) {
        query = query.where((of) =>
          of.or([of('rank', '<', rank), of.and([of('rank', '=', rank), of('id', '>', id)])]),
        );
      }
      const page: readonly TaskRow[] = await query
        .orderBy('rank', 'desc')
        .orderBy('id')
        .limit(taskUpkeepRows)
        .execute();
      yield page;
      last = page.length === taskUpkeepRows ? page.at(-1) : undefined;
    } while (last !== undefined);
  }
}

/** Unless a senior is at it. 1 when it moved. */
async function askAgain(
  trx: Db,
  id: string,
  members: readonly Member[],
  at: number,
): Promise<number> {
  const task = await taskStore(trx).demandRow(id);
  if (task.state !== 'adjudication' || task.raised !== 'nobody_left' || task.leases > 0n) return 0;
  const hands = (await handsOf(trx, [id])).get(id) ?? new Set();
  if (!isSomebodyLeft(members, task, hands)) return 0;
  const wanted = Math.max(leastPeople, Number(task.people) + 1);
  const change = { state: 'needs_more' as const, wanted, raised: null };
  await taskStore(trx).restand(task, change, at);
  const body = { batch: task.batch, clip: task.clip_id };
  await putOutbox(trx, { kind: 'task.returned', subject: id, at, body });
  return 1;
}

/**
 * A case that this senior answered before, as one of the people: theirs to decide only where no
 * other senior is there who did not. Who logged its failure decides it never.
 */
export async function ownCase(
  trx: Db,
  senior: Member,
  at: number,
): Promise<{ readonly id: string } | undefined> {
  const cases = await trx
    .selectFrom('task')
    .innerJoin('task_hand', 'task_hand.task_id', 'task.id')
    .select(['task.id', 'task.skill', 'task.site', 'task.logged_by'])
    .where('task.queue', '=', BigInt(queues.adjudication))
    .where('task.leases', '=', 0n)
    .where('task.people', '>=', BigInt(leastPeople))
    .where('task_hand.annotator_id', '=', senior.id)
    .where('task_hand.how', '=', 'submitted')
    .orderBy('task.rank', 'desc')
    .orderBy('task.id')
    .limit(taskUpkeepRows)
    .execute();
  if (cases.length === 0) return undefined;
  const others = (await crewOf(trx, at)).filter((one) => one.senior && one.id !== senior.id);
  const hands = await handsOf(
    trx,
    cases.map(({ id }) => id),
  );
  return cases.find(
    (one) =>
      one.logged_by !== senior.id &&
      canTake(senior, one) &&
      !others.some(
        (other) =>
          other.id !== one.logged_by &&
          canTake(other, one) &&
          hands.get(one.id)?.has(other.id) !== true,
      ),
  );
}
