/**
 * Who may still be asked about a task: people who are there, can do it and may see it, and are not
 * done with it. Who they are changes by the hour, so it is read when it is needed.
 */
import { annotatorAwayMs, annotatorLookMs } from '../annotation-limits.ts';
import type { Db, Row } from '../store/db.ts';
import { sql } from '../store/kysely.ts';

export interface Member {
  readonly id: string;
  /** Names of ontologies; empty: all. */
  readonly skills: readonly string[];
  /** Empty: all. */
  readonly sites: readonly string[];
  readonly senior: boolean;
}

/** What of a task says who may have it. */
export type Asking = Pick<Row<'task'>, 'id' | 'skill' | 'site'>;

/** In the order of their ids. Who has an account as an annotator and just has not begun counts. */
export async function crewOf(db: Db, at: number): Promise<readonly Member[]> {
  const since = BigInt(at - annotatorAwayMs);
  const known = await db
    .selectFrom('annotator')
    .leftJoin('person', 'person.id', 'annotator.id')
    .leftJoin('api_key', 'api_key.id', 'annotator.id')
    .select(['annotator.id', 'annotator.skills', 'annotator.sites', 'annotator.senior'])
    .where('annotator.state', '=', 'active')
    .where('annotator.seen_at', '>', since)
    // What came from another tool is nobody's to ask.
    .where('annotator.id', 'not like', 'import:%')
    .where(sql<boolean>`coalesce(person.state, 'active') = 'active'`)
    .where(sql<boolean>`coalesce(person.role, 'annotator') <> 'viewer'`)
    .where('api_key.revoked_at', 'is', null)
    // An engineer who just looked at a question is not waited for.
    .where((of) =>
      of.or([
        of('person.role', '=', 'annotator'),
        of('annotator.seen_at', '>', BigInt(at - annotatorLookMs)),
        of.exists(
          of.selectFrom('task_hand').select('how').whereRef('annotator_id', '=', 'annotator.id'),
        ),
      ]),
    )
    .where(sql<boolean>`coalesce(api_key.expires_at, ${BigInt(at) + 1n}) > ${BigInt(at)}`)
    .orderBy('annotator.id')
    .execute();
  const coming = await db
    .selectFrom('person')
    .leftJoin('annotator', 'annotator.id', 'person.id')
    .select('person.id')
    .where('person.role', '=', 'annotator')
    .where('person.state', '=', 'active')
    .where('person.created_at', '>', since)
    .where('annotator.id', 'is', null)
    .orderBy('person.id')
    .execute();
  const members = known.map(({ id, skills, sites, senior }) => ({
    id,
    skills: JSON.parse(skills) as string[],
    sites: JSON.parse(sites) as string[],
    senior: senior === 1n,
  }));
  return [...members, ...coming.map(({ id }) => ({ id, skills: [], sites: [], senior: false }))];
}

export const canTake = ({ skills, sites }: Member, { skill, site }: Asking): boolean =>
  (skills.length === 0 || skills.includes(skill)) && (sites.length === 0 || sites.includes(site));

/**
 * Whether somebody is left who has not answered or skipped it. Seniors are not: where only they are
 * left they decide, and see what the others said.
 */
export const isSomebodyLeft = (
  crew: readonly Member[],
  task: Asking,
  hands: ReadonlySet<string>,
): boolean => crew.some((one) => !one.senior && !hands.has(one.id) && canTake(one, task));

/** Who answered or skipped each of these tasks. */
export async function handsOf(
  db: Db,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map(taskIds.map((id) => [id, new Set<string>()]));
  if (taskIds.length === 0) return found;
  const rows = await db
    .selectFrom('task_hand')
    .select(['task_id', 'annotator_id'])
    .where('task_id', 'in', taskIds)
    .execute();
  for (const row of rows) found.get(row.task_id)?.add(row.annotator_id);
  return found;
}
