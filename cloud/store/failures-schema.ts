/** Row types of the tables of step 0011-failures. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface FailureRow {
  id: string;
  kind: string;
  severity: string;
  device_id: string;
  session_id: TextOrNull;
  /** Log time; equal for an instant. */
  start_ns: Int;
  end_ns: Int;
  /** JSON of what was measured on the robot at its start. */
  conditions: string;
  did: TextOrNull;
  should_have_done: TextOrNull;
  note: TextOrNull;
  source: string;
  /** The event that it was made of: one event is one failure. */
  event_id: TextOrNull;
  clip_id: TextOrNull;
  link: string;
  /** The pull that was asked for. */
  command_id: TextOrNull;
  cluster: TextOrNull;
  state: string;
  dataset_version: TextOrNull;
  model: TextOrNull;
  fix: TextOrNull;
  release: TextOrNull;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** One step of a failure's life; nothing of it is ever changed. */
interface FailureStepRow {
  failure_id: string;
  n: Int;
  at: Int;
  actor: string;
  action: string;
  state: string;
  link: string;
  why: TextOrNull;
  detail: string;
}

/** The members of `conditions`, for queries. */
interface FailureConditionRow {
  failure_id: string;
  /** `firmware`, `models.detector`, `signals.vx` */
  key: string;
  kind: string;
  text: string;
  num: number | null;
}

export interface FailureTables {
  failure: FailureRow;
  failure_step: FailureStepRow;
  failure_condition: FailureConditionRow;
}
