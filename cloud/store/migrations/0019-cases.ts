import type { Migration } from './migration.ts';

const kept = `created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null`;

const caseStates = `'open', 'acknowledged', 'verified', 'resolved', 'not_a_fault',
  'decommissioned'`;

const corrections = `'open', 'context', 'phases', 'verdict', 'learning', 'fed', 'dismissed',
  'case_opened', 'unrecoverable', 'aborted'`;

/** Maintenance cases and holds, regions and reviews with their grants, and corrections. */
export const cases: Migration = {
  name: '0019-cases',
  statements: [
    `create table maintenance_case (
      id text primary key,
      device_id text not null references device (id),
      kind text not null,
      severity text not null check (severity in ('sev1', 'sev2', 'sev3')),
      state text not null check (state in (${caseStates})),
      summary text not null,
      source text not null check (source in ('alert', 'rollout', 'drift', 'operator', 'workflow')),
      subject text,
      rollout_id text,
      clip_id text,
      run_id text,
      queue text,
      skill text,
      region text,
      tier integer not null,
      assignee text,
      due_at integer,
      acknowledged_by text,
      acknowledged_at integer,
      wanted text not null check (json_valid(wanted)),
      healthy_since integer,
      verified_at integer,
      code text,
      cause text,
      proof text,
      closed_by text,
      closed_at integer,
      report_count integer not null,
      last_report_at integer not null,
      ${kept}
    ) strict`,
    'create index maintenance_case_created on maintenance_case (created_at, id)',
    'create index maintenance_case_updated on maintenance_case (updated_at, id)',
    'create index maintenance_case_device on maintenance_case (device_id, kind, created_at, id)',
    'create index maintenance_case_kind on maintenance_case (kind, created_at, id)',
    'create index maintenance_case_state on maintenance_case (state, created_at, id)',

    `create table case_report (
      key text primary key,
      case_id text not null references maintenance_case (id),
      at integer not null,
      source text not null,
      subject text,
      summary text not null,
      detail text not null check (json_valid(detail)),
      created_by text not null
    ) strict, without rowid`,
    'create index case_report_case on case_report (case_id, at, key)',

    `create table case_step (
      case_id text not null references maintenance_case (id),
      n integer not null,
      at integer not null,
      actor text not null,
      action text not null,
      state text not null check (state in (${caseStates})),
      text text,
      detail text not null check (json_valid(detail)),
      primary key (case_id, n)
    ) strict, without rowid`,

    `create table case_evidence (
      case_id text not null references maintenance_case (id),
      name text not null,
      sha256 text not null,
      body text not null check (json_valid(body)),
      at integer not null,
      primary key (case_id, name)
    ) strict, without rowid`,

    `create table device_hold (
      device_id text not null references device (id),
      case_id text not null references maintenance_case (id),
      reason text not null,
      held_at integer not null,
      lifted_at integer,
      lifted_by text,
      primary key (device_id, case_id)
    ) strict, without rowid`,

    `create table case_queue (
      id text primary key,
      name text not null unique,
      skill text,
      kinds text not null check (json_valid(kinds)),
      regions text not null check (json_valid(regions)),
      people text not null check (json_valid(people)),
      ${kept}
    ) strict`,

    `create table case_proposal (
      id text primary key,
      kind text not null,
      proposal text not null check (proposal in ('withdraw', 'correction_loop', 'rule_request')),
      subject text,
      cases text not null check (json_valid(cases)),
      device_count integer not null,
      created_at integer not null
    ) strict`,
    'create index case_proposal_kind on case_proposal (kind, created_at, id)',
    'create index case_proposal_created on case_proposal (created_at, id)',

    `create table region (
      id text primary key,
      name text not null unique,
      note text,
      ${kept}
    ) strict`,

    `create table region_site (
      site text primary key,
      region_id text not null references region (id)
    ) strict, without rowid`,
    'create index region_site_region on region_site (region_id, site)',

    `create table region_person (
      region_id text not null references region (id),
      person_id text not null,
      is_owner integer not null check (is_owner in (0, 1)),
      primary key (region_id, person_id)
    ) strict, without rowid`,
    'create index region_person_person on region_person (person_id, region_id)',

    `create table compliance_policy (
      version integer primary key,
      sha256 text not null,
      document text not null check (json_valid(document)),
      note text not null,
      created_by text not null,
      created_at integer not null
    ) strict, without rowid`,

    `create table review (
      id text primary key,
      kind text not null check (kind in ('export', 'cross_region_read', 'remote_support', 'pull')),
      state text not null check (state in ('requested', 'waiting', 'granted', 'denied', 'expired',
        'granted_and_ended', 'revoked', 'failed_closed', 'aborted')),
      rationale text not null,
      requester text not null,
      requester_person text,
      scope text not null check (json_valid(scope)),
      scope_sha256 text not null,
      wanted text not null check (json_valid(wanted)),
      policy_version integer,
      policy_sha256 text,
      effect text check (effect in ('allow', 'needs_approval', 'deny')),
      findings text not null check (json_valid(findings)),
      approvers text not null check (json_valid(approvers)),
      lease_ms integer not null,
      subject text,
      run_id text,
      reason text,
      ended_at integer,
      ${kept}
    ) strict`,
    'create index review_created on review (created_at, id)',
    'create index review_updated on review (updated_at, id)',
    'create index review_scope on review (scope_sha256, requester, created_at, id)',

    `create table access_grant (
      id text primary key,
      review_id text not null unique references review (id),
      kind text not null,
      state text not null check (state in ('pending', 'active', 'revoked')),
      grantee text not null,
      grantee_person text,
      scope_sha256 text not null,
      subject text,
      lease_ms integer not null,
      activated_at integer,
      expires_at integer,
      revoked_at integer,
      revoked_by text,
      proof text check (json_valid(proof)),
      created_at integer not null,
      updated_at integer not null
    ) strict`,
    'create index access_grant_subject on access_grant (subject, id)',

    `create table grant_item (
      grant_id text not null references access_grant (id),
      item text not null,
      primary key (grant_id, item)
    ) strict, without rowid`,
    'create index grant_item_item on grant_item (item, grant_id)',

    `create table grant_use (
      grant_id text not null references access_grant (id),
      n integer not null,
      at integer not null,
      actor text not null,
      action text not null,
      subject text not null,
      outcome text not null check (outcome in ('read', 'denied')),
      primary key (grant_id, n)
    ) strict, without rowid`,

    `create table correction (
      id text primary key,
      device_id text not null references device (id),
      session_id text,
      start_ns integer not null,
      end_ns integer not null,
      source text not null check (source in ('marker', 'operator', 'failure', 'rate', 'drift',
        'cluster')),
      state text not null check (state in (${corrections})),
      words text,
      timeline text not null check (json_valid(timeline)),
      clip_id text,
      command_id text,
      task_batch text,
      phases text check (json_valid(phases)),
      verdict text check (verdict in ('model', 'environment', 'operator', 'hardware',
        'no_failure')),
      verdict_by text,
      verdict_reason text,
      failure_id text,
      regression_id text,
      case_id text,
      dataset_version text,
      evaluation_id text,
      run_id text,
      ${kept}
    ) strict`,
    'create index correction_created on correction (created_at, id)',
    'create index correction_updated on correction (updated_at, id)',
    'create index correction_device on correction (device_id, start_ns, id)',

    `create table correction_mark (
      key text primary key,
      correction_id text not null references correction (id),
      at_ns integer not null,
      source text not null,
      words text
    ) strict, without rowid`,
    'create index correction_mark_correction on correction_mark (correction_id, at_ns, key)',
  ],
};
