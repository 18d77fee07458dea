/**
 * Objects whose bytes shall go. Who erases something writes the wish in its transaction; the bytes
 * go afterwards, and only when nobody else needs the same content. A wish outlives a crash.
 */
import type { BlobStore } from '../blob/blob.ts';
import { erasureBatch } from '../limits.ts';
import type { Db } from './db.ts';

/** Run inside the transaction that lets go of the content. */
export async function wishErasure(db: Db, sha256: string, at: number): Promise<void> {
  await db
    .insertInto('blob_erasure')
    .values({ sha256, at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** An object that the cloud itself made: known, so that checks and backups count it. */
export async function noteBlob(
  db: Db,
  blob: { readonly sha256: string; readonly sizeBytes: number; readonly at: number },
): Promise<void> {
  const { sha256, sizeBytes, at } = blob;
  await db
    .insertInto('blob')
    .values({ sha256, size_bytes: sizeBytes, stored_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db.deleteFrom('blob_erasure').where('sha256', '=', sha256).execute();
}

/** Removes what is wished away; `only` limits it to these. Returns how many objects went. */
export async function eraseBlobs(
  deps: { readonly write: Db; readonly bytes: Pick<BlobStore, 'remove'> },
  only?: readonly string[],
): Promise<number> {
  const { write, bytes } = deps;
  let wishes = write.selectFrom('blob_erasure').select('sha256').orderBy('at').limit(erasureBatch);
  if (only !== undefined) {
    if (only.length === 0) return 0;
    wishes = wishes.where('sha256', 'in', only);
  }
  let removed = 0;
  for (const { sha256 } of await wishes.execute()) {
    const goes = await write.transaction().execute(async (trx) => await letGo(trx, sha256));
    if (!goes) continue;
    if (await bytes.remove(sha256)) removed += 1;
    await write.deleteFrom('blob_erasure').where('sha256', '=', sha256).execute();
  }
  return removed;
}

/** False when somebody needs it still: then the wish is dropped. */
async function letGo(db: Db, sha256: string): Promise<boolean> {
  if (await isNeeded(db, sha256)) {
    await db.deleteFrom('blob_erasure').where('sha256', '=', sha256).execute();
    return false;
  }
  await db.deleteFrom('blob_source').where('sha256', '=', sha256).execute();
  await db.deleteFrom('blob').where('sha256', '=', sha256).execute();
  return true;
}

async function isNeeded(db: Db, sha256: string): Promise<boolean> {
  const clip = await db
    .selectFrom('clip')
    .select('id')
    .where('sha256', '=', sha256)
    .where('state', '=', 'stored')
    .limit(1)
    .executeTakeFirst();
  if (clip !== undefined) return true;
  const preview = await db
    .selectFrom('clip_preview')
    .select('n')
    .where('sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  if (preview !== undefined) return true;
  const artifact = await db
    .selectFrom('artifact')
    .select('sha256')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (artifact !== undefined) return true;
  const exported = await db
    .selectFrom('clip_export')
    .select('id')
    .where('sha256', '=', sha256)
    .where('erased_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (exported !== undefined) return true;
  return await isOfDataset(db, sha256);
}

/** The items of a version, or the file of one of its exports. */
async function isOfDataset(db: Db, sha256: string): Promise<boolean> {
  const version = await db
    .selectFrom('dataset_version')
    .select('id')
    .where('items_sha256', '=', sha256)
    .limit(1)
    .executeTakeFirst();
  if (version !== undefined) return true;
  const exported = await db
    .selectFrom('dataset_export')
    .select('id')
    .where('sha256', '=', sha256)
    .where('erased_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return exported !== undefined;
}
