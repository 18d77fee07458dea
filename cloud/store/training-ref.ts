/** What trainings and evaluations need to know of dataset versions, which another noun owns. */
import { Fault } from '@fieldloop/core';
import type { Db } from './db.ts';

export interface DatasetVersionRef {
  readonly id: string;
  /** Name of the data set. */
  readonly dataset: string;
  readonly n: number;
  readonly state: string;
  readonly createdAt: number;
}

const versionRows = (db: Db) =>
  db
    .selectFrom('dataset_version')
    .innerJoin('dataset', 'dataset.id', 'dataset_version.dataset_id')
    .select([
      'dataset_version.id',
      'dataset.name as dataset',
      'dataset_version.n',
      'dataset_version.state',
      'dataset_version.created_at',
    ]);

type VersionRow = Awaited<ReturnType<ReturnType<typeof versionRows>['executeTakeFirstOrThrow']>>;

const refOf = (row: VersionRow): DatasetVersionRef => ({
  id: row.id,
  dataset: row.dataset,
  n: Number(row.n),
  state: row.state,
  createdAt: Number(row.created_at),
});

/** Fault `not_found`; `conflict` for one that is not ready. */
export async function demandReadyVersion(db: Db, id: string): Promise<DatasetVersionRef> {
  const row = await versionRows(db).where('dataset_version.id', '=', id).executeTakeFirst();
  if (row === undefined) {
    throw new Fault('not_found', `there is no dataset version "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop datasets versions NAME`.',
    });
  }
  if (row.state === 'ready') return refOf(row);
  throw new Fault('conflict', `the dataset version ${id.slice(0, 12)} is ${row.state}, not ready`, {
    remedy: 'Have it signed off first: `fieldloop datasets` shows its gates.',
  });
}

/** The newest one of the data set that is ready. */
export async function newestReadyVersion(
  db: Db,
  dataset: string,
): Promise<DatasetVersionRef | undefined> {
  const row = await versionRows(db)
    .where((of) => of.or([of('dataset.name', '=', dataset), of('dataset.id', '=', dataset)]))
    .where('dataset_version.state', '=', 'ready')
    .orderBy('dataset_version.n', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && refOf(row);
}

/** Classes of its classification items that train or calibrate. */
export async function trainedClasses(db: Db, versionId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('dataset_item')
    .innerJoin('label', 'label.id', 'dataset_item.label_id')
    .select('dataset_item.class')
    .distinct()
    .where('dataset_item.version_id', '=', versionId)
    .where('dataset_item.split', 'in', ['train', 'calibration'])
    .where('label.type', '=', 'classification')
    .where('dataset_item.class', 'is not', null)
    .execute();
  return rows.map((row) => row.class ?? '').toSorted((a, b) => (a < b ? -1 : 1));
}

/** Labels of one version that the other has not; all of them without another. */
export async function labelsSince(
  db: Db,
  versionId: string,
  before: string | undefined,
): Promise<number> {
  let rows = db
    .selectFrom('dataset_item')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where('version_id', '=', versionId);
  if (before !== undefined) {
    rows = rows.where(
      'label_id',
      'not in',
      db.selectFrom('dataset_item').select('label_id').where('version_id', '=', before),
    );
  }
  return Number((await rows.executeTakeFirstOrThrow()).n);
}
