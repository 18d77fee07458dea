/** Row types of the tables of step 0019-cases. */
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

interface MaintenanceCaseRow extends Kept {
  id: string;
  device_id: string;
  kind: string;
  severity: string;
  state: string;
  summary: string;
  source: string;
  /** The alert, rollout or event that told of it first. */
  subject: TextOrNull;
  rollout_id: TextOrNull;
  clip_id: TextOrNull;
  /** The workflow run that takes care of it. */
  run_id: TextOrNull;
  queue: TextOrNull;
  skill: TextOrNull;
  region: TextOrNull;
  /** How far it was escalated, from 1. */
  tier: Int;
  assignee: TextOrNull;
  due_at: IntOrNull;
  acknowledged_by: TextOrNull;
  acknowledged_at: IntOrNull;
  /** JSON: digest by section that the robot must report; a section that is absent: the desired. */
  wanted: string;
  /** Since when its reports are good; null while one is not. */
  healthy_since: IntOrNull;
  verified_at: IntOrNull;
  code: TextOrNull;
  cause: TextOrNull;
  proof: TextOrNull;
  closed_by: TextOrNull;
  closed_at: IntOrNull;
  report_count: Int;
  last_report_at: Int;
}

/** What opened a case or joined it; `key` tells a repeated report. */
interface CaseReportRow {
  key: string;
  case_id: string;
  at: Int;
  source: string;
  subject: TextOrNull;
  summary: string;
  detail: string;
  created_by: string;
}

/** One step of a case's life; nothing of it is ever changed. */
interface CaseStepRow {
  case_id: string;
  n: Int;
  at: Int;
  actor: string;
  action: string;
  state: string;
  text: TextOrNull;
  detail: string;
}

interface CaseEvidenceRow {
  case_id: string;
  /** `telemetry`, `digests`, `rollout`, `log`, `clip` */
  name: string;
  /** Of the canonical JSON of `body`. */
  sha256: string;
  body: string;
  at: Int;
}

/** While `lifted_at` is null nothing new is tried on the device. */
interface DeviceHoldRow {
  device_id: string;
  case_id: string;
  reason: string;
  held_at: Int;
  lifted_at: IntOrNull;
  lifted_by: TextOrNull;
}

interface CaseQueueRow extends Kept {
  id: string;
  name: string;
  skill: TextOrNull;
  /** JSON lists: globs of kinds, names of regions (none: every one), ids of people. */
  kinds: string;
  regions: string;
  people: string;
}

interface CaseProposalRow {
  id: string;
  kind: string;
  proposal: string;
  /** What is to be withdrawn. */
  subject: TextOrNull;
  cases: string;
  device_count: Int;
  created_at: Int;
}

interface RegionRow extends Kept {
  id: string;
  name: string;
  note: TextOrNull;
}

interface RegionSiteRow {
  site: string;
  region_id: string;
}

interface RegionPersonRow {
  region_id: string;
  person_id: string;
  /** The customer's named owner, who decides beside an admin. */
  is_owner: Int;
}

/** The largest version is in force. */
interface CompliancePolicyRow {
  version: Int;
  sha256: string;
  document: string;
  note: string;
  created_by: string;
  created_at: Int;
}

interface ReviewRow extends Kept {
  id: string;
  kind: string;
  state: string;
  rationale: string;
  requester: string;
  requester_person: TextOrNull;
  /** Canonical JSON of what is asked for: items, counts, regions, topics. */
  scope: string;
  scope_sha256: string;
  /** JSON of how an export is to be made. */
  wanted: string;
  policy_version: IntOrNull;
  policy_sha256: TextOrNull;
  effect: TextOrNull;
  /** JSON: each rule that matched, with its clause. */
  findings: string;
  /** JSON: ids of the people who decided. */
  approvers: string;
  lease_ms: Int;
  /** What was made or opened: an export, a device. */
  subject: TextOrNull;
  run_id: TextOrNull;
  reason: TextOrNull;
  ended_at: IntOrNull;
}

/** Opens nothing unless its state is `active` and `expires_at` lies ahead. */
interface AccessGrantRow {
  id: string;
  review_id: string;
  kind: string;
  state: string;
  grantee: string;
  grantee_person: TextOrNull;
  scope_sha256: string;
  /** The export that it opens; null: its items themselves. */
  subject: TextOrNull;
  lease_ms: Int;
  activated_at: IntOrNull;
  expires_at: IntOrNull;
  revoked_at: IntOrNull;
  revoked_by: TextOrNull;
  /** JSON of the read that was denied after its end. */
  proof: TextOrNull;
  created_at: Int;
  updated_at: Int;
}

/** A clip or a device that a grant opens. */
interface GrantItemRow {
  grant_id: string;
  item: string;
}

interface GrantUseRow {
  grant_id: string;
  n: Int;
  at: Int;
  actor: string;
  action: string;
  subject: string;
  outcome: string;
}

interface CorrectionRow extends Kept {
  id: string;
  device_id: string;
  session_id: TextOrNull;
  /** Log time from the first to the last change of the command's owner. */
  start_ns: Int;
  end_ns: Int;
  source: string;
  state: string;
  words: TextOrNull;
  /** JSON list of who had the command from when on. */
  timeline: string;
  clip_id: TextOrNull;
  command_id: TextOrNull;
  task_batch: TextOrNull;
  phases: TextOrNull;
  verdict: TextOrNull;
  verdict_by: TextOrNull;
  verdict_reason: TextOrNull;
  failure_id: TextOrNull;
  regression_id: TextOrNull;
  case_id: TextOrNull;
  dataset_version: TextOrNull;
  evaluation_id: TextOrNull;
  run_id: TextOrNull;
}

/** What told of the intervention; `key` tells a repeated report. */
interface CorrectionMarkRow {
  key: string;
  correction_id: string;
  at_ns: Int;
  source: string;
  words: TextOrNull;
}

export interface CaseTables {
  maintenance_case: MaintenanceCaseRow;
  case_report: CaseReportRow;
  case_step: CaseStepRow;
  case_evidence: CaseEvidenceRow;
  device_hold: DeviceHoldRow;
  case_queue: CaseQueueRow;
  case_proposal: CaseProposalRow;
  region: RegionRow;
  region_site: RegionSiteRow;
  region_person: RegionPersonRow;
  compliance_policy: CompliancePolicyRow;
  review: ReviewRow;
  access_grant: AccessGrantRow;
  grant_item: GrantItemRow;
  grant_use: GrantUseRow;
  correction: CorrectionRow;
  correction_mark: CorrectionMarkRow;
}
