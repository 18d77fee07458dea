/** Row types of the tables of step 0003-people. */
import type { ColumnType } from './kysely.ts';

type Int = ColumnType<bigint, bigint | number, bigint | number>;
type IntOrNull = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>;
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>;

interface PersonRow {
  id: string;
  /** In lower case. */
  email: string;
  name: string;
  role: string;
  state: string;
  /** A PHC string; null for who never chose one. */
  password: TextOrNull;
  /** Of the OpenID provider, with the name that it gives this person. */
  issuer: TextOrNull;
  oidc_subject: TextOrNull;
  last_login_at: IntOrNull;
  created_by: string;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

interface LoginSessionRow {
  id: string;
  person_id: string;
  secret_sha256: string;
  method: string;
  ip: string;
  agent: string;
  created_at: Int;
  seen_at: Int;
  /** The last moment at which it can be used, however busy it is. */
  expires_at: Int;
  ended_at: IntOrNull;
}

interface OneTimeLinkRow {
  id: string;
  kind: string;
  /** Null for the link that makes the first admin. */
  person_id: TextOrNull;
  secret_sha256: string;
  created_by: string;
  created_at: Int;
  expires_at: Int;
  used_at: IntOrNull;
  revoked_at: IntOrNull;
}

/** A signed statement that the chain had this hash at this length. */
interface AuditHeadRow {
  seq: Int;
  hash: string;
  at: Int;
  /** `seq` of the head before it; 0 for the first. */
  previous: Int;
  key_sha256: string;
  signature: string;
}

interface ApprovalRow {
  id: string;
  action: string;
  subject: string;
  detail: string;
  reason: string;
  state: string;
  asked_by: string;
  /** The person behind who asked, where one is known. */
  asked_person: TextOrNull;
  decided_by: TextOrNull;
  decided_at: IntOrNull;
  note: TextOrNull;
  used_at: IntOrNull;
  expires_at: Int;
  created_at: Int;
  updated_at: Int;
  version: Int;
}

/** What step 0003 added to keys. */
export interface ApiKeyPeople {
  /** The person for whom the key stands: it has that person's rights at most, and ends with them. */
  person_id: TextOrNull;
  /** The person who made it, where one is known. */
  maker_id: TextOrNull;
  created_by: TextOrNull;
  cohorts: TextOrNull;
  rotated_from: TextOrNull;
  updated_at: Int;
  version: ColumnType<bigint, bigint | number | undefined, bigint | number>;
}

/** What step 0003 added to audit entries; older ones have null. */
export interface AuditPeople {
  before_json: TextOrNull;
  after_json: TextOrNull;
  ip: TextOrNull;
}

export interface PeopleTables {
  person: PersonRow;
  login_session: LoginSessionRow;
  one_time_link: OneTimeLinkRow;
  audit_head: AuditHeadRow;
  approval: ApprovalRow;
}
