/** Row types of the tables of step 0017-workflows. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

/** An effect that was done, and what it gave. */
interface EffectRow {
  key: string;
  result: string;
}

/** One execution of a workflow. The engine only says when to go on; what is true stands here. */
interface RunRow {
  id: string;
  workflow: string;
  workflow_version: Int;
  subject: string;
  parent_id: TextOrNull;
  /** Name of the step of the parent that waits for this one. */
  parent_step: TextOrNull;
  trigger: TextOrNull;
  /** The outbox row or the slot of the schedule that started it. */
  event: TextOrNull;
  /** A person, a key, or `trigger@version`. */
  actor: string;
  /** Runs that led to this one, oldest first, as JSON. */
  cause: string;
  input: string;
  input_digest: string;
  state: string;
  /** While it waits: gate, event, time; then for what, and what would end it. */
  waiting_kind: TextOrNull;
  waiting_for: TextOrNull;
  waiting_since: IntOrNull;
  waiting_until: IntOrNull;
  outcome: TextOrNull;
  /** Why it is stuck, blocked or parked. */
  trouble: TextOrNull;
  /** Throws of its body since the last step that was recorded. */
  throws: Int;
  abort_by: TextOrNull;
  abort_reason: TextOrNull;
  /** The step to which the abort was handed; null while it is still to be handed over. */
  abort_step: TextOrNull;
  /** Run of the engine that works for it, the how-manieth, and the waits that this one used. */
  engine_id: TextOrNull;
  segment: Int;
  waits: Int;
  /** Counts who works for it: whoever began earlier writes nothing more. */
  turn: Int;
  created_at: Int;
  updated_at: Int;
  ended_at: IntOrNull;
  version: Int;
}

/** One step of a run; what was recorded once stays. */
interface RunStepRow {
  run_id: string;
  name: string;
  /** Place in the history. */
  n: Int;
  kind: string;
  state: string;
  attempts: Int;
  key: string;
  output: TextOrNull;
  fault: TextOrNull;
  worker: TextOrNull;
  started_at: Int;
  finished_at: IntOrNull;
  next_at: IntOrNull;
}

/** A run that is to look again: gone when it did. */
interface WakeRow {
  run_id: string;
  /** Grows with each reason to look, so that one that comes meanwhile is not lost. */
  n: Int;
  tries: Int;
  next_at: Int;
}

/** What happens in the cloud that wakes a run. */
interface WaitOnRow {
  run_id: string;
  kind: string;
  /** Empty: whatever the subject. */
  subject: string;
}

interface GateRow {
  id: string;
  run_id: string;
  name: string;
  kind: string;
  question: string;
  subject_id: string;
  subject_digest: string;
  evidence_digest: string;
  options: string;
  role: TextOrNull;
  scope: TextOrNull;
  region: TextOrNull;
  excluded: string;
  /** So many of the votes must be of this role or a higher one. */
  among_role: TextOrNull;
  among_least: IntOrNull;
  quorum: Int;
  on_deadline: string;
  escalate_to: string;
  /** How often it went to a higher role. */
  level: Int;
  within_ms: Int;
  assignee: TextOrNull;
  delegate: TextOrNull;
  delegated_by: TextOrNull;
  state: string;
  option: TextOrNull;
  reason: TextOrNull;
  decided_by: TextOrNull;
  /** Input that a person gave with the decision, for a step that is tried again. */
  changed: TextOrNull;
  opened_at: Int;
  deadline_at: Int;
  closed_at: IntOrNull;
  taken_at: IntOrNull;
  /** When somebody is told that it still waits. */
  remind_at: IntOrNull;
  reminders: Int;
  is_overdue: Int;
  version: Int;
}

interface VoteRow {
  gate_id: string;
  person: string;
  role: string;
  option: string;
  reason: string;
  /** What the person saw; a vote for other evidence is void. */
  evidence_digest: string;
  is_void: Int;
  at: Int;
}

interface EvidenceRow {
  gate_id: string;
  n: Int;
  name: string;
  digest: string;
  link: TextOrNull;
  body: TextOrNull;
}

/** What became of an event under a trigger: started, or skipped with the reason. */
interface DispatchRow {
  trigger: string;
  key: string;
  workflow: string;
  subject: string;
  event_seq: IntOrNull;
  outcome: string;
  reason: TextOrNull;
  run_id: TextOrNull;
  at: Int;
}

/** A trigger as people steer it, and for a schedule its last slot. */
interface ScheduleRow {
  trigger: string;
  is_enabled: Int;
  last_slot_at: IntOrNull;
  next_slot_at: IntOrNull;
  updated_at: Int;
}

export interface WorkflowTables {
  effect: EffectRow;
  run: RunRow;
  run_step: RunStepRow;
  wake: WakeRow;
  wait_on: WaitOnRow;
  gate: GateRow;
  vote: VoteRow;
  evidence: EvidenceRow;
  dispatch: DispatchRow;
  schedule: ScheduleRow;
}
