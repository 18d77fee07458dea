import type { Migration } from './migration.ts';

/** Tables of workflows: effects, runs with their steps, gates, and what starts and wakes runs. */
export const workflows: Migration = {
  name: '0017-workflows',
  statements: [
    `create table effect (
      key text primary key,
      result text not null check (json_valid(result))
    ) strict, without rowid`,

    `create table run (
      id text primary key,
      workflow text not null,
      workflow_version integer not null,
      subject text not null,
      parent_id text references run (id),
      parent_step text,
      trigger text,
      event text,
      actor text not null,
      cause text not null check (json_valid(cause)),
      input text not null check (json_valid(input)),
      input_digest text not null,
      state text not null check (state in ('running', 'waiting', 'retrying', 'parked', 'stuck',
        'blocked', 'ended')),
      waiting_kind text check (waiting_kind in ('gate', 'event', 'time')),
      waiting_for text,
      waiting_since integer,
      waiting_until integer,
      outcome text check (json_valid(outcome)),
      trouble text,
      throws integer not null,
      abort_by text,
      abort_reason text,
      abort_step text,
      engine_id text,
      segment integer not null,
      waits integer not null,
      turn integer not null,
      created_at integer not null,
      updated_at integer not null,
      ended_at integer,
      version integer not null
    ) strict`,
    'create index run_created on run (created_at, id)',
    'create index run_state on run (state, created_at, id)',
    'create index run_updated on run (updated_at, id)',
    'create index run_workflow on run (workflow, created_at, id)',
    'create index run_subject on run (subject, created_at, id)',
    'create index run_parent on run (parent_id, parent_step)',
    'create index run_trigger on run (trigger, state)',

    `create table run_step (
      run_id text not null references run (id),
      name text not null,
      n integer not null,
      kind text not null check (kind in ('act', 'must', 'gate', 'watch', 'child')),
      state text not null check (state in ('running', 'retrying', 'done', 'failed')),
      attempts integer not null,
      key text not null,
      output text check (json_valid(output)),
      fault text check (json_valid(fault)),
      worker text,
      started_at integer not null,
      finished_at integer,
      next_at integer,
      primary key (run_id, name)
    ) strict, without rowid`,

    `create table wake (
      run_id text primary key references run (id),
      n integer not null,
      tries integer not null,
      next_at integer not null
    ) strict, without rowid`,
    'create index wake_next on wake (next_at)',

    `create table wait_on (
      run_id text not null references run (id),
      kind text not null,
      subject text not null,
      primary key (run_id, kind, subject)
    ) strict, without rowid`,
    'create index wait_on_kind on wait_on (kind, subject)',

    `create table gate (
      id text primary key,
      run_id text not null references run (id),
      name text not null,
      kind text not null,
      question text not null,
      subject_id text not null,
      subject_digest text not null,
      evidence_digest text not null,
      options text not null check (json_valid(options)),
      role text,
      scope text,
      region text,
      excluded text not null check (json_valid(excluded)),
      among_role text,
      among_least integer,
      quorum integer not null check (quorum >= 1),
      on_deadline text not null check (on_deadline in ('hold', 'reject', 'escalate')),
      escalate_to text not null check (json_valid(escalate_to)),
      level integer not null,
      within_ms integer not null,
      assignee text,
      delegate text,
      delegated_by text,
      state text not null check (state in ('open', 'decided', 'expired', 'withdrawn')),
      option text,
      reason text,
      decided_by text check (json_valid(decided_by)),
      changed text check (json_valid(changed)),
      opened_at integer not null,
      deadline_at integer not null,
      closed_at integer,
      taken_at integer,
      remind_at integer,
      reminders integer not null,
      is_overdue integer not null check (is_overdue in (0, 1)),
      version integer not null,
      unique (run_id, name)
    ) strict`,
    'create index gate_opened on gate (opened_at, id)',
    'create index gate_state on gate (state, opened_at, id)',
    'create index gate_deadline on gate (deadline_at, id)',
    'create index gate_remind on gate (state, remind_at)',

    `create table vote (
      gate_id text not null references gate (id),
      person text not null,
      role text not null,
      option text not null,
      reason text not null,
      evidence_digest text not null,
      is_void integer not null check (is_void in (0, 1)),
      at integer not null,
      primary key (gate_id, person)
    ) strict, without rowid`,

    `create table evidence (
      gate_id text not null references gate (id),
      n integer not null,
      name text not null,
      digest text not null,
      link text,
      body text check (json_valid(body)),
      primary key (gate_id, n)
    ) strict, without rowid`,

    `create table dispatch (
      trigger text not null,
      key text not null,
      workflow text not null,
      subject text not null,
      event_seq integer,
      outcome text not null check (outcome in ('started', 'skipped')),
      reason text,
      run_id text references run (id),
      at integer not null,
      primary key (trigger, key)
    ) strict, without rowid`,
    'create index dispatch_at on dispatch (at)',
    'create index dispatch_subject on dispatch (trigger, subject, at)',

    `create table schedule (
      trigger text primary key,
      is_enabled integer not null check (is_enabled in (0, 1)),
      last_slot_at integer,
      next_slot_at integer,
      updated_at integer not null
    ) strict, without rowid`,
  ],
};
