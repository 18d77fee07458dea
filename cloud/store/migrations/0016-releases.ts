import type { Migration } from './migration.ts';

const kept = `
  created_at integer not null,
  updated_at integer not null,
  version integer not null`;

const rolloutStates = `'waiting_approval', 'scheduled', 'running', 'paused', 'held', 'halted',
  'rolling_back', 'rolled_back', 'rollback_incomplete', 'completed', 'denied', 'expired',
  'cancelled', 'superseded'`;
const phases = "'none', 'releasing', 'baking', 'deciding'";

/** Tables of artifacts, releases, rollouts with their rows, verdicts and decisions, and freezes. */
export const releases: Migration = {
  name: '0016-releases',
  statements: [
    `create table artifact (
      sha256 text primary key check (length(sha256) = 64),
      size_bytes integer not null check (size_bytes >= 0),
      kind text not null check (kind in ('onnx', 'document', 'golden', 'calibration', 'rules',
        'sim', 'other')),
      name text,
      created_by text not null,
      created_at integer not null
    ) strict`,
    'create index artifact_created on artifact (created_at, sha256)',

    `create table release (
      id text primary key,
      name text not null,
      semver text not null,
      digest text not null check (length(digest) = 64),
      manifest text not null check (json_valid(manifest)),
      state text not null check (state in ('candidate', 'evaluated', 'approved', 'released',
        'withdrawn', 'rejected')),
      evidence text not null check (json_valid(evidence)),
      author text not null,
      author_person text,
      reason text,
      approved_at integer,
      released_at integer,
      ${kept}
    ) strict`,
    'create unique index release_name on release (name, semver)',
    'create index release_digest on release (digest)',
    'create index release_created on release (created_at, id)',

    `create table release_vote (
      release_id text not null references release (id),
      digest text not null,
      person text not null,
      choice text not null check (choice in ('approve', 'reject')),
      role text not null,
      reason text not null,
      evidence_digest text not null,
      at integer not null,
      primary key (release_id, digest, person)
    ) strict, without rowid`,

    `create table rollout (
      id text primary key,
      release_id text not null references release (id),
      release_digest text not null check (length(release_digest) = 64),
      plan text not null check (json_valid(plan)),
      plan_digest text not null check (length(plan_digest) = 64),
      urgency text not null check (urgency in ('normal', 'emergency')),
      state text not null check (state in (${rolloutStates})),
      stage integer not null,
      phase text not null check (phase in (${phases})),
      stage_at integer not null,
      bake_at integer,
      halt_requested integer not null check (halt_requested in (0, 1)),
      reason text,
      answers text not null check (json_valid(answers)),
      evidence text not null check (json_valid(evidence)),
      judged_n integer not null,
      judged_at integer not null,
      run_id text,
      created_by text not null,
      created_person text,
      started_at integer,
      ended_at integer,
      ${kept}
    ) strict`,
    'create index rollout_created on rollout (created_at, id)',
    'create index rollout_release on rollout (release_id, id)',
    `create index rollout_live on rollout (id) where state in ('waiting_approval', 'scheduled',
      'running', 'paused', 'held', 'halted', 'rolling_back')`,

    `create table rollout_target (
      rollout_id text not null references rollout (id),
      device_id text not null references device (id),
      device text not null,
      site text not null,
      stratum text not null,
      arm text not null check (arm in ('treatment', 'control', 'excluded')),
      stage integer not null,
      shadow integer not null check (shadow in (0, 1)),
      position integer not null,
      why text,
      offsets text not null check (json_valid(offsets)),
      state text not null check (state in ('frozen', 'eligible', 'offered', 'in_progress',
        'committed', 'rejected', 'failed', 'rolled_back', 'silent', 'expired', 'removed',
        'rollback_pending')),
      role text not null check (role in ('none', 'shadow', 'active')),
      attempt integer not null,
      changed_at integer not null,
      offered_at integer,
      activated_at integer,
      report_at integer not null,
      fault text check (json_valid(fault)),
      told text not null check (json_valid(told)),
      version integer not null,
      primary key (rollout_id, device_id)
    ) strict`,
    'create index rollout_target_device on rollout_target (device_id, rollout_id)',
    'create index rollout_target_role on rollout_target (role, device_id)',

    `create table rollout_decision (
      rollout_id text not null references rollout (id),
      seq integer not null,
      from_state text not null,
      to_state text not null,
      rule text not null,
      action text not null,
      inputs text not null check (json_valid(inputs)),
      inputs_digest text not null check (length(inputs_digest) = 64),
      actor text not null,
      reason text,
      at integer not null,
      primary key (rollout_id, seq)
    ) strict, without rowid`,

    `create table rollout_verdict (
      rollout_id text not null references rollout (id),
      n integer not null,
      stage integer not null,
      start_at integer not null,
      end_at integer not null,
      outcome text not null check (outcome in ('regressed', 'non_inferior', 'inconclusive',
        'no_data', 'imbalanced')),
      counts text not null check (json_valid(counts)),
      evidence text not null check (json_valid(evidence)),
      sha256 text not null check (length(sha256) = 64),
      at integer not null,
      primary key (rollout_id, n)
    ) strict, without rowid`,

    `create table rollout_freeze (
      id text primary key,
      reason text not null,
      cause text,
      created_by text not null,
      created_person text,
      lifted_at integer,
      lifted_by text,
      lift_reason text,
      ${kept}
    ) strict`,
    'create index rollout_freeze_created on rollout_freeze (created_at, id)',
    'create index rollout_freeze_standing on rollout_freeze (id) where lifted_at is null',
  ],
};
