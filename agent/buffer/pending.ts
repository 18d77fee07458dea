/**
 * Rows that wait in memory while the disk refuses them, in their order. At the limit the oldest of
 * the least grave goes: nothing critical is given up while anything else waits.
 */
import { maxPendingRows, writtenTogether } from '../limits.ts';

export interface PendingRow {
  /** As `gravityOf` tells it. */
  readonly gravity: number;
  /** Call inside a transaction. */
  readonly append: () => void;
}

export interface Pending {
  readonly count: number;
  /** Gives the row that had to go for it, which may be this one. */
  add(row: PendingRow): PendingRow | undefined;
  /** Writes them a part at a time; what is written waits no longer. */
  flush(write: (body: () => void) => void): void;
}

export function openPending(): Pending {
  const rows: PendingRow[] = [];
  return {
    get count() {
      return rows.length;
    },
    add(row) {
      rows.push(row);
      if (rows.length <= maxPendingRows) return undefined;
      const least = Math.min(...rows.map(({ gravity }) => gravity));
      return rows.splice(
        rows.findIndex(({ gravity }) => gravity === least),
        1,
      )[0];
    },
    flush(write) {
      while (rows.length > 0) {
        // Taken out first: whoever hears of the write may ask for a flush itself.
        const part = rows.splice(0, writtenTogether);
        try {
          write(() => part.forEach(({ append }) => append()));
        } catch (error) {
          rows.unshift(...part);
          throw error;
        }
      }
    },
  };
}
