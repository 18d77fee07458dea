/** What a store is handed: a connection, or the transaction its caller opened. */
import type { ColumnType, Kysely } from './kysely.ts';
import type { Tables } from './schema.ts';

/**
 * The words of Kysely that stores use. A transaction has them too; as a part, without what makes
 * further types of databases, the compiler sees that at once.
 */
export interface Db
  extends Pick<
    Kysely<Tables>,
    | 'selectFrom'
    | 'insertInto'
    | 'updateTable'
    | 'deleteFrom'
    | 'transaction'
    | 'connection'
    | 'schema'
    | 'getExecutor'
    | 'executeQuery'
    | 'fn'
    | 'destroy'
  > {}

/** A row as it is read from a table. */
export type Row<T extends keyof Tables> = {
  [C in keyof Tables[T]]: Tables[T][C] extends ColumnType<infer S, unknown, unknown>
    ? S
    : Tables[T][C];
};

/** 1 and 0 for a column that says yes or no. */
export const bit = (yes: boolean): number => (yes ? 1 : 0);
