import type { Db } from './db.ts';
import { SqliteAdapter } from './kysely.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

/** Which database is behind a connection or a transaction. */
export const kindOf = (db: Db): DatabaseKind =>
  db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres';
