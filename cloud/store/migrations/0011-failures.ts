import type { Migration } from './migration.ts';

const states = `'open', 'linked', 'labelled', 'in_dataset', 'fixed_in', 'released', 'closed',
  'recurred', 'wont_fix', 'not_a_failure'`;

/** Tables of the failure log and of the life of each of its rows. */
export const failures: Migration = {
  name: '0011-failures',
  statements: [
    `create table failure (
      id text primary key,
      kind text not null,
      severity text not null check (severity in ('critical', 'warning', 'info')),
      device_id text not null references device (id),
      session_id text,
      start_ns integer not null,
      end_ns integer not null,
      conditions text not null check (json_valid(conditions)),
      did text check (json_valid(did)),
      should_have_done text check (json_valid(should_have_done)),
      note text,
      source text not null check (source in ('rule', 'operator', 'intervention', 'robot')),
      event_id text unique,
      clip_id text,
      link text not null check (link in ('searching', 'pulling', 'linked', 'unrecoverable')),
      command_id text,
      cluster text,
      state text not null check (state in (${states})),
      dataset_version text,
      model text,
      fix text check (fix in ('memorised', 'generalised')),
      release text,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index failure_start on failure (start_ns, id)',
    'create index failure_device on failure (device_id, start_ns, id)',
    'create index failure_state on failure (state, start_ns, id)',
    'create index failure_link on failure (link, created_at, id)',
    'create index failure_clip on failure (clip_id)',
    'create index failure_command on failure (command_id)',
    'create index failure_created on failure (created_at, id)',

    `create table failure_step (
      failure_id text not null references failure (id),
      n integer not null,
      at integer not null,
      actor text not null,
      action text not null,
      state text not null check (state in (${states})),
      link text not null check (link in ('searching', 'pulling', 'linked', 'unrecoverable')),
      why text,
      detail text not null check (json_valid(detail)),
      primary key (failure_id, n)
    ) strict, without rowid`,

    `create table failure_condition (
      failure_id text not null references failure (id),
      key text not null,
      kind text not null check (kind in ('string', 'number', 'boolean')),
      text text not null,
      num real,
      primary key (failure_id, key)
    ) strict, without rowid`,
    'create index failure_condition_text on failure_condition (key, text)',
    'create index failure_condition_num on failure_condition (key, num)',
  ],
};
