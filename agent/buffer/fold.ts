/**
 * A full lane gives up rows. Of events the least grave go first, the oldest of them before others,
 * and each stretch of them leaves one gap that counts it; the other lanes let their oldest go.
 * The manifest of a clip that is held comes back when there is room (`offerUntold`).
 */
import { maxGapRows, maxLaneRows } from '../limits.ts';
import type { LaneName } from './marks.ts';
import type { Sqlite } from './sqlite.ts';

export interface FoldOptions {
  /** Body of the event row that stands for `count` dropped ones. */
  readonly gapBody: (count: number) => Uint8Array;
  /** 0 for a gap, more for what is graver, up to `gravest`. */
  readonly gravityOf: (body: Uint8Array) => number;
  readonly gravest: number;
  /** The room's limits unless a test brings its own. */
  readonly most?: { readonly rows: number; readonly gapRows: number } | undefined;
}

export interface Folding {
  /** Call inside the transaction that gave a row of this lane the number `highest`. */
  makeRoom(lane: LaneName, highest: number): void;
}

/** What was found at the last look; it holds while the numbers go up. */
interface Look {
  readonly highest: number;
  /** The lane cannot be full before it has this number. */
  readonly fullAt: number;
  /** By gravity: all that stands before this number is graver, or a gap. */
  readonly folded: Map<number, number>;
}

interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly rows: number;
}

export function openFolding(db: Sqlite, options: FoldOptions): Folding {
  const { rows: maxRows, gapRows } = options.most ?? { rows: maxLaneRows, gapRows: maxGapRows };
  const looks = new Map<LaneName, Look>();
  const giveUp = (lane: LaneName, of: Pick<Look, 'folded'> & { held: number }): number => {
    if (lane !== 'events') return dropOldest(db, lane, gapRows);
    let gone = 0;
    for (let gravity = 1; gravity <= options.gravest && gone < gapRows; gravity += 1) {
      // What is gravest goes for want of anything else alone.
      if (gravity === options.gravest && of.held - gone <= maxRows) break;
      gone += foldUpTo(db, { ...options, ...of, gravity, most: gapRows - gone });
    }
    return gone;
  };
  return {
    makeRoom(lane, highest) {
      const found = looks.get(lane);
      // A number that comes again: the transaction of the last look was taken back.
      const last = found !== undefined && highest > found.highest ? found : undefined;
      if (last !== undefined && highest < last.fullAt) return;
      // The span of numbers is at least the number of rows, and costs one index probe.
      if (highest - lowest(db, lane) < maxRows) return;
      const folded = last?.folded ?? new Map<number, number>();
      const held = countRows(db, lane, options.gapBody(1));
      const gone = held <= maxRows ? 0 : giveUp(lane, { held, folded });
      looks.set(lane, { highest, fullAt: highest + maxRows - held + gone + 1, folded });
    },
  };
}

function lowest(db: Sqlite, lane: LaneName): number {
  const row = db.get('SELECT min(seq) AS seq FROM lane_row WHERE lane = ?', lane);
  return (row as { seq: number | null } | undefined)?.seq ?? 0;
}

/** Without gaps: between rows that stay there is one at most, so the rows bound them too. */
function countRows(db: Sqlite, lane: LaneName, smallestGap: Uint8Array): number {
  const row = db.get(
    'SELECT count(*) AS n FROM lane_row WHERE lane = ? AND count = 1 AND body <> ?',
    lane,
    smallestGap,
  );
  return (row as { n: number } | undefined)?.n ?? 0;
}

function dropOldest(db: Sqlite, lane: LaneName, most: number): number {
  return db.run(
    `DELETE FROM lane_row WHERE lane = ? AND seq IN
      (SELECT seq FROM lane_row WHERE lane = ? ORDER BY seq LIMIT ?)`,
    lane,
    lane,
    most,
  );
}

interface Pass {
  readonly gravity: number;
  readonly most: number;
  readonly folded: Map<number, number>;
  readonly gapBody: (count: number) => Uint8Array;
  readonly gravityOf: (body: Uint8Array) => number;
}

/** Folds at most so many events of this gravity and less, the oldest; gives how many. */
function foldUpTo(db: Sqlite, { gravity, most, folded, gapBody, gravityOf }: Pass): number {
  let done = 0;
  let at = folded.get(gravity) ?? 0;
  let stretch: Stretch | undefined;
  const close = (): void => {
    if (stretch !== undefined && stretch.rows > 0) replace(db, stretch, gapBody);
    stretch = undefined;
  };
  for (let isMore = true; isMore; ) {
    const page = db.all(
      `SELECT seq, count, body FROM lane_row WHERE lane = 'events' AND seq >= ?
        ORDER BY seq LIMIT ?`,
      at,
      pageRows,
    ) as { seq: number; count: number; body: Uint8Array }[];
    isMore = page.length === pageRows;
    for (const row of page) {
      const found = gravityOf(row.body);
      at = row.seq;
      if (found > 0 && done === most) {
        isMore = false;
        break;
      }
      at = row.seq + row.count;
      if (found > gravity) close();
      else {
        stretch = extended(stretch, row, found > 0);
        done += Number(found > 0);
      }
    }
  }
  folded.set(gravity, stretch?.first ?? at);
  close();
  return done;
}

/** Rows that are looked at together. */
const pageRows = 1_000;

function extended(
  stretch: Stretch | undefined,
  row: { readonly seq: number; readonly count: number },
  isRow: boolean,
): Stretch {
  const rows = (stretch?.rows ?? 0) + Number(isRow);
  const count = (stretch?.count ?? 0) + row.count;
  return { first: stretch?.first ?? row.seq, last: row.seq, count, rows };
}

function replace(db: Sqlite, stretch: Stretch, gapBody: (count: number) => Uint8Array): void {
  const { first, last, count } = stretch;
  db.run(`DELETE FROM lane_row WHERE lane = 'events' AND seq BETWEEN ? AND ?`, first, last);
  db.run(`INSERT INTO lane_row VALUES ('events', ?, ?, ?)`, first, count, gapBody(count));
}
