/**
 * How a page is found. A walk goes along the index of the order and tests each row, so a page
 * costs what it shows when many rows pass. When a condition is rare, its rows are gathered by
 * their own index, tested and sorted, so a page costs what passes. Bounded counts tell which.
 */
import { gatherRows } from '../../limits.ts';
import type { Db } from '../../store/db.ts';
import { sql } from '../../store/kysely.ts';
import { compileTree, leafRows } from './compile.ts';
import type { Filter } from './filter.ts';
import { type QSource, type SortColumn, type Sql, yes } from './source.ts';
import type { Leaf, Tree } from './tree.ts';

/** Where a page ended, as texts. */
export interface Position {
  readonly key: string;
  readonly id: string;
}

export interface PageOf {
  /** `-startNs` */
  readonly sort: string;
  readonly after: Position | undefined;
  readonly limit: number;
}

/** The ids of a page, in order, with their sort keys. */
export async function selectPage(
  db: Db,
  filter: Filter,
  page: PageOf,
): Promise<readonly Position[]> {
  const lead = await rareTerm(db, filter);
  const { rows } = await pageQuery(filter, page, lead).execute(db);
  return rows.map(({ key, id }) => ({ key: String(key), id: String(id) }));
}

/** The rarest condition with an index of its own, when its rows are few enough to be sorted. */
export async function rareTerm(db: Db, { terms }: Filter): Promise<Leaf | undefined> {
  let rarest: Leaf | undefined;
  let least = BigInt(gatherRows);
  for (const leaf of terms) {
    const found = leaf.kind === 'leaf' ? leafRows(leaf) : undefined;
    if (leaf.kind !== 'leaf' || found === undefined) continue;
    const { rows } = await sql<{ n: bigint }>`select count(*) as n from (
      ${found} limit ${least}) as counted`.execute(db);
    const n = rows[0]?.n ?? 0n;
    if (n < least) [rarest, least] = [leaf, n];
    if (least === 0n) break;
  }
  return rarest;
}

/** The query of a page; `lead` is gathered first, else the index of the order is walked. */
export function pageQuery(filter: Filter, page: PageOf, lead: Leaf | undefined) {
  const { source } = filter;
  const by = sortColumn(source, page.sort);
  const unique = idColumn(source);
  const [key, id] = [sql.ref(by.column), sql.ref(unique.column)];
  const { select, from, on } = fromOf(source, lead);
  const terms = [...(on === undefined ? [] : [on]), compiled(filter, lead)];
  if (page.after !== undefined) {
    const at = sql`${valueOf(by, page.after.key)}, ${valueOf(unique, page.after.id)}`;
    const behind = sql.raw(page.sort.startsWith('-') ? '<' : '>');
    terms.push(sql<boolean>`(${key}, ${id}) ${behind} (${at})`);
  }
  const order = sql.raw(page.sort.startsWith('-') ? 'desc' : 'asc');
  return sql<{
    key: bigint | string;
    id: bigint | string;
  }>`${select} ${key} as key, ${id} as id ${from}
    where ${sql.join(terms, sql` and `)}
    order by ${key} ${order}, ${id} ${order} limit ${BigInt(page.limit)}`;
}

/** The conditions of a filter as one; those of the gathered leaf hold already. */
export function compiled(filter: Filter, lead?: Tree): Sql {
  const terms = filter.terms.filter((term) => term !== lead).map(compileTree);
  const all = [...terms, ...filter.where];
  return all.length === 0 ? yes : sql<boolean>`${sql.join(all, sql` and `)}`;
}

/**
 * Where a query of the source begins. Gathered rows come first for sure: neither database turns
 * a materialized part and a cross join around.
 */
export function fromOf(source: QSource, lead: Leaf | undefined) {
  const table = sql.table(source.table);
  const gathered = lead === undefined ? undefined : leafRows(lead);
  if (gathered === undefined) return { select: sql`select`, from: sql`from ${table}` };
  return {
    select: sql`with lead as materialized (${gathered}) select`,
    from: sql`from lead cross join ${table}`,
    on: sql<boolean>`${sql.ref(idColumn(source).column)} = lead.id`,
  };
}

/** The column of a sort such as `-startNs`. */
export function sortColumn(source: QSource, sort: string): SortColumn {
  const by = source.sorts[sort.replace(/^-/, '')];
  if (by === undefined) throw new TypeError(`${source.name} cannot be sorted by ${sort}`);
  return by;
}

export function idColumn(source: QSource): SortColumn {
  const { column, type } = source.id ?? { column: 'id', type: 'text' };
  return { column: `${source.table}.${column}`, type };
}

const valueOf = ({ type }: SortColumn, text: string): bigint | string =>
  type === 'int' ? BigInt(text) : text;
