/** A fresh, migrated PostgreSQL database for a test, on one server for each test process. */
import { deviceStore } from '../device/store.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres.ts';
import { postgresPrograms, startPostgres } from './postgres-server.sample.ts';
import type { StoreWorld } from './store.contract.ts';

/** Why tests that need a server are skipped; undefined when they run. */
export const noPostgres: string | undefined =
  postgresPrograms() === undefined ? 'needs apt-get install postgresql' : undefined;

export interface PostgresWorld extends StoreWorld {
  readonly url: string;
}

/**
 * Migrated, with the devices `amr-01` and `amr-02`. Its rows are fresh; its tables were used by
 * the tests before it, so a test that changes tables takes an empty database instead.
 */
export async function postgresWorld(): Promise<PostgresWorld> {
  const one = used.pop() ?? (await migrated());
  const { db, url } = one;
  await sql.raw(emptied).execute(db);
  for (const [n, device] of ['amr-01', 'amr-02'].entries()) {
    await deviceStore(db).create({ id: sampleDeviceId(n + 1), name: device, at: 1 });
  }
  return {
    db,
    url,
    deviceId: async (device) => (await deviceStore(db).get(device))?.id ?? '',
    [Symbol.asyncDispose]: async () => await Promise.resolve(void used.push(one)),
  };
}

/** The URL of a new database without tables; it goes with the server. */
export async function emptyPostgres(): Promise<string> {
  shared ??= openShared();
  return await (await shared)();
}

/** Of the devices that a fresh store holds; the first is 1. */
export const sampleDeviceId = (n: number): string => `dev_${String(n).padStart(26, '0')}`;

interface Migrated {
  readonly url: string;
  /** Stays open: a new connection reads the whole catalog anew. */
  readonly db: Db;
}

/** Those that a test has left. */
const used: Migrated[] = [];
let shared: Promise<() => Promise<string>> | undefined;

async function openShared(): Promise<() => Promise<string>> {
  const server = await startPostgres();
  const admin = openPostgres(server.url('postgres'), { connections: 1 });
  let count = 0;
  return async () => {
    const name = `world_${(count += 1)}`;
    await sql.raw(`create database ${name} template template0`).execute(admin);
    return server.url(name);
  };
}

async function migrated(): Promise<Migrated> {
  const url = await emptyPostgres();
  const db = openPostgres(url);
  await migrate(db, { now: () => 1 });
  return { url, db };
}

/** Few tables have pages; deleting their few rows is faster than truncating them. */
const emptied = `do $$ declare name text; begin
  set local session_replication_role = replica;
  for name in select quote_ident(relname) from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migration'
      and pg_relation_size(oid) > 0
  loop execute 'delete from ' || name; end loop;
  perform setval(quote_ident(sequencename)::regclass, 1, false) from pg_sequences
    where last_value is not null;
end $$`;
