/** What became of each trigger, by rule and hour of log time: a clip, or why it is none. */
import { type ClipManifest, parseClipManifest } from '@fieldloop/proto';
import { ledgerHours } from '../limits.ts';
import type { Sqlite } from './sqlite.ts';

export interface LedgerEntry {
  readonly rule: string;
  /** `clip`, `evicted`, or the reason of a suppression. */
  readonly outcome: string;
  readonly count: number;
  readonly bytes: number;
}

const hourMs = 3_600_000;

/** `atMs` is the trigger's log time. Call inside a transaction. */
export function note(db: Sqlite, atMs: number, entry: LedgerEntry): void {
  const hour = Math.floor(atMs / hourMs);
  const isNew = db.get('SELECT 1 FROM ledger WHERE hour = ? LIMIT 1', hour) === undefined;
  db.run(
    `INSERT INTO ledger VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, bytes = bytes + excluded.bytes`,
    hour,
    entry.rule,
    entry.outcome,
    entry.count,
    entry.bytes,
  );
  if (isNew) prune(db);
}

/** By their number and not by their age: an hour that a wrong clock told costs no other. */
function prune(db: Sqlite): void {
  db.run(
    `DELETE FROM ledger WHERE hour <
      (SELECT DISTINCT hour FROM ledger ORDER BY hour DESC LIMIT 1 OFFSET ?)`,
    ledgerHours - 1,
  );
}

/** Each rule of the clip once; the bytes go to the first, so that sums stay true. */
export function noteClip(db: Sqlite, clip: NotedClip): void {
  const { markers, startNs } = clip.manifest;
  const atMs = Number(BigInt(markers[0]?.atNs ?? startNs) / 1_000_000n);
  const rules = [...new Set(clip.manifest.markers.map((marker) => marker.rule))];
  rules.forEach((rule, i) => {
    const bytes = i === 0 ? clip.manifest.sizeBytes : 0;
    note(db, atMs, { rule, outcome: clip.outcome, count: 1, bytes });
  });
}

export interface NotedClip {
  readonly manifest: ClipManifest;
  readonly outcome: string;
}

/** From the hour of this log time on. */
export function readLedger(db: Sqlite, sinceMs: number): LedgerEntry[] {
  return db.all(
    `SELECT rule, outcome, sum(count) AS count, sum(bytes) AS bytes FROM ledger
      WHERE hour >= ? GROUP BY rule, outcome ORDER BY rule, outcome`,
    Math.floor(sinceMs / hourMs),
  ) as LedgerEntry[];
}

export const storedManifest = (text: string): ClipManifest => parseClipManifest(JSON.parse(text));

/** Of a damaged row there is none: that keeps no file from going, and nothing else from work. */
export function readableManifest(text: string | undefined): ClipManifest | undefined {
  try {
    return storedManifest(text ?? '');
  } catch {
    return undefined;
  }
}
