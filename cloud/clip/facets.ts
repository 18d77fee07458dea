/**
 * How many clips have each value of a facet, under the query without that facet's own conditions:
 * so that a person sees what another choice would show. Facets that count under the same
 * conditions share a pass. A pass goes block by block in list order, the newest first, and ends
 * when its time is up: what was counted until then is answered as partial.
 */
import type { Clock } from '@fieldloop/core';
import { facetBlockRows, facetMs } from '../limits.ts';
import { blocksOf } from '../http/q/blocks.ts';
import type { Filter } from '../http/q/filter.ts';
import { compiled, fromOf, rareTerm } from '../http/q/page-plan.ts';
import { joined, type Sql } from '../http/q/source.ts';
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
  readonly select: RawBuilder<unknown>;
  readonly from: RawBuilder<unknown>;
  readonly where: Sql;
  readonly facets: readonly FacetName[];
}

interface FacetTable {
  readonly facets: readonly FacetName[];
  /** Counts of these facets over the clips that `from` and `where` leave. */
  readonly query: (of: Part) => RawBuilder<Readonly<Record<string, unknown>>>;
}

/** Facets that one statement counts together. */
const tables: readonly FacetTable[] = [
  {
    facets: ['severity', 'class', 'state'],
    query: ({ select, from, where }) => sql`${select} clip.severity as severity,
      clip.class as class, clip.state as state, count(*) as n ${from} where ${where}
      group by clip.severity, clip.class, clip.state`,
  },
  {
    facets: ['device', 'site'],
    query: ({ select, from, where }) => sql`select device.name as device, device.site as site,
      counted.n as n from (${select} clip.device_id as device_id, count(*) as n ${from}
        where ${where} group by clip.device_id) as counted
      cross join device where device.id = counted.device_id`,
  },
  {
    facets: ['rule', 'tag'],
    query: ({ select, from, where, facets }) => sql`${select} v.kind as facet, v.term as value,
      count(*) as n ${from} cross join clip_term as v where ${where} and v.clip_id = clip.id
        and v.kind in (${sql.join(facets)}) group by v.kind, v.term`,
  },
  {
    facets: ['firmware', 'model'],
    query: ({ select, from, where, facets }) => sql`${select} v.key as facet, v.text as value,
      count(*) as n ${from} cross join clip_text as v where ${where} and v.clip_id = clip.id
        and v.key in (${sql.join(facets)}) group by v.key, v.text`,
  },
];

async function countPass(
  db: Db,
  pass: { readonly filter: Filter; readonly table: FacetTable; readonly facets: FacetName[] },
  counts: ReadonlyMap<FacetName, FacetCounts>,
): Promise<void> {
  const { filter, table, facets } = pass;
  const lead = await rareTerm(db, filter);
  const { select, from, on } = fromOf(filter.source, lead);
  const where = compiled(filter, lead);
  const count = async (more: readonly Sql[]): Promise<void> => {
    const terms = joined([...(on === undefined ? [] : [on]), where, ...more]);
    const query = table.query({ select, from, where: terms, facets });
    const { rows } = await query.execute(db);
    for (const row of rows) add(row, facets, counts);
  };
  if (lead !== undefined) return await count([]);
  for await (const block of blocksOf(db, filter.source, facetBlockRows)) await count([block.holds]);
}

/** A row counts one value of one facet, or one value of each of several. */
function add(
  row: Readonly<Record<string, unknown>>,
  facets: readonly FacetName[],
  counts: ReadonlyMap<FacetName, FacetCounts>,
): void {
  for (const name of facets) {
    const value = row['facet'] === name ? row['value'] : row[name];
    const known = counts.get(name);
    if (typeof value !== 'string' || known === undefined) continue;
    known.set(value, (known.get(value) ?? 0) + Number(row['n']));
  }
}
