import type { Migration } from './migration.ts';

const lanes = `'named', 'audit', 'capture', 'diversity', 'imported', 'unchosen'`;

/** Data sets: their versions by hash, tags that move over them, exports, and what was imported. */
export const datasets: Migration = {
  name: '0014-datasets',
  statements: [
    `create table dataset (
      id text primary key,
      name text not null unique,
      description text,
      settings text not null check (json_valid(settings)),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index dataset_created on dataset (created_at, id)',

    `create table dataset_version (
      id text primary key check (length(id) = 64),
      dataset_id text not null references dataset (id),
      n integer not null,
      parent_id text references dataset_version (id),
      state text not null check (state in ('draft', 'ready', 'rejected')),
      manifest text not null check (json_valid(manifest)),
      items_sha256 text not null,
      items_bytes integer not null,
      items integer not null,
      clips integer not null,
      train integer not null,
      calibration integer not null,
      test integer not null,
      regression integer not null,
      as_of integer not null,
      batches text check (json_valid(batches)),
      gates text not null check (json_valid(gates)),
      outcome text not null check (outcome in ('pass', 'warn', 'inconclusive', 'fail')),
      reason text,
      decided_by text,
      decided_at integer,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null,
      unique (dataset_id, n)
    ) strict`,
    'create index dataset_version_created on dataset_version (created_at, id)',
    'create index dataset_version_parent on dataset_version (parent_id)',
    'create index dataset_version_items on dataset_version (items_sha256)',

    // Written before their version is there: who reads them begins at a version.
    `create table dataset_item (
      version_id text not null,
      n integer not null,
      item_sha256 text not null,
      clip_id text not null,
      clip_sha256 text not null,
      unit_id text,
      label_id text not null,
      label_sha256 text not null,
      class text,
      split text not null check (split in ('train', 'calibration', 'test', 'regression')),
      group_key text not null,
      lane text not null check (lane in (${lanes})),
      propensity real,
      primary key (version_id, n)
    ) strict, without rowid`,
    'create index dataset_item_clip on dataset_item (clip_id, version_id)',
    'create index dataset_item_label on dataset_item (label_id, version_id)',

    `create table dataset_tag (
      id text primary key,
      dataset_id text not null references dataset (id),
      name text not null,
      version_id text not null references dataset_version (id),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null,
      unique (dataset_id, name)
    ) strict`,
    'create index dataset_tag_version on dataset_tag (version_id)',
    'create index dataset_tag_name on dataset_tag (name, id)',

    `create table dataset_export (
      id text primary key,
      version_id text not null references dataset_version (id),
      operation_id text not null,
      format text not null
        check (format in ('lerobot', 'coco', 'croissant', 'bundle', 'openlineage')),
      options text not null check (json_valid(options)),
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
    'create index dataset_export_created on dataset_export (created_at, id)',
    'create index dataset_export_sha256 on dataset_export (sha256)',
    'create index dataset_export_due on dataset_export (expires_at) where erased_at is null',

    `create table dataset_import (
      id text primary key,
      dataset_id text not null references dataset (id),
      device_id text not null references device (id),
      ontology_sha256 text not null,
      state text not null check (state in ('open', 'done')),
      clips integer not null,
      items integer not null,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index dataset_import_created on dataset_import (created_at, id)',

    `create table dataset_import_label (
      label_id text primary key,
      import_id text not null references dataset_import (id)
    ) strict, without rowid`,
  ],
};
