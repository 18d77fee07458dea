/**
 * How many clips have each value of a facet, under the query without that facet's own conditions:
 * so that a person sees what another choice would show. Facets that count under the same
 * conditions share a pass, and passes that a rare condition leads gather its clips once. Another
 * pass goes block by block in list order, the newest first, and ends when its time is up: what was
 * counted until then is answered as partial.
 */
import type { Clock } from '@fieldloop/core';
import { facetBlockRows, facetMs, gatherRows } from '../limits.ts';
import { type Block, blocksOf } from '../http/q/blocks.ts';
import type { Filter } from '../http/q/filter.ts';
import { compileTree } from '../http/q/compile.ts';
import { fromOf, type Lead, rareTerm, withParts } from '../http/q/page-plan.ts';
import { compiledForScan } from '../http/q/scan-plan.ts';
import { joined, type Sql, yes } from '../http/q/source.ts';
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
  const within = async (work: (trx: Db) => Promise<void>): Promise<boolean> => {
    const ms = Math.max(1, until - deps.clock.monotonicMs());
    const done = await readWithin(deps.read, { ms, clock: deps.clock }, async (trx) => {
      await work(trx);
      return true;
    });
    return done === true;
  };
  let lead: Lead | undefined;
  if (!(await within(async (trx) => void (lead = await rareTerm(trx, filter))))) {
    return { counts, partial: true };
  }
  const { led = [], others = [] } = Object.groupBy(passesOf(filter, wanted), (pass) =>
    lead !== undefined && pass.filter.terms.includes(lead.leaf) ? 'led' : 'others',
  );
  const whole = await Promise.all([
    ...(lead === undefined || led.length === 0
      ? []
      : [within(gathering(filter, lead, led, counts))]),
    ...others.map((pass) => within(async (trx) => await countPass(trx, pass, counts))),
  ]);
  return { counts, partial: whole.includes(false) };
}

interface Pass {
  readonly filter: Filter;
  readonly facets: readonly FacetName[];
}

/** Facets by the conditions that they count under. */
function passesOf(filter: Filter, wanted: readonly FacetName[]): readonly Pass[] {
  const passes = new Map<string, { filter: Filter; facets: FacetName[] }>();
  for (const name of wanted) {
    const terms = filter.terms.filter((term) => !isAbout(term, name));
    // Without conditions nothing is found twice: each table is counted by itself, side by side.
    const apart = isAll({ ...filter, terms }) ? placeOf(name) : '';
    const key = `${apart} ${terms.map((term) => filter.terms.indexOf(term)).join()}`;
    const pass = passes.get(key) ?? { filter: { ...filter, terms }, facets: [] };
    pass.facets.push(name);
    passes.set(key, pass);
  }
  return [...passes.values()];
}

const isAll = ({ terms, where }: Filter): boolean => terms.length === 0 && where.length === 0;

/** Whether a condition speaks of this facet and of nothing else. */
function isAbout(term: Tree, name: FacetName): boolean {
  if (term.kind === 'leaf') return term.field.name === name;
  return term.kind === 'not'
    ? isAbout(term.of, name)
    : term.of.length > 0 && term.of.every((one) => isAbout(one, name));
}

/** One value of one facet, and how many of the clips have it. */
interface Counted {
  readonly facet: FacetName;
  readonly value: string | null;
  readonly n: bigint | number | string;
}

type Counting = RawBuilder<Counted>;

/** Facets in columns of the clip, in its device, and in tables of their own. */
const columns = ['severity', 'class', 'state'] as const;
const ofDevice = { device: 'name', site: 'site' } as const;
const valueTables = [
  { table: 'clip_term', kind: 'kind', value: 'term', facets: ['rule', 'tag'] },
  { table: 'clip_text', kind: 'key', value: 'text', facets: ['firmware', 'model'] },
] as const;

function placeOf(name: FacetName): string {
  if (name in ofDevice) return 'device';
  return columns.some((column) => column === name) ? 'clip' : 'values';
}

type Counts = ReadonlyMap<FacetName, FacetCounts>;

/** Passes under one lead: its clips are found once, with what each pass leaves out as a flag. */
function gathering(
  { terms, ...rest }: Filter,
  lead: Lead,
  passes: readonly Pass[],
  counts: Counts,
): (trx: Db) => Promise<void> {
  const leftOut = terms.filter((term) => passes.some(({ filter }) => !filter.terms.includes(term)));
  const common = { ...rest, terms: terms.filter((term) => !leftOut.includes(term)) };
  const { parts, from, on } = fromOf(rest.source, lead);
  const kept = keptColumns(
    passes.flatMap(({ facets }) => facets),
    false,
  ).map((name) => sql.ref(`clip.${name}`));
  const flags = leftOut.map(
    (term, n) =>
      sql`case when ${compileTree(term)} then 1 else 0 end as ${sql.ref(`condition_${n}`)}`,
  );
  const gathered = sql`gathered as materialized (select ${sql.join([...kept, ...flags])} ${from}
    where ${joined([...on, compiledForScan(common, lead)])})`;
  const passing = passes.map(({ filter }, pass) => {
    const holds = leftOut.flatMap((term, n) =>
      filter.terms.includes(term) ? [sql<boolean>`${sql.ref(`gathered.condition_${n}`)} = 1`] : [],
    );
    return sql`${sql.table(`passing_${pass}`)} as
      (select gathered.* from gathered where ${holds.length === 0 ? yes : joined(holds)})`;
  });
  const found = passes.flatMap(({ facets }, pass) =>
    countings(facets, {
      rows: sql`${sql.table(`passing_${pass}`)} as passing`,
      block: undefined,
      all: false,
      gathered: true,
    }),
  );
  return async (trx) =>
    await addCounts(trx, withParts([...parts, gathered, ...passing]), found, counts);
}

