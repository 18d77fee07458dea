/**
 * Opens tasks for people, and takes them back. Whoever chooses what is labelled calls this in its
 * own transaction; the same batch again opens nothing twice.
 */
import { Fault, type Ids, sha256Hex } from '@fieldloop/core';
import type { LabelValue } from '../annotation/annotation.ts';
import type { OntologyDocument } from '../annotation/ontology.ts';
import {
  annotatorOfModel,
  type Band,
  firstWanted,
  isOver,
  placeOf,
  queues,
  rankOf,
  type TaskState,
  type TaskType,
} from '../annotation/task.ts';
import { acceptedCheckShare } from '../annotation-limits.ts';
import { putAnnotation } from './annotation-rows.ts';
import type { Db, Row } from './db.ts';
import { putLabel } from './label-rows.ts';
import { putOutbox } from './outbox.ts';

export interface NewTask {
  /** Tasks of one purpose; with place and type it makes a task the same. */
  readonly batch: string;
  readonly unitId?: string | undefined;
  readonly clipId: string;
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly type: TaskType;
  readonly ontologySha256: string;
  /** Of the triage ledger: its lane says whether people must be blind. */
  readonly choiceId?: string | undefined;
  /** Points: 100 safety, 50 named, up to 30 by place in its lane; days of waiting add to them. */
  readonly priority: number;
  /** A proposal that the first annotator is shown. */
  readonly prefill?: LabelValue | undefined;
  readonly failureId?: string | undefined;
}

export interface TaskDeps {
  readonly ids: Pick<Ids, 'ulid'>;
  readonly at: number;
}

export interface RefusedTask {
  /** Index among the asked. */
  readonly n: number;
  readonly clipId: string;
  readonly why: string;
}

export interface OpenedTasks {
  readonly opened: readonly string[];
  /** Of this batch already. */
  readonly known: readonly string[];
  /** Labels that were taken from a trusted machine: nobody is asked. */
  readonly accepted: readonly string[];
  /** Their clips cannot be shown. */
  readonly refused: readonly RefusedTask[];
}

/**
 * Run inside the caller's transaction. Clips that are not here, or that privacy keeps from people,
 * are refused one by one. Fault `not_found` for an ontology that is not there.
 */
export async function openTasks(
  trx: Db,
  asked: readonly NewTask[],
  deps: TaskDeps,
): Promise<OpenedTasks> {
  const opened: string[] = [];
  const known: string[] = [];
  const accepted: string[] = [];
  const refused: RefusedTask[] = [];
  const look = openLook(trx);
  const batches = new Map<string, number>();
  for (const [n, task] of asked.entries()) {
    const clip = await look.clip(task.clipId);
    const why = refusal(clip, task);
    if (clip === undefined || why !== undefined) {
      refused.push({ n, clipId: task.clipId, why: why ?? 'there is no such clip' });
      continue;
    }
    const place = placeOf(task);
    const there = await trx
      .selectFrom('task')
      .select('id')
      .where('batch', '=', task.batch)
      .where('place', '=', place)
      .where('type', '=', task.type)
      .executeTakeFirst();
    if (there !== undefined) {
      known.push(there.id);
      continue;
    }
    const made = await openOne(trx, { task, clip, place, look }, deps);
    opened.push(made.id);
    if (made.label !== undefined) accepted.push(made.label);
    batches.set(task.batch, (batches.get(task.batch) ?? 0) + 1);
  }
  for (const [batch, tasks] of batches) {
    await putOutbox(trx, { kind: 'task.opened', subject: batch, at: deps.at, body: { tasks } });
  }
  return { opened, known, accepted, refused };
}

interface ClipFacts {
  readonly state: string;
  readonly device_id: string;
  readonly session_id: string;
  readonly site: string | null;
  readonly privacy: string;
}

function refusal(clip: ClipFacts | undefined, task: NewTask): string | undefined {
  if (clip === undefined) return undefined;
  if (clip.state !== 'stored') return `its bytes are not here: it is ${clip.state}`;
  if (clip.privacy !== 'clear' && clip.privacy !== 'redacted') {
    return `nobody may see it: its privacy is ${clip.privacy.slice(0, 32)}`;
  }
  return task.startNs > task.endNs ? 'it ends before it begins' : undefined;
}

interface Opening {
  readonly task: NewTask;
  readonly clip: ClipFacts;
  readonly place: string;
  readonly look: Look;
}

