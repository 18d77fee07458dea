import type { Migration } from './migration.ts';

const kept = `
  created_at integer not null,
  updated_at integer not null,
  version integer not null`;

/** Tables of rule sets, their versions, forecasts and publications. */
export const rules: Migration = {
  name: '0007-rules',
  statements: [
    `create table rule_set (
      id text primary key,
      name text not null unique,
      description text,
      latest integer not null,
      created_by text not null,
      ${kept}
    ) strict`,

    'create index rule_set_created on rule_set (created_at, id)',

    `create table rule_version (
      rule_set_id text not null references rule_set (id),
      n integer not null,
      digest text not null check (length(digest) = 64),
      text text not null,
      text_sha256 text not null check (length(text_sha256) = 64),
      note text,
      problems text not null check (json_valid(problems)),
      created_by text not null,
      created_at integer not null,
      primary key (rule_set_id, n)
    ) strict`,
    'create unique index rule_version_text on rule_version (rule_set_id, text_sha256)',

    `create table rule_forecast (
      id text primary key,
      rule_set_id text not null references rule_set (id),
      n integer not null,
      digest text not null,
      forecast text not null check (json_valid(forecast)),
      created_by text not null,
      created_at integer not null
    ) strict`,
    'create index rule_forecast_digest on rule_forecast (digest, created_at, id)',
    'create index rule_forecast_set on rule_forecast (rule_set_id, created_at, id)',

    `create table publication (
      id text primary key,
      rule_set_id text not null references rule_set (id),
      n integer not null,
      digest text not null,
      cohort_id text not null,
      mode text not null check (mode in ('shadow', 'active')),
      state text not null check (state in ('publishing', 'active', 'halted', 'rolled_back',
        'superseded')),
      percent integer not null check (percent between 1 and 100),
      rank integer not null unique,
      limits text not null check (json_valid(limits)),
      forecast_id text references rule_forecast (id),
      forced text,
      reason text,
      actual text check (json_valid(actual)),
      judged_at integer,
      created_by text not null,
      ${kept}
    ) strict`,
    'create index publication_set on publication (rule_set_id, id)',
    'create index publication_created on publication (created_at, id)',
    `create index publication_live on publication (rank)
      where state in ('publishing', 'active', 'superseded')`,

    `create table publication_device (
      publication_id text not null references publication (id),
      device_id text not null references device (id),
      role text not null check (role in ('active', 'shadow', 'covered', 'none')),
      state text not null check (state in ('pending', 'running', 'rejected')),
      digest text,
      problems text not null check (json_valid(problems)),
      unsettled integer not null check (unsettled in (0, 1)),
      started_at integer not null,
      report_at integer not null,
      counters text check (json_valid(counters)),
      exposure_ms integer not null,
      evaluations integer not null,
      faults integer not null,
      fired text not null check (json_valid(fired)),
      clips integer not null,
      bytes integer not null,
      primary key (publication_id, device_id)
    ) strict`,
    'create index publication_device_device on publication_device (device_id, publication_id)',
    'create index publication_device_role on publication_device (role, device_id)',
    `create index publication_device_unsettled on publication_device (device_id)
      where unsettled = 1`,
    `create index event_rule_set on event (rule_set_digest, device_id, received_at)
      where rule_set_digest is not null`,
  ],
};
