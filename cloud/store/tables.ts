/** What a database holds, as its own catalog tells it: for backups, checks and tests of steps. */
import type { Db } from './db.ts';
import { kindOf } from './kind.ts';
import { sql } from './kysely.ts';

export interface TableShape {
  readonly name: string;
  /** In their order. */
  readonly columns: readonly ColumnShape[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** The column that the database counts up by itself. */
  readonly counter: string | undefined;
}

export interface ColumnShape {
  readonly name: string;
  readonly type: ColumnType;
}

export type ColumnType = 'integer' | 'real' | 'text';

/** The tables of this cloud in the order of their names, without the journal of steps. */
export async function tablesOf(db: Db): Promise<readonly TableShape[]> {
  const rows = await (kindOf(db) === 'sqlite' ? sqliteColumns : postgresColumns).execute(db);
  const tables = new Map<string, Column[]>();
  for (const column of rows.rows) {
    if (column.table === 'migration') continue;
    tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
  }
  return [...tables].map(([name, columns]) => ({
    name,
    columns: columns.map((column) => ({ name: column.name, type: typeOf(column) })),
    key: columns
      .filter((column) => column.key > 0n)
      .toSorted((a, b) => Number(a.key - b.key))
      .map((column) => column.name),
    counter: columns.find((column) => column.counts === 1n)?.name,
  }));
}

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  /** Its place in the primary key, from 1; 0 outside. */
  readonly key: bigint;
  readonly counts: bigint;
}

const types: Readonly<Record<string, ColumnType>> = {
  integer: 'integer',
  bigint: 'integer',
  real: 'real',
  'double precision': 'real',
  text: 'text',
};

function typeOf({ table, name, type }: Column): ColumnType {
  const known = types[type.toLowerCase()];
  if (known === undefined) throw new TypeError(`${table}.${name} is a ${type}`);
  return known;
}

const sqliteColumns = sql<Column>`
  select t.name as "table", c.name as name, c.type as type, c.pk as key,
    (c.pk = 1 and t.sql like '%autoincrement%') as counts
  from sqlite_master t join pragma_table_info(t.name) c
  where t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\'
  order by t.name, c.cid`;

const postgresColumns = sql<Column>`
  select t.relname::text as "table", c.attname::text as name, format_type(c.atttypid, null) as type,
    coalesce(array_position(i.indkey::int2[], c.attnum) + 1, 0) as key,
    (c.attidentity <> '') as counts
  from pg_class t
  join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
  left join pg_index i on i.indrelid = t.oid and i.indisprimary
  where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace
  order by t.relname, c.attnum`;
