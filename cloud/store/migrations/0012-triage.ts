import type { Migration } from './migration.ts';

const lanes = `'named', 'audit', 'capture', 'diversity'`;

/** Units that may be chosen for labelling, the windows in which they were, and the ledger. */
export const triage: Migration = {
  name: '0012-triage',
  statements: [
    `create table triage_unit (
      id text primary key,
      n integer not null unique,
      clip_id text not null,
      device_id text not null,
      session_id text not null,
      site text,
      topic text not null,
      at_ns integer not null,
      start_ns integer not null,
      end_ns integer not null check (end_ns >= start_ns),
      grain text not null check (grain in ('clip', 'frame')),
      population text not null check (population in ('fleet', 'inbox')),
      propensity_device real not null check (propensity_device > 0 and propensity_device <= 1),
      model_id text not null,
      model_sha256 text not null,
      predicted text not null,
      probabilities text check (json_valid(probabilities)),
      embedding text,
      bytes integer not null check (bytes >= 0),
      suppressed_by text,
      created_at integer not null,
      unique (clip_id, model_sha256, grain, at_ns)
    ) strict`,
    'create index triage_unit_model on triage_unit (model_id, n)',
    'create index triage_unit_created on triage_unit (created_at, id)',
    'create index triage_unit_device on triage_unit (device_id, start_ns, id)',
    'create index triage_unit_session on triage_unit (session_id, n)',

    `create table triage_score (
      unit_id text not null references triage_unit (id),
      scorer text not null,
      scorer_sha256 text not null,
      value real not null,
      primary key (unit_id, scorer, scorer_sha256)
    ) strict, without rowid`,
    'create index triage_score_value on triage_score (scorer, value, unit_id)',

    `create table triage_intake (
      clip_id text primary key,
      state text not null check (state in ('read', 'empty', 'failed', 'retry')),
      units integer not null,
      problem text,
      attempts integer not null,
      at integer not null
    ) strict, without rowid`,
    'create index triage_intake_state on triage_intake (state, at)',

    `create table triage_policy (
      id text primary key,
      name text not null unique,
      enabled integer not null check (enabled in (0, 1)),
      definition text not null check (json_valid(definition)),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index triage_policy_created on triage_policy (created_at, id)',

    `create table triage_window (
      id text primary key,
      policy_id text not null references triage_policy (id),
      policy text not null,
      definition text not null check (json_valid(definition)),
      salt text not null,
      from_n integer not null,
      to_n integer not null check (to_n >= from_n),
      as_of integer not null,
      holder text not null,
      state text not null check (state in ('frozen', 'drawn', 'void')),
      units integer not null,
      result text check (json_valid(result)),
      reason text not null,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index triage_window_policy on triage_window (policy_id, to_n)',
    'create index triage_window_state on triage_window (state, created_at, id)',
    'create index triage_window_created on triage_window (created_at, id)',

    `create table triage_choice (
      id text primary key,
      unit_id text not null references triage_unit (id),
      clip_id text not null,
      window_id text not null references triage_window (id),
      lane text not null check (lane in (${lanes})),
      scorer text not null,
      scorer_sha256 text not null,
      propensity real not null check (propensity > 0 and propensity <= 1),
      salt text not null,
      reason text not null,
      failure_id text,
      value real,
      percentile real not null check (percentile >= 0 and percentile <= 1),
      created_at integer not null,
      unique (window_id, unit_id, lane)
    ) strict`,
    'create index triage_choice_unit on triage_choice (unit_id)',
    'create index triage_choice_clip on triage_choice (clip_id)',
    'create index triage_choice_created on triage_choice (created_at, id)',

    `create table triage_suppression (
      window_id text not null references triage_window (id),
      unit_id text not null references triage_unit (id),
      leader_id text not null references triage_unit (id),
      cosine real not null,
      primary key (window_id, unit_id)
    ) strict, without rowid`,
    'create index triage_suppression_unit on triage_suppression (unit_id)',

    `create table triage_request (
      clip_id text not null,
      policy_id text not null references triage_policy (id),
      reason text not null,
      created_by text not null,
      created_at integer not null,
      window_id text references triage_window (id),
      primary key (clip_id, policy_id)
    ) strict, without rowid`,

    `create table triage_holder (
      policy_id text not null references triage_policy (id),
      model_sha256 text not null,
      n integer not null,
      scorer text not null,
      event text not null check (event in ('earned', 'lost', 'lapsed')),
      difference real,
      low real,
      high real,
      labels integer not null,
      why text not null,
      at integer not null,
      primary key (policy_id, model_sha256, n)
    ) strict, without rowid`,

    `create table triage_measure (
      policy_id text not null references triage_policy (id),
      model_sha256 text not null,
      scorer text not null,
      labels integer not null,
      auroc real,
      low real,
      high real,
      difference real,
      difference_low real,
      difference_high real,
      measured_at integer not null,
      primary key (policy_id, model_sha256, scorer)
    ) strict, without rowid`,

    `create table triage_failure_model (
      id text primary key,
      policy_id text not null references triage_policy (id),
      model_sha256 text not null,
      sha256 text not null,
      document text not null check (json_valid(document)),
      labels integer not null,
      sessions integer not null,
      auroc real,
      created_at integer not null,
      unique (policy_id, model_sha256, sha256)
    ) strict`,

    `create table triage_value (
      id text primary key,
      kind text not null check (kind in ('capture', 'retrain')),
      policy_id text not null references triage_policy (id),
      model_id text not null,
      model_sha256 text not null,
      lane text not null check (lane in (${lanes})),
      scorer text not null,
      dataset_version_id text,
      n integer not null,
      n_audit integer not null,
      value real,
      low real,
      high real,
      withheld text,
      detail text not null check (json_valid(detail)),
      source text not null unique,
      created_by text not null,
      created_at integer not null
    ) strict`,
    'create index triage_value_created on triage_value (created_at, id)',
    'create index triage_value_policy on triage_value (policy_id, kind, created_at)',
  ],
};
