/** Row types of the tables of step 0015-models. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface Kept {
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

interface ModelRow extends Kept {
  id: string;
  /** The id in its model.yaml: what robots call it. */
  name: string;
  note: TextOrNull;
  /** What a first training writes into model.yaml. */
  declaration: TextOrNull;
}

interface ModelVersionRow {
  id: string;
  model: string;
  version: Int;
  onnx_sha256: string;
  onnx_bytes: Int;
  document_sha256: string;
  document_bytes: Int;
  /** Absent of what was imported. */
  dataset_version_id: TextOrNull;
  training_id: TextOrNull;
  base_id: TextOrNull;
  seed: IntOrNull;
  trainer: TextOrNull;
  config: TextOrNull;
  classes: string;
  calibration: TextOrNull;
  breaking: Int;
  evaluation_id: TextOrNull;
  created_by: string;
  created_at: Int;
}

interface ModelAliasRow {
  model: string;
  alias: string;
  model_version_id: string;
  moved_by: string;
  moved_at: Int;
  version: Int;
}

interface TrainingPolicyRow extends Kept {
  id: string;
  model: string;
  dataset: string;
  triggers: string;
  config: string;
  trainer: string;
  cooldown_ms: Int;
  enabled: Int;
  retrain_value: Int;
}

interface TrainingCheckRow {
  id: string;
  policy_id: string;
  outcome: string;
  why: string;
  facts: string;
  training_id: TextOrNull;
  first_at: Int;
  last_at: Int;
  times: Int;
}

interface TrainingRow extends Kept {
  id: string;
  model: string;
  version_id: string;
  base_id: TextOrNull;
  config: string;
  seed: Int;
  trainer: string;
  /** SHA-256 of what decides the weights: equal work is the same training. */
  job_key: string;
  breaking: Int;
  policy_id: TextOrNull;
  reason: TextOrNull;
  state: string;
  attempt: Int;
  stop_asked: Int;
  progress: TextOrNull;
  problem: TextOrNull;
  model_version_id: TextOrNull;
  deadline_at: Int;
  started_at: IntOrNull;
  ended_at: IntOrNull;
}

interface EvaluationRow {
  id: string;
  model: string;
  model_version_id: string;
  against_id: TextOrNull;
  dataset_version_id: string;
  regression_sha256: string;
  input: string;
  /** What the same inputs give again; `sha256` is its hash together with theirs. */
  result: string;
  sha256: string;
  /** What depends on the machine. */
  measured: string;
  outcome: string;
  created_by: string;
  created_at: Int;
}

interface EvaluationCaseRow {
  evaluation_id: string;
  case_id: string;
  /** Null: its frames could not be read. */
  is_right: IntOrNull;
}

interface RegressionCaseRow extends Kept {
  id: string;
  failure_id: string;
  clip_id: string;
  clip_sha256: string;
  device_id: string;
  session_id: string;
  start_ns: Int;
  end_ns: Int;
  /** Right on at least `share` of the frames in the range. */
  class: string;
  share: number;
  /** Its session never trains. */
  held_out: Int;
  cluster: TextOrNull;
  state: string;
  why: TextOrNull;
}

export interface ModelTables {
  model: ModelRow;
  model_version: ModelVersionRow;
  model_alias: ModelAliasRow;
  training_policy: TrainingPolicyRow;
  training_check: TrainingCheckRow;
  training: TrainingRow;
  evaluation: EvaluationRow;
  evaluation_case: EvaluationCaseRow;
  regression_case: RegressionCaseRow;
}
