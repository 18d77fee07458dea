/**
 * What a list can be asked about. A source is one table with its sort columns and its fields; a
 * field says what `q` calls it, its type, and where its values are. The same table makes the
 * reference, the completion and the SQL; text of a query never becomes SQL.
 */
import { type RawBuilder, sql } from '../../store/kysely.ts';
import type { Tables } from '../../store/schema.ts';

/** A condition that is true or false for each row, and never null. */
export type Sql = RawBuilder<boolean>;

/** What one value must meet. `kind` tells a place with numbers and texts which of them is meant. */
export interface Test {
  readonly kind: 'num' | 'text' | 'any';
  /** False for null. */
  readonly of: (value: RawBuilder<unknown>) => Sql;
}

/** Where the values of a field are. `key` is what stands for the `*` of the field's name. */
export interface Place {
  /** Whether the row has a value that passes. */
  readonly holds: (test: Test, key: string) => Sql;
  /**
   * `select <id of the source> as id from …`: a row for each value that passes, found by an
   * index. Only for places that have one; a list may begin there when few rows pass.
   */
  readonly rows?: (test: Test, key: string) => RawBuilder<{ id: unknown }> | undefined;
  /** The one number of a row, null where it has none: what a histogram is made of. */
  readonly number?: (key: string) => RawBuilder<number | bigint | null>;
  /** `select … as text`, in order: the different texts that the field's values are. */
  readonly texts?: (key: string) => RawBuilder<{ text: string }>;
  /**
   * For a value in the row that this row refers to: `select … as id` of the rows that pass, and
   * whether this row refers to one of them. Looked up first, so that an index of this table leads.
   */
  readonly refers?: {
    readonly ids: (test: Test) => RawBuilder<{ id: string }>;
    readonly among: (ids: readonly string[]) => Sql;
  };
}

/**
 * text, bool: as they are. int, real: numbers. mixed: a number, a text or a bool, row by row.
 * ns: log time. instant: wall time, kept in milliseconds. bytes: a size. duration: kept in
 * nanoseconds; a bare number means milliseconds.
 */
export const fieldTypes = [
  'text',
  'bool',
  'int',
  'real',
  'mixed',
  'ns',
  'instant',
  'bytes',
  'duration',
] as const;
export type FieldType = (typeof fieldTypes)[number];

export interface QField {
  /** `severity`; `scores.*` takes any name after the dot. */
  readonly name: string;
  readonly type: FieldType;
  /** One sentence for the reference. */
  readonly says: string;
  readonly example: string;
  /** All that there are, for completion; another value is refused. */
  readonly values?: readonly string[];
  readonly place: Place;
  /** Where the item's JSON has it, such as `tags`; else it is the field's name. */
  readonly json?: string | ((item: Readonly<Record<string, unknown>>, key: string) => unknown);
}

/** A column that a list can be in the order of: never null, with an index together with the id. */
export interface SortColumn {
  /** `clip.start_ns` */
  readonly column: string;
  readonly type: 'int' | 'text';
}

export interface QSource {
  /** As in the paths: `clips`. */
  readonly name: string;
  readonly table: keyof Tables;
  /** Column that tells rows apart and breaks ties of a sort; `id` unless said. */
  readonly id?: { readonly column: string; readonly type: 'int' | 'text' };
  /** By the name in the API. */
  readonly sorts: Readonly<Record<string, SortColumn>>;
  /** What the list is in the order of unless asked: `-startNs`. */
  readonly sort: string;
  readonly fields: readonly QField[];
  /** Fields of type text that a bare word searches. */
  readonly words: readonly string[];
}

/** A column of the source's own table, such as `clip.severity`. */
export const column = (name: string): Place => ({
  holds: (test) => present(test, sql.ref(name)),
  number: () => sql.ref(name),
});

/** A value computed of columns that are never null. */
export const computed = (value: RawBuilder<bigint>): Place => ({
  holds: (test) => test.of(value),
  number: () => value,
});

/** Of the row that `from` refers to: `lookup('clip.device_id', 'device.id', 'device.name')`. */
export function lookup(from: string, key: string, value: string): Place {
  const [table, ref] = [sql.table(tableOf(key)), sql.ref(from)];
  const ids = (test: Test) => sql<{ id: string }>`select ${sql.ref(key)} as id from ${table}
    where ${present(test, sql.ref(value))}`;
  const known = sql<boolean>`${ref} is not null`;
  return {
    holds: (test) => sql<boolean>`(${known} and ${ref} in (select named.id from
      (${ids(test)}) as named))`,
    refers: {
      ids,
      among: ([first, ...more]) => {
        if (first === undefined) return no;
        if (more.length === 0) return sql<boolean>`(${known} and ${ref} = ${first})`;
        return sql<boolean>`(${known} and ${ref} in (${sql.join([first, ...more])}))`;
      },
    },
  };
}

