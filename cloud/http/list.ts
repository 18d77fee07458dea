/**
 * Lists: one way of paging, sorting, narrowing and counting for every noun. The order is a sort
 * column and the id, so a page goes on exactly behind the last one while rows come and go. A
 * cursor also keeps when the first page was asked for: `-1h` means the same on every page.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { withinCohorts } from '../store/cohort-ref.ts';
import { type SelectQueryBuilder, sql } from '../store/kysely.ts';
import { countRows, type RowCount } from './q/count.ts';
import { listFields, type Sparse, sparseOf, thinned } from './list-fields.ts';
import type { Caller } from './caller.ts';
import type { NounDeps } from './deps.ts';
import { cursorField, limitField } from './fields.ts';
import { z } from './openapi.ts';
import { pageOf } from './page.ts';
import { type Narrowing, openFilter } from './q/filter.ts';
import { type Position, selectPage } from './q/page-plan.ts';
import type { QSource, Sql } from './q/source.ts';
import { maxQueryLength } from '../limits.ts';

export interface Listing<Item> {
  items: Item[];
  /** Absent on the last page. */
  nextCursor?: string | undefined;
  count?: RowCount | undefined;
}

const countSchema = z
  .object({
    value: z.int().openapi({ description: 'How many items the whole list has.' }),
    exact: z.boolean().openapi({ description: 'False: counted in part, the rest is estimated.' }),
  })
  .openapi('Count');

/** What narrows a list in the words of the query language. */
export const queryFields = (source: QSource) => ({
  q: z
    .string()
    .max(maxQueryLength)
    .optional()
    .openapi({
      description: `A condition in the query language, over the fields of ${source.name}.`,
      example: source.fields[0]?.example ?? '',
    }),
  saved: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'Name or id of a saved query; holds beside `q`.' }),
});

/** The query's fields of a list: `extra` are the noun's own filters. */
export function listQuery<Extra extends z.ZodRawShape>(source: QSource, extra: Extra) {
  const sorts = Object.keys(source.sorts).flatMap((name) => [name, `-${name}`]);
  return z.strictObject({
    ...extra,
    ...queryFields(source),
    sort: z
      .enum(sorts)
      .default(source.sort)
      .openapi({ description: 'A minus in front: the largest first.' }),
    fields: listFields,
    count: z
      .enum(['estimate', 'exact'])
      .optional()
      .openapi({ description: 'Also say how many items the whole list has.' }),
    limit: limitField,
    cursor: cursorField,
  });
}

/** The answer of a list. With `fields`, its items have those fields and the id alone. */
export function listAnswer<Item extends z.ZodObject>(
  name: string,
  item: Item,
): z.ZodType<Listing<z.infer<Item>>> {
  const shown = z.union([item, sparseOf(item)]);
  const page = z
    .object({
      items: z.array(shown),
      nextCursor: z.string().optional(),
      count: countSchema.optional(),
    })
    .openapi(name);
  return page as unknown as z.ZodType<Listing<z.infer<Item>>>;
}

export interface ListQuery {
  readonly q?: string | undefined;
  readonly saved?: string | undefined;
  readonly sort: string;
  readonly fields?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ListSpec<DB, TB extends keyof DB, Row, Item> {
  /** The operation's id; a cursor belongs to it. */
  readonly operation: string;
  readonly source: QSource;
  /** Selects what `items` needs, the source's id among it: no condition, order or limit. */
  readonly rows: SelectQueryBuilder<DB, TB, Row>;
  /** Maps the rows of a page. */
  readonly items: (rows: readonly Row[]) => readonly Item[] | Promise<readonly Item[]>;
  /** Of an item. */
  readonly schema: z.ZodObject;
  /**
   * The noun's plain filters: `is` for fields of text that `q` knows, `where` for columns, `trees`
   * for the rest. `now` is when the first page was asked for.
   */
  readonly narrow?: (now: number) => Omit<Narrowing, 'now' | 'q' | 'saved'>;
  readonly where?: (now: number) => readonly (Sql | undefined)[];
  readonly is?: Narrowing['is'];
  /** Of a list of what belongs to devices: those in the caller's cohorts alone, if any. */
  readonly caller?: Caller | undefined;
}

type Deps = Pick<NounDeps, 'read' | 'clock' | 'cursors'>;

/** One page of a list. Faults: `invalid` for `q`, `fields` or a cursor of another list. */
export async function listPage<DB, TB extends keyof DB, Row extends object, Item>(
  deps: Deps,
  query: ListQuery,
  spec: ListSpec<DB, TB, Row, Item>,
): Promise<Listing<Item>> {
  const { source } = spec;
  const sparse = query.fields === undefined ? undefined : thinned(query.fields, spec.schema);
  const list = nameOf(spec.operation, query);
  const [key, id, kept] = query.cursor === undefined ? [] : deps.cursors.decode(list, query.cursor);
  const now = kept === undefined ? deps.clock.now() : Number(kept);
  const after: Position | undefined = key === undefined ? undefined : { key, id: id ?? '' };
  const narrowed = { is: spec.is, where: spec.where?.(now), ...spec.narrow?.(now) };
  const within = await withinCohorts(deps.read, spec.caller, { table: source.table, now });
  const filter = await openFilter(deps.read, source, {
    ...narrowed,
    where: [...(narrowed.where ?? []), within],
    now,
    q: query.q,
    saved: query.saved,
  });
  const found = await selectPage(deps.read, filter, {
    sort: query.sort,
    after,
    limit: query.limit + 1,
  });
  const page = pageOf(found, query.limit, {
    item: (one) => one.id,
    cursor: (last) => deps.cursors.encode(list, [last.key, last.id, String(now)]),
  });
  const rows = await rowsOf(spec, page.items);
  const items = await spec.items(rows);
  return {
    items: sparse === undefined ? [...items] : items.map((item) => sparse(item as Sparse) as Item),
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    ...(query.count === undefined ? {} : { count: await countRows(deps, filter, query.count) }),
  };
}

/** The rows of a page in its order; one that went away meanwhile is left out. */
async function rowsOf<DB, TB extends keyof DB, Row extends object, Item>(
  { source, rows }: ListSpec<DB, TB, Row, Item>,
  ids: readonly string[],
): Promise<readonly Row[]> {
  if (ids.length === 0) return [];
  const { column, type } = idOf(source);
  const values = ids.map((id) => (type === 'int' ? BigInt(id) : id));
  const found = await rows
    .where(sql<boolean>`${sql.ref(`${source.table}.${column}`)} in (${sql.join(values)})`)
    .execute();
  const byId = new Map(found.map((row) => [String((row as Record<string, unknown>)[column]), row]));
  return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
}

const idOf = (source: QSource) => source.id ?? ({ column: 'id', type: 'text' } as const);

/** The list a cursor belongs to: the operation and everything that narrows or orders it. */
function nameOf(operation: string, query: ListQuery): string {
  const { cursor: _cursor, limit: _limit, fields: _fields, count: _count, ...same } = query;
  return `${operation} ${sha256Hex(canonicalJson(same))}`;
}
