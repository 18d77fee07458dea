/** Row types of the tables of step 0016-releases. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface Kept {
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** Bytes are in the blob store under the same hash. */
interface ArtifactRow {
  sha256: string;
  size_bytes: Int;
  kind: string;
  name: TextOrNull;
  created_by: string;
  created_at: Int;
}

interface ReleaseRow extends Kept {
  id: string;
  name: string;
  /** What the manifest calls its version: an order for people. */
  semver: string;
  /** Of the canonical manifest. */
  digest: string;
  manifest: string;
  state: string;
  /** JSON: what speaks for it, by name. */
  evidence: string;
  author: string;
  author_person: TextOrNull;
  reason: TextOrNull;
  approved_at: IntOrNull;
  released_at: IntOrNull;
}

/** What a person said of exactly this digest and this evidence. */
interface ReleaseVoteRow {
  release_id: string;
  digest: string;
  person: string;
  choice: string;
  role: string;
  reason: string;
  evidence_digest: string;
  at: Int;
}

interface RolloutRow extends Kept {
  id: string;
  release_id: string;
  release_digest: string;
  plan: string;
  /** Of plan, release digest and frozen rows: what approvals are bound to. */
  plan_digest: string;
  urgency: string;
  state: string;
  /** Index of the stage, -1 before the first. */
  stage: Int;
  phase: string;
  stage_at: Int;
  bake_at: IntOrNull;
  halt_requested: Int;
  reason: TextOrNull;
  /** JSON: what people answered at the gates of stages. */
  answers: string;
  /** JSON: state of the judge. */
  evidence: string;
  /** Number and end of the last interval that was judged. */
  judged_n: Int;
  judged_at: Int;
  run_id: TextOrNull;
  created_by: string;
  created_person: TextOrNull;
  started_at: IntOrNull;
  ended_at: IntOrNull;
}

interface RolloutTargetRow {
  rollout_id: string;
  device_id: string;
  device: string;
  site: string;
  stratum: string;
  arm: string;
  /** Index of the stage that brings the release; of a control the last one, else -1. */
  stage: Int;
  /** Whether it is in the shadow stage. */
  shadow: Int;
  position: Int;
  why: TextOrNull;
  /** JSON: weight of the device by metric, fixed when the rows were frozen. */
  offsets: string;
  state: string;
  /** What the rollout wants the device to do with the release now. */
  role: string;
  attempt: Int;
  changed_at: Int;
  offered_at: IntOrNull;
  activated_at: IntOrNull;
  /** Time of the newest report that was folded. */
  report_at: Int;
  fault: TextOrNull;
  /** JSON: what the device said of the release, such as counts of its shadow. */
  told: string;
  version: Int;
}

interface RolloutDecisionRow {
  rollout_id: string;
  seq: Int;
  from_state: string;
  to_state: string;
  rule: string;
  action: string;
  inputs: string;
  inputs_digest: string;
  actor: string;
  reason: TextOrNull;
  at: Int;
}

interface RolloutVerdictRow {
  rollout_id: string;
  n: Int;
  stage: Int;
  start_at: Int;
  end_at: Int;
  outcome: string;
  counts: string;
  evidence: string;
  sha256: string;
  at: Int;
}

interface FreezeRow extends Kept {
  id: string;
  reason: string;
  /** What asked for it beside a person, such as an incident. */
  cause: TextOrNull;
  created_by: string;
  created_person: TextOrNull;
  lifted_at: IntOrNull;
  lifted_by: TextOrNull;
  lift_reason: TextOrNull;
}

export interface ReleaseTables {
  artifact: ArtifactRow;
  release: ReleaseRow;
  release_vote: ReleaseVoteRow;
  rollout: RolloutRow;
  rollout_target: RolloutTargetRow;
  rollout_decision: RolloutDecisionRow;
  rollout_verdict: RolloutVerdictRow;
  rollout_freeze: FreezeRow;
}
