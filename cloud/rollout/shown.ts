/** A rollout as one answer shows it. */
import type { Db } from '../store/db.ts';
import { type RolloutJson, rolloutJson } from './json.ts';
import type { Rollout } from './rollout.ts';

/** With how many devices are in which state. */
export async function shownRollout(db: Db, of: Rollout): Promise<RolloutJson> {
  const rows = await db
    .selectFrom('rollout_target')
    .select(['state', (from) => from.fn.countAll<bigint>().as('n')])
    .where('rollout_id', '=', of.id)
    .where('arm', '<>', 'excluded')
    .groupBy('state')
    .execute();
  return rolloutJson(of, Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)])));
}
