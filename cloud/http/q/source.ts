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
   * `select <id of the source> as id from …`: the rows with a value that passes, once each, found
   * by an index. Only for places that have one; a list may begin there when few rows pass.
   */
  readonly rows?: (test: Test, key: string) => RawBuilder<{ id: unknown }>;
}

/**
 * text, bool: as they are. int, real: numbers. mixed: a number, a text or a bool, row by row.
 * ns: log time. instant: wall time, kept in milliseconds. bytes: a size. duration: kept in
 * nanoseconds; a bare number means milliseconds.
 */
export type FieldType =
  | 'text'
  | 'bool'
  | 'int'
  | 'real'
  | 'mixed'
  | 'ns'
  | 'instant'
  | 'bytes'
  | 'duration';

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
  readonly json?: string;
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
});

/** A value computed of columns that are never null. */
export const computed = (value: RawBuilder<unknown>): Place => ({
  holds: (test) => test.of(value),
});

/** Of the row that `from` refers to: `lookup('clip.device_id', 'device.id', 'device.name')`. */
export function lookup(from: string, key: string, value: string): Place {
  const table = tableOf(key);
  return {
    holds: (test) => sql<boolean>`(${sql.ref(from)} is not null and ${sql.ref(from)} in (
      select ${sql.ref(key)} from ${sql.table(table)} where ${present(test, sql.ref(value))}))`,
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
  /** Columns of both tables that are equal too, when they belong to the index: list order. */
  readonly also?: Readonly<Record<string, string>>;
}

/** Values in rows of another table: several for one row of the source, or none. */
export function rows(of: RowsPlace): Place {
  const narrowed = (test: Test, key: string): Sql => {
    const terms = Object.entries(of.is ?? {}).map(
      ([name, value]) => sql<boolean>`${sql.ref(`v.${name}`)} = ${value}`,
    );
    if (of.key !== undefined) {
      terms.push(sql`${sql.ref(`v.${of.key.column}`)} = ${`${of.key.before}${key}`}`);
    }
    const value = test.kind === 'text' ? of.text : (of.num ?? of.text);
    terms.push(
      test.kind !== 'any' && value !== undefined ? present(test, sql.ref(`v.${value}`)) : yes,
    );
    return sql<boolean>`${sql.join(terms, sql` and `)}`;
  };
  const known = (test: Test): boolean =>
    test.kind === 'any' || (test.kind === 'num' ? of.num : of.text) !== undefined;
  return {
    holds: (test, key) => {
      if (!known(test)) return no;
      const same = Object.entries({ ...of.also, [of.owner]: of.id }).map(
        ([mine, theirs]) => sql<boolean>`${sql.ref(`v.${mine}`)} = ${sql.ref(theirs)}`,
      );
      return sql<boolean>`exists (select 1 from ${sql.table(of.table)} as v
        where ${narrowed(test, key)} and ${sql.join(same, sql` and `)})`;
    },
    rows: (test, key) => sql`select distinct ${sql.ref(`v.${of.owner}`)} as id
      from ${sql.table(of.table)} as v where ${known(test) ? narrowed(test, key) : no}`,
  };
}

/** True and false in words that both databases take anywhere. */
export const yes: Sql = sql<boolean>`1 = 1`;
export const no: Sql = sql<boolean>`1 = 0`;

function present(test: Test, value: RawBuilder<unknown>): Sql {
  const known = sql<boolean>`${value} is not null`;
  return test.kind === 'any' ? known : sql<boolean>`(${known} and ${test.of(value)})`;
}

const tableOf = (column: string): string => column.split('.')[0] ?? '';
