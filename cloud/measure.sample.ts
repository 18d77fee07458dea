/** The door for measurements: many rows on both databases, and the writer of ingest. */
export { openWriter } from './ingest/writer.ts';
export { bulkDevice, bulkNames, fillBulk } from './store/bulk.sample.ts';
export { type DatabaseAddress, openDatabase } from './store/database.ts';
export { emptyPostgres, noPostgres } from './store/postgres.sample.ts';
