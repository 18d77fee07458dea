/**
 * Rows for every table, made from the tables' own definitions: values that their checks and
 * references allow. A new table has rows in the tests of backups without anybody thinking of it.
 */
import { seededRandom } from '@fieldloop/core';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';
import { migrations } from './migrations/list.ts';
import { type ColumnShape, type TableShape, tablesOf } from './tables.ts';

interface Rule {
  readonly references: { readonly table: string; readonly column: string } | undefined;
  /** A reference that every row has. */
  readonly isNeeded: boolean;
  /** Texts and numbers to try, the likely ones first. */
  readonly tries: (n: number) => readonly unknown[];
}

/**
 * Puts `count` rows into every table that has fewer. Fails when it finds no row that a table takes:
 * then its checks need a word here.
 */
export async function fillTables(db: Db, count: number): Promise<void> {
  const tables = (await tablesOf(db)).map(planOf);
  const waiting = new Map(tables.map((plan) => [plan.table.name, plan]));
  for (let before = Number.POSITIVE_INFINITY; waiting.size < before; ) {
    before = waiting.size;
    for (const plan of waiting.values()) {
      if (await filled(db, plan, count)) waiting.delete(plan.table.name);
    }
  }
  if (waiting.size > 0) throw new Error(`no rows found for ${[...waiting.keys()].join(', ')}`);
}

interface Plan {
  readonly table: TableShape;
  /** One a column. */
  readonly rules: readonly Rule[];
}

const planOf = (table: TableShape): Plan => ({
  table,
  rules: table.columns.map((column) => ruleOf(table.name, column)),
});

async function filled(db: Db, plan: Plan, count: number): Promise<boolean> {
  const counted = sql<{ n: bigint }>`select count(*) as n from ${sql.table(plan.table.name)}`;
  const there = async (): Promise<number> => Number((await counted.execute(db)).rows[0]?.n);
  for (let n = 1; n <= count * 4 && (await there()) < count; n += 1) await putOne(db, plan, n);
  return (await there()) >= count;
}

/** Tries the likely values first; when the table refuses them, others by chance. */
async function putOne(db: Db, { table, rules }: Plan, n: number): Promise<void> {
  const choices = await Promise.all(
    rules.map(async ({ references, isNeeded, tries }) =>
      references === undefined
        ? tries(n)
        : [...(await known(db, references)), ...(isNeeded ? [] : [null])],
    ),
  );
  // What a row must refer to is not there yet.
  if (choices.some((values) => values.length === 0)) return;
  const random = seededRandom(n);
  for (let tries = 0; tries < 60; tries += 1) {
    const row = choices.map((values) =>
      tries === 0 ? values[0] : values[Math.floor(random.next() * values.length)],
    );
    if (await put(db, table, row)) return;
  }
}

async function put(db: Db, table: TableShape, row: readonly unknown[]): Promise<boolean> {
  const names = sql.join(table.columns.map(({ name }) => sql.ref(name)));
  try {
    await sql`insert into ${sql.table(table.name)} (${names}) values (${sql.join(row)})`.execute(
      db,
    );
    return true;
  } catch {
    return false;
  }
}

async function known(db: Db, { table, column }: { table: string; column: string }) {
  const query = sql<{
    v: unknown;
  }>`select ${sql.ref(column)} as v from ${sql.table(table)} limit 3`;
  return (await query.execute(db)).rows.map((row) => row.v);
}

function ruleOf(table: string, column: ColumnShape): Rule {
  const words = definitionOf(table, column.name);
  const found = /references (\w+) \((\w+)\)/.exec(words);
  const references = found === null ? undefined : { table: found[1] ?? '', column: found[2] ?? '' };
  const isNeeded = /\bnot null\b/.test(words);
  return { references, isNeeded, tries: (n) => triesOf(column, words, n) };
}

function triesOf(column: ColumnShape, words: string, n: number): readonly unknown[] {
  const list = /\bin \(([^)]*)\)/.exec(words)?.[1]?.split(',') ?? [];
  if (column.type === 'real') return words.includes('<= 1') ? [1 / (n + 2)] : [n + 0.1, -1 / 3, 0];
  if (column.type === 'integer') {
    const named = list.map((one) => one.trim()).filter((one) => /^-?\d+$/.test(one));
    return named.length > 0 ? named.map(BigInt) : [BigInt(n), BigInt(n) + 2n ** 40n, 0n, null];
  }
  const named = list.map((one) => /'([^']*)'/.exec(one)?.[1]).filter((one) => one !== undefined);
  if (named.length > 0) return named;
  if (words.includes('json_valid')) return [`{"n":${n},"text":"ä\\n"}`, '[]'];
  const hash = `${n}`.padStart(2, '0').repeat(32);
  if (/= 64/.test(words)) return [hash];
  return [`${column.name} ${n} "ä"\n`, `${column.name}-${n}`, hash, null];
}

/** What the steps say of a column. */
function definitionOf(table: string, column: string): string {
  const own = migrations
    .flatMap((step) => step.statements)
    .filter((one) => new RegExp(`^\\s*(create|alter) table ${table}\\b`).test(one));
  return own.flatMap(partsOf).find((part) => new RegExp(`^${column}\\s`).test(part)) ?? '';
}

/** The columns and constraints of a table, or the one that is added. */
function partsOf(statement: string): readonly string[] {
  const added = /add column\s+([^]*)$/.exec(statement)?.[1];
  if (added !== undefined) return [added];
  const parts: string[] = [''];
  let depth = 0;
  for (const letter of statement.slice(statement.indexOf('(') + 1)) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (depth < 0) break;
    if (depth === 0 && letter === ',') parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}