export interface RowsPlace {
  /** `clip_term` */
  readonly table: string;
  /** Its column that refers to `id`. */
  readonly owner: string;
  /** `clip.id` */
  readonly id: string;
  /** Fixed values that lead its index, such as `{ kind: 'rule' }`. */
  readonly is?: Readonly<Record<string, string>>;
  /** Column that holds the key of a field with `*`, and what stands before the key in it. */
  readonly key?: { readonly column: string; readonly before: string };
  readonly num?: string;
  readonly text?: string;
  /** Where a row has both: which kinds of value are numbers and which are texts. */
  readonly kind?: {
    readonly column: string;
    readonly num: readonly string[];
    readonly text: readonly string[];
  };
  /** A row of the source has one row a key at most. */
  readonly single?: boolean;
  /** A row counts only where this holds; `v` is the table. */
  readonly when?: Sql;
  /** Columns of both tables that are equal too, when they belong to the index: list order. */
  readonly also?: Readonly<Record<string, string>>;
}

/** Values in rows of another table: several for one row of the source, or none. */
export function rows(of: RowsPlace): Place {
  const v = (name: string): RawBuilder<unknown> => sql.ref(`v.${name}`);
  const table = sql`${sql.table(of.table)} as v`;
  const keyed = (key: string): readonly Sql[] => [
    ...Object.entries(of.is ?? {}).map(([name, value]) => sql<boolean>`${v(name)} = ${value}`),
    ...(of.key === undefined
      ? []
      : [sql<boolean>`${v(of.key.column)} = ${`${of.key.before}${key}`}`]),
    ...(of.when === undefined ? [] : [of.when]),
  ];
  const passing = (test: Test, key: string): Sql => {
    if (test.kind === 'any') return joined([...keyed(key), yes]);
    const value = test.kind === 'num' ? of.num : of.text;
    if (value === undefined) return no;
    const kinds = of.kind?.[test.kind];
    return joined([
      ...keyed(key),
      ...(of.kind === undefined || kinds === undefined
        ? []
        : [sql<boolean>`${v(of.kind.column)} in (${sql.join(kinds)})`]),
      present(test, v(value)),
    ]);
  };
  const same = Object.entries({ ...of.also, [of.owner]: of.id }).map(
    ([mine, theirs]) => sql<boolean>`${v(mine)} = ${sql.ref(theirs)}`,
  );
  const text = of.text;
  const orderOf = (test: Test): RawBuilder<unknown> => {
    const value = test.kind === 'num' ? of.num : test.kind === 'text' ? of.text : undefined;
    return value === undefined ? sql`` : sql` order by ${v(value)}`;
  };
  return {
    holds: (test, key) => sql<boolean>`exists (select 1 from ${table}
      where ${passing(test, key)} and ${joined(same)})`,
    // In the order of their index: a limit must not make PostgreSQL hope for luck in a whole table.
    rows: (test, key) => sql`select ${v(of.owner)} as id from ${table}
      where ${passing(test, key)}${orderOf(test)}`,
    ...(of.single === true && of.num !== undefined
      ? {
          number: (key: string) => sql<number | null>`(select ${v(of.num ?? '')} from ${table}
            where ${joined([...keyed(key), ...same])})`,
        }
      : {}),
    ...(text === undefined
      ? {}
      : { texts: (key: string) => differentTexts(of.table, text, joined([...keyed(key), yes])) }),
  };
}

/** Numbers in one place and texts in another, for a field of type mixed. */
export function eitherOf(numbers: Place, texts: Place): Place {
  const of = (test: Test): Place => (test.kind === 'num' ? numbers : texts);
  return {
    holds: (test, key) =>
      test.kind === 'any'
        ? sql<boolean>`(${numbers.holds(test, key)} or ${texts.holds(test, key)})`
        : of(test).holds(test, key),
    rows: (test, key) => (test.kind === 'any' ? undefined : of(test).rows?.(test, key)),
    ...(numbers.number === undefined ? {} : { number: numbers.number }),
  };
}

/** A step along the index from one text to the next: few texts cost little in a large table. */
function differentTexts(table: string, text: string, keyed: Sql): RawBuilder<{ text: string }> {
  const [from, value] = [sql`${sql.table(table)} as v`, sql.ref(`v.${text}`)];
  return sql`with recursive step (text) as (
    select min(${value}) as text from ${from} where ${keyed}
    union all
    select (select min(${value}) from ${from} where ${keyed} and ${value} > step.text) as text
      from step where step.text is not null)
    select step.text as text from step where step.text is not null`;
}

/** All of these; at least one. */
export const joined = (terms: readonly Sql[]): Sql => sql<boolean>`${sql.join(terms, sql` and `)}`;

/** True and false in words that both databases take anywhere. */
export const yes: Sql = sql<boolean>`1 = 1`;
export const no: Sql = sql<boolean>`1 = 0`;

function present(test: Test, value: RawBuilder<unknown>): Sql {
  const known = sql<boolean>`${value} is not null`;
  return test.kind === 'any' ? known : sql<boolean>`(${known} and ${test.of(value)})`;
}

const tableOf = (column: string): string => column.split('.')[0] ?? '';
