/** Row types of the tables of step 0013-annotation. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface OntologyRow {
  /** Of the canonical document: an ontology that says the same is the same. */
  sha256: string;
  name: string;
  /** Counts the versions of a name from 1. */
  n: Int;
  document: string;
  created_by: string;
  created_at: Int;
}

/** A person, or a program that answers like one. */
interface AnnotatorRow {
  id: string;
  name: string;
  /** JSON lists; empty: every skill, every site. */
  skills: string;
  sites: string;
  /** May adjudicate. */
  senior: Int;
  state: string;
  paused_reason: TextOrNull;
  /** Share of gold questions among what this annotator is given. */
  gold_share: number;
  given: Int;
  gold_given: Int;
  /** The last good mark: work from before it is trusted. */
  good_at: Int;
  /** Gold answers since then count: who is let in again begins anew. */
  judged_at: Int;
  /** They asked for a task; to within an hour. */
  seen_at: Int;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** A task whose answer is known for sure; it is asked again, unmarked. */
interface GoldRow {
  id: string;
  task_id: string;
  type: string;
  ontology_sha256: string;
  skill: string;
  body: string;
  retired: Int;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

interface TaskRow {
  id: string;
  batch: string;
  /** The unit, or clip, topic and range: one task a batch, place and type. */
  place: string;
  type: string;
  unit_id: TextOrNull;
  clip_id: string;
  device_id: string;
  session_id: string;
  /** Of the device when the task was opened; empty: none. */
  site: string;
  skill: string;
  topic: string;
  start_ns: Int;
  end_ns: Int;
  ontology_sha256: string;
  choice_id: TextOrNull;
  /** Lane of the choice; empty: nothing was drawn. */
  lane: string;
  failure_id: TextOrNull;
  /** Who logged the failure: never its only judge. */
  logged_by: TextOrNull;
  priority: number;
  /** The larger, the sooner; cloud/store/task-queue.ts says of what it is made. */
  rank: Int;
  queue: Int;
  state: string;
  /** People whose answers are wanted, that are here, and that are being made. */
  wanted: Int;
  people: Int;
  leases: Int;
  band: string;
  prefill: TextOrNull;
  gold_id: TextOrNull;
  label_id: TextOrNull;
  void_reason: TextOrNull;
  /** Why one more person, or a senior, is asked. */
  why: TextOrNull;
  /** By which rule it came before a senior. */
  raised: TextOrNull;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

interface TaskLeaseRow {
  task_id: string;
  annotator_id: string;
  /** A proposal is shown: the answer will not be independent. */
  assisted: Int;
  at: Int;
  until_at: Int;
}

/** Who is done with a task, and never gets it again. */
interface TaskHandRow {
  annotator_id: string;
  task_id: string;
  how: string;
}

/** One thing that somebody said of a task; nothing of it is ever changed. */
interface AnnotationRow {
  id: string;
  task_id: string;
  n: Int;
  /** An annotator, `model:SHA256`, or `system`. */
  annotator_id: string;
  action: string;
  class: TextOrNull;
  body: TextOrNull;
  /** What the annotator was shown as a proposal. */
  before: TextOrNull;
  seconds: number | null;
  /** A proposal was shown: the answer is not independent of the machine. */
  assisted: Int;
  /** The annotation that this one takes back. */
  undoes: TextOrNull;
  reason: TextOrNull;
  at: Int;
}

interface GoldAnswerRow {
  annotator_id: string;
  n: Int;
  gold_id: string;
  task_id: string;
  correct: Int;
  at: Int;
}

/** How far a model's predictions of a class are trusted, by audit labels alone. */
interface LabelBandRow {
  model_sha256: string;
  ontology_sha256: string;
  class: string;
  n: Int;
  correct: Int;
  /** Wilson's lower 95 % bound of the precision. */
  lower: number;
  band: string;
  at: Int;
}

/** What was agreed on; a later agreement is another row, named by `superseded_by`. */
interface LabelRow {
  id: string;
  unit_id: TextOrNull;
  clip_id: string;
  device_id: string;
  session_id: string;
  topic: string;
  start_ns: Int;
  end_ns: Int;
  type: string;
  class: TextOrNull;
  /** Canonical JSON of the value. */
  body: string;
  sha256: string;
  ontology_sha256: string;
  method: string;
  posterior: number | null;
  alpha: number | null;
  annotators: Int;
  choice_id: TextOrNull;
  task_id: string;
  superseded_by: TextOrNull;
  created_at: Int;
}

export interface AnnotationTables {
  ontology: OntologyRow;
  annotator: AnnotatorRow;
  gold: GoldRow;
  task: TaskRow;
  task_lease: TaskLeaseRow;
  task_hand: TaskHandRow;
  annotation: AnnotationRow;
  gold_answer: GoldAnswerRow;
  label_band: LabelBandRow;
  label: LabelRow;
}