async function openOne(
  trx: Db,
  { task, clip, place, look }: Opening,
  deps: TaskDeps,
): Promise<{ readonly id: string; readonly label: string | undefined }> {
  const { at } = deps;
  const ontology = await look.ontology(task.ontologySha256);
  const { choice, lane } = await look.choice(task);
  const machine = task.unitId === undefined ? undefined : await look.prediction(task, ontology);
  const band = bandOf(task, lane, machine);
  const id = deps.ids.ulid('tsk');
  const isAccepted = band === 'accept' && !isChecked(`${task.batch} ${place}`);
  const row = {
    id,
    batch: task.batch,
    place,
    type: task.type,
    unit_id: task.unitId ?? null,
    clip_id: task.clipId,
    device_id: clip.device_id,
    session_id: clip.session_id,
    topic: task.topic,
    start_ns: task.startNs,
    end_ns: task.endNs,
    ontology_sha256: task.ontologySha256,
    choice_id: choice,
    failure_id: task.failureId ?? null,
  };
  const prefill = prefillOf(task, band, machine);
  await trx
    .insertInto('task')
    .values({
      ...row,
      site: clip.site ?? '',
      skill: ontology.name,
      lane,
      logged_by: task.failureId === undefined ? null : await look.logger(task.failureId),
      priority: task.priority,
      rank: rankOf(task.priority, at, false),
      queue: isAccepted ? queues.none : queues.fresh,
      state: isAccepted ? 'resolved' : 'open',
      wanted: firstWanted(task.type),
      people: 0,
      leases: 0,
      band,
      prefill: prefill === undefined ? null : JSON.stringify(prefill),
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  if (machine === undefined) return { id, label: undefined };
  const value = { class: machine.class };
  const annotatorId = annotatorOfModel(machine.sha256);
  await putAnnotation(trx, { taskId: id, annotatorId, action: 'predict', value }, deps);
  if (!isAccepted) return { id, label: undefined };
  const consensus = { method: 'accepted_auto' as const, annotators: 0 };
  const label = await putLabel(trx, row, { value, consensus }, deps);
  await trx.updateTable('task').set({ label_id: label }).where('id', '=', id).execute();
  return { id, label };
}

/** Audit units are always blind: what people say of them must not come from the machine. */
function bandOf(task: NewTask, lane: string, machine: Prediction | undefined): Band {
  if (lane === 'audit') return 'blind';
  if (task.type === 'classification' && machine !== undefined) {
    return machine.band === 'blind' && task.prefill !== undefined ? 'assist' : machine.band;
  }
  return task.prefill === undefined ? 'blind' : 'assist';
}

function prefillOf(
  task: NewTask,
  band: Band,
  machine: Prediction | undefined,
): LabelValue | undefined {
  if (band !== 'assist') return undefined;
  return task.prefill ?? (machine === undefined ? undefined : { class: machine.class });
}

/** Of what is accepted, people check one in twenty: by a draw that comes out the same again. */
const isChecked = (place: string): boolean =>
  Number.parseInt(sha256Hex(`check ${place}`).slice(0, 12), 16) / 2 ** 48 < acceptedCheckShare;

interface Prediction {
  readonly sha256: string;
  readonly class: string;
  readonly band: Band;
}

type Look = ReturnType<typeof openLook>;

/** What many tasks of one request ask for is read once. */
function openLook(trx: Db) {
  const clips = new Map<string, ClipFacts | undefined>();
  const ontologies = new Map<string, OntologyDocument>();
  const banded = new Map<string, Pick<Row<'label_band'>, 'band'> | undefined>();
  return {
    async clip(id: string): Promise<ClipFacts | undefined> {
      if (!clips.has(id)) clips.set(id, await clipFacts(trx, id));
      return clips.get(id);
    },

    async ontology(sha256: string): Promise<OntologyDocument> {
      const found = ontologies.get(sha256) ?? (await ontologyDocument(trx, sha256));
      ontologies.set(sha256, found);
      return found;
    },

    /**
     * What the unit was chosen by. Named and drawn by the audit in one window it is one task, and
     * the audit's: people are blind to the machine, and its label counts in estimates.
     */
    async choice({ choiceId }: NewTask): Promise<{ choice: string | null; lane: string }> {
      if (choiceId === undefined) return { choice: null, lane: '' };
      const rows = await trx
        .selectFrom('triage_choice as asked')
        .innerJoin('triage_choice', (join) =>
          join
            .onRef('triage_choice.unit_id', '=', 'asked.unit_id')
            .onRef('triage_choice.window_id', '=', 'asked.window_id'),
        )
        .select(['triage_choice.id', 'triage_choice.lane'])
        .where('asked.id', '=', choiceId)
        .execute();
      const own = rows.find(({ id }) => id === choiceId);
      const counts = rows.find(({ lane }) => lane === 'audit') ?? own;
      return { choice: counts?.id ?? choiceId, lane: counts?.lane ?? '' };
    },

    /** Who logged a failure: the person, where a key of theirs did. */
    async logger(failureId: string): Promise<string | null> {
      const row = await trx
        .selectFrom('failure')
        .select('created_by')
        .where('id', '=', failureId)
        .executeTakeFirst();
      if (row === undefined) return null;
      const key = await trx
        .selectFrom('api_key')
        .select('person_id')
        .where('id', '=', row.created_by)
        .executeTakeFirst();
      return key?.person_id ?? row.created_by;
    },

    /** What the robot's model said of the unit, when the ontology has a word for it. */
    async prediction(task: NewTask, ontology: OntologyDocument): Promise<Prediction | undefined> {
      if (task.type !== 'classification') return undefined;
      const unit = await trx
        .selectFrom('triage_unit')
        .select(['predicted', 'model_sha256'])
        .where('id', '=', task.unitId ?? '')
        .executeTakeFirst();
      if (unit === undefined) return undefined;
      if (!ontology.classes.some(({ name }) => name === unit.predicted)) return undefined;
      const key = `${unit.model_sha256} ${task.ontologySha256} ${unit.predicted}`;
      if (!banded.has(key)) banded.set(key, await bandRow(trx, unit, task.ontologySha256));
      const row = banded.get(key);
      return {
        sha256: unit.model_sha256,
        class: unit.predicted,
        band: (row?.band ?? 'blind') as Band,
      };
    },
  };
}

const bandRow = async (
  trx: Db,
  unit: { readonly predicted: string; readonly model_sha256: string },
  ontologySha256: string,
) =>
  await trx
    .selectFrom('label_band')
    .select('band')
    .where('model_sha256', '=', unit.model_sha256)
    .where('ontology_sha256', '=', ontologySha256)
    .where('class', '=', unit.predicted)
    .executeTakeFirst();

async function clipFacts(trx: Db, id: string): Promise<ClipFacts | undefined> {
  const row = await trx
    .selectFrom('clip')
    .innerJoin('device', 'device.id', 'clip.device_id')
    .select(['clip.state', 'clip.device_id', 'clip.session_id', 'clip.manifest', 'device.site'])
    .where('clip.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { manifest, ...facts } = row;
  return { ...facts, privacy: privacyOf(manifest) };
}

/**
 * `clear` or `redacted`. Robots that redact say so in the manifest; a clip whose redaction failed
 * never leaves its robot, so that a manifest that says nothing is of a clip that needed none.
 */
function privacyOf(manifest: string): string {
  const { privacy } = JSON.parse(manifest) as { readonly privacy?: string };
  return privacy === undefined ? 'clear' : privacy;
}

async function ontologyDocument(trx: Db, sha256: string): Promise<OntologyDocument> {
  const row = await trx
    .selectFrom('ontology')
    .select('document')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (row !== undefined) return JSON.parse(row.document) as OntologyDocument;
  throw new Fault('not_found', `there is no ontology ${sha256.slice(0, 64)}`, {
    remedy: 'List them with `fieldloop ontologies list`.',
  });
}

/** Takes the open tasks of a batch back; how many. Labels that are there stay. */
export async function voidTasks(
  trx: Db,
  batch: string,
  { reason, by }: { readonly reason: string; readonly by: string },
  deps: TaskDeps,
): Promise<number> {
  const rows = await trx
    .selectFrom('task')
    .select(['id', 'state', 'version'])
    .where('batch', '=', batch)
    .where('gold_id', 'is', null)
    .orderBy('id')
    .execute();
  const live = rows.filter((row) => !isOver(row.state as TaskState));
  for (const task of live) await voidTask(trx, task, { reason, by }, deps);
  if (live.length > 0) {
    const body = { tasks: live.length, reason };
    await putOutbox(trx, { kind: 'task.void', subject: batch, at: deps.at, body });
  }
  return live.length;
}

/** One task is unusable: nobody is asked about it any more. */
export async function voidTask(
  trx: Db,
  task: { readonly id: string; readonly version: bigint },
  { reason, by }: { readonly reason: string; readonly by: string },
  deps: TaskDeps,
): Promise<void> {
  await trx.deleteFrom('task_lease').where('task_id', '=', task.id).execute();
  await trx
    .updateTable('task')
    .set({
      state: 'void',
      queue: queues.none,
      leases: 0,
      void_reason: reason,
      updated_at: deps.at,
      version: task.version + 1n,
    })
    .where('id', '=', task.id)
    .execute();
  const said = { taskId: task.id, annotatorId: by, action: 'void' as const, reason };
  await putAnnotation(trx, said, deps);
}