async function countPass(db: Db, { filter, facets }: Pass, counts: Counts): Promise<void> {
  const lead = await rareTerm(db, filter);
  const { parts, from, on } = fromOf(filter.source, lead);
  const scan = compiledForScan(filter, lead);
  const all = isAll(filter);
  const count = async (block?: Block): Promise<void> => {
    const where = joined([...on, scan, ...(block === undefined ? [] : [block.holds])]);
    // Found once, and small in memory: the clips themselves are not read again.
    const kept = keptColumns(facets, all).map((name) => sql.ref(`clip.${name}`));
    const passing = sql`passing as materialized (select ${sql.join(kept)} ${from} where ${where})`;
    const of = { rows: sql`passing`, block, all, gathered: lead !== undefined };
    await addCounts(db, withParts([...parts, passing]), countings(facets, of), counts);
  };
  if (lead !== undefined) return await count();
  for await (const block of blocksOf(db, filter.source, facetBlockRows)) await count(block);
}

async function addCounts(
  db: Db,
  parts: RawBuilder<unknown>,
  found: readonly Counting[],
  counts: Counts,
): Promise<void> {
  const { rows } = await sql<Counted>`${parts} ${sql.join(found, sql` union all `)}`.execute(db);
  for (const { facet, value, n } of rows) {
    const known = counts.get(facet);
    if (value !== null) known?.set(value, (known.get(value) ?? 0) + Number(n));
  }
}

/** Fewer columns may all be in one index. */
function keptColumns(facets: readonly FacetName[], all: boolean): readonly string[] {
  const kept: string[] = columns.filter((name) => facets.includes(name));
  if (facets.includes('device') || facets.includes('site')) kept.push('device_id');
  if (!all || kept.length === 0) kept.push('id');
  return kept;
}

interface Passing {
  /** A table named `passing`. */
  readonly rows: RawBuilder<unknown>;
  readonly block: Block | undefined;
  /** Nothing narrows the clips but the block. */
  readonly all: boolean;
  /** They were found by an index: they are few. */
  readonly gathered: boolean;
}

/** A count of each facet over the clips of `passing`. */
function countings(facets: readonly FacetName[], passing: Passing): readonly Counting[] {
  const wanted = new Set<FacetName>(facets);
  const has = (name: FacetName): boolean => wanted.has(name);
  const rows = columns.filter(has).map((name): Counting => {
    const column = sql.ref(`passing.${name}`);
    return sql`select ${sql.lit(name)} as facet, ${column} as value, count(*) as n
      from ${passing.rows} group by ${column}`;
  });
  const devices = (['device', 'site'] as const).filter(has).map((name): Counting => {
    // Grouped before the device is looked up: a fleet has fewer devices than clips.
    return sql`select ${sql.lit(name)} as facet, ${sql.ref(`device.${ofDevice[name]}`)} as value,
      counted.n as n from (select passing.device_id as device_id, count(*) as n from ${passing.rows}
        group by passing.device_id) as counted
      cross join device where device.id = counted.device_id`;
  });
  const values = valueTables.flatMap((place) => {
    const some = place.facets.filter(has);
    return some.length === 0 ? [] : valueCountings({ ...place, facets: some }, passing);
  });
  return [...rows, ...devices, ...values];
}

interface ValueTable {
  readonly table: string;
  readonly kind: string;
  readonly value: string;
  readonly facets: readonly FacetName[];
}

/**
 * Values in a table of their own. When few clips pass, each finds its values; when many do, each
 * value finds its clip: which of the two it is, the database sees once they are found.
 */
function valueCountings(
  { table, kind, value, facets }: ValueTable,
  { rows, block, all, gathered }: Passing,
): readonly Counting[] {
  const [facet, text] = [sql.ref(`v.${kind}`), sql.ref(`v.${value}`)];
  const conditions = [sql<boolean>`${facet} in (${sql.join(facets)})`];
  if (block?.from !== undefined) conditions.push(sql`v.start_ns >= ${block.from}`);
  if (block?.to !== undefined) conditions.push(sql`v.start_ns < ${block.to}`);
  const grouped = (from: Sql | RawBuilder<unknown>, also: readonly Sql[]): Counting =>
    sql`select ${facet} as facet, ${text} as value, count(*) as n
      from ${from}${sql.table(table)} as v
      where ${joined([...also, ...conditions])} group by ${facet}, ${text}`;
  const each = sql`${rows} cross join `;
  const own = sql<boolean>`v.clip_id = passing.id`;
  if (gathered) return [grouped(each, [own])];
  if (all) return [grouped(sql``, [])];
  const found = sql<bigint>`(select count(*) from ${rows})`;
  return [
    grouped(each, [sql`${found} < ${BigInt(gatherRows)}`, own]),
    grouped(sql``, [
      sql`${found} >= ${BigInt(gatherRows)}`,
      sql`v.clip_id in (select passing.id from ${rows})`,
    ]),
  ];
}
