/** The clips of the buffer as rows: states, turn, and what is remembered of those that went. */
import type { ClipClass } from '@fieldloop/proto';
import { maxPostponeMs, maxTombstones } from '../limits.ts';
import type { EvictionCandidate } from './plan.ts';
import type { Sqlite } from './sqlite.ts';
import type { ClipFate, ClipState, HeldClip } from './types.ts';

/** A clip as it enters; its manifest is canonical JSON. */
export interface NewClip {
  readonly clipId: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly class: ClipClass;
  readonly priority: number;
  readonly manifest: string;
  readonly manifestSeq: number;
  readonly sealedMs: number;
}

export interface Tombstone {
  readonly clipId: string;
  readonly sha256: string;
  readonly fate: ClipFate;
}

/** Order of upload: critical before warning before info before baseline, then age. */
const classRank: Readonly<Record<ClipClass, number>> = {
  critical: 0,
  warning: 1,
  info: 2,
  baseline: 3,
};
const clipClasses = Object.keys(classRank) as readonly ClipClass[];

interface ClipRow {
  readonly clip_id: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly class: ClipClass;
  readonly priority: number;
  readonly state: ClipState;
  readonly fate: ClipFate | null;
  readonly manifest: string;
  readonly manifest_seq: number;
  readonly sealed_ms: number;
  readonly not_before_ms: number;
  readonly attempts: number;
  readonly code: string | null;
  readonly pulled: number;
}

export type ClipTable = ReturnType<typeof clipTable>;

