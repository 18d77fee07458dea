/** Counters that outlive a restart: what became of every clip since the database was made. */
import { meta, setMeta } from './lanes.ts';
import type { Sqlite } from './sqlite.ts';

const totals = ['sealed', 'acknowledged', 'evicted', 'lost', 'quarantined'] as const;
export type TotalName = (typeof totals)[number];

/** Call inside a transaction. */
export function addTotal(db: Sqlite, name: TotalName): void {
  setMeta(db, `total.${name}`, String(readTotal(db, name) + 1));
}

export function readTotal(db: Sqlite, name: TotalName): number {
  return Number(meta(db, `total.${name}`) ?? 0);
}
