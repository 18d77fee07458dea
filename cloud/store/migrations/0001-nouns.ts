import type { Migration } from './migration.ts';

const kept = `
  created_at integer not null,
  updated_at integer not null,
  version integer not null`;

/** Tables of devices, sessions, clips, events, tokens, keys, outbox and audit. */
export const nouns: Migration = {
  name: '0001-nouns',
  statements: [
    `create table setting (
      name text primary key,
      value text not null
    ) strict, without rowid`,

    `create table device (
      id text primary key,
      name text not null unique,
      state text not null check (state in ('manufactured', 'claimed', 'enrolled', 'active',
        'suspended', 'lost', 'revoked', 'decommissioned', 're_enrolling')),
      site text,
      online integer not null default 0 check (online in (0, 1)),
      presence_at integer,
      conn integer,
      boot text,
      last_seen_at integer,
      ${kept}
    ) strict`,

    `create table device_report (
      device_id text not null references device (id),
      section text not null,
      digest text not null,
      document text not null check (json_valid(document)),
      at integer not null,
      primary key (device_id, section)
    ) strict, without rowid`,

    `create table session (
      id text primary key,
      device_id text not null references device (id),
      source text not null,
      start_ns integer not null,
      end_ns integer not null,
      ${kept}
    ) strict`,
    'create index session_start on session (start_ns, id)',
    'create index session_device on session (device_id, start_ns, id)',

    `create table clip (
      id text primary key,
      device_id text not null references device (id),
      session_id text not null,
      state text not null check (state in ('on_device', 'uploading', 'stored', 'evicted', 'lost',
        'missing', 'erased')),
      start_ns integer not null,
      end_ns integer not null,
      size_bytes integer not null check (size_bytes >= 0),
      sha256 text not null check (length(sha256) = 64),
      severity text not null check (severity in ('critical', 'warning', 'info')),
      class text not null check (class in ('critical', 'warning', 'info', 'baseline')),
      received_at integer not null,
      stored_at integer,
      ${kept},
      manifest text not null check (json_valid(manifest))
    ) strict`,
    'create index clip_start on clip (start_ns, id)',
    'create index clip_device on clip (device_id, start_ns, id)',
    'create index clip_session on clip (session_id, start_ns, id)',
    'create index clip_severity on clip (severity, start_ns, id)',
    'create index clip_state on clip (state, start_ns, id)',
    'create index clip_content on clip (device_id, sha256)',

    `create table clip_term (
      kind text not null check (kind in ('rule', 'tag')),
      term text not null,
      start_ns integer not null,
      clip_id text not null references clip (id),
      primary key (kind, term, start_ns, clip_id)
    ) strict, without rowid`,
    'create index clip_term_clip on clip_term (clip_id)',

    `create table clip_value (
      clip_id text not null references clip (id),
      key text not null,
      num real not null,
      primary key (clip_id, key)
    ) strict, without rowid`,
    'create index clip_value_num on clip_value (key, num)',

    `create table event (
      id text primary key,
      device_id text not null references device (id),
      session_id text,
      clip_id text,
      kind text not null check (kind in ('event', 'marker')),
      name text not null,
      severity text not null check (severity in ('critical', 'warning', 'info')),
      at_ns integer not null,
      end_ns integer not null,
      synced integer not null check (synced in (0, 1)),
      rule text,
      rule_set_digest text,
      margin real,
      text text,
      tags text not null check (json_valid(tags)),
      values_json text not null check (json_valid(values_json)),
      received_at integer not null
    ) strict`,
    'create index event_at on event (at_ns, id)',
    'create index event_device on event (device_id, at_ns, id)',
    'create index event_clip on event (clip_id, at_ns, id)',
    'create index event_severity on event (severity, at_ns, id)',
    'create index event_name on event (name, at_ns, id)',

    `create table claim_token (
      id text primary key,
      secret_sha256 text not null unique check (length(secret_sha256) = 64),
      device_name text,
      site text,
      note text,
      created_by text not null,
      created_at integer not null,
      expires_at integer not null,
      used_at integer,
      used_key_sha256 text,
      device_id text references device (id),
      revoked_at integer
    ) strict`,

    `create table api_key (
      id text primary key,
      name text not null,
      secret_sha256 text not null check (length(secret_sha256) = 64),
      scopes text not null check (json_valid(scopes)),
      created_at integer not null,
      expires_at integer,
      last_used_at integer,
      revoked_at integer
    ) strict`,

    `create table outbox (
      seq integer primary key autoincrement,
      kind text not null,
      subject text not null,
      at integer not null,
      body text not null check (json_valid(body))
    ) strict`,

    `create table audit (
      seq integer primary key,
      at integer not null,
      actor text not null,
      via text not null,
      action text not null,
      subject text not null,
      detail text not null check (json_valid(detail)),
      request_id text,
      prev text not null,
      hash text not null
    ) strict`,
  ],
};
