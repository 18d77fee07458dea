/** Row types of what goes down to devices, of their telemetry, and of ingest nodes. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface CommandRow {
  /** `cmd_` and the 128 bits by which the device knows it. */
  id: string;
  device_id: string;
  kind: string;
  input: string;
  state: string;
  created_by: string;
  expires_at: Int;
  /** First time that it was given to a connection. */
  sent_at: IntOrNull;
  acknowledged_at: IntOrNull;
  ended_at: IntOrNull;
  result: TextOrNull;
  problem: TextOrNull;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** The newest document of a section that a device should have. */
interface DesiredRow {
  device_id: string;
  section: string;
  /** Raised by each change of any section of the device. */
  generation: Int;
  digest: string;
  document: string;
  updated_at: Int;
}

interface TelemetryRow {
  device_id: string;
  series: string;
  /** The minute, Unix milliseconds of the cloud's clock. */
  at: Int;
  value: number;
}

/** The newest value of each series, so that nobody walks history to find it. */
interface TelemetryLatestRow {
  device_id: string;
  series: string;
  at: Int;
  value: number;
  unit: string;
}

/** A process that devices connect to; its connections are closed when it says nothing. */
interface IngestNodeRow {
  node: string;
  beat_at: Int;
}

export interface FleetTables {
  command: CommandRow;
  desired: DesiredRow;
  telemetry: TelemetryRow;
  telemetry_latest: TelemetryLatestRow;
  ingest_node: IngestNodeRow;
}
