/** The door to Kysely: the only file that imports it. */
export { type ColumnType, Kysely, type SelectQueryBuilder, sql, SqliteDialect } from 'kysely';
