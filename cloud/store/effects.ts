/**
 * Effects that happen once: the key and the change commit together, the first success is kept and
 * given to whoever comes again with that key. Two workers inside one step are settled here too.
 */
import type { Json } from '@fieldloop/core';
import type { Db } from './db.ts';

/**
 * Runs `work` in one transaction unless the key was used before; then its value is the one of that
 * time. A failure leaves no key behind. Values are JSON: a time is a number, never a `Date`.
 */
export async function once<T extends Json>(
  write: Db,
  key: string,
  work: (trx: Db) => Promise<T>,
): Promise<T> {
  return await write.transaction().execute(async (trx) => await onceWithin(trx, key, work));
}

/** The same inside a transaction that the caller opened. */
export async function onceWithin<T extends Json>(
  trx: Db,
  key: string,
  work: (trx: Db) => Promise<T>,
): Promise<T> {
  const row = await trx
    .selectFrom('effect')
    .select('result')
    .where('key', '=', key)
    .executeTakeFirst();
  if (row !== undefined) return JSON.parse(row.result) as T;
  const result = JSON.stringify(await work(trx));
  await trx.insertInto('effect').values({ key, result }).execute();
  // What the first caller gets is what a later one will get.
  return JSON.parse(result) as T;
}
