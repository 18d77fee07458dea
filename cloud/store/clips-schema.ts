/** Row types of the tables of step 0006-clips. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;
type IntOrDefault = ColumnType<bigint, bigint | number | undefined, bigint | number>;

/** Columns of `clip` that people and workers fill. */
export interface ClipCare {
  label: TextOrNull;
  note: TextOrNull;
  hold: IntOrDefault;
  hold_reason: TextOrNull;
  hold_by: TextOrNull;
  hold_at: IntOrNull;
  /** Why it is in its state, for people. */
  state_reason: TextOrNull;
  /** The clip that its robot cut it out of. */
  derived_from: TextOrNull;
  /** When its previews were made; null: they are due once it is stored. */
  previews_at: IntOrNull;
  previews_problem: TextOrNull;
}

/** A tag that a person gave; it stands in `clip_term` as well, beside the robot's. */
interface ClipTagRow {
  clip_id: string;
  tag: string;
  created_by: string;
  at: Int;
}

interface ClipPreviewRow {
  clip_id: string;
  n: Int;
  kind: string;
  topic: string;
  /** Log time of the image. */
  at_ns: Int;
  media_type: string;
  width: Int;
  height: Int;
  sha256: string;
  size_bytes: Int;
}

/** What a robot sent with the manifest, a few kilobytes each. */
interface ClipRobotPreviewRow {
  clip_id: string;
  n: Int;
  kind: string;
  topic: TextOrNull;
  /** Log time of the image. */
  at_ns: IntOrNull;
  media_type: string;
  width: IntOrNull;
  height: IntOrNull;
  sha256: string;
  base64: string;
}

/** An object whose bytes are to be removed unless somebody still needs them. */
interface BlobErasureRow {
  sha256: string;
  at: Int;
}

interface ClipExportRow {
  id: string;
  operation_id: string;
  format: string;
  /** JSON list; null: all. */
  topics: TextOrNull;
  include_manifests: Int;
  clip_count: Int;
  source_bytes: Int;
  sha256: TextOrNull;
  size_bytes: IntOrNull;
  ready_at: IntOrNull;
  expires_at: IntOrNull;
  erased_at: IntOrNull;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** The clips of an export, as they were chosen when it was asked for. */
interface ClipExportItemRow {
  export_id: string;
  n: Int;
  clip_id: string;
}

export interface ClipTables {
  clip_tag: ClipTagRow;
  clip_preview: ClipPreviewRow;
  clip_robot_preview: ClipRobotPreviewRow;
  blob_erasure: BlobErasureRow;
  clip_export: ClipExportRow;
  clip_export_item: ClipExportItemRow;
}
