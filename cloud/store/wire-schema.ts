/** Row types of the tables of step 0002-wire. `device` is the name inside the certificate. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

/** A client certificate that this cloud gave out. */
interface CertificateRow {
  /** Hex SHA-256 of the DER. */
  fingerprint: string;
  device: string;
  /** Hex SHA-256 of the public key's DER. */
  key_sha256: string;
  serial: string;
  not_before: Int;
  not_after: Int;
  /** `active`, `superseded` or `revoked`; only an active one may connect. */
  state: string;
  pem: string;
  issued_at: Int;
  ended_at: IntOrNull;
}

/** One connection of a device to the gate. */
interface ConnectionRow {
  id: string;
  device: string;
  kind: string;
  node: string;
  remote: string;
  fingerprint: string;
  opened_at: Int;
  closed_at: IntOrNull;
  why: TextOrNull;
}

/** How far the rows of one lane are contiguous and committed or refused. */
interface LaneRow {
  device: string;
  lane: string;
  /** The origin's 64 bits read as a signed number. */
  origin: Int;
  through: Int;
  /** JSON: what came past a hole, as pairs of decimal strings. */
  ranges: string;
  touched_at: Int;
}

/** The rows that came lately, so that one that comes again is told from one that reuses its key. */
interface RowKeyRow {
  device: string;
  lane: string;
  origin: Int;
  seq: Int;
  /** Last sequence number that the row stands for: larger than `seq` for a gap. */
  last_seq: Int;
  crc: Int;
  /** Why it was refused; it is refused again with the same word. */
  code: TextOrNull;
}

/** Rows that a device will never send. */
interface LaneGapRow {
  device: string;
  lane: string;
  origin: Int;
  seq: Int;
  last_seq: Int;
  reason: string;
  at: Int;
}

/** A transfer that is not done. */
interface TransferRow {
  device: string;
  sha256: string;
  size_bytes: Int;
  kind: string;
  epoch: Int;
  durable: Int;
  owner: string;
  attempts: Int;
  touched_at: Int;
}

/** Counter behind the epochs of a device: raised at each Open, never reused. */
interface EpochRow {
  device: string;
  epoch: Int;
}

/** An object of the blob store. */
interface BlobRow {
  sha256: string;
  size_bytes: Int;
  stored_at: Int;
}

/** Who sent an object, whole: only they are told that it is here. */
interface BlobSourceRow {
  device: string;
  sha256: string;
  kind: string;
  at: Int;
}

export interface WireTables {
  certificate: CertificateRow;
  connection: ConnectionRow;
  lane: LaneRow;
  row_key: RowKeyRow;
  lane_gap: LaneGapRow;
  transfer: TransferRow;
  epoch: EpochRow;
  blob: BlobRow;
  blob_source: BlobSourceRow;
}
