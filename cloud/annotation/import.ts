/**
 * Answers that came from another tool. First a plan: what would be said of which task, and what is
 * wrong; then the same plan is carried out, or nothing, when something moved meanwhile.
 */
import { asFault, canonicalJson, Fault, sha256Hex } from '@fieldloop/core';
import { maxImportProblems } from '../annotation-limits.ts';
import { putAnnotation } from '../store/annotation-rows.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { askedOf, putHand } from './acts.ts';
import { checkValue, type LabelValue, valueText } from './annotation.ts';
import { annotatorStore } from './annotator-store.ts';
import { readCvat } from './cvat.ts';
import type { GiveDeps } from './give.ts';
import type { Dropped, ExchangeFormat, Exchanged, ExchangeItem } from './interchange.ts';
import { readLabelStudio } from './label-studio.ts';
import type { Ontology } from './ontology.ts';
import { ontologyStore } from './ontology-store.ts';
import { isOver, type TaskState } from './task.ts';
import { type TaskRow, taskStore } from './task-store.ts';

export interface ImportPlan {
  /** Of what would be done: the same plan is carried out later, or none. */
  readonly sha256: string;
  readonly answers: readonly PlannedAnswer[];
  /** Answers that are there already. */
  readonly known: number;
  readonly problems: readonly { readonly place: string; readonly message: string }[];
  readonly dropped: readonly Dropped[];
}

interface PlannedAnswer {
  readonly task: TaskRow;
  readonly annotator: string;
  readonly value: LabelValue;
  readonly seconds?: number | undefined;
}

export interface ImportAsked {
  readonly format: ExchangeFormat;
  readonly content: string;
  /** Whose answers they are, where the file does not say. */
  readonly annotator: string;
}

/** Reads alone. Fault `invalid` for a file of another form; the rest is listed in the plan. */
export async function planImport(db: Db, asked: ImportAsked): Promise<ImportPlan> {
  const { items, dropped } = await readExchange(db, asked);
  const problems: { place: string; message: string }[] = [];
  const answers: PlannedAnswer[] = [];
  const seen = new Set<string>();
  let known = 0;
  let empty = 0;
  for (const item of items) {
    const found = await planOne(db, item, asked);
    if (found === 'known') known += 1;
    else if (found === 'untouched') empty += 1;
    else if ('message' in found) problems.push({ place: item.place, message: found.message });
    else {
      const who = `${found.task.id} ${found.annotator}`;
      if (seen.has(who)) {
        problems.push({ place: item.place, message: `${found.annotator} answered it before` });
      } else answers.push(found);
      seen.add(who);
    }
  }
  const untouched = empty === 0 ? [] : [{ what: 'image without a tag', n: empty }];
  const done = answers.map(({ task, annotator, value }) => [task.id, annotator, valueText(value)]);
  return {
    sha256: sha256Hex(canonicalJson(done)),
    answers,
    known,
    problems: problems.slice(0, maxImportProblems),
    dropped: [...dropped, ...untouched],
  };
}

/** Attributes are text in a file: the ontology of each task says what they are. */
async function readExchange(db: Db, { format, content }: ImportAsked): Promise<Exchanged> {
  const ids = [...new Set(content.match(/tsk_[0-9A-Z]{26}/g) ?? [])];
  const ontologies = new Map<string, Ontology>();
  for (let at = 0; at < ids.length; at += 500) {
    const rows = await db
      .selectFrom('task')
      .select(['id', 'ontology_sha256'])
      .where('id', 'in', ids.slice(at, at + 500))
      .execute();
    for (const row of rows) {
      const found = [...ontologies.values()].find(({ sha256 }) => sha256 === row.ontology_sha256);
      ontologies.set(row.id, found ?? (await ontologyStore(db).demand(row.ontology_sha256)));
    }
  }
  const ontologyOf = (task: string): Ontology | undefined => ontologies.get(task);
  return format === 'cvat' ? readCvat(content, ontologyOf) : readLabelStudio(content, ontologyOf);
}

/** `untouched`: nobody tagged the image of a task that asks for a class. */
type Planned = PlannedAnswer | 'known' | 'untouched' | { readonly message: string };

async function planOne(db: Db, item: ExchangeItem, asked: ImportAsked): Promise<Planned> {
  const task = await taskStore(db).row(item.task);
  if (task === undefined || task.gold_id !== null) return { message: `there is no ${item.task}` };
  if (item.problem !== undefined) return { message: item.problem };
  const isEmpty = item.value.boxes?.length === 0;
  if (isEmpty && task.type === 'classification') return 'untouched';
  if (task.type !== item.type) return { message: `${task.id} asks for ${task.type}` };
  const annotator = `import:${asked.annotator}${item.annotator === undefined ? '' : `/${item.annotator}`}`;
  const hand = await db
    .selectFrom('task_hand')
    .select('how')
    .where('annotator_id', '=', annotator)
    .where('task_id', '=', task.id)
    .executeTakeFirst();
  if (hand !== undefined) return 'known';
  if (isOver(task.state as TaskState)) return { message: `${task.id} is ${task.state}` };
  const ontology = await ontologyStore(db).demand(task.ontology_sha256);
  try {
    checkValue(item.value, { asked: askedOf(task), ontology, place: item.place });
  } catch (error) {
    return { message: asFault(error).message };
  }
  const seconds = item.seconds === undefined ? {} : { seconds: item.seconds };
  return { task, annotator, value: plainBoxes(item.value, task), ...seconds };
}

/** A box at the task's own moment need not say when. */
function plainBoxes(value: LabelValue, task: TaskRow): LabelValue {
  if (value.boxes === undefined) return value;
  const own = String(task.start_ns);
  return {
    boxes: value.boxes.map(({ atNs, ...box }) =>
      atNs === undefined || atNs === own ? box : { ...box, atNs },
    ),
  };
}

/** Answers like any other: consensus weighs who gave them. Fault `conflict` for another plan. */
export async function applyImport(
  trx: Db,
  of: { readonly asked: ImportAsked; readonly plan: string },
  deps: GiveDeps,
): Promise<ImportPlan> {
  const plan = await planImport(trx, of.asked);
  if (plan.sha256 !== of.plan) {
    throw new Fault('conflict', 'this is no more what the dry run said', {
      place: '/body/plan',
      remedy: 'Try it again with dryRun, look at it, and send its plan.',
    });
  }
  const tasks = taskStore(trx);
  for (const { task, annotator, value, seconds } of plan.answers) {
    const name = annotator.slice('import:'.length);
    await annotatorStore(trx).ensure({ id: annotator, name }, deps.at);
    const said = { taskId: task.id, annotatorId: annotator, action: 'import' as const };
    await putAnnotation(trx, { ...said, value, seconds }, deps);
    await putHand(trx, annotator, { taskId: task.id, how: 'submitted' });
    const now = await tasks.demandRow(task.id);
    await tasks.restand(now, { people: Number(now.people) + 1 }, deps.at);
  }
  const body = { format: of.asked.format, tasks: plan.answers.length };
  await putOutbox(trx, { kind: 'label.imported', subject: plan.sha256, at: deps.at, body });
  return plan;
}
