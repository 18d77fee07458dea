/**
 * How many clips have each value of a facet, under the query without that facet's own conditions:
 * so that a person sees what another choice would show. Facets that count under the same
 * conditions share a pass. A pass goes block by block in list order, the newest first, and ends
 * when its time is up: what was counted until then is answered as partial.
 */
import type { Clock } from '@fieldloop/core';
import { facetBlockRows, facetMs, gatherRows } from '../limits.ts';
import { type Block, blocksOf } from '../http/q/blocks.ts';
import type { Filter } from '../http/q/filter.ts';
import { fromOf, rareTerm, withParts } from '../http/q/page-plan.ts';
import { compiledForScan } from '../http/q/scan-plan.ts';
import { joined, type Sql } from '../http/q/source.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import type { Tree } from '../http/q/tree.ts';
import type { Db } from '../store/db.ts';
import { type RawBuilder, sql } from '../store/kysely.ts';
import { readWithin } from '../store/within.ts';

export const facetNames = [
  'device',
  'site',
  'rule',
  'severity',
  'class',
  'tag',
  'state',
  'firmware',
  'model',
] as const;
export type FacetName = (typeof facetNames)[number];

/** Counts by value; not in any order. */
export type FacetCounts = Map<string, number>;

export interface Facets {
  readonly counts: ReadonlyMap<FacetName, FacetCounts>;
  /** Time ran out: older clips are not counted in some of them. */
  readonly partial: boolean;
}

export async function countFacets(
  deps: { readonly read: Db; readonly clock: Clock },
  filter: Filter,
  wanted: readonly FacetName[],
): Promise<Facets> {
  const until = deps.clock.monotonicMs() + facetMs;
  const counts = new Map(wanted.map((name): [FacetName, FacetCounts] => [name, new Map()]));
  const passes = passesOf(filter, wanted).flatMap(({ terms, facets }) =>
    tables.map((table) => ({
      filter: { ...filter, terms },
      table,
      facets: facets.filter((name) => table.facets.includes(name)),
    })),
  );
  const whole = await Promise.all(
    passes
      .filter(({ facets }) => facets.length > 0)
      .map(async (pass) => {
        const ms = Math.max(1, until - deps.clock.monotonicMs());
        const done = await readWithin(deps.read, { ms, clock: deps.clock }, async (trx) => {
          await countPass(trx, pass, counts);
          return true;
        });
        return done === true;
      }),
  );
  return { counts, partial: whole.includes(false) };
}

/** Facets by the conditions that they count under. */
function passesOf(filter: Filter, wanted: readonly FacetName[]) {
  const others = (name: FacetName): readonly Tree[] =>
    filter.terms.filter((term) => !isAbout(term, name));
  const passes = new Map<string, { terms: readonly Tree[]; facets: FacetName[] }>();
  for (const name of wanted) {
    const terms = others(name);
    const key = terms.map((term) => filter.terms.indexOf(term)).join();
    const pass = passes.get(key) ?? { terms, facets: [] };
    pass.facets.push(name);
    passes.set(key, pass);
  }
  return [...passes.values()];
}

/** Whether a condition speaks of this facet and of nothing else. */
function isAbout(term: Tree, name: FacetName): boolean {
  if (term.kind === 'leaf') return term.field.name === name;
  return term.kind === 'not'
    ? isAbout(term.of, name)
    : term.of.length > 0 && term.of.every((one) => isAbout(one, name));
}

interface Part {
  readonly parts: readonly RawBuilder<unknown>[];
  readonly from: RawBuilder<unknown>;
  readonly where: Sql;
  readonly block: Block | undefined;
  /** Nothing narrows the clips but the block. */
  readonly all: boolean;
  /** The clips are gathered: each finds its values, instead of each value its clip. */
  readonly few: boolean;
  readonly facets: readonly FacetName[];
}

type CountedRow = Readonly<Record<string, unknown>>;

interface FacetTable {
  readonly facets: readonly FacetName[];
  /** Whether its values are in a table of their own. */
  readonly values: boolean;
  /** Counts of these facets over the clips that `from` and `where` leave. */
  readonly query: (of: Part) => RawBuilder<CountedRow>;
}

/** Facets that one statement counts together. */
const tables: readonly FacetTable[] = [
  { facets: ['severity', 'class', 'state'], values: false, query: columnCounts },
  {
    facets: ['device', 'site'],
    values: false,
    // Found first and grouped then: the order of devices is in an index that reads clips whole.
    query: ({ parts, from, where }) => sql`${withParts([
      ...parts,
      sql`passing as materialized (select clip.device_id as device_id ${from} where ${where})`,
    ])} select device.name as device, device.site as site, counted.n as n
      from (select passing.device_id as device_id, count(*) as n from passing
        group by passing.device_id) as counted
      cross join device where device.id = counted.device_id`,
  },
  { facets: ['rule', 'tag'], values: true, query: valueCounts('clip_term', 'kind', 'term') },
  { facets: ['firmware', 'model'], values: true, query: valueCounts('clip_text', 'key', 'text') },
];

