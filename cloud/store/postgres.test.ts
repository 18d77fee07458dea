/**
 * Goal: every store keeps its promises on PostgreSQL, word for word as on SQLite.
 * Method: the contract suites on a real server, each test on a fresh database.
 */
import { describe } from 'vitest';
import { noPostgres, postgresWorld } from './postgres.sample.ts';
import { storeContracts } from './stores.contract.ts';

describe.skipIf(noPostgres !== undefined)(`stores (${noPostgres ?? 'a real server'})`, () => {
  for (const contract of storeContracts) contract('postgres', postgresWorld);
});
