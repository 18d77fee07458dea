import type { Migration } from './migration.ts';

/** Trainings and what starts them, models and their versions, evaluations, the regression set. */
export const models: Migration = {
  name: '0015-models',
  statements: [
    `create table model (
      id text primary key,
      name text not null unique,
      note text,
      declaration text check (json_valid(declaration)),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index model_created on model (created_at, id)',

    // A row never changes but for the evaluation that was made of it last.
    `create table model_version (
      id text primary key,
      model text not null references model (name),
      version integer not null,
      onnx_sha256 text not null,
      onnx_bytes integer not null,
      document_sha256 text not null,
      document_bytes integer not null,
      dataset_version_id text,
      training_id text unique,
      base_id text references model_version (id),
      seed integer,
      trainer text check (json_valid(trainer)),
      config text check (json_valid(config)),
      classes text not null check (json_valid(classes)),
      calibration text check (json_valid(calibration)),
      breaking integer not null check (breaking in (0, 1)),
      evaluation_id text,
      created_by text not null,
      created_at integer not null,
      unique (model, version)
    ) strict`,
    'create index model_version_created on model_version (created_at, id)',
    'create index model_version_onnx on model_version (onnx_sha256)',
    'create index model_version_document on model_version (document_sha256)',
    'create index model_version_dataset on model_version (dataset_version_id)',

    `create table model_alias (
      model text not null references model (name),
      alias text not null check (alias in ('champion', 'candidate', 'rollback')),
      model_version_id text not null references model_version (id),
      moved_by text not null,
      moved_at integer not null,
      version integer not null,
      primary key (model, alias)
    ) strict, without rowid`,

    `create table training_policy (
      id text primary key,
      model text not null unique references model (name),
      dataset text not null,
      triggers text not null check (json_valid(triggers)),
      config text not null check (json_valid(config)),
      trainer text not null,
      cooldown_ms integer not null,
      enabled integer not null check (enabled in (0, 1)),
      retrain_value integer not null check (retrain_value in (0, 1)),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index training_policy_created on training_policy (created_at, id)',

    // One row a different answer; the same answer again only moves last_at and times.
    `create table training_check (
      id text primary key,
      policy_id text not null references training_policy (id),
      outcome text not null check (outcome in ('started', 'due', 'held')),
      why text not null,
      facts text not null check (json_valid(facts)),
      training_id text,
      first_at integer not null,
      last_at integer not null,
      times integer not null
    ) strict`,
    'create index training_check_policy on training_check (policy_id, id)',
    'create index training_check_first on training_check (first_at, id)',

    `create table training (
      id text primary key,
      model text not null references model (name),
      version_id text not null,
      base_id text references model_version (id),
      config text not null check (json_valid(config)),
      seed integer not null,
      trainer text not null,
      job_key text not null,
      breaking integer not null check (breaking in (0, 1)),
      policy_id text,
      reason text,
      state text not null
        check (state in ('queued', 'running', 'checking', 'done', 'failed', 'stopped')),
      attempt integer not null,
      stop_asked integer not null check (stop_asked in (0, 1)),
      progress text check (json_valid(progress)),
      problem text check (json_valid(problem)),
      model_version_id text references model_version (id),
      deadline_at integer not null,
      started_at integer,
      ended_at integer,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index training_created on training (created_at, id)',
    'create index training_version on training (version_id)',
    'create index training_state on training (state, created_at, id)',
    `create unique index training_active on training (model)
      where state in ('queued', 'running', 'checking')`,
    `create unique index training_job on training (job_key)
      where state in ('queued', 'running', 'checking', 'done')`,

    `create table evaluation (
      id text primary key,
      model text not null references model (name),
      model_version_id text not null references model_version (id),
      against_id text references model_version (id),
      dataset_version_id text not null,
      regression_sha256 text not null,
      input text not null check (json_valid(input)),
      result text not null check (json_valid(result)),
      sha256 text not null,
      measured text not null check (json_valid(measured)),
      outcome text not null check (outcome in ('pass', 'fail', 'inconclusive')),
      created_by text not null,
      created_at integer not null,
      unique (model_version_id, sha256)
    ) strict`,
    'create index evaluation_created on evaluation (created_at, id)',
    'create index evaluation_version on evaluation (model_version_id, created_at, id)',

    `create table regression_case (
      id text primary key,
      failure_id text not null unique references failure (id),
      clip_id text not null,
      clip_sha256 text not null,
      device_id text not null,
      session_id text not null,
      start_ns integer not null,
      end_ns integer not null,
      class text not null,
      share real not null,
      held_out integer not null check (held_out in (0, 1)),
      cluster text,
      state text not null check (state in ('active', 'withdrawn')),
      why text,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index regression_case_created on regression_case (created_at, id)',
    'create index regression_case_cluster on regression_case (cluster)',
    'create index regression_case_session on regression_case (session_id)',
    'create index regression_case_clip on regression_case (clip_id)',

    `create table evaluation_case (
      evaluation_id text not null references evaluation (id),
      case_id text not null references regression_case (id),
      is_right integer check (is_right in (0, 1)),
      primary key (evaluation_id, case_id)
    ) strict, without rowid`,
    'create index evaluation_case_case on evaluation_case (case_id, evaluation_id)',
  ],
};
