/** Gates as those need to know them whose subject is decided there. Reads only. */
import type { Db } from './db.ts';

/** The gate of this kind at which people decide on the subject now. */
export async function openGateOn(
  db: Db,
  subject: string,
  kind: string,
): Promise<{ readonly id: string } | undefined> {
  return await db
    .selectFrom('gate')
    .select('id')
    .where('subject_id', '=', subject)
    .where('kind', '=', kind)
    .where('state', '=', 'open')
    .orderBy('id')
    .executeTakeFirst();
}
