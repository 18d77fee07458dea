/** How far a follower of the outbox is, kept in the transaction of what it did there. */
import type { Db } from './db.ts';
import { outboxEnd } from './tail.ts';

/** Undefined before `keepPlace` was called for the first time. */
export async function placeOf(db: Db, name: string): Promise<bigint | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : BigInt(row.value);
}

export async function keepPlace(trx: Db, name: string, seq: bigint): Promise<void> {
  const value = String(seq);
  await trx
    .insertInto('setting')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Where the follower before ended; the first one begins at the end, after `begin` did its part. */
export async function openPlace(
  write: Db,
  name: string,
  begin: (trx: Db) => Promise<void> = async () => await Promise.resolve(),
): Promise<bigint> {
  return await write.transaction().execute(async (trx) => {
    const known = await placeOf(trx, name);
    if (known !== undefined) return known;
    await begin(trx);
    const end = await outboxEnd(trx);
    await keepPlace(trx, name, end);
    return end;
  });
}
