import { type Clock, Fault } from '@fieldloop/core';
import { migrateRetryMs, migrateWaitMs } from '../limits.ts';
import type { Db } from './db.ts';
import { kindOf } from './kind.ts';
import { sql } from './kysely.ts';
import { migrations } from './migrations/list.ts';
import type { Migration } from './migrations/migration.ts';
import { postgresWords } from './postgres-words.ts';

export interface MigrateDeps {
  readonly now: () => number;
  readonly steps?: readonly Migration[];
  /** Another process that migrates is waited for on this clock. */
  readonly waitOn?: Pick<Clock, 'sleep' | 'monotonicMs'>;
}

/**
 * Brings a database to the newest step, all missing steps in one transaction; its write lock keeps
 * a second process out. Returns the names of the steps it ran. Fault `conflict` when a newer
 * Fieldloop has already changed the database.
 */
export async function migrate(db: Db, deps: MigrateDeps): Promise<readonly string[]> {
  const { waitOn: clock } = deps;
  const until = (clock?.monotonicMs() ?? 0) + migrateWaitMs;
  for (;;) {
    try {
      return await runMissing(db, deps);
    } catch (error) {
      const busy = error instanceof Fault && error.details?.['busy'] === true;
      if (!busy || clock === undefined || clock.monotonicMs() >= until) throw error;
      await clock.sleep(migrateRetryMs);
    }
  }
}

const runMissing = async (db: Db, deps: MigrateDeps): Promise<readonly string[]> =>
  await db.transaction().execute(async (trx) => await migrateWithin(trx, deps));

/** The same inside a transaction that the caller opened. */
export async function migrateWithin(trx: Db, deps: MigrateDeps): Promise<readonly string[]> {
  const run = async (statement: string): Promise<void> => {
    const text = kindOf(trx) === 'sqlite' ? statement : postgresWords(statement);
    await sql.raw(text).execute(trx);
  };
  const done = await stepsDone(trx);
  if (done === undefined) await run(journal);
  const missing = missingSteps(done ?? [], deps.steps);
  for (const step of missing) {
    for (const statement of step.statements) await run(statement);
    await sql`insert into migration (name, at) values (${step.name}, ${deps.now()})`.execute(trx);
  }
  return missing.map((step) => step.name);
}

/** The table of the steps that ran. */
const journal = `create table migration (
  name text primary key,
  at integer not null
) strict`;

/** Names of the steps that a database has; undefined for one that was never migrated. */
export async function stepsDone(db: Db): Promise<readonly string[] | undefined> {
  const found =
    kindOf(db) === 'sqlite'
      ? sql<{ n: bigint }>`select count(*) as n from sqlite_master where name = 'migration'`
      : sql<{ n: bigint }>`select count(to_regclass('migration')) as n`;
  if ((await found.execute(db)).rows[0]?.n === 0n) return undefined;
  const { rows } = await sql<{ name: string }>`select name from migration order by name`.execute(
    db,
  );
  return rows.map((row) => row.name);
}

/** The steps to run. Fault `conflict` when the database has one that this cloud lacks. */
export function missingSteps(
  done: readonly string[],
  steps: readonly Migration[] = migrations,
): readonly Migration[] {
  const names = new Set(steps.map((step) => step.name));
  const unknown = done.find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new Fault('conflict', `the database has the step "${unknown}" that this cloud lacks`, {
      remedy: 'Run the version of Fieldloop that made it, or a newer one, on this database.',
    });
  }
  return steps.filter((step) => !done.includes(step.name));
}
