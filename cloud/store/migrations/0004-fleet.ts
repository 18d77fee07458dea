import type { Migration } from './migration.ts';

/** Tables of what goes down to devices, of their telemetry, and of the nodes they connect to. */
export const fleet: Migration = {
  name: '0004-fleet',
  statements: [
    `create table command (
      id text primary key,
      device_id text not null references device (id),
      kind text not null check (kind in ('clip_now', 'pull', 'restart', 'log_level', 'ping',
        'diagnose', 'refresh')),
      input text not null check (json_valid(input)),
      state text not null check (state in ('queued', 'sent', 'acknowledged', 'running', 'done',
        'failed', 'expired', 'cancelled')),
      created_by text not null,
      expires_at integer not null,
      sent_at integer,
      acknowledged_at integer,
      ended_at integer,
      result text check (json_valid(result)),
      problem text check (json_valid(problem)),
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index command_created on command (created_at, id)',
    'create index command_device on command (device_id, created_at, id)',
    `create index command_live on command (device_id, created_at, id)
      where state in ('queued', 'sent', 'acknowledged', 'running')`,
    "create index command_expiry on command (expires_at) where state in ('queued', 'sent')",
    'create index command_ended on command (ended_at) where ended_at is not null',

    `create table desired (
      device_id text not null references device (id),
      section text not null,
      generation integer not null,
      digest text not null check (length(digest) = 64),
      document text not null check (json_valid(document)),
      updated_at integer not null,
      primary key (device_id, section)
    ) strict, without rowid`,

    `create table telemetry (
      device_id text not null references device (id),
      series text not null,
      at integer not null,
      value real not null,
      primary key (device_id, series, at)
    ) strict, without rowid`,

    `create table telemetry_latest (
      device_id text not null references device (id),
      series text not null,
      at integer not null,
      value real not null,
      unit text not null,
      primary key (device_id, series)
    ) strict, without rowid`,
    'create index telemetry_latest_series on telemetry_latest (series, device_id)',

    'create index connection_device_open on connection (device) where closed_at is null',

    `create table ingest_node (
      node text primary key,
      beat_at integer not null
    ) strict, without rowid`,
  ],
};
