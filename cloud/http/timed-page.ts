/** Pages of a list in order of log time, the newest first. */
import { type TimeRange, timeRange } from './fields.ts';
import { type Page, pageOf } from './page.ts';
import type { NounDeps } from './deps.ts';

/** The sort key of a row: its log time and id. */
export interface TimePosition {
  readonly ns: bigint;
  readonly id: string;
}

export interface TimedQuery {
  /** Of `listName`. */
  readonly list: string;
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly range: Parameters<typeof timeRange>[0];
}

/**
 * The page after the cursor. The cursor is [ns, id, startNs, endNs]: it keeps the range that the
 * first page resolved, so that an age such as `-1h` means the same on every page.
 */
export async function timedPage<Row, Item>(
  deps: Pick<NounDeps, 'cursors' | 'clock'>,
  query: TimedQuery,
  of: {
    readonly rows: (
      range: TimeRange,
      page: { readonly after: TimePosition | undefined; readonly limit: number },
    ) => Promise<readonly Row[]>;
    readonly position: (row: Row) => TimePosition;
    readonly item: (row: Row) => Item;
  },
): Promise<Page<Item>> {
  const { list, limit, cursor } = query;
  const [ns = '0', id = '', startNs = '', endNs = ''] =
    cursor === undefined ? [] : deps.cursors.decode(list, cursor);
  const range =
    cursor === undefined ? timeRange(query.range, deps.clock.now()) : kept(startNs, endNs);
  const after = cursor === undefined ? undefined : { ns: BigInt(ns), id };
  const rows = await of.rows(range, { after, limit: limit + 1 });
  return pageOf(rows, limit, {
    item: of.item,
    cursor: (last) => {
      const at = of.position(last);
      return deps.cursors.encode(list, [
        String(at.ns),
        at.id,
        String(range.startNs ?? ''),
        String(range.endNs ?? ''),
      ]);
    },
  });
}

const kept = (startNs: string, endNs: string): TimeRange => ({
  ...(startNs === '' ? {} : { startNs: BigInt(startNs) }),
  ...(endNs === '' ? {} : { endNs: BigInt(endNs) }),
});
