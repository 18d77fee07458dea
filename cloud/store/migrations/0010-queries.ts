import type { Migration } from './migration.ts';

/** Saved queries, and the values of clips and events that a query may ask for. */
export const queries: Migration = {
  name: '0010-queries',
  statements: [
    `create table saved_query (
      id text primary key,
      source text not null,
      name text not null,
      q text not null,
      note text,
      shared integer not null check (shared in (0, 1)),
      owner text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create unique index saved_query_name on saved_query (source, name)',
    'create index saved_query_created on saved_query (created_at, id)',

    `create table clip_text (
      key text not null,
      text text not null,
      start_ns integer not null,
      clip_id text not null references clip (id),
      primary key (key, text, start_ns, clip_id)
    ) strict, without rowid`,
    'create index clip_text_clip on clip_text (clip_id, key)',
    'create index clip_size on clip (size_bytes, id)',
    // What walks and counts look at, without the manifest beside it.
    `create index clip_narrow on clip (start_ns, id, device_id, severity, class, state, end_ns,
      size_bytes, session_id, received_at, hold)`,
    'create index device_created on device (created_at, id)',

    `create table event_value (
      event_id text not null references event (id),
      key text not null,
      num real not null,
      primary key (event_id, key)
    ) strict, without rowid`,
    'create index event_value_num on event_value (key, num)',

    `create table event_text (
      key text not null,
      text text not null,
      at_ns integer not null,
      event_id text not null references event (id),
      primary key (key, text, at_ns, event_id)
    ) strict, without rowid`,
    'create index event_text_event on event_text (event_id, key)',

    `create table backfill (
      name text primary key,
      position text not null,
      done integer not null check (done in (0, 1))
    ) strict, without rowid`,
  ],
};