export const clipTable = (db: Sqlite) => ({
  add(clip: NewClip): void {
    db.run(
      `INSERT INTO clip (clip_id, sha256, size_bytes, class, class_rank, priority, state,
        manifest, manifest_seq, sealed_ms) VALUES (?, ?, ?, ?, ?, ?, 'sealed', ?, ?, ?)`,
      clip.clipId,
      clip.sha256,
      clip.sizeBytes,
      clip.class,
      classRank[clip.class],
      clip.priority,
      clip.manifest,
      clip.manifestSeq,
      clip.sealedMs,
    );
  },

  get(clipId: string): HeldClip | undefined {
    const row = db.get('SELECT * FROM clip WHERE clip_id = ?', clipId) as ClipRow | undefined;
    return row && fromRow(row);
  },

  all(): HeldClip[] {
    return (db.all('SELECT * FROM clip ORDER BY sealed_ms') as ClipRow[]).map(fromRow);
  },

  manifestOf(clipId: string): string | undefined {
    const row = db.get('SELECT * FROM clip WHERE clip_id = ?', clipId) as ClipRow | undefined;
    return row?.manifest;
  },

  /**
   * The next clips to upload whose waiting time is over. One that would wait for longer than any
   * may was postponed by a clock that was ahead of this one.
   */
  turn(nowMs: number, limit: number, classes: readonly ClipClass[] = clipClasses): HeldClip[] {
    if (classes.length === 0) return [];
    const among = JSON.stringify(classes);
    return (
      db.all(
        `SELECT * FROM clip WHERE state = 'wanted' AND not_before_ms NOT BETWEEN ? AND ?
          AND CASE pulled WHEN 1 THEN 'critical' ELSE class END IN (SELECT value FROM json_each(?))
          ORDER BY pulled DESC, class_rank, sealed_ms, clip_id LIMIT ?`,
        nowMs + 1,
        nowMs + maxPostponeMs,
        among,
        limit,
      ) as ClipRow[]
    ).map(fromRow);
  },

  /** The cloud stored these manifests; everything is wanted. */
  listed(from: number, through: number): number {
    return db.run(
      `UPDATE clip SET state = 'wanted'
        WHERE state = 'sealed' AND manifest_seq BETWEEN ? AND ?`,
      from,
      through,
    );
  },

  /** Clips of which nothing is on its way to the cloud, because the lane begins at this number. */
  untold(from: number, limit: number): HeldClip[] {
    return (
      db.all(
        `SELECT * FROM clip WHERE state = 'sealed' AND manifest_seq < ?
          ORDER BY class_rank, sealed_ms, clip_id LIMIT ?`,
        from,
        limit,
      ) as ClipRow[]
    ).map(fromRow);
  },

  /** The clip whose manifest has this number, unless its end is decided. */
  offeredAs(manifestSeq: number): HeldClip | undefined {
    const row = db.get(
      `SELECT * FROM clip WHERE manifest_seq = ? AND state IN ('sealed', 'wanted')`,
      manifestSeq,
    ) as ClipRow | undefined;
    return row && fromRow(row);
  },

  /** Clips about which the cloud has decided, oldest first. */
  answered(limit: number): HeldClip[] {
    return (
      db.all(
        `SELECT * FROM clip WHERE state IN ('wanted', 'refused')
          ORDER BY sealed_ms, clip_id LIMIT ?`,
        limit,
      ) as ClipRow[]
    ).map(fromRow);
  },

  /** An operator wants it now: before all others, and without waiting. */
  pull(clipId: string): void {
    db.run('UPDATE clip SET pulled = 1, not_before_ms = 0 WHERE clip_id = ?', clipId);
  },

  offerAgain(clipId: string, manifestSeq: number): void {
    db.run(
      `UPDATE clip SET state = 'sealed', manifest_seq = ?, code = NULL WHERE clip_id = ?`,
      manifestSeq,
      clipId,
    );
  },

  postpone(clipId: string, notBeforeMs: number, attempts: number): void {
    db.run(
      'UPDATE clip SET not_before_ms = ?, attempts = ? WHERE clip_id = ?',
      notBeforeMs,
      attempts,
      clipId,
    );
  },

  /** Its bytes are not on their way any more, whoever asked for them. */
  refuse(clipId: string, code: string): void {
    db.run(
      `UPDATE clip SET state = 'refused', code = ?, pulled = 0
        WHERE clip_id = ? AND state <> 'deleting'`,
      code,
      clipId,
    );
  },

  /** From here on the file may be gone: a restart finishes what was begun. */
  beginDelete(clipId: string, fate: ClipFate): boolean {
    return (
      db.run(
        `UPDATE clip SET state = 'deleting', fate = ? WHERE clip_id = ? AND state <> 'deleting'`,
        fate,
        clipId,
      ) > 0
    );
  },

  /** What a clip that is being deleted will have become. */
  fateOf(clipId: string): ClipFate | undefined {
    const row = db.get('SELECT * FROM clip WHERE clip_id = ?', clipId) as ClipRow | undefined;
    return row?.state === 'deleting' ? (row.fate ?? 'deleted') : undefined;
  },

  deleting(): (Tombstone & { readonly sizeBytes: number })[] {
    return (db.all(`SELECT * FROM clip WHERE state = 'deleting'`) as ClipRow[]).map((row) => ({
      ...fromRow(row),
      fate: row.fate ?? 'deleted',
    }));
  },

  /** Call inside a transaction: the row goes, the tombstone comes. */
  bury(clip: Tombstone & { readonly sizeBytes: number }, atMs: number): void {
    db.run('DELETE FROM clip WHERE clip_id = ?', clip.clipId);
    db.run(
      'INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?, ?, ?)',
      clip.clipId,
      clip.sha256,
      clip.sizeBytes,
      clip.fate,
      atMs,
    );
    db.run(
      `DELETE FROM tombstone WHERE clip_id IN
        (SELECT clip_id FROM tombstone ORDER BY at_ms DESC, clip_id LIMIT -1 OFFSET ?)`,
      maxTombstones,
    );
  },

  tombstone(key: { readonly clipId?: string; readonly sha256?: string }): ClipFate | undefined {
    const row = db.get(
      'SELECT fate FROM tombstone WHERE clip_id = ? OR sha256 = ?',
      key.clipId ?? '',
      key.sha256 ?? '',
    ) as { fate: ClipFate } | undefined;
    return row?.fate;
  },

  candidates(inTransfer: ReadonlySet<string>): EvictionCandidate[] {
    // Without the manifests, which are most of the bytes.
    const columns = 'clip_id, size_bytes, class, priority, sealed_ms, state, pulled';
    const rows = db.all(`SELECT ${columns} FROM clip WHERE state <> 'deleting'`) as ClipRow[];
    return rows.map((row) => ({
      clipId: row.clip_id,
      sizeBytes: row.size_bytes,
      class: row.class,
      priority: row.priority,
      sealedMs: row.sealed_ms,
      manifestSent: row.state !== 'sealed',
      inTransfer: inTransfer.has(row.clip_id) || row.pulled === 1,
    }));
  },

  bytes(): number {
    const row = db.get(`SELECT sum(size_bytes) AS n FROM clip WHERE state <> 'deleting'`) as
      | { n: number | null }
      | undefined;
    return row?.n ?? 0;
  },

  bytesByClass(): Partial<Record<ClipClass, number>> {
    const rows = db.all(
      `SELECT class, sum(size_bytes) AS n FROM clip WHERE state <> 'deleting' GROUP BY class`,
    ) as { class: ClipClass; n: number }[];
    return Object.fromEntries(rows.map((row) => [row.class, row.n]));
  },

  sealedThrough(seq: number): number {
    const row = db.get(
      `SELECT count(*) AS n FROM clip WHERE state = 'sealed' AND manifest_seq <= ?`,
      seq,
    ) as { n: number } | undefined;
    return row?.n ?? 0;
  },

  counts(): { state: ClipState; n: number; oldest: number }[] {
    return db.all(
      'SELECT state, count(*) AS n, min(sealed_ms) AS oldest FROM clip GROUP BY state',
    ) as { state: ClipState; n: number; oldest: number }[];
  },
});

function fromRow(row: ClipRow): HeldClip {
  return {
    clipId: row.clip_id,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    class: row.class,
    priority: row.priority,
    state: row.state,
    manifestSeq: row.manifest_seq,
    sealedMs: row.sealed_ms,
    notBeforeMs: row.not_before_ms,
    attempts: row.attempts,
    code: row.code ?? undefined,
    pulled: row.pulled === 1,
  };
}
