/**
 * Clips by a number: bins of a round width that lie beside each other from the least value to the
 * largest. Counted block by block in list order, like the facets, and within the same time.
 */
import type { Clock } from '@fieldloop/core';
import { facetBlockRows, facetMs } from '../limits.ts';
import { blocksOf } from '../http/q/blocks.ts';
import type { Filter } from '../http/q/filter.ts';
import { fromOf, rareTerm, withParts } from '../http/q/page-plan.ts';
import { compiledForScan } from '../http/q/scan-plan.ts';
import { joined, type QField, type Sql } from '../http/q/source.ts';
import type { Db } from '../store/db.ts';
import { type RawBuilder, sql } from '../store/kysely.ts';
import { readWithin } from '../store/within.ts';
import { roundWidth, roundWidthNs } from './bin-width.ts';

export interface HistogramOf {
  readonly field: QField;
  readonly key: string;
  /** About how many bins. */
  readonly bins: number;
}

export interface Histogram {
  /** As the column keeps the values: nanoseconds, milliseconds, bytes. */
  readonly bins: readonly {
    readonly from: number | bigint;
    readonly to: number | bigint;
    readonly count: number;
  }[];
  readonly width: number | bigint | undefined;
  readonly partial: boolean;
}

type Deps = { readonly read: Db; readonly clock: Clock };
type Ends = { least: number | bigint; most: number | bigint };

export async function countBins(deps: Deps, filter: Filter, of: HistogramOf): Promise<Histogram> {
  const until = deps.clock.monotonicMs() + facetMs;
  const within = async (work: (trx: Db) => Promise<void>): Promise<boolean> => {
    const ms = Math.max(1, until - deps.clock.monotonicMs());
    const done = await readWithin(deps.read, { ms, clock: deps.clock }, async (trx) => {
      await work(trx);
      return true;
    });
    return done === true;
  };
  let ends: Ends | undefined;
  let few: readonly Valued[] | undefined;
  const wholeEnds = await within(async (trx) => {
    await eachPart(trx, filter, of, async (values, gathered) => {
      if (gathered) few = await valued(trx, values);
      ends = widened(ends, few === undefined ? await endsOf(trx, values) : endsOfFew(few));
    });
  });
  if (ends === undefined) return { bins: [], width: undefined, partial: !wholeEnds };
  const width = widthOf(ends, of);
  const first = floorTo(ends.least, width);
  const counts = new Map<number, number>();
  const add = (bin: number, n: number): Map<number, number> =>
    counts.set(bin, (counts.get(bin) ?? 0) + n);
  for (const { x, n } of few ?? []) add(binOf(x, first, width), n);
  const wholeBins =
    few !== undefined ||
    (await within(async (trx) => {
      await eachPart(trx, filter, of, async (values) => {
        for (const [bin, n] of await binned(trx, values, { first, width })) add(bin, n);
      });
    }));
  const last = Math.max(0, ...counts.keys());
  const bins = Array.from(
    { length: Math.max(last, binOf(ends.most, first, width)) + 1 },
    (_, n) => ({
      from: edgeAt(first, width, n),
      to: edgeAt(first, width, n + 1),
      count: counts.get(n) ?? 0,
    }),
  );
  return { bins, width, partial: !(wholeEnds && wholeBins) };
}

/** Every part of the clips in turn, as a query of the column `x`; gathered ones are few. */
async function eachPart(
  db: Db,
  filter: Filter,
  { field, key }: HistogramOf,
  work: (values: Sql, gathered: boolean) => Promise<void>,
): Promise<void> {
  const value = field.place.number?.(key);
  if (value === undefined) throw new TypeError(`no number is in ${field.name}`);
  const lead = await rareTerm(db, filter);
  const { parts, from, on } = fromOf(filter.source, lead);
  const where = compiledForScan(filter, lead);
  const values = (more: readonly Sql[]): Sql => sql`${withParts(parts)} select ${value} as x ${from}
    where ${joined([...on, where, ...more])}`;
  if (lead !== undefined) return await work(values([]), true);
  for await (const block of blocksOf(db, filter.source, facetBlockRows)) {
    await work(values([block.holds]), false);
  }
}

