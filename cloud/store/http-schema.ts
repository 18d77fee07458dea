/** Row types of the tables of step 0009-http. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

/** The answer to a create, kept so that the same request again gets the same answer. */
interface IdempotencyRow {
  caller: string;
  operation: string;
  key: string;
  /** Hex SHA-256 of path and body. */
  request_sha256: string;
  status: Int;
  /** JSON; null where the answer holds a secret that is shown once. */
  answer: TextOrNull;
  at: Int;
}

/** Work that takes longer than a request. */
interface OperationRow {
  id: string;
  kind: string;
  state: string;
  input: string;
  created_by: string;
  done: Int;
  total: IntOrNull;
  unit: TextOrNull;
  result: TextOrNull;
  problem: TextOrNull;
  /** The worker that runs it. */
  owner: TextOrNull;
  touched_at: IntOrNull;
  attempts: Int;
  cancel_asked: Int;
  created_at: Int;
  updated_at: Int;
  ended_at: IntOrNull;
  version: Int;
}

interface LeaseRow {
  name: string;
  owner: string;
  until_at: Int;
}

export interface HttpTables {
  idempotency: IdempotencyRow;
  operation: OperationRow;
  lease: LeaseRow;
}
