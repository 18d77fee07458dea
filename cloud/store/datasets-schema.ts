/** Row types of the tables of step 0014-datasets. */
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

interface DatasetRow extends Kept {
  id: string;
  name: string;
  description: TextOrNull;
  /** JSON: which labels belong to it, how it is split, its gates. */
  settings: string;
}

interface DatasetVersionRow extends Kept {
  /** SHA-256 of the manifest. */
  id: string;
  dataset_id: string;
  /** Counts the versions of a data set from 1. */
  n: Int;
  parent_id: TextOrNull;
  state: string;
  /** The canonical text whose hash is the id. */
  manifest: string;
  /** The object with one line an item. */
  items_sha256: string;
  items_bytes: Int;
  items: Int;
  clips: Int;
  train: Int;
  calibration: Int;
  test: Int;
  regression: Int;
  /** Labels as they were at this wall time. */
  as_of: Int;
  /** JSON list of the batches whose labels were taken; null: all. */
  batches: TextOrNull;
  /** JSON: what each gate says, why, and what helps. */
  gates: string;
  /** The worst of them. */
  outcome: string;
  /** Of the decision. */
  reason: TextOrNull;
  decided_by: TextOrNull;
  decided_at: IntOrNull;
}

/** A line of a version's items, for who asks by clip, label or split. */
interface DatasetItemRow {
  version_id: string;
  /** Its line, from 0. */
  n: Int;
  item_sha256: string;
  clip_id: string;
  clip_sha256: string;
  unit_id: TextOrNull;
  label_id: string;
  label_sha256: string;
  class: TextOrNull;
  split: string;
  group_key: string;
  lane: string;
  /** With the robot's where it counts; null: not by a draw. */
  propensity: number | null;
}

interface DatasetTagRow extends Kept {
  id: string;
  dataset_id: string;
  name: string;
  version_id: string;
}

interface DatasetExportRow extends Kept {
  id: string;
  version_id: string;
  operation_id: string;
  format: string;
  options: string;
  sha256: TextOrNull;
  size_bytes: IntOrNull;
  ready_at: IntOrNull;
  expires_at: IntOrNull;
  erased_at: IntOrNull;
}

/** Data from elsewhere: its clips belong to a device of their own. */
interface DatasetImportRow extends Kept {
  id: string;
  dataset_id: string;
  device_id: string;
  ontology_sha256: string;
  state: string;
  clips: Int;
  items: Int;
}

interface DatasetImportLabelRow {
  label_id: string;
  import_id: string;
}

export interface DatasetTables {
  dataset: DatasetRow;
  dataset_version: DatasetVersionRow;
  dataset_item: DatasetItemRow;
  dataset_tag: DatasetTagRow;
  dataset_export: DatasetExportRow;
  dataset_import: DatasetImportRow;
  dataset_import_label: DatasetImportLabelRow;
}
