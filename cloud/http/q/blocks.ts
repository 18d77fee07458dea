/**
 * A source cut into blocks of rows along the index of its order, the newest first. Work that may
 * take long goes block by block and stops between two of them when its time is up: neither
 * database can be asked to stop in the middle of a statement in the same words.
 */
import type { Db } from '../../store/db.ts';
import { sql } from '../../store/kysely.ts';
import { sortColumn } from './page-plan.ts';
import { type QSource, type Sql, yes } from './source.ts';

export interface Block {
  /** Whether a row of the source lies in this block. */
  readonly holds: Sql;
  /** Of the order's values, `from` to before `to`; undefined where the block is open. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly last: boolean;
  /** How much of the order's whole range is done with this block: 0 to 1. */
  readonly share: number;
}

/** Only for a source whose usual order is a column of integers. */
export async function* blocksOf(db: Db, source: QSource, blockRows: number): AsyncGenerator<Block> {
  const by = sortColumn(source, source.sort);
  if (by.type !== 'int') {
    yield { holds: yes, from: undefined, to: undefined, last: true, share: 1 };
    return;
  }
  const [table, column] = [sql.table(source.table), sql.ref(by.column)];
  const { rows: ends } = await sql<{ least: bigint | null; most: bigint | null }>`
    select (select min(${column}) from ${table}) as least,
      (select max(${column}) from ${table}) as most`.execute(db);
  const [least, most] = [ends[0]?.least ?? 0n, ends[0]?.most ?? 0n];
  const range = Number(most - least) + 1;
  let to: bigint | undefined;
  for (;;) {
    const before: Sql = to === undefined ? sql`${column} >= ${least}` : sql`${column} < ${to}`;
    const { rows } = await sql<{ from: bigint }>`select ${column} as "from" from ${table}
      where ${before} order by ${column} desc limit 1 offset ${BigInt(blockRows)}`.execute(db);
    const from: bigint | undefined = rows[0]?.from;
    if (from === undefined) {
      yield { holds: before, from, to, last: true, share: 1 };
      return;
    }
    const holds = sql<boolean>`(${before} and ${column} >= ${from})`;
    yield { holds, from, to, last: false, share: Number(most - from + 1n) / range };
    to = from;
  }
}
