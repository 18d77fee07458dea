/**
 * Row types of the nouns' tables. Every integer column is 64 bit and is read as `bigint`; wall
 * times (`_at`) are Unix milliseconds, log times (`_ns`) are nanoseconds.
 */
import type { AlertTables } from './alerts-schema.ts';
import type { AnnotationTables } from './annotation-schema.ts';
import type { CaseTables } from './cases-schema.ts';
import type { ClipCare, ClipTables } from './clips-schema.ts';
import type { DatasetTables } from './datasets-schema.ts';
import type { DeviceTables } from './devices-schema.ts';
import type { FailureTables } from './failures-schema.ts';
import type { FleetTables } from './fleet-schema.ts';
import type { HttpTables } from './http-schema.ts';
import type { ColumnType } from './kysely.ts';
import type { ModelTables } from './models-schema.ts';
import type { ApiKeyPeople, AuditPeople, PeopleTables } from './people-schema.ts';
import type { QueryTables } from './queries-schema.ts';
import type { ReleaseTables } from './releases-schema.ts';
import type { RuleTables } from './rules-schema.ts';
import type { TriageTables } from './triage-schema.ts';
import type { WireTables } from './wire-schema.ts';
import type { WorkflowTables } from './workflows-schema.ts';

/** An integer column: written as a number or bigint, read as bigint. */
type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
/** A text column that may be left out when a row is written. */
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface SettingRow {
  name: string;
  value: string;
}

interface Kept {
  created_at: Int;
  updated_at: Int;
  version: Int;
}

interface DeviceRow extends Kept {
  id: string;
  name: string;
  state: string;
  site: TextOrNull;
  online: Int;
  presence_at: IntOrNull;
  /** Durable counter of the agent's connections; an older one never changes presence. */
  conn: IntOrNull;
  boot: TextOrNull;
  last_seen_at: IntOrNull;
}

interface DeviceReportRow {
  device_id: string;
  section: string;
  digest: string;
  document: string;
  at: Int;
}

interface SessionRow extends Kept {
  id: string;
  device_id: string;
  source: string;
  start_ns: Int;
  end_ns: Int;
}

interface ClipRow extends Kept, ClipCare {
  id: string;
  device_id: string;
  session_id: string;
  state: string;
  start_ns: Int;
  end_ns: Int;
  size_bytes: Int;
  sha256: string;
  severity: string;
  class: string;
  /** The canonical manifest as the device sent it. */
  manifest: string;
  received_at: Int;
  stored_at: IntOrNull;
}

/** One row for each rule and tag of a clip, so that a filter walks an index in list order. */
interface ClipTermRow {
  kind: string;
  term: string;
  start_ns: Int;
  clip_id: string;
}

/** Numbers of a clip that a query may compare, such as `scores.classifier.entropy`. */
interface ClipValueRow {
  clip_id: string;
  key: string;
  num: number;
}

interface EventRow {
  id: string;
  device_id: string;
  session_id: TextOrNull;
  clip_id: TextOrNull;
  kind: string;
  name: string;
  severity: string;
  at_ns: Int;
  end_ns: Int;
  synced: Int;
  rule: TextOrNull;
  rule_set_digest: TextOrNull;
  margin: number | null;
  text: TextOrNull;
  tags: string;
  values_json: string;
  received_at: Int;
  /** What people and programs write: a robot's events have none of these. */
  label: TextOrNull;
  data: TextOrNull;
  created_by: TextOrNull;
  external_id: TextOrNull;
  updated_at: IntOrNull;
  version: ColumnType<bigint, bigint | number | undefined, bigint | number>;
}

interface ClaimTokenRow {
  id: string;
  secret_sha256: string;
  device_name: TextOrNull;
  site: TextOrNull;
  note: TextOrNull;
  created_by: string;
  created_at: Int;
  expires_at: Int;
  used_at: IntOrNull;
  used_key_sha256: TextOrNull;
  device_id: TextOrNull;
  revoked_at: IntOrNull;
}

interface ApiKeyRow extends ApiKeyPeople {
  id: string;
  name: string;
  secret_sha256: string;
  scopes: string;
  created_at: Int;
  expires_at: IntOrNull;
  last_used_at: IntOrNull;
  revoked_at: IntOrNull;
}

interface OutboxRow {
  seq: ColumnType<bigint, never, never>;
  kind: string;
  subject: string;
  at: Int;
  body: string;
}

interface AuditRow extends AuditPeople {
  seq: Int;
  at: Int;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: string;
  request_id: TextOrNull;
  prev: string;
  hash: string;
}

interface NounTables {
  setting: SettingRow;
  device: DeviceRow;
  device_report: DeviceReportRow;
  session: SessionRow;
  clip: ClipRow;
  clip_term: ClipTermRow;
  clip_value: ClipValueRow;
  event: EventRow;
  claim_token: ClaimTokenRow;
  api_key: ApiKeyRow;
  outbox: OutboxRow;
  audit: AuditRow;
}

export interface Tables
  extends NounTables,
    AlertTables,
    AnnotationTables,
    CaseTables,
    ClipTables,
    DatasetTables,
    DeviceTables,
    FailureTables,
    FleetTables,
    HttpTables,
    ModelTables,
    PeopleTables,
    QueryTables,
    ReleaseTables,
    RuleTables,
    TriageTables,
    WireTables,
    WorkflowTables {}
