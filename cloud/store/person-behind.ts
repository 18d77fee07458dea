/** The person behind a name that acted: a key may stand for one. */
import type { Db } from './db.ts';

/** Undefined for policies, runs, and keys that stand for nobody. */
export async function personBehind(db: Db, actor: string): Promise<string | undefined> {
  if (actor.startsWith('usr_')) return actor;
  const key = await db
    .selectFrom('api_key')
    .select('person_id')
    .where('id', '=', actor)
    .executeTakeFirst();
  return key?.person_id ?? undefined;
}
