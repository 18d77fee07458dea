/** Rows that lineage looks up across nouns. */
import { maxReleasesSearched } from '../dataset-limits.ts';
import type { Db } from './db.ts';

/** By the whole id, or at least 12 digits of it that one version alone begins with. */
export async function datasetVersionRef(db: Db, id: string) {
  const rows = await db
    .selectFrom('dataset_version')
    .innerJoin('dataset', 'dataset.id', 'dataset_version.dataset_id')
    .select([
      'dataset_version.id',
      'dataset_version.n',
      'dataset_version.items',
      'dataset_version.state',
      'dataset_version.manifest',
      'dataset_version.items_sha256',
      'dataset_version.created_at',
      'dataset.name as dataset',
    ])
    .where('dataset_version.id', '>=', id)
    .where('dataset_version.id', '<=', id.padEnd(64, 'f'))
    .orderBy('dataset_version.id')
    .limit(2)
    .execute();
  return rows.length === 1 ? rows[0] : undefined;
}

/** Releases whose manifest names these bytes, the newest first. */
export async function releasesWith(db: Db, sha256: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('release')
    .select(['id', 'manifest'])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(maxReleasesSearched)
    .execute();
  return rows.filter(({ manifest }) => manifest.includes(sha256)).map(({ id }) => id);
}

/** Model versions whose bytes a release's manifest names. */
export async function modelVersionsIn(db: Db, releaseId: string): Promise<readonly string[]> {
  const row = await db
    .selectFrom('release')
    .select('manifest')
    .where('id', '=', releaseId)
    .executeTakeFirst();
  const hashes = [...new Set(row?.manifest.match(/[0-9a-f]{64}/g) ?? [])];
  if (hashes.length === 0) return [];
  const found = await db
    .selectFrom('model_version')
    .select('id')
    .where('onnx_sha256', 'in', hashes)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return found.map(({ id }) => id);
}
