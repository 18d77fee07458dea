/** Keys that stand for a person, for the nouns that end them with the account. */
import type { Db } from './db.ts';

/** Ends every live key of a person; gives how many. */
export async function endKeysOf(trx: Db, personId: string, at: number): Promise<number> {
  const done = await trx
    .updateTable('api_key')
    .set((of) => ({ revoked_at: at, updated_at: at, version: of('version', '+', 1n) }))
    .where('person_id', '=', personId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return Number(done.numUpdatedRows);
}
