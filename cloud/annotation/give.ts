/**
 * Gives an annotator what is next: by priority and waiting, for what they can and may see, never
 * what they had a hand in, now and then a gold question that looks like any other.
 */
import { Fault, type Ids, sha256Hex } from '@fieldloop/core';
import {
  goldChoices,
  lineDepth,
  maxHeldTasks,
  taskLeaseMs,
  taskUpkeepRows,
} from '../annotation-limits.ts';
import { bit, type Db, type Row } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { type Annotator, demandActive, isGoldTurn } from './annotator.ts';
import { annotatorStore } from './annotator-store.ts';
import { ownCase } from './senior.ts';
import { pointsOf, type Queue, queues } from './task.ts';
import { type TaskRow, taskStore } from './task-store.ts';

export interface GiveDeps {
  readonly ids: Pick<Ids, 'ulid'>;
  readonly at: number;
}

export interface Given {
  readonly task: TaskRow;
  readonly untilAt: number;
  readonly assisted: boolean;
}

/**
 * The tasks that the annotator holds, topped up to `count`: who asks twice gets the same. Fewer
 * when there are no more; with 0 all that they hold and nothing new. Faults: `forbidden` while paused, `limited` for too many at once.
 */
export async function give(
  trx: Db,
  annotator: Annotator,
  count: number,
  deps: GiveDeps,
): Promise<readonly Given[]> {
  demandActive(annotator);
  await annotatorStore(trx).markSeen(annotator, deps.at);
  if (count > maxHeldTasks) {
    throw new Fault('limited', `nobody holds more than ${maxHeldTasks} tasks at once`, {
      place: '/body/count',
      remedy: 'Answer some first.',
    });
  }
  await lapse(trx, deps.at);
  const held = await heldBy(trx, annotator.id, deps.at);
  let who = annotator;
  while (held.length < count) {
    const gold = isGoldTurn(who) ? await goldQuestion(trx, who, deps) : undefined;
    const task = gold ?? (await firstInLine(trx, who, deps.at));
    if (task === undefined) break;
    held.push(await lease(trx, task, { annotator: who, at: deps.at }));
    who = await annotatorStore(trx).countGiven(who, gold !== undefined);
  }
  return count === 0 ? held : held.slice(0, count);
}

/** Extended, so that a page that asks again keeps what it shows. */
async function heldBy(trx: Db, annotatorId: string, at: number): Promise<Given[]> {
  const untilAt = at + taskLeaseMs;
  await trx
    .updateTable('task_lease')
    .set({ until_at: untilAt })
    .where('annotator_id', '=', annotatorId)
    .execute();
  const rows = await trx
    .selectFrom('task_lease')
    .innerJoin('task', 'task.id', 'task_lease.task_id')
    .selectAll('task')
    .select(['task_lease.assisted', 'task_lease.at as leased_at'])
    .where('task_lease.annotator_id', '=', annotatorId)
    .orderBy('task_lease.at')
    .orderBy('task.id')
    .execute();
  return rows.map((task) => ({ task, untilAt, assisted: task.assisted === 1n }));
}

/** Leases whose time is over end, and their tasks are offered again. */
export async function lapse(trx: Db, at: number): Promise<number> {
  const rows = await trx
    .selectFrom('task_lease')
    .select(['task_id', 'annotator_id'])
    .where('until_at', '<=', BigInt(at))
    .orderBy('until_at')
    .limit(taskUpkeepRows)
    .execute();
  for (const row of rows) await endLease(trx, { ...row, at });
  return rows.length;
}

export async function endLease(
  trx: Db,
  of: { readonly task_id: string; readonly annotator_id: string; readonly at: number },
): Promise<TaskRow> {
  await trx
    .deleteFrom('task_lease')
    .where('task_id', '=', of.task_id)
    .where('annotator_id', '=', of.annotator_id)
    .execute();
  const tasks = taskStore(trx);
  return await tasks.restand(await tasks.demandRow(of.task_id), {}, of.at);
}

export async function lease(
  trx: Db,
  task: TaskRow,
  { annotator, at }: { readonly annotator: Annotator; readonly at: number },
): Promise<Given> {
  const untilAt = at + taskLeaseMs;
  // One sees the proposal, whoever comes after answers blind; of a text the second sees the first.
  const isFirst = task.people === 0n && task.leases === 0n;
  const assisted =
    task.state !== 'adjudication' &&
    (task.type === 'text' ? task.people > 0n : task.band === 'assist' && isFirst);
  const row = {
    task_id: task.id,
    annotator_id: annotator.id,
    assisted: bit(assisted),
    at,
    until_at: untilAt,
  };
  await trx.insertInto('task_lease').values(row).execute();
  return { task: await taskStore(trx).restand(task, {}, at), untilAt, assisted };
}

