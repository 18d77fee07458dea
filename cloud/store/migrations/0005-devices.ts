import type { Migration } from './migration.ts';

const kept = `
  created_at integer not null,
  updated_at integer not null,
  version integer not null`;

const kind = "kind text not null check (kind in ('string', 'number', 'boolean'))";

/** Tables of properties over time, cohorts and event kinds; what people write on timelines. */
export const devices: Migration = {
  name: '0005-devices',
  statements: [
    `create table property_definition (
      id text primary key,
      name text not null unique,
      ${kind},
      unit text,
      allowed text check (json_valid(allowed)),
      description text,
      ${kept}
    ) strict`,

    `create table device_property (
      device_id text not null references device (id),
      key text not null,
      ${kind},
      text text not null,
      num real,
      source text not null,
      at integer not null,
      primary key (device_id, key)
    ) strict, without rowid`,
    'create index device_property_text on device_property (key, text)',
    'create index device_property_num on device_property (key, num)',

    `create table property_interval (
      device_id text not null references device (id),
      key text not null,
      from_at integer not null,
      to_at integer,
      ${kind},
      text text not null,
      num real,
      source text not null,
      primary key (device_id, key, from_at)
    ) strict, without rowid`,
    `insert into device_property (device_id, key, kind, text, source, at)
      select id, 'site', 'string', site, 'operator', created_at
      from device where site is not null`,
    `insert into property_interval (device_id, key, from_at, kind, text, source)
      select id, 'site', created_at, 'string', site, 'operator'
      from device where site is not null`,

    `create table device_topic_rate (
      device_id text not null references device (id),
      topic text not null,
      hz real not null,
      primary key (device_id, topic)
    ) strict, without rowid`,
    'create index clip_device_end on clip (device_id, end_ns)',
    'create index certificate_issued on certificate (issued_at, fingerprint)',

    `create table cohort (
      id text primary key,
      name text not null unique,
      note text,
      q text,
      frozen_at integer,
      created_by text not null,
      ${kept}
    ) strict`,
    `create table cohort_device (
      cohort_id text not null references cohort (id),
      device_id text not null references device (id),
      primary key (cohort_id, device_id)
    ) strict, without rowid`,
    'create index cohort_device_device on cohort_device (device_id, cohort_id)',

    `create table event_kind (
      id text primary key,
      name text not null unique,
      description text,
      colour text not null,
      shape text not null check (shape in ('dot', 'diamond', 'triangle', 'square', 'flag', 'bar')),
      schema text check (json_valid(schema)),
      is_failure integer not null check (is_failure in (0, 1)),
      ${kept}
    ) strict`,
    'alter table event add column label text',
    'alter table event add column data text',
    'alter table event add column created_by text',
    'alter table event add column external_id text',
    'alter table event add column updated_at integer',
    'alter table event add column version integer not null default 1',
    `create unique index event_external on event (created_by, device_id, external_id)
      where external_id is not null`,
    'create index event_session on event (session_id, at_ns, id)',
  ],
};
