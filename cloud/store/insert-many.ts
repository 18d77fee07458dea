/**
 * Many rows of one table in one statement, for the paths where each row's share counts. The text
 * of a statement is made once for a number of rows; later only its parameters are others.
 */
import type { Db } from './db.ts';
import type { CompiledQuery } from './kysely.ts';
import type { Tables } from './schema.ts';

/** Rows of one statement; the rest follows in further ones. */
const mostRows = 200;

type Cell = string | number | bigint | null;

export interface ManyRows {
  readonly table: keyof Tables;
  readonly columns: readonly string[];
  /** One cell a column. */
  readonly rows: readonly (readonly Cell[])[];
  /** A key: a row that has the same one as a row that is there already is left out. */
  readonly once?: readonly string[];
  /** The column whose values come back, of the rows that were written. */
  readonly returning?: string;
}

/** Texts by connection kind, table and shape: an adapter is the same for all its transactions. */
const texts = new WeakMap<object, Map<string, CompiledQuery>>();

/** The values of `returning`, in no order; nothing without it. */
export async function insertMany(db: Db, many: ManyRows): Promise<readonly string[]> {
  const returned: string[] = [];
  for (let at = 0; at < many.rows.length; at += mostRows) {
    const rows = many.rows.slice(at, at + mostRows);
    const query = statement(db, many, rows.length);
    const result = await db.executeQuery<Record<string, string>>({
      ...query,
      parameters: rows.flat(),
    });
    const { returning } = many;
    if (returning === undefined) continue;
    returned.push(...result.rows.map((row) => row[returning] ?? ''));
  }
  return returned;
}

function statement(db: Db, many: ManyRows, count: number): CompiledQuery {
  const { adapter } = db.getExecutor();
  const known = texts.get(adapter) ?? new Map<string, CompiledQuery>();
  texts.set(adapter, known);
  const { table, columns, once, returning } = many;
  const key = [table, columns.join(), once?.join(), returning, count].join(' ');
  const found = known.get(key);
  if (found !== undefined) return found;
  const row = Object.fromEntries(columns.map((column) => [column, 0]));
  // The names of all tables at once would make the compiler compare each with each.
  let insert = db
    .insertInto(table as 'outbox')
    .values(Array.from({ length: count }, () => row) as never);
  if (once !== undefined) {
    insert = insert.onConflict((conflict) => conflict.columns(once as never).doNothing());
  }
  const made = (returning === undefined ? insert : insert.returning(returning as never)).compile();
  known.set(key, made);
  return made;
}
