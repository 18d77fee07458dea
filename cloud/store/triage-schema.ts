/** Row types of the tables of step 0012-triage. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

/** One thing that may be chosen for labelling: a clip, or a scored frame inside it. */
interface TriageUnitRow {
  id: string;
  /** Order of intake; a window is a range of it. */
  n: Int;
  clip_id: string;
  device_id: string;
  session_id: string;
  site: TextOrNull;
  topic: string;
  /** Log time of the frame; that of the middle frame of a clip. */
  at_ns: Int;
  start_ns: Int;
  end_ns: Int;
  grain: string;
  /** `fleet`: kept by a baseline rule, so that figures of the fleet may use it. */
  population: string;
  /** Chance with which the robot kept it; 1 for what a rule triggered. */
  propensity_device: number;
  /** Id and bytes of the model on the robot whose scores these are. */
  model_id: string;
  model_sha256: string;
  predicted: string;
  /** JSON array, in the order of the model's classes. */
  probabilities: TextOrNull;
  /** Base64 of singles, little endian. */
  embedding: TextOrNull;
  /** Its share of the clip's file. */
  bytes: Int;
  /** The unit that it is a near-duplicate of. */
  suppressed_by: TextOrNull;
  created_at: Int;
}

interface TriageScoreRow {
  unit_id: string;
  scorer: string;
  scorer_sha256: string;
  value: number;
}

/** What became of the scores of a stored clip. */
interface TriageIntakeRow {
  clip_id: string;
  state: string;
  units: Int;
  problem: TextOrNull;
  attempts: Int;
  at: Int;
}

interface TriagePolicyRow {
  id: string;
  name: string;
  enabled: Int;
  definition: string;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** Units (from_n, to_n] of a policy, frozen with everything that the draw depends on. */
interface TriageWindowRow {
  id: string;
  policy_id: string;
  /** Name of the policy when it was frozen. */
  policy: string;
  definition: string;
  salt: string;
  from_n: Int;
  to_n: Int;
  /** Failures and requests up to this moment count. */
  as_of: Int;
  /** JSON of scorer by SHA-256 of the model: who held the capture lane. */
  holder: string;
  state: string;
  units: Int;
  result: TextOrNull;
  reason: string;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** The ledger: each unit that goes to a label, with the probability with which it was chosen. */
interface TriageChoiceRow {
  id: string;
  unit_id: string;
  clip_id: string;
  window_id: string;
  lane: string;
  scorer: string;
  scorer_sha256: string;
  propensity: number;
  salt: string;
  reason: string;
  failure_id: TextOrNull;
  /** What the scorer gave it. */
  value: number | null;
  /** Its place within its lane, 1 for the first: people see these first. */
  percentile: number;
  created_at: Int;
}

interface TriageSuppressionRow {
  window_id: string;
  unit_id: string;
  leader_id: string;
  cosine: number;
}

/** A clip that somebody asked for: it goes through the named lane of the next window. */
interface TriageRequestRow {
  clip_id: string;
  policy_id: string;
  reason: string;
  created_by: string;
  created_at: Int;
  window_id: TextOrNull;
}

interface TriageHolderRow {
  policy_id: string;
  model_sha256: string;
  n: Int;
  scorer: string;
  event: string;
  difference: number | null;
  low: number | null;
  high: number | null;
  labels: Int;
  why: string;
  at: Int;
}

interface TriageMeasureRow {
  policy_id: string;
  model_sha256: string;
  scorer: string;
  labels: Int;
  auroc: number | null;
  low: number | null;
  high: number | null;
  difference: number | null;
  difference_low: number | null;
  difference_high: number | null;
  measured_at: Int;
}

interface TriageFailureModelRow {
  id: string;
  policy_id: string;
  model_sha256: string;
  sha256: string;
  document: string;
  labels: Int;
  sessions: Int;
  auroc: number | null;
  created_at: Int;
}

interface TriageValueRow {
  id: string;
  kind: string;
  policy_id: string;
  model_id: string;
  model_sha256: string;
  lane: string;
  scorer: string;
  dataset_version_id: TextOrNull;
  n: Int;
  n_audit: Int;
  value: number | null;
  low: number | null;
  high: number | null;
  withheld: TextOrNull;
  detail: string;
  /** What it was made of: the same source is one row. */
  source: string;
  created_by: string;
  created_at: Int;
}

export interface TriageTables {
  triage_unit: TriageUnitRow;
  triage_score: TriageScoreRow;
  triage_intake: TriageIntakeRow;
  triage_policy: TriagePolicyRow;
  triage_window: TriageWindowRow;
  triage_choice: TriageChoiceRow;
  triage_suppression: TriageSuppressionRow;
  triage_request: TriageRequestRow;
  triage_holder: TriageHolderRow;
  triage_measure: TriageMeasureRow;
  triage_failure_model: TriageFailureModelRow;
  triage_value: TriageValueRow;
}
