/** The tables of `buffer.db`. `PRAGMA user_version` counts the steps that a file has taken. */
import { Fault } from '@fieldloop/core';
import { isDiskRefusal } from './disk.ts';
import type { Sqlite } from './sqlite.ts';

const steps: readonly (readonly string[])[] = [
  [
    `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE clip (
      clip_id TEXT PRIMARY KEY,
      sha256 TEXT NOT NULL UNIQUE,
      size_bytes INTEGER NOT NULL,
      class TEXT NOT NULL,
      class_rank INTEGER NOT NULL,
      priority REAL NOT NULL,
      state TEXT NOT NULL CHECK (state IN
        ('sealed', 'wanted', 'refused', 'deleting')),
      fate TEXT CHECK (fate IN ('deleted', 'evicted', 'lost', 'quarantined')),
      manifest TEXT NOT NULL,
      manifest_seq INTEGER NOT NULL,
      sealed_ms INTEGER NOT NULL,
      not_before_ms INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      code TEXT
    ) STRICT`,
    `CREATE INDEX clip_turn ON clip (state, class_rank, sealed_ms)`,
    `CREATE INDEX clip_seq ON clip (manifest_seq)`,
    `CREATE TABLE lane_row (
      lane TEXT NOT NULL CHECK (lane IN ('events', 'manifests', 'reported')),
      seq INTEGER NOT NULL,
      count INTEGER NOT NULL DEFAULT 1,
      body BLOB NOT NULL,
      PRIMARY KEY (lane, seq)
    ) STRICT`,
    `CREATE TABLE reported (
      section TEXT PRIMARY KEY, digest TEXT NOT NULL, generation INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE position (source TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE ledger (
      hour INTEGER NOT NULL, rule TEXT NOT NULL, outcome TEXT NOT NULL,
      count INTEGER NOT NULL, bytes INTEGER NOT NULL,
      PRIMARY KEY (hour, rule, outcome)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE tombstone (
      clip_id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL,
      fate TEXT NOT NULL, at_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX tombstone_sha256 ON tombstone (sha256)`,
    `CREATE INDEX tombstone_at ON tombstone (at_ms)`,
  ],
  [
    `CREATE TABLE command (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      deadline_ms INTEGER NOT NULL,
      input TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('acknowledged', 'running', 'done', 'failed')),
      result TEXT,
      problem TEXT,
      received_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX command_received ON command (received_ms)`,
    // A clip that an operator asked for goes before all others.
    `ALTER TABLE clip ADD COLUMN pulled INTEGER NOT NULL DEFAULT 0`,
  ],
  [
    `CREATE TABLE preview (
      clip_id TEXT NOT NULL,
      n INTEGER NOT NULL,
      kind TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (clip_id, n)
    ) STRICT, WITHOUT ROWID`,
  ],
];

/** No step: an agent of before keeps them up to date without knowing of them. */
const indexes: readonly string[] = [
  // All that `turn` asks of a clip that is passed over, so that its manifest is not read.
  `CREATE INDEX IF NOT EXISTS clip_next ON clip
    (state, pulled DESC, class_rank, sealed_ms, clip_id, not_before_ms, class)`,
];

/** Takes the steps that are missing, all in one transaction. */
export function migrate(db: Sqlite, place: string): void {
  const at =
    (db.get('PRAGMA user_version') as { user_version: number } | undefined)?.user_version ?? 0;
  if (at > steps.length) {
    throw new Fault('conflict', `the buffer was written by a newer agent (schema ${at})`, {
      place,
      remedy: 'Run that newer fieldloop-agent, or give this one another buffer.path.',
    });
  }
  if (at < steps.length) {
    db.transaction(() => {
      for (const step of steps.slice(at)) for (const statement of step) db.run(statement);
      db.run(`PRAGMA user_version = ${steps.length}`);
    });
  }
  try {
    for (const index of indexes) db.run(index);
  } catch (error) {
    // A disk that takes nothing does without: it is slower, and no more.
    if (!isDiskRefusal(error)) throw error;
  }
}