async function endsOf(db: Db, values: Sql): Promise<Ends | undefined> {
  const { rows } = await sql<{ least: number | bigint | null; most: number | bigint | null }>`
    select min(part.x) as least, max(part.x) as most from (${values}) as part`.execute(db);
  const { least, most } = rows[0] ?? { least: null, most: null };
  return least === null || most === null ? undefined : { least, most };
}

/** A value, and how many clips have it. */
interface Valued {
  readonly x: number | bigint;
  readonly n: number;
}

/** The values themselves: the clips are not looked for a second time. */
async function valued(db: Db, values: Sql): Promise<readonly Valued[]> {
  const { rows } = await sql<{ x: number | bigint; n: bigint | number }>`
    select part.x as x, count(*) as n from (${values}) as part
    where part.x is not null group by part.x`.execute(db);
  return rows.map(({ x, n }) => ({ x, n: Number(n) }));
}

function endsOfFew(few: readonly Valued[]): Ends | undefined {
  return few.reduce<Ends | undefined>(
    (ends, { x }) => widened(ends, { least: x, most: x }),
    undefined,
  );
}

function widened(known: Ends | undefined, part: Ends | undefined): Ends | undefined {
  if (known === undefined || part === undefined) return part ?? known;
  return {
    least: part.least < known.least ? part.least : known.least,
    most: part.most > known.most ? part.most : known.most,
  };
}

const isTime = ({ type }: QField): boolean => type === 'ns' || type === 'instant';

function widthOf({ least, most }: Ends, { field, bins }: HistogramOf): number | bigint {
  if (typeof least !== 'bigint' || typeof most !== 'bigint') {
    return roundWidth((Number(most) - Number(least)) / bins);
  }
  const range = most - least + 1n;
  if (field.type === 'instant') {
    const ms = roundWidthNs((range * 1_000_000n) / BigInt(bins)) / 1_000_000n;
    return ms === 0n ? 1n : ms;
  }
  if (isTime(field) || field.type === 'duration') return roundWidthNs(range / BigInt(bins));
  return BigInt(Math.max(1, Math.ceil(roundWidth(Number(range) / bins))));
}

/** The largest multiple of `width` that is not above `value`. */
function floorTo(value: number | bigint, width: number | bigint): number | bigint {
  if (typeof value !== 'bigint' || typeof width !== 'bigint') {
    return Math.floor(Number(value) / Number(width)) * Number(width);
  }
  const over = value % width;
  return over < 0n ? value - over - width : value - over;
}

const edgeAt = (first: number | bigint, width: number | bigint, n: number): number | bigint =>
  typeof first === 'bigint' && typeof width === 'bigint'
    ? first + width * BigInt(n)
    : Number((Number(first) + Number(width) * n).toPrecision(15));

function binOf(value: number | bigint, first: number | bigint, width: number | bigint): number {
  return typeof value === 'bigint' && typeof first === 'bigint' && typeof width === 'bigint'
    ? Number((value - first) / width)
    : Math.floor((Number(value) - Number(first)) / Number(width));
}

async function binned(
  db: Db,
  values: Sql,
  { first, width }: { readonly first: number | bigint; readonly width: number | bigint },
): Promise<readonly (readonly [number, number])[]> {
  const x = sql.ref('part.x');
  const bin: RawBuilder<number | bigint> =
    typeof width === 'bigint'
      ? sql`(${x} - ${first}) / ${width}`
      : sql`floor((${x} - ${first}) / ${width})`;
  const { rows } = await sql<{ bin: number | bigint; n: bigint }>`select counted.bin as bin,
    count(*) as n from (select ${bin} as bin from (${values}) as part where ${x} is not null)
      as counted group by counted.bin`.execute(db);
  return rows.map((row) => [Number(row.bin), Number(row.n)]);
}
