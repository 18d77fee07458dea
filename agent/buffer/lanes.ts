/**
 * Rows that wait for the cloud's Stored, one lane a kind, numbered without holes. A row leaves
 * only by Stored, or as part of a counted gap when a lane is full.
 */
import { type FoldOptions, openFolding } from './fold.ts';
import { type CounterName, counterNames, type LaneName, laneNames, type MarkSet } from './marks.ts';
import type { Sqlite } from './sqlite.ts';

export interface LaneRow {
  readonly seq: number;
  /** Sequence numbers that the row stands for: 1, or more for a gap. */
  readonly count: number;
  readonly body: Uint8Array;
}

export interface LaneRange {
  readonly lane: LaneName;
  readonly origin: bigint;
  /** First number still held; one past `highest` when none is. */
  readonly lowest: number;
  readonly highest: number;
}

export interface Lanes {
  readonly origin: string;
  current(): MarkSet;
  range(lane: LaneName): LaneRange;
  /** Call inside a transaction. */
  append(lane: LaneName, body: Uint8Array, count?: number): number;
  /** Rows after `seq` in order, at least one when there is one, within the limits. */
  read(lane: LaneName, seq: number, most: { rows: number; bytes: number }): LaneRow[];
  /** Rows freed because the cloud stored everything up to `through`. */
  free(lane: LaneName, through: number): number;
  drop(lane: LaneName, seq: number): void;
  nextConn(): number;
  /** A new origin; every row is numbered again from 1. */
  renew(origin: string): void;
}

export interface LaneOptions extends FoldOptions {
  readonly check: (counter: CounterName, value: number) => void;
}

/** Writes origin and numbers into a fresh database. */
export function seedLanes(db: Sqlite, start: MarkSet): void {
  db.transaction(() => {
    setMeta(db, 'origin', start.origin);
    for (const name of counterNames) setMeta(db, `last.${name}`, String(start.floors[name]));
  });
}

export function storedMarks(db: Sqlite): MarkSet | undefined {
  const origin = meta(db, 'origin');
  if (origin === undefined) return undefined;
  const last = (name: CounterName): number => Number(meta(db, `last.${name}`) ?? 0);
  return {
    origin,
    floors: {
      events: last('events'),
      manifests: last('manifests'),
      reported: last('reported'),
      conn: last('conn'),
    },
  };
}

export function openLanes(db: Sqlite, options: LaneOptions): Lanes {
  const folding = openFolding(db, options);
  const take = (name: CounterName, count: number): number => {
    const first = Number(meta(db, `last.${name}`) ?? 0) + 1;
    options.check(name, first + count - 1);
    setMeta(db, `last.${name}`, String(first + count - 1));
    return first;
  };
  return {
    get origin() {
      return meta(db, 'origin') ?? '';
    },
    current: () => storedMarks(db) ?? noMarks,
    range: (lane) => range(db, lane),
    append(lane, body, count = 1) {
      const seq = take(lane, count);
      db.run('INSERT INTO lane_row VALUES (?, ?, ?, ?)', lane, seq, count, body);
      folding.makeRoom(lane, seq + count - 1);
      return seq;
    },
    read: (lane, seq, most) => readRows(db, lane, seq, most),
    free: (lane, through) =>
      db.run('DELETE FROM lane_row WHERE lane = ? AND seq + count - 1 <= ?', lane, through),
    drop: (lane, seq) => {
      db.run('DELETE FROM lane_row WHERE lane = ? AND seq = ?', lane, seq);
    },
    nextConn: () => db.transaction(() => take('conn', 1)),
    renew: (origin) => renumber(db, origin),
  };
}

const noMarks: MarkSet = {
  origin: '0000000000000000',
  floors: { events: 0, manifests: 0, reported: 0, conn: 0 },
};

function range(db: Sqlite, lane: LaneName): LaneRange {
  const highest = Number(meta(db, `last.${lane}`) ?? 0);
  const first = db.get('SELECT min(seq) AS seq FROM lane_row WHERE lane = ?', lane) as
    | { seq: number | null }
    | undefined;
  const origin = BigInt(`0x${meta(db, 'origin') ?? '0'}`);
  return { lane, origin, lowest: first?.seq ?? highest + 1, highest };
}

function readRows(
  db: Sqlite,
  lane: LaneName,
  seq: number,
  most: { rows: number; bytes: number },
): LaneRow[] {
  const found = db.all(
    'SELECT seq, count, body FROM lane_row WHERE lane = ? AND seq > ? ORDER BY seq LIMIT ?',
    lane,
    seq,
    most.rows,
  ) as LaneRow[];
  let bytes = 0;
  const fit = found.findIndex((row, i) => {
    bytes += row.body.length;
    return i > 0 && bytes > most.bytes;
  });
  return fit === -1 ? found : found.slice(0, fit);
}

/** A new origin; every row is numbered again from 1. */
export function renumber(db: Sqlite, origin: string): void {
  db.transaction(() => {
    for (const lane of laneNames) {
      let next = 1;
      const rows = db.all('SELECT seq, count FROM lane_row WHERE lane = ? ORDER BY seq', lane) as {
        seq: number;
        count: number;
      }[];
      // Negative numbers keep old and new apart while both stand in the same column.
      for (const row of rows) {
        db.run('UPDATE lane_row SET seq = ? WHERE lane = ? AND seq = ?', -next, lane, row.seq);
        if (lane === 'manifests') {
          db.run('UPDATE clip SET manifest_seq = ? WHERE manifest_seq = ?', -next, row.seq);
        }
        next += row.count;
      }
      db.run('UPDATE lane_row SET seq = -seq WHERE lane = ? AND seq < 0', lane);
      setMeta(db, `last.${lane}`, String(next - 1));
    }
    db.run('UPDATE clip SET manifest_seq = max(0, -manifest_seq)');
    setMeta(db, 'origin', origin);
  });
}

export function meta(db: Sqlite, key: string): string | undefined {
  return (db.get('SELECT value FROM meta WHERE key = ?', key) as { value: string } | undefined)
    ?.value;
}

export function setMeta(db: Sqlite, key: string, value: string): void {
  db.run(
    'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    key,
    value,
  );
}
