import { Fault } from '@fieldloop/core';
import type { Db } from '../../store/db.ts';

/** The text of a saved query of this source. Fault `not_found`. */
export async function savedQueryText(db: Db, source: string, nameOrId: string): Promise<string> {
  const row = await db
    .selectFrom('saved_query')
    .select('q')
    .where('source', '=', source)
    .where((where) => where.or([where('id', '=', nameOrId), where('name', '=', nameOrId)]))
    .orderBy('id')
    .executeTakeFirst();
  if (row !== undefined) return row.q;
  throw new Fault('not_found', `there is no saved query "${nameOrId}" for ${source}`, {
    place: '/query/saved',
    remedy: 'List the saved queries with GET /v1/savedQueries.',
  });
}
