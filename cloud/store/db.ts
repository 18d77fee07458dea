/** What a store is handed: a connection, or the transaction its caller opened. */
import type { ColumnType, Kysely } from './kysely.ts';
import type { Tables } from './schema.ts';

export type Db = Kysely<Tables>;

/** A row as it is read from a table. */
export type Row<T extends keyof Tables> = {
  [C in keyof Tables[T]]: Tables[T][C] extends ColumnType<infer S, unknown, unknown>
    ? S
    : Tables[T][C];
};

/** 1 and 0 for a column that says yes or no. */
export const bit = (yes: boolean): number => (yes ? 1 : 0);
