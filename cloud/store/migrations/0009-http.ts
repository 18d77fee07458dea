import type { Migration } from './migration.ts';

/** Tables of repeated creates, long work and the leases of workers. */
export const http: Migration = {
  name: '0009-http',
  statements: [
    `create table idempotency (
      caller text not null,
      operation text not null,
      key text not null,
      request_sha256 text not null check (length(request_sha256) = 64),
      status integer not null,
      answer text check (json_valid(answer)),
      at integer not null,
      primary key (caller, operation, key)
    ) strict, without rowid`,
    'create index idempotency_at on idempotency (at)',

    `create table operation (
      id text primary key,
      kind text not null,
      state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
      input text not null check (json_valid(input)),
      created_by text not null,
      done integer not null,
      total integer,
      unit text,
      result text check (json_valid(result)),
      problem text check (json_valid(problem)),
      owner text,
      touched_at integer,
      attempts integer not null,
      cancel_asked integer not null check (cancel_asked in (0, 1)),
      created_at integer not null,
      updated_at integer not null,
      ended_at integer,
      version integer not null
    ) strict`,
    'create index operation_state on operation (state, created_at, id)',
    'create index operation_created on operation (created_at, id)',

    `create table lease (
      name text primary key,
      owner text not null,
      until_at integer not null
    ) strict, without rowid`,
    'create index outbox_at on outbox (at)',
  ],
};
