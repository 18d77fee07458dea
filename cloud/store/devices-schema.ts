/** Row types of the tables of step 0005-devices. */
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

interface PropertyDefinitionRow extends Kept {
  id: string;
  name: string;
  kind: string;
  unit: TextOrNull;
  /** JSON list of the values that may be given; null: any of the kind. */
  allowed: TextOrNull;
  description: TextOrNull;
}

/** A value of a property: its kind, its text, and its number where it has one. */
interface PropertyValueRow {
  device_id: string;
  key: string;
  kind: string;
  text: string;
  /** Of a number, and 1 or 0 for true and false: what a query compares. */
  num: number | null;
  /** `operator`, or the section in which the robot reported it. */
  source: string;
}

/** What holds now; the open interval of the same key says since when. */
interface DevicePropertyRow extends PropertyValueRow {
  at: Int;
}

/** Wall time, half open; `to_at` is null while it holds. Those of one key never overlap. */
interface PropertyIntervalRow extends PropertyValueRow {
  from_at: Int;
  to_at: IntOrNull;
}

/** A rate that the operator declared for a topic. */
interface DeviceTopicRateRow {
  device_id: string;
  topic: string;
  hz: number;
}

/** Members are what `q` finds, or the rows of `cohort_device` where there is none. */
interface CohortRow extends Kept {
  id: string;
  name: string;
  note: TextOrNull;
  q: TextOrNull;
  /** When what `q` found was written down as the list of members. */
  frozen_at: IntOrNull;
  created_by: string;
}

interface CohortDeviceRow {
  cohort_id: string;
  device_id: string;
}

interface EventKindRow extends Kept {
  id: string;
  name: string;
  description: TextOrNull;
  /** `#rrggbb` */
  colour: string;
  shape: string;
  /** JSON Schema of an event's data; null: no data. */
  schema: TextOrNull;
  is_failure: Int;
}

export interface DeviceTables {
  property_definition: PropertyDefinitionRow;
  device_property: DevicePropertyRow;
  property_interval: PropertyIntervalRow;
  device_topic_rate: DeviceTopicRateRow;
  cohort: CohortRow;
  cohort_device: CohortDeviceRow;
  event_kind: EventKindRow;
}
