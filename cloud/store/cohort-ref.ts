/** Who is in a cohort, for everybody who acts on one: rules, alerts, keys, lists. */
import { Fault } from '@fieldloop/core';
import { compileTree } from '../http/q/compile.ts';
import { queryTree } from '../http/q/filter.ts';
import { deviceSource } from '../http/q/sources/devices.ts';
import type { Sql } from '../http/q/source.ts';
import type { Db } from './db.ts';
import { sql } from './kysely.ts';

/** What says who is in: the query, or the rows of the list where there is none. */
export interface CohortRef {
  readonly id: string;
  readonly name: string;
  readonly q?: string;
}

export interface CohortMember {
  readonly id: string;
  readonly name: string;
}

/** By id or by name; undefined when there is none. */
export async function findCohort(db: Db, idOrName: string): Promise<CohortRef | undefined> {
  const row = await db
    .selectFrom('cohort')
    .select(['id', 'name', 'q'])
    .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
    .executeTakeFirst();
  return row && refOf(row);
}

const refOf = (row: { id: string; name: string; q: string | null }): CohortRef => ({
  id: row.id,
  name: row.name,
  ...(row.q === null ? {} : { q: row.q }),
});

export function unknownCohort(idOrName: string): Fault {
  return new Fault('not_found', `there is no cohort "${idOrName.slice(0, 64)}"`, {
    remedy: 'List them with `fieldloop cohorts list`, or make one.',
  });
}

/** The condition on the table `device` that its members meet at `now`, Unix milliseconds. */
export function cohortCondition(cohort: Pick<CohortRef, 'id' | 'q'>, now: number): Sql {
  if (cohort.q !== undefined) return deviceCondition(cohort.q, now, '/q');
  return sql<boolean>`device.id in (select cohort_device.device_id from cohort_device
    where cohort_device.cohort_id = ${cohort.id})`;
}

/** Fault `invalid` at `pointer` for a query that is wrong. */
export const deviceCondition = (q: string, now: number, pointer: string): Sql =>
  compileTree(queryTree(q, deviceSource, { now, pointer }));

/**
 * The devices in a cohort now, in the order of names. Whoever acts on them looks at their state:
 * one that is revoked may still be in.
 */
export async function cohortDevices(
  db: Db,
  cohort: Pick<CohortRef, 'id' | 'q'>,
  query: { readonly now: number; readonly limit?: number },
): Promise<readonly CohortMember[]> {
  return await devicesWhere(db, cohortCondition(cohort, query.now), query.limit);
}

export async function devicesWhere(
  db: Db,
  condition: Sql,
  limit?: number,
): Promise<readonly CohortMember[]> {
  let rows = db
    .selectFrom('device')
    .select(['device.id', 'device.name'])
    .where(condition)
    .orderBy('device.name');
  if (limit !== undefined) rows = rows.limit(limit);
  return await rows.execute();
}

export async function countDevices(db: Db, condition: Sql): Promise<number> {
  const { n } = await db
    .selectFrom('device')
    .select((of) => of.fn.countAll<bigint>().as('n'))
    .where(condition)
    .executeTakeFirstOrThrow();
  return Number(n);
}

/** The cohorts that hold a device now, in the order of names. */
export async function cohortsOf(
  db: Db,
  deviceId: string,
  now: number,
): Promise<readonly CohortRef[]> {
  const all = await db.selectFrom('cohort').select(['id', 'name', 'q']).orderBy('name').execute();
  const found: CohortRef[] = [];
  for (const cohort of all.map(refOf)) {
    const isIn = sql<boolean>`(device.id = ${deviceId} and ${cohortCondition(cohort, now)})`;
    if ((await devicesWhere(db, isIn, 1)).length > 0) found.push(cohort);
  }
  return found;
}

/**
 * The condition on `device` of a caller that is restricted to cohorts; one that is gone holds
 * nobody. No cohorts at all: nobody.
 */
export async function amongCohorts(db: Db, cohorts: readonly string[], now: number): Promise<Sql> {
  const conditions: Sql[] = [];
  for (const idOrName of cohorts) {
    const cohort = await findCohort(db, idOrName);
    if (cohort !== undefined) conditions.push(cohortCondition(cohort, now));
  }
  if (conditions.length === 0) return sql<boolean>`1 = 0`;
  return sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}

/** The condition on a table of what belongs to devices; undefined for who may see every device. */
export async function withinCohorts(
  db: Db,
  caller: { readonly cohorts?: readonly string[] | undefined } | undefined,
  on: { readonly table: string; readonly now: number },
): Promise<Sql | undefined> {
  if (caller?.cohorts === undefined) return undefined;
  const column = on.table === 'device' ? 'device.id' : `${on.table}.device_id`;
  const among = await amongCohorts(db, caller.cohorts, on.now);
  return sql<boolean>`${sql.ref(column)} in (select device.id from device where ${among})`;
}

/** Who would notice that a cohort is gone. */
export interface CohortUser {
  readonly kind: 'publication' | 'api_key';
  readonly id: string;
  readonly name: string;
}

/** Publications that are live on it or may come back, and keys that are restricted to it. */
export async function cohortUsers(
  db: Db,
  cohort: Pick<CohortRef, 'id' | 'name'>,
): Promise<readonly CohortUser[]> {
  const publications = await db
    .selectFrom('publication')
    .innerJoin('rule_set', 'rule_set.id', 'publication.rule_set_id')
    .select(['publication.id', 'rule_set.name'])
    .where('publication.cohort_id', '=', cohort.id)
    .where('publication.state', 'in', ['publishing', 'active', 'superseded'])
    .orderBy('publication.id')
    .execute();
  const keys = await db
    .selectFrom('api_key')
    .select(['id', 'name', 'cohorts'])
    .where('cohorts', 'is not', null)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute();
  const named = keys.filter(({ cohorts }) => {
    const list = JSON.parse(cohorts ?? '[]') as readonly string[];
    return list.includes(cohort.id) || list.includes(cohort.name);
  });
  return [
    ...publications.map(({ id, name }) => ({ kind: 'publication' as const, id, name })),
    ...named.map(({ id, name }) => ({ kind: 'api_key' as const, id, name })),
  ];
}
