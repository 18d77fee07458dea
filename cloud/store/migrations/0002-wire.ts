import type { Migration } from './migration.ts';

const lane = "lane text not null check (lane in ('events', 'manifests', 'reported'))";
const kind = "kind text not null check (kind in ('clip', 'preview', 'diagnostics', 'artifact'))";
const hash = 'check (length(sha256) = 64)';

/** Tables of certificates, connections, lanes of rows, transfers and blobs. */
export const wire: Migration = {
  name: '0002-wire',
  statements: [
    `create table certificate (
      fingerprint text primary key check (length(fingerprint) = 64),
      device text not null references device (name),
      key_sha256 text not null check (length(key_sha256) = 64),
      serial text not null unique,
      not_before integer not null,
      not_after integer not null,
      state text not null check (state in ('active', 'superseded', 'revoked')),
      pem text not null,
      issued_at integer not null,
      ended_at integer
    ) strict, without rowid`,
    'create index certificate_device on certificate (device, issued_at)',

    `create table connection (
      id text primary key,
      device text not null references device (name),
      kind text not null check (kind in ('control', 'bulk')),
      node text not null,
      remote text not null,
      fingerprint text not null,
      opened_at integer not null,
      closed_at integer,
      why text
    ) strict, without rowid`,
    'create index connection_device on connection (device, opened_at)',
    'create index connection_open on connection (node, device) where closed_at is null',

    `create table lane (
      device text not null references device (name),
      ${lane},
      origin integer not null,
      through integer not null check (through >= 0),
      ranges text not null check (json_valid(ranges)),
      touched_at integer not null,
      primary key (device, lane, origin)
    ) strict, without rowid`,

    `create table row_key (
      device text not null,
      ${lane},
      origin integer not null,
      seq integer not null,
      last_seq integer not null check (last_seq >= seq),
      crc integer not null,
      code text,
      primary key (device, lane, origin, seq)
    ) strict, without rowid`,

    `create table lane_gap (
      device text not null references device (name),
      ${lane},
      origin integer not null,
      seq integer not null,
      last_seq integer not null check (last_seq >= seq),
      reason text not null check (reason in ('evicted', 'expired', 'lost', 'privacy')),
      at integer not null,
      primary key (device, lane, origin, seq)
    ) strict, without rowid`,

    `create table transfer (
      device text not null references device (name),
      sha256 text not null ${hash},
      size_bytes integer not null check (size_bytes >= 0),
      ${kind},
      epoch integer not null,
      durable integer not null check (durable between 0 and size_bytes),
      owner text not null,
      attempts integer not null,
      touched_at integer not null,
      primary key (device, sha256)
    ) strict, without rowid`,
    'create index transfer_touched on transfer (touched_at)',

    `create table epoch (
      device text primary key references device (name),
      epoch integer not null check (epoch between 0 and 4294967295)
    ) strict, without rowid`,

    `create table blob (
      sha256 text primary key ${hash},
      size_bytes integer not null check (size_bytes >= 0),
      stored_at integer not null
    ) strict, without rowid`,

    `create table blob_source (
      device text not null references device (name),
      sha256 text not null references blob (sha256),
      ${kind},
      at integer not null,
      primary key (device, sha256)
    ) strict, without rowid`,
  ],
};