/** One sum for each value of columns whose values are known: no rows have to be sorted. */
function columnCounts({ parts, from, where, facets }: Part): RawBuilder<CountedRow> {
  const sums = facets.flatMap((facet) =>
    (valuesOf(facet) ?? []).map(
      (value) => sql`sum(case when ${sql.ref(`clip.${facet}`)} = ${value} then 1 else 0 end)
        as ${sql.ref(`${facet} ${value}`)}`,
    ),
  );
  return sql`${withParts(parts)} select ${sql.join(sums)} ${from} where ${where}`;
}

const valuesOf = (facet: FacetName): readonly string[] | undefined =>
  clipSource.fields.find((field) => field.name === facet)?.values;

/** Values in a table of their own: each is looked up among the clips that pass. */
function valueCounts(table: string, kind: string, value: string): FacetTable['query'] {
  const [facet, text] = [sql.ref(`v.${kind}`), sql.ref(`v.${value}`)];
  return ({ parts, from, where, block, all, few, facets }) => {
    const conditions = [sql<boolean>`${facet} in (${sql.join(facets)})`];
    if (block?.from !== undefined) conditions.push(sql`v.start_ns >= ${block.from}`);
    if (block?.to !== undefined) conditions.push(sql`v.start_ns < ${block.to}`);
    if (few) conditions.push(sql`v.clip_id = passing.id`);
    else if (!all) conditions.push(sql`v.clip_id in (select passing.id from passing)`);
    const passing = sql`passing as materialized (select clip.id as id ${from} where ${where})`;
    return sql`${withParts(all ? [] : [...parts, passing])} select ${facet} as facet,
      ${text} as value, count(*) as n
      from ${few ? sql`passing cross join ` : sql``}${sql.table(table)} as v
      where ${joined(conditions)} group by ${facet}, ${text}`;
  };
}

async function countPass(
  db: Db,
  pass: { readonly filter: Filter; readonly table: FacetTable; readonly facets: FacetName[] },
  counts: ReadonlyMap<FacetName, FacetCounts>,
): Promise<void> {
  const { filter, table, facets } = pass;
  const lead = await rareTerm(db, filter);
  const { parts, from, on } = fromOf(filter.source, lead);
  const scan = compiledForScan(filter, lead);
  const all = filter.terms.length === 0 && filter.where.length === 0;
  const few = lead !== undefined || (table.values && !all && (await isFew(db, { from, scan })));
  const count = async (block?: Block): Promise<void> => {
    const where = joined([...on, scan, ...(block === undefined ? [] : [block.holds])]);
    const { rows } = await table.query({ parts, from, where, block, all, few, facets }).execute(db);
    for (const row of rows) add(row, facets, counts);
  };
  if (lead !== undefined) return await count();
  for await (const block of blocksOf(db, filter.source, facetBlockRows)) await count(block);
}

/** Whether the clips that pass are few enough to be asked one by one. */
async function isFew(
  db: Db,
  { from, scan }: { readonly from: RawBuilder<unknown>; readonly scan: Sql },
): Promise<boolean> {
  const least = sql<boolean>`clip.start_ns >= ${0n}`;
  const { rows } = await sql<{ n: bigint }>`select count(*) as n from (select clip.id ${from}
    where ${least} and ${scan} limit ${BigInt(gatherRows)}) as counted`.execute(db);
  return (rows[0]?.n ?? 0n) < BigInt(gatherRows);
}

/** A row counts one value of one facet, one value of each of several, or all values of columns. */
function add(
  row: CountedRow,
  facets: readonly FacetName[],
  counts: ReadonlyMap<FacetName, FacetCounts>,
): void {
  const more = (name: FacetName, value: unknown, n: unknown): void => {
    const known = counts.get(name);
    const rows = Number(n ?? 0);
    if (typeof value !== 'string' || known === undefined || rows === 0) return;
    known.set(value, (known.get(value) ?? 0) + rows);
  };
  for (const name of facets) {
    if (row['facet'] === name) more(name, row['value'], row['n']);
    else if ('n' in row) more(name, row[name], row['n']);
    else for (const value of valuesOf(name) ?? []) more(name, value, row[`${name} ${value}`]);
  }
}