/** The first of each line for this annotator; the one with the most points. */
async function firstInLine(
  trx: Db,
  annotator: Annotator,
  at: number,
): Promise<TaskRow | undefined> {
  const lines: readonly Queue[] = [
    ...(annotator.senior ? [queues.adjudication] : []),
    queues.fresh,
    queues.started,
    queues.aged,
  ];
  let best: { readonly id: string; readonly points: number } | undefined;
  const own = annotator.senior ? await ownCase(trx, annotator, at) : undefined;
  for (const depth of [lineDepth, undefined]) {
    for (const queue of lines) {
      const found = await headOf(trx, annotator, { queue, depth });
      if (found === undefined) continue;
      // What people could not agree on has waited for a senior alone.
      if (queue === queues.adjudication) return await taskStore(trx).demandRow(found.id);
      const points = pointsOf(Number(found.rank), queue, at);
      if (best === undefined || points > best.points) best = { id: found.id, points };
    }
    if (own !== undefined) return await taskStore(trx).demandRow(own.id);
    // Who has been through the head of every line, and finds nothing fresh, looks at all of them.
    if (best !== undefined) return await taskStore(trx).demandRow(best.id);
  }
  return undefined;
}

/** Of a queue, what this annotator may have: walked along its index. */
async function headOf(
  trx: Db,
  annotator: Annotator,
  { queue, depth }: { readonly queue: Queue; readonly depth: number | undefined },
) {
  const { id, skills, sites } = annotator;
  const isSenior = queue === queues.adjudication;
  // Two people may be at one task, but one senior.
  const whose = isSenior ? sql`` : sql` and l.annotator_id = ${id}`;
  let query = trx
    .selectFrom('task')
    .select(['task.id', 'task.rank'])
    .where('task.queue', '=', BigInt(queue))
    .where(noHandOf(id, 'task.id'))
    .where(sql<boolean>`not exists (select 1 from task_lease l where l.task_id = task.id${whose})`);
  if (depth !== undefined && queue !== queues.fresh) {
    const last = sql`select rank from task where queue = ${BigInt(queue)}
      order by rank desc limit 1 offset ${BigInt(depth)}`;
    query = query.where(sql<boolean>`task.rank >= coalesce((${last}), ${leastRank})`);
  }
  if (skills.length > 0) query = query.where('task.skill', 'in', skills);
  if (sites.length > 0) query = query.where('task.site', 'in', sites);
  if (isSenior) query = query.where(sql<boolean>`coalesce(task.logged_by, '') <> ${id}`);
  return await query.orderBy('task.rank', 'desc').orderBy('task.id').limit(1).executeTakeFirst();
}

/** Below any rank that there is. */
const leastRank = -(2n ** 62n);

const noHandOf = (annotatorId: string, task: string) =>
  sql<boolean>`not exists (select 1 from task_hand h
    where h.annotator_id = ${annotatorId} and h.task_id = ${sql.ref(task)})`;

/** One that they have neither answered nor had a hand in, as a task of their own. */
async function goldQuestion(
  trx: Db,
  annotator: Annotator,
  deps: GiveDeps,
): Promise<TaskRow | undefined> {
  let query = trx
    .selectFrom('gold')
    .selectAll('gold')
    .where('gold.retired', '=', 0n)
    .where(noHandOf(annotator.id, 'gold.task_id'))
    .where(
      sql<boolean>`not exists (select 1 from task asked
        where asked.gold_id = gold.id
          and asked.place = 'gold ' || gold.id || ' ' || ${annotator.id})`,
    );
  if (annotator.skills.length > 0) query = query.where('gold.skill', 'in', annotator.skills);
  const found = await query.orderBy('gold.id').limit(goldChoices).execute();
  const draw = Number.parseInt(sha256Hex(`${annotator.id} ${annotator.given}`).slice(0, 12), 16);
  const gold = found[draw % Math.max(1, found.length)];
  if (gold === undefined) return undefined;
  const origin = await taskStore(trx).demandRow(gold.task_id);
  if (annotator.sites.length > 0 && !annotator.sites.includes(origin.site)) return undefined;
  return await askGold(trx, { gold, origin, annotator }, deps);
}

/** One task of each gold question and annotator. */
const goldPlace = (goldId: string, annotatorId: string): string => `gold ${goldId} ${annotatorId}`;

async function askGold(
  trx: Db,
  of: { readonly gold: Row<'gold'>; readonly origin: TaskRow; readonly annotator: Annotator },
  { ids, at }: GiveDeps,
): Promise<TaskRow> {
  const { gold, origin, annotator } = of;
  const id = ids.ulid('tsk');
  await trx
    .insertInto('task')
    .values({
      ...origin,
      id,
      place: goldPlace(gold.id, annotator.id),
      unit_id: null,
      choice_id: null,
      failure_id: null,
      logged_by: null,
      queue: queues.none,
      state: 'open',
      wanted: 1,
      people: 0,
      leases: 0,
      band: 'blind',
      prefill: null,
      gold_id: gold.id,
      label_id: null,
      void_reason: null,
      why: null,
      raised: null,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  return await taskStore(trx).demandRow(id);
}
