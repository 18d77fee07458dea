/**
 * The worker's part: submitted tasks become labels, or are asked again, or go to a senior. What is
 * decided is read first and written after, task by task, only where nothing moved meanwhile; a kill
 * between two of them leaves the rest submitted.
 */
import {
  bandEveryMs,
  consensusEveryMs,
  consensusRows,
  consensusTasks,
  taskUpkeepMs,
  taskUpkeepRows,
} from '../annotation-limits.ts';
import { agreementOf } from '../store/agreement.ts';
import type { Db } from '../store/db.ts';
import { putLabel } from '../store/label-rows.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { answersOf, predictionsOf, type TaskAnswer } from './answers.ts';
import { setBands } from './bands.ts';
import { type Belief, beliefs, decide, type Outcome } from './consensus.ts';
import { crewOf, type Member } from './crew.ts';
import { type GiveDeps, lapse } from './give.ts';
import { ontologyStore } from './ontology-store.ts';
import { askOneMore, openCrew, recheck } from './senior.ts';
import { agedBefore, queues, rankOf, type TaskType } from './task.ts';
import { type TaskRow, taskStore } from './task-store.ts';

type Deps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** Opens the part; disposing it leaves nothing running. */
export function openConsensus(deps: Deps): AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const now = (): GiveDeps => ({ ids: deps.ids, at: deps.clock.now() });
  opened.use(
    openLoop(deps, { name: 'consensus', everyMs: consensusEveryMs }, async (signal) => {
      while (!signal.aborted && (await resolveSome(deps, now())) === consensusRows);
    }),
  );
  const look = openRecheck(deps);
  opened.use(
    openLoop(deps, { name: 'task upkeep', everyMs: taskUpkeepMs }, async () => {
      const at = deps.clock.now();
      await deps.write.transaction().execute(async (trx) => await upkeep(trx, at));
      await look(at);
    }),
  );
  opened.use(
    openLoop(deps, { name: 'label bands', everyMs: bandEveryMs }, async () => {
      await setBands(deps, deps.clock.now());
    }),
  );
  return opened;
}

/** Looks at all tasks that wait for people when people came or went; the first time anyhow. */
export function openRecheck(deps: Pick<Deps, 'read' | 'write'>): (at: number) => Promise<number> {
  let known = '';
  return async (at) => {
    const crew = await crewOf(deps.read, at);
    const now = JSON.stringify(crew);
    if (now === known) return 0;
    const moved = await recheck(deps, crew, at);
    known = now;
    return moved;
  };
}

/** Leases end, and who has waited for twenty days gains nothing more. */
export async function upkeep(trx: Db, at: number): Promise<void> {
  await lapse(trx, at);
  for (const queue of [queues.fresh, queues.started]) {
    const rows = await trx
      .selectFrom('task')
      .select(['id', 'priority'])
      .where('queue', '=', BigInt(queue))
      .where('created_at', '<=', BigInt(agedBefore(at)))
      .orderBy('created_at')
      .orderBy('id')
      .limit(taskUpkeepRows)
      .execute();
    for (const { id, priority } of rows) {
      await trx
        .updateTable('task')
        .set({ queue: queues.aged, rank: rankOf(priority, 0, true) })
        .where('id', '=', id)
        .execute();
    }
  }
}

/** How many tasks were looked at: fewer than a full round means that none is left. */
export async function resolveSome(
  { read, write }: { readonly read: Db; readonly write: Db },
  deps: GiveDeps,
): Promise<number> {
  const tasks = await read
    .selectFrom('task')
    .selectAll()
    .where('queue', '=', BigInt(queues.consensus))
    .orderBy('rank', 'desc')
    .orderBy('id')
    .limit(consensusRows)
    .execute();
  const kinds = Map.groupBy(tasks, (task) => `${task.ontology_sha256} ${task.type}`);
  for (const some of kinds.values()) await resolveKind({ read, write }, some, deps);
  return tasks.length;
}

