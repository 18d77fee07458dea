import type { Migration } from './migration.ts';

const types = `'classification', 'boxes', 'segments', 'text'`;
const states = `'open', 'leased', 'submitted', 'needs_more', 'adjudication', 'resolved', 'void'`;
const actions = `'predict', 'submit', 'skip', 'undo', 'withdraw', 'adjudicate', 'import', 'void'`;
const methods = `'majority', 'dawid_skene', 'wbf', 'median', 'adjudicated', 'accepted_auto'`;

/** What people say of moments: ontologies, tasks, submissions, and the labels made of them. */
export const annotation: Migration = {
  name: '0013-annotation',
  statements: [
    `create table ontology (
      sha256 text primary key,
      name text not null,
      n integer not null,
      document text not null check (json_valid(document)),
      created_by text not null,
      created_at integer not null,
      unique (name, n)
    ) strict`,
    'create index ontology_created on ontology (created_at, sha256)',

    `create table annotator (
      id text primary key,
      name text not null,
      skills text not null check (json_valid(skills)),
      sites text not null check (json_valid(sites)),
      senior integer not null check (senior in (0, 1)),
      state text not null check (state in ('active', 'paused')),
      paused_reason text,
      gold_share real not null check (gold_share >= 0 and gold_share <= 0.15),
      given integer not null,
      gold_given integer not null,
      good_at integer not null,
      judged_at integer not null,
      seen_at integer not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index annotator_created on annotator (created_at, id)',

    `create table gold (
      id text primary key,
      task_id text not null unique,
      type text not null check (type in (${types})),
      ontology_sha256 text not null references ontology (sha256),
      skill text not null,
      body text not null check (json_valid(body)),
      retired integer not null check (retired in (0, 1)),
      created_by text not null,
      created_at integer not null,
      updated_at integer not null,
      version integer not null
    ) strict`,
    'create index gold_skill on gold (retired, skill, id)',
    'create index gold_created on gold (created_at, id)',

    `create table task (
      id text primary key,
      batch text not null,
      place text not null,
      type text not null check (type in (${types})),
      unit_id text,
      clip_id text not null,
      device_id text not null,
      session_id text not null,
      site text not null,
      skill text not null,
      topic text not null,
      start_ns integer not null,
      end_ns integer not null check (end_ns >= start_ns),
      ontology_sha256 text not null references ontology (sha256),
      choice_id text,
      lane text not null,
      failure_id text,
      logged_by text,
      priority real not null,
      rank integer not null,
      queue integer not null check (queue between 0 and 5),
      state text not null check (state in (${states})),
      wanted integer not null check (wanted between 1 and 5),
      people integer not null check (people >= 0),
      leases integer not null check (leases >= 0),
      band text not null check (band in ('accept', 'assist', 'blind')),
      prefill text check (json_valid(prefill)),
      gold_id text references gold (id),
      label_id text,
      void_reason text,
      why text,
      raised text check (raised in ('most_people', 'skipped', 'nobody_left')),
      created_at integer not null,
      updated_at integer not null,
      version integer not null,
      unique (batch, place, type)
    ) strict`,
    // What stands in a queue is chosen from the index alone, however long the queue is.
    'create index task_queue on task (queue, rank desc, id, skill, site, people, leases, wanted)',
    'create index task_created on task (created_at, id)',
    'create index task_state on task (state, created_at, id)',
    'create index task_clip on task (clip_id)',
    'create index task_gold on task (gold_id, place)',
    'create index task_unit on task (unit_id)',
    'create index task_ontology on task (ontology_sha256, type, updated_at, id)',

    `create table task_lease (
      task_id text not null references task (id),
      annotator_id text not null references annotator (id),
      assisted integer not null check (assisted in (0, 1)),
      at integer not null,
      until_at integer not null,
      primary key (annotator_id, task_id)
    ) strict, without rowid`,
    'create index task_lease_until on task_lease (until_at)',
    'create index task_lease_task on task_lease (task_id)',

    `create table task_hand (
      annotator_id text not null references annotator (id),
      task_id text not null references task (id),
      how text not null check (how in ('submitted', 'skipped')),
      primary key (annotator_id, task_id)
    ) strict, without rowid`,
    'create index task_hand_task on task_hand (task_id)',

    `create table annotation (
      id text primary key,
      task_id text not null references task (id),
      n integer not null,
      annotator_id text not null,
      action text not null check (action in (${actions})),
      class text,
      body text check (json_valid(body)),
      before text check (json_valid(before)),
      seconds real,
      assisted integer not null check (assisted in (0, 1)),
      undoes text,
      reason text,
      at integer not null,
      unique (task_id, n)
    ) strict`,
    'create index annotation_annotator on annotation (annotator_id, at, id)',
    'create index annotation_created on annotation (at, id)',
    'create unique index annotation_undoes on annotation (undoes)',

    `create table gold_answer (
      annotator_id text not null references annotator (id),
      n integer not null,
      gold_id text not null references gold (id),
      task_id text not null unique references task (id),
      correct integer not null check (correct in (0, 1)),
      at integer not null,
      primary key (annotator_id, n)
    ) strict, without rowid`,
    'create index gold_answer_gold on gold_answer (gold_id)',

    `create table label_band (
      model_sha256 text not null,
      ontology_sha256 text not null references ontology (sha256),
      class text not null,
      n integer not null,
      correct integer not null,
      lower real not null,
      band text not null check (band in ('accept', 'assist', 'blind')),
      at integer not null,
      primary key (model_sha256, ontology_sha256, class)
    ) strict, without rowid`,

    `create table label (
      id text primary key,
      unit_id text,
      clip_id text not null,
      device_id text not null,
      session_id text not null,
      topic text not null,
      start_ns integer not null,
      end_ns integer not null,
      type text not null check (type in (${types})),
      class text,
      body text not null check (json_valid(body)),
      sha256 text not null,
      ontology_sha256 text not null references ontology (sha256),
      method text not null check (method in (${methods})),
      posterior real,
      alpha real,
      annotators integer not null,
      choice_id text,
      task_id text not null references task (id),
      superseded_by text,
      created_at integer not null
    ) strict`,
    'create index label_created on label (created_at, id)',
    'create index label_task on label (task_id)',
    'create index label_unit on label (unit_id)',
    'create index label_clip on label (clip_id)',
    'create index label_choice on label (choice_id)',
    'create index label_sha256 on label (sha256)',
  ],
};
