import type { Db } from './db.ts';

/** The value kept under `name`; the first time it is what `make` gives. */
export async function settingOnce(db: Db, name: string, make: () => string): Promise<string> {
  return await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('setting')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirst();
    if (row !== undefined) return row.value;
    const value = make();
    await trx.insertInto('setting').values({ name, value }).execute();
    return value;
  });
}