/** Tasks of one ontology and type: their annotators are known by all that they said of it. */
async function resolveKind(
  { read, write }: { readonly read: Db; readonly write: Db },
  tasks: readonly TaskRow[],
  deps: GiveDeps,
): Promise<void> {
  const [first] = tasks;
  if (first === undefined) return;
  const kind = { ontologySha256: first.ontology_sha256, type: first.type as TaskType };
  const answers = await answersOf(
    read,
    tasks.map(({ id }) => id),
  );
  const known =
    kind.type === 'classification' ? await knownBeliefs(read, kind.ontologySha256) : undefined;
  const agreed = await agreementOf(read, kind);
  const people = openCrew(read, deps.at);
  for (const task of tasks) {
    const said = answers.get(task.id) ?? [];
    const outcome = decide(factsOf(task), said, known?.get(task.id));
    const alpha = alphaFor(agreed.classes, outcome);
    const crew = outcome.kind === 'more' ? await people() : [];
    await write.transaction().execute(async (trx) => {
      const now = await taskStore(trx).demandRow(task.id);
      // Somebody took an answer back meanwhile: it is decided anew when it stands here again.
      if (now.version !== task.version) return;
      await settle(trx, { task: now, said, outcome, alpha, crew }, deps);
    });
  }
}

const factsOf = (task: TaskRow) => ({
  type: task.type as TaskType,
  topic: task.topic,
  startNs: task.start_ns,
});

function alphaFor(
  classes: Awaited<ReturnType<typeof agreementOf>>['classes'],
  outcome: Outcome,
): number | undefined {
  if (outcome.kind !== 'resolved') return undefined;
  const name = outcome.value.class;
  const found = classes.find((one) => one.class === name);
  // Of few tasks it is a number by chance.
  return found?.gate === 'few' ? undefined : found?.alpha;
}

interface Decided {
  readonly task: TaskRow;
  readonly said: readonly TaskAnswer[];
  readonly outcome: Outcome;
  readonly alpha: number | undefined;
  /** Read before the transaction that settles it. */
  readonly crew: readonly Member[];
}

async function settle(trx: Db, of: Decided, deps: GiveDeps): Promise<void> {
  const { task, said, outcome, alpha, crew } = of;
  const tasks = taskStore(trx);
  if (outcome.kind === 'resolved') {
    const { value, method, posterior, annotators } = outcome;
    const consensus = { method, posterior, alpha, annotators };
    const labelId = await putLabel(trx, task, { value, consensus }, deps);
    await tasks.restand(task, { state: 'resolved', labelId }, deps.at);
    return;
  }
  const { why } = outcome;
  await askOneMore(trx, task, { said: said.length, why, crew: async () => crew, at: deps.at });
}

/**
 * What is believed of the tasks of an ontology, by all that was said of its latest ones; gold
 * questions and what seniors decided stand fast.
 */
export async function knownBeliefs(
  db: Db,
  ontologySha256: string,
): Promise<ReadonlyMap<string, Belief> | undefined> {
  const tasks = await db
    .selectFrom('task')
    .leftJoin('gold', 'gold.id', 'task.gold_id')
    .leftJoin('label', 'label.id', 'task.label_id')
    .select(['task.id', 'task.band', 'gold.body as gold', 'label.class', 'label.method'])
    .where('task.ontology_sha256', '=', ontologySha256)
    .where('task.type', '=', 'classification')
    .where('task.people', '>', 0n)
    .orderBy('task.updated_at', 'desc')
    .orderBy('task.id')
    .limit(consensusTasks)
    .execute();
  const ids = tasks.map(({ id }) => id);
  const answers = await answersOf(db, ids);
  const predicted = await predictionsOf(db, ids);
  const ontology = await ontologyStore(db).demand(ontologySha256);
  const classified = tasks.map((task) => {
    const machine = task.band === 'assist' ? undefined : predicted.get(task.id);
    const people = (answers.get(task.id) ?? []).map(({ annotator, value }) => ({
      annotator,
      class: value.class ?? '',
    }));
    const truth = goldClass(task.gold) ?? (task.method === 'adjudicated' ? task.class : null);
    return {
      id: task.id,
      votes: machine === undefined ? people : [...people, machine],
      ...(truth === null || truth === undefined ? {} : { truth }),
    };
  });
  return beliefs(
    classified,
    ontology.classes.map(({ name }) => name),
  );
}

const goldClass = (body: string | null): string | undefined =>
  body === null ? undefined : (JSON.parse(body) as { readonly class?: string }).class;
