/** The rows of a database as lines and back, a bounded number in memory. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { backupInsertRows, backupReadRows } from '../../limits.ts';
import type { Db } from '../db.ts';
import { kindOf } from '../kind.ts';
import { CompiledQuery, sql } from '../kysely.ts';
import type { TableShape } from '../tables.ts';
import { damaged, parseHead, parseRow, rowText, type TableHead } from './format.ts';

/** The lines of a table's file, in the order of its key. */
export async function* tableLines(
  db: Db,
  table: TableShape,
  onRows: (rows: number) => void,
): AsyncGenerator<string> {
  const head: TableHead = { table: table.name, columns: table.columns };
  yield `${JSON.stringify(head)}\n`;
  const key = sql.join(table.key.map((name) => sql.ref(name)));
  const all = sql.join(table.columns.map(({ name }) => sql.ref(name)));
  const from = sql`select ${all} from ${sql.table(table.name)}`;
  const page = sql`order by ${key} limit ${sql.lit(backupReadRows)}`;
  let where = sql``;
  for (;;) {
    const { rows } = await sql<Record<string, unknown>>`${from} ${where} ${page}`.execute(db);
    if (rows.length > 0) yield rows.map((row) => `${rowText(row, head)}\n`).join('');
    onRows(rows.length);
    const last = rows.at(-1);
    if (last === undefined || rows.length < backupReadRows) return;
    where = sql`where (${key}) > (${sql.join(table.key.map((name) => last[name]))})`;
  }
}

/** What the database has counted up to; undefined where it does not count by itself. */
export async function counterOf(db: Db, table: TableShape): Promise<string | undefined> {
  if (table.counter === undefined) return undefined;
  const query =
    kindOf(db) === 'sqlite'
      ? sql<{ n: bigint | null }>`select seq as n from sqlite_sequence where name = ${table.name}`
      : sql<{ n: bigint | null }>`
          select pg_sequence_last_value(${sequenceOf(table)}) as n`;
  return String((await query.execute(db)).rows[0]?.n ?? 0n);
}

export async function setCounter(db: Db, table: TableShape, value: string): Promise<void> {
  if (table.counter === undefined || value === '0') return;
  const { name } = table;
  if (kindOf(db) === 'postgres') {
    await sql`select setval(${sequenceOf(table)}, ${BigInt(value)})`.execute(db);
    return;
  }
  await sql`delete from sqlite_sequence where name = ${name}`.execute(db);
  await sql`insert into sqlite_sequence (name, seq) values (${name}, ${BigInt(value)})`.execute(db);
}

const sequenceOf = ({ name, counter = '' }: TableShape) =>
  sql`pg_get_serial_sequence(${name}, ${counter})::regclass`;

/** Reads a table's file into its empty table. Fault `corrupt` when the file is of another one. */
export async function loadTable(
  trx: Db,
  table: TableShape,
  path: string,
  onRows: (rows: number) => void,
): Promise<number> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: 0 });
  let head: TableHead | undefined;
  let batch: (readonly unknown[])[] = [];
  let count = 0;
  const flush = async (into: TableHead): Promise<void> => {
    if (batch.length === 0) return;
    await insert(trx, into, batch);
    count += batch.length;
    onRows(batch.length);
    batch = [];
  };
  for await (const line of lines) {
    if (head === undefined) {
      head = headFor(table, line, path);
      continue;
    }
    batch.push(parseRow(line, head, path));
    if (batch.length === backupInsertRows) await flush(head);
  }
  if (head === undefined) throw damaged(path, 'is empty');
  await flush(head);
  return count;
}

function headFor(table: TableShape, line: string, path: string): TableHead {
  const head = parseHead(line, path);
  const same = (one: readonly { name: string; type: string }[]): string =>
    one.map(({ name, type }) => `${name} ${type}`).join(', ');
  if (head.table !== table.name || same(head.columns) !== same(table.columns)) {
    throw damaged(path, `is not of the table ${table.name}`);
  }
  return head;
}

async function insert(
  trx: Db,
  head: TableHead,
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  const isPostgres = kindOf(trx) === 'postgres';
  const columns = head.columns.map(({ name }) => `"${name}"`).join(', ');
  const width = head.columns.length;
  const tuples = rows.map((_, row) => {
    const marks = head.columns.map((__, at) => (isPostgres ? `$${row * width + at + 1}` : '?'));
    return `(${marks.join(', ')})`;
  });
  // A column that the database counts takes a value only when told so.
  const over = isPostgres ? 'overriding system value ' : '';
  const text = `insert into "${head.table}" (${columns}) ${over}values ${tuples.join(', ')}`;
  await trx.executeQuery(CompiledQuery.raw(text, rows.flat()));
}
