/** The door to Kysely: the only file that imports it. */
export {
  type ColumnType,
  type DatabaseConnection,
  Kysely,
  type SelectQueryBuilder,
  sql,
  SqliteDialect,
  SqliteDriver,
} from 'kysely';
