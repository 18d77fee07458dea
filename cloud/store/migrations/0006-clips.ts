import type { Migration } from './migration.ts';

/** What people do with clips: labels, tags, holds, pictures, erasing and exports. */
export const clips: Migration = {
  name: '0006-clips',
  statements: [
    'alter table clip add column label text',
    'alter table clip add column note text',
    'alter table clip add column hold integer not null default 0 check (hold in (0, 1))',
    'alter table clip add column hold_reason text',
    'alter table clip add column hold_by text',
    'alter table clip add column hold_at integer',
    'alter table clip add column state_reason text',
    'alter table clip add column derived_from text',
    'alter table clip add column previews_at integer',
    'alter table clip add column previews_problem text',
    'create index clip_sha256 on clip (sha256)',
    'create index clip_derived on clip (derived_from) where derived_from is not null',
    `create index clip_previews_due on clip (stored_at, id)
      where state = 'stored' and previews_at is null`,

    `create table clip_tag (
      clip_id text not null references clip (id),
      tag text not null,
      created_by text not null,
      at integer not null,
      primary key (clip_id, tag)
    ) strict, without rowid`,

    `create table clip_preview (
      clip_id text not null references clip (id),
      n integer not null,
      kind text not null check (kind in ('first', 'trigger', 'middle')),
      topic text not null,
      at_ns integer not null,
      media_type text not null,
      width integer not null,
      height integer not null,
      sha256 text not null check (length(sha256) = 64),
      size_bytes integer not null,
      primary key (clip_id, n)
    ) strict, without rowid`,
    'create index clip_preview_sha256 on clip_preview (sha256)',

    `create table blob_erasure (
      sha256 text primary key,
      at integer not null
    ) strict, without rowid`,

    `create table clip_export (
      id text primary key,
      operation_id text not null,
      format text not null check (format in ('zip', 'mcap')),
      topics text check (json_valid(topics)),
      include_manifests integer not null check (include_manifests in (0, 1)),
      clip_count integer not null,
      source_bytes integer not null,
      sha256 text,
      size_bytes integer,
      ready_at integer,
      expires_at integer,
      erased_at integer,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index clip_export_expires on clip_export (expires_at) where erased_at is null',
    'create index clip_export_created on clip_export (created_at, id)',
    'create index clip_export_sha256 on clip_export (sha256)',

    `create table clip_export_item (
      export_id text not null references clip_export (id),
      n integer not null,
      clip_id text not null references clip (id),
      primary key (export_id, n)
    ) strict, without rowid`,
    'create index clip_export_item_clip on clip_export_item (clip_id, export_id)',
  ],
};
