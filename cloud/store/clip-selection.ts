/** Which clips a bulk request means: those it names, or those that match a query. */
import { type Clock, Fault } from '@fieldloop/core';
import { openFilter } from '../http/q/filter.ts';
import { selectPage } from '../http/q/page-plan.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { maxPageRows } from '../limits.ts';
import type { Db } from './db.ts';

export interface Wanted {
  readonly ids?: readonly string[] | undefined;
  readonly q?: string | undefined;
}

/** Fault `invalid` unless one of both is given. */
export function demandOneOf({ ids, q }: Wanted): void {
  if ((ids === undefined) !== (q === undefined)) return;
  throw new Fault('invalid', 'say which clips: by ids or by q, one of them', {
    place: '/body/ids',
    remedy: 'Give ids, or a query such as "tag:rain state=stored".',
  });
}

/** Ids that match, the newest first, a page at a time; `now` is what relative times mean. */
export async function* matchingClips(
  db: Db,
  q: string,
  now: number,
  pageRows = maxPageRows,
): AsyncGenerator<readonly string[], void> {
  const filter = await openFilter(db, clipSource, { now, q });
  let after: { readonly key: string; readonly id: string } | undefined;
  for (;;) {
    const page = await selectPage(db, filter, { sort: '-startNs', after, limit: pageRows });
    after = page.at(-1);
    if (after === undefined) return;
    yield page.map(({ id }) => id);
    if (page.length < pageRows) return;
  }
}

/** At most `most` ids, and whether there are more. */
export async function selectedClips(
  deps: { readonly read: Db; readonly clock: Clock },
  wanted: Wanted,
  most: number,
): Promise<{ readonly ids: readonly string[]; readonly hasMore: boolean }> {
  demandOneOf(wanted);
  if (wanted.ids !== undefined) return { ids: [...new Set(wanted.ids)], hasMore: false };
  const ids: string[] = [];
  for await (const page of matchingClips(deps.read, wanted.q ?? '', deps.clock.now())) {
    ids.push(...page);
    if (ids.length > most) return { ids: ids.slice(0, most), hasMore: true };
  }
  return { ids, hasMore: false };
}
