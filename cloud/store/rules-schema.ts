/** Row types of the tables of step 0007-rules. */
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

interface RuleSetRow extends Kept {
  id: string;
  name: string;
  description: TextOrNull;
  /** Number of the newest version, 0 before the first. */
  latest: Int;
  created_by: string;
}

/** Never changed. */
interface RuleVersionRow {
  rule_set_id: string;
  n: Int;
  /** Of the canonical document: equal for texts that mean the same. */
  digest: string;
  text: string;
  text_sha256: string;
  note: TextOrNull;
  /** Warnings that it was saved with. */
  problems: string;
  created_by: string;
  created_at: Int;
}

interface RuleForecastRow {
  id: string;
  rule_set_id: string;
  n: Int;
  digest: string;
  forecast: string;
  created_by: string;
  created_at: Int;
}

interface PublicationRow extends Kept {
  id: string;
  rule_set_id: string;
  n: Int;
  digest: string;
  cohort_id: string;
  mode: string;
  state: string;
  /** Share of the cohort that an active publication has reached. */
  percent: Int;
  /** The newer one wins a device: raised by publish and by promote. */
  rank: Int;
  limits: string;
  forecast_id: TextOrNull;
  /** Why it was published without a forecast. */
  forced: TextOrNull;
  /** Why it was halted or rolled back. */
  reason: TextOrNull;
  actual: TextOrNull;
  judged_at: IntOrNull;
  created_by: string;
}

interface PublicationDeviceRow {
  publication_id: string;
  device_id: string;
  role: string;
  state: string;
  /** What the device runs in this role. */
  digest: TextOrNull;
  problems: string;
  /** Its desired state does not follow from the publications yet. */
  unsettled: Int;
  /** When it got its role; counts begin there. */
  started_at: Int;
  /** Time of the newest report that was counted. */
  report_at: Int;
  /** The device's own counters in that report, from which the next ones are counted on. */
  counters: TextOrNull;
  exposure_ms: Int;
  evaluations: Int;
  faults: Int;
  fired: string;
  clips: Int;
  bytes: Int;
}

export interface RuleTables {
  rule_set: RuleSetRow;
  rule_version: RuleVersionRow;
  rule_forecast: RuleForecastRow;
  publication: PublicationRow;
  publication_device: PublicationDeviceRow;
}
