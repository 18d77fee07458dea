/**
 * How a page is found. A walk goes along the index of the order and tests each row, so a page
 * costs what it shows when many rows pass. When a condition is rare, its rows are gathered by
 * their own index, tested and sorted, so a page costs what passes. Bounded counts tell which.
 */
import { gatherRows, gatherSlackRows } from '../../limits.ts';
import type { Db } from '../../store/db.ts';
import { type RawBuilder, sql } from '../../store/kysely.ts';
import { compileTree, leafRows } from './compile.ts';
import type { Filter } from './filter.ts';
import { joined, type QSource, type SortColumn, type Sql, yes } from './source.ts';
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

/** A condition that leads: its rows are found first. */
export interface Lead {
  readonly leaf: Leaf;
  /** Of its values, when they were counted. */
  readonly rows: bigint;
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
export async function rareTerm(db: Db, { terms }: Filter): Promise<Lead | undefined> {
  let rarest: Lead | undefined;
  for (const leaf of terms) {
    const found = leaf.kind === 'leaf' ? leafRows(leaf) : undefined;
    if (leaf.kind !== 'leaf' || found === undefined) continue;
    const least = rarest?.rows ?? BigInt(gatherRows);
    const { rows } = await sql<{ n: bigint }>`select count(*) as n from (
      ${found} limit ${least}) as counted`.execute(db);
    const n = rows[0]?.n ?? 0n;
    if (n < least) rarest = { leaf, rows: n };
    if (n === 0n) break;
  }
  return rarest;
}

/** The query of a page; `lead` is gathered first, else the index of the order is walked. */
export function pageQuery(filter: Filter, page: PageOf, lead: Lead | undefined) {
  const { source } = filter;
  const by = sortColumn(source, page.sort);
  const unique = idColumn(source);
  const [key, id] = [sql.ref(by.column), sql.ref(unique.column)];
  const { parts, from, on } = fromOf(source, lead);
  const terms = [...on, compiled(filter, lead)];
  if (page.after !== undefined) {
    const at = sql`${valueOf(by, page.after.key)}, ${valueOf(unique, page.after.id)}`;
    const behind = sql.raw(page.sort.startsWith('-') ? '<' : '>');
    terms.push(sql<boolean>`(${key}, ${id}) ${behind} (${at})`);
  }
  const order = sql.raw(page.sort.startsWith('-') ? 'desc' : 'asc');
  return sql<{
    key: bigint | string;
    id: bigint | string;
  }>`${withParts(parts)}
    select ${key} as key, ${id} as id ${from}
    where ${sql.join(terms, sql` and `)}
    order by ${key} ${order}, ${id} ${order} limit ${BigInt(page.limit)}`;
}

/** The conditions of a filter as one; those of the gathered leaf hold already. */
export function compiled(filter: Filter, lead?: Lead): Sql {
  const left = filter.terms.filter((term) => term !== lead?.leaf);
  // Inside a case they are tested as written: those of the row itself before a look elsewhere.
  const { own = [], elsewhere = [] } = Object.groupBy(left, (term) =>
    isOfRow(term) ? 'own' : 'elsewhere',
  );
  const all = [...[...own, ...elsewhere].map(compileTree), ...filter.where];
  if (all.length === 0) return yes;
  // The gathered rows lead, whatever a database thinks.
  return lead === undefined ? joined(all) : withoutIndex(joined(all));
}

const isOfRow = (term: Tree): boolean =>
  term.kind === 'leaf' && (term.ids !== undefined || term.field.place.rows === undefined);

/** The same condition, for which no index is looked for: inside a case none can serve it. */
export const withoutIndex = (condition: Sql): Sql =>
  sql<boolean>`case when ${condition} then 1 else 0 end = 1`;

/**
 * Where a query of the source begins. Gathered rows come first for sure: neither database turns
 * a materialized part and a cross join around. Its limit is above what was counted, and tells
 * PostgreSQL, whose statistics know nothing of single keys, that there are few.
 */
export function fromOf(source: QSource, lead: Lead | undefined) {
  const table = sql.table(source.table);
  const gathered = lead === undefined ? undefined : leafRows(lead.leaf);
  if (lead === undefined || gathered === undefined) {
    return { parts: [], from: sql`from ${table}`, on: [] };
  }
  const most = lead.rows * 2n + gatherSlackRows;
  return {
    parts: [
      sql`lead as materialized (select distinct found.id as id from (${gathered}
        limit ${most}) as found)`,
    ],
    from: sql`from lead cross join ${table}`,
    on: [sql<boolean>`${sql.ref(idColumn(source).column)} = lead.id`],
  };
}

/** `with` these parts, when there are any. */
export const withParts = (parts: readonly RawBuilder<unknown>[]): RawBuilder<unknown> =>
  parts.length === 0 ? sql`` : sql`with ${sql.join(parts)}`;

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
