/** Who is in the cohort that a publication is for. */
import { Fault } from '@fieldloop/core';
import type { Db } from '../store/db.ts';

export interface CohortRef {
  readonly id: string;
  readonly name: string;
}

/** By id or name. Fault `not_found` with what to do. */
export async function cohortOf(db: Db, idOrName: string): Promise<CohortRef> {
  const row = await db
    .selectFrom('cohort')
    .select(['id', 'name'])
    .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new Fault('not_found', `there is no cohort "${idOrName.slice(0, 64)}"`, {
    place: '/body/cohort',
    remedy: 'List them with `fieldloop cohorts list`, or make one.',
  });
}

/** Ids of the devices in it now; undefined when the cohort is gone. */
export async function membersOf(db: Db, cohort: string): Promise<readonly string[] | undefined> {
  const known = await db.selectFrom('cohort').select('id').where('id', '=', cohort).execute();
  if (known.length === 0) return undefined;
  const rows = await db
    .selectFrom('cohort_device')
    .select('device_id')
    .where('cohort_id', '=', cohort)
    .orderBy('device_id')
    .execute();
  return rows.map((row) => row.device_id);
}
