/** How many rows a filter leaves: exactly, or estimated from a part, within a limit of time. */
import type { Clock } from '@fieldloop/core';
import { countBlockRows, countMs, estimateMs } from '../../limits.ts';
import type { Db } from '../../store/db.ts';
import { sql } from '../../store/kysely.ts';
import type { Filter } from './filter.ts';
import { blocksOf } from './blocks.ts';
import { compiled, fromOf, rareTerm, withParts } from './page-plan.ts';

export interface RowCount {
  value: number;
  exact: boolean;
}

/**
 * Counts block by block in the order of the source until time is up; what is left is estimated
 * by the share of the order that was seen.
 */
export async function countRows(
  deps: { readonly read: Db; readonly clock: Clock },
  filter: Filter,
  how: 'exact' | 'estimate',
): Promise<RowCount> {
  const { read, clock } = deps;
  const until = clock.monotonicMs() + (how === 'exact' ? countMs : estimateMs);
  const lead = await rareTerm(read, filter);
  const { parts, from, on } = fromOf(filter.source, lead);
  const count = async (block?: ReturnType<typeof sql<boolean>>): Promise<number> => {
    const terms = [...on, compiled(filter, lead), ...(block === undefined ? [] : [block])];
    const { rows } = await sql<{ n: bigint }>`${withParts(parts)} select count(*) as n ${from}
      where ${sql.join(terms, sql` and `)}`.execute(read);
    return Number(rows[0]?.n ?? 0n);
  };
  if (lead !== undefined) return { value: await count(), exact: true };
  let value = 0;
  for await (const block of blocksOf(read, filter.source, countBlockRows)) {
    value += await count(block.holds);
    if (block.last) return { value, exact: true };
    if (clock.monotonicMs() < until) continue;
    return { value: Math.round(value / Math.max(block.share, 1e-6)), exact: false };
  }
  return { value, exact: true };
}
