import type { Migration } from './migration.ts';

const kept = `
  created_at integer not null,
  updated_at integer not null,
  version integer not null`;

const health = `
  failing_since integer,
  last_ok_at integer,
  last_error text`;

const severity = "severity text not null check (severity in ('critical', 'warning', 'info'))";

/** Tables of channels, webhooks, what is sent to them, alert policies, alerts and silences. */
export const alerts: Migration = {
  name: '0008-alerts',
  statements: [
    `create table channel (
      id text primary key,
      name text not null unique,
      kind text not null check (kind in ('webhook', 'mail', 'slack')),
      enabled integer not null check (enabled in (0, 1)),
      config text not null check (json_valid(config)),
      secret text,
      ${health},
      ${kept}
    ) strict`,

    `create table webhook (
      id text primary key,
      name text not null unique,
      url text not null,
      kinds text not null check (json_valid(kinds)),
      state text not null check (state in ('enabled', 'paused', 'disabled')),
      disabled_why text,
      secret text not null,
      old_secret text,
      old_secret_until integer,
      cursor_seq integer not null,
      ${health},
      ${kept}
    ) strict`,

    `create table delivery (
      id text primary key,
      target_kind text not null check (target_kind in ('channel', 'webhook')),
      target_id text not null,
      dedupe_key text not null,
      kind text not null,
      subject text not null,
      seq integer,
      body text not null check (json_valid(body)),
      state text not null check (state in ('waiting', 'delivered', 'failed')),
      attempts integer not null,
      tries integer not null,
      due_at integer not null,
      status integer,
      error text,
      created_at integer not null,
      updated_at integer not null,
      ended_at integer
    ) strict`,
    'create unique index delivery_key on delivery (target_id, dedupe_key)',
    "create index delivery_waiting on delivery (target_id, due_at, id) where state = 'waiting'",
    'create index delivery_target on delivery (target_id, created_at, id)',
    'create index delivery_subject on delivery (subject, id)',
    'create index delivery_ended on delivery (ended_at)',

    `create table delivery_attempt (
      delivery_id text not null references delivery (id),
      n integer not null,
      at integer not null,
      duration_ms integer not null,
      ok integer not null check (ok in (0, 1)),
      status integer,
      error text,
      answer text,
      primary key (delivery_id, n)
    ) strict, without rowid`,

    `create table alert_policy (
      id text primary key,
      name text not null unique,
      description text,
      enabled integer not null check (enabled in (0, 1)),
      condition text not null check (json_valid(condition)),
      ${severity},
      for_s integer not null check (for_s >= 0),
      group_by text not null check (group_by in ('device', 'site', 'rule', 'none')),
      devices_q text,
      repeat_s integer,
      ack_within_s integer,
      created_by text not null,
      fault text check (json_valid(fault)),
      faulty_since integer,
      ${kept}
    ) strict`,

    `create table alert_policy_channel (
      policy_id text not null references alert_policy (id),
      role text not null check (role in ('notify', 'escalate')),
      position integer not null,
      channel_id text not null references channel (id),
      primary key (policy_id, role, position)
    ) strict, without rowid`,
    'create index alert_policy_channel_channel on alert_policy_channel (channel_id)',

    `create table alert (
      id text primary key,
      policy_id text not null,
      policy_name text not null,
      group_key text not null,
      device_id text references device (id),
      site text,
      rule text,
      ${severity},
      state text not null check (state in ('pending', 'firing', 'acknowledged', 'resolved')),
      tracked integer not null check (tracked in (0, 1)),
      value real,
      threshold real,
      summary text not null,
      pending_at integer not null,
      fired_at integer,
      acknowledged_at integer,
      acknowledged_by text,
      resolved_at integer,
      resolved_by text,
      note text,
      assignee text,
      silenced_by text,
      first_notified_at integer,
      notified_at integer,
      escalated_at integer,
      resolve_told integer not null check (resolve_told in (0, 1)),
      flaps integer not null,
      entries integer not null,
      ${kept}
    ) strict`,
    'create unique index alert_tracked on alert (policy_id, group_key) where tracked = 1',
    'create index alert_created on alert (created_at, id)',
    'create index alert_state on alert (state, created_at, id)',
    'create index alert_policy_created on alert (policy_id, created_at, id)',
    'create index alert_device on alert (device_id, created_at, id)',

    `create table alert_entry (
      alert_id text not null references alert (id),
      n integer not null,
      at integer not null,
      kind text not null,
      by_id text,
      note text,
      detail text not null check (json_valid(detail)),
      primary key (alert_id, n)
    ) strict, without rowid`,

    `create table silence (
      id text primary key,
      reason text not null,
      policy_id text,
      device_id text references device (id),
      severity text check (severity in ('critical', 'warning', 'info')),
      q text,
      from_at integer not null,
      until_at integer not null,
      created_by text not null,
      ${kept}
    ) strict`,
    'create index silence_until on silence (until_at)',
    'create index silence_created on silence (created_at, id)',
    'create index alert_policy_list on alert_policy (created_at, id)',
    'create index channel_created on channel (created_at, id)',
    'create index webhook_created on webhook (created_at, id)',

    // Alerts count what arrived or happened in the last minutes, of one kind at a time.
    'create index outbox_kind on outbox (kind, at)',
    'create index event_received on event (received_at, device_id)',
    'create index clip_received on clip (received_at, device_id)',
  ],
};
