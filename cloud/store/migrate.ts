import { Fault } from '@fieldloop/core';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrations } from './migrations/list.ts';
import type { Migration } from './migrations/migration.ts';

/**
 * Brings a database to the newest step, all missing steps in one transaction; its write lock keeps
 * a second process out. Returns the names of the steps it ran. Fault `conflict` when a newer
 * Fieldloop has already changed the database.
 */
export async function migrate(
  db: Db,
  deps: { readonly now: () => number; readonly steps?: readonly Migration[] },
): Promise<readonly string[]> {
  const steps = deps.steps ?? migrations;
  return await db.transaction().execute(async (trx) => {
    await sql`create table if not exists migration (
      name text primary key,
      at integer not null
    ) strict`.execute(trx);
    const rows = await sql<{ name: string }>`select name from migration`.execute(trx);
    const done = new Set(rows.rows.map((row) => row.name));
    const names = new Set(steps.map((step) => step.name));
    const unknown = [...done].find((name) => !names.has(name));
    if (unknown !== undefined) {
      throw new Fault('conflict', `the database has the step "${unknown}" that this cloud lacks`, {
        remedy: 'Run the version of Fieldloop that made it, or a newer one, on this data folder.',
      });
    }
    const missing = steps.filter((step) => !done.has(step.name));
    for (const step of missing) {
      for (const statement of step.statements) await sql.raw(statement).execute(trx);
      await sql`insert into migration (name, at) values (${step.name}, ${deps.now()})`.execute(trx);
    }
    return missing.map((step) => step.name);
  });
}
