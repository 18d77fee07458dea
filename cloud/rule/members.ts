/** Who is in the cohort that a publication is for. */
import { cohortDevices, type CohortRef, findCohort, unknownCohort } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';

/** By id or name. Fault `not_found` with what to do. */
export async function cohortOf(db: Db, idOrName: string): Promise<CohortRef> {
  const found = await findCohort(db, idOrName);
  if (found === undefined) throw unknownCohort(idOrName);
  return found;
}

/** Ids of the devices in it now; undefined when the cohort is gone. */
export async function membersOf(
  db: Db,
  cohort: string,
  now: number,
): Promise<readonly string[] | undefined> {
  const found = await findCohort(db, cohort);
  if (found === undefined) return undefined;
  return (await cohortDevices(db, found, { now })).map(({ id }) => id);
}

/** Names of those that are still there. */
export async function cohortNames(
  db: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('cohort')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
