/** Row types of the tables of step 0008-alerts. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;
type RealOrNull = ColumnType<number | null, number | null | undefined, number | null>;

interface Kept {
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** How the last sends went. */
interface Health {
  /** Of the first failure since the last success. */
  failing_since: IntOrNull;
  last_ok_at: IntOrNull;
  last_error: TextOrNull;
}

/** Where alerts are told to people. */
interface ChannelRow extends Kept, Health {
  id: string;
  name: string;
  kind: string;
  enabled: Int;
  /** JSON of what may be shown. */
  config: string;
  /** JSON of what never leaves the cloud but to the receiver. */
  secret: TextOrNull;
}

/** Where every outbox row of some kinds is sent. */
interface WebhookRow extends Kept, Health {
  id: string;
  name: string;
  url: string;
  /** JSON array of globs. */
  kinds: string;
  state: string;
  disabled_why: TextOrNull;
  secret: string;
  /** Signs too until `old_secret_until`, so that the receiver can change over. */
  old_secret: TextOrNull;
  old_secret_until: IntOrNull;
  /** Outbox rows up to this one have become deliveries. */
  cursor_seq: Int;
}

/** One message for one target, from when it is due until it arrived or was given up. */
interface DeliveryRow {
  id: string;
  target_kind: string;
  target_id: string;
  /** The same message for the same target is there once. */
  dedupe_key: string;
  /** Of the outbox row, or `notification`. */
  kind: string;
  subject: string;
  seq: IntOrNull;
  body: string;
  state: string;
  /** Ever. */
  attempts: Int;
  /** Since it was last made due by hand. */
  tries: Int;
  due_at: Int;
  status: IntOrNull;
  error: TextOrNull;
  created_at: Int;
  updated_at: Int;
  ended_at: IntOrNull;
}

interface DeliveryAttemptRow {
  delivery_id: string;
  n: Int;
  at: Int;
  duration_ms: Int;
  ok: Int;
  status: IntOrNull;
  error: TextOrNull;
  /** The beginning of what the receiver answered. */
  answer: TextOrNull;
}

interface AlertPolicyRow extends Kept {
  id: string;
  name: string;
  description: TextOrNull;
  enabled: Int;
  condition: string;
  severity: string;
  for_s: Int;
  group_by: string;
  devices_q: TextOrNull;
  repeat_s: IntOrNull;
  ack_within_s: IntOrNull;
  created_by: string;
  /** JSON of why it could not be evaluated the last time. */
  fault: TextOrNull;
  faulty_since: IntOrNull;
}

interface AlertPolicyChannelRow {
  policy_id: string;
  role: string;
  position: Int;
  channel_id: string;
}

interface AlertRow extends Kept {
  id: string;
  policy_id: string;
  policy_name: string;
  /** Within the policy: a device's id, a site, a rule, or nothing. */
  group_key: string;
  device_id: TextOrNull;
  site: TextOrNull;
  rule: TextOrNull;
  severity: string;
  state: string;
  /** 1 while the engine must look at it; one of a policy and group at most. */
  tracked: Int;
  value: RealOrNull;
  threshold: RealOrNull;
  summary: string;
  pending_at: Int;
  fired_at: IntOrNull;
  acknowledged_at: IntOrNull;
  acknowledged_by: TextOrNull;
  resolved_at: IntOrNull;
  /** Who resolved it by hand; null when it resolved by itself. */
  resolved_by: TextOrNull;
  note: TextOrNull;
  assignee: TextOrNull;
  silenced_by: TextOrNull;
  first_notified_at: IntOrNull;
  notified_at: IntOrNull;
  escalated_at: IntOrNull;
  resolve_told: Int;
  /** How often it fired again soon after it had resolved. */
  flaps: Int;
  /** Of its timeline. */
  entries: Int;
}

interface AlertEntryRow {
  alert_id: string;
  n: Int;
  at: Int;
  kind: string;
  by_id: TextOrNull;
  note: TextOrNull;
  detail: string;
}

interface SilenceRow extends Kept {
  id: string;
  reason: string;
  policy_id: TextOrNull;
  device_id: TextOrNull;
  severity: TextOrNull;
  q: TextOrNull;
  from_at: Int;
  until_at: Int;
  created_by: string;
}

export interface AlertTables {
  channel: ChannelRow;
  webhook: WebhookRow;
  delivery: DeliveryRow;
  delivery_attempt: DeliveryAttemptRow;
  alert_policy: AlertPolicyRow;
  alert_policy_channel: AlertPolicyChannelRow;
  alert: AlertRow;
  alert_entry: AlertEntryRow;
  silence: SilenceRow;
}
