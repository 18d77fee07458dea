import type { Migration } from './migration.ts';

const role = `role text not null
        check (role in ('viewer', 'annotator', 'engineer', 'release_manager', 'admin'))`;
const secret = 'secret_sha256 text not null check (length(secret_sha256) = 64)';

/** Tables of people, their sessions and links, approvals, and what keys and audit gained. */
export const people: Migration = {
  name: '0003-people',
  statements: [
    // "user" is a reserved word of PostgreSQL.
    `create table person (
      id text primary key,
      email text not null unique,
      name text not null,
      ${role},
      state text not null check (state in ('invited', 'active', 'deactivated')),
      password text,
      issuer text,
      oidc_subject text,
      last_login_at integer,
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create unique index person_oidc on person (issuer, oidc_subject)',
    'create index person_created on person (created_at, id)',

    `create table login_session (
      id text primary key,
      person_id text not null references person (id),
      ${secret},
      method text not null check (method in ('password', 'oidc')),
      ip text not null,
      agent text not null,
      created_at integer not null,
      seen_at integer not null,
      expires_at integer not null,
      ended_at integer
    ) strict`,
    'create index login_session_person on login_session (person_id, created_at, id)',
    'create index login_session_end on login_session (expires_at)',

    `create table one_time_link (
      id text primary key,
      kind text not null check (kind in ('first_admin', 'invitation', 'password_reset')),
      person_id text references person (id),
      ${secret},
      created_by text not null,
      created_at integer not null,
      expires_at integer not null,
      used_at integer,
      revoked_at integer
    ) strict`,
    'create index one_time_link_person on one_time_link (person_id)',

    'alter table api_key add column person_id text references person (id)',
    'alter table api_key add column maker_id text references person (id)',
    'alter table api_key add column created_by text',
    'alter table api_key add column cohorts text check (json_valid(cohorts))',
    'alter table api_key add column rotated_from text',
    'alter table api_key add column updated_at integer not null default 0',
    'alter table api_key add column version integer not null default 1',
    'update api_key set updated_at = created_at',
    // What was called write included everything that is called admin now.
    `update api_key set scopes = replace(replace(scopes, '"*:write"', '"*:admin"'),
      '"apiKeys:write"', '"apiKeys:admin"')`,
    'create index api_key_person on api_key (person_id)',
    'create index api_key_created on api_key (created_at, id)',

    'alter table audit add column before_json text check (json_valid(before_json))',
    'alter table audit add column after_json text check (json_valid(after_json))',
    'alter table audit add column ip text',
    'create index audit_actor on audit (actor, seq)',
    'create index audit_subject on audit (subject, seq)',
    'create index audit_at on audit (at, seq)',

    `create table audit_head (
      seq integer primary key,
      hash text not null check (length(hash) = 64),
      at integer not null,
      previous integer not null,
      key_sha256 text not null check (length(key_sha256) = 64),
      signature text not null
    ) strict`,

    `create table approval (
      id text primary key,
      action text not null,
      subject text not null,
      detail text not null check (json_valid(detail)),
      reason text not null,
      state text not null
        check (state in ('open', 'approved', 'rejected', 'used', 'expired', 'withdrawn')),
      asked_by text not null,
      asked_person text,
      decided_by text,
      decided_at integer,
      note text,
      used_at integer,
      expires_at integer not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    `create unique index approval_live on approval (action, subject, asked_by)
      where state in ('open', 'approved')`,
    'create index approval_created on approval (created_at, id)',
    'create index approval_state on approval (state, created_at, id)',
  ],
};
