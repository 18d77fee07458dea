/** A rollout as one answer shows it. */
import { instantText } from '../http/fields.ts';
import type { Db } from '../store/db.ts';
import { decide, type Inputs } from './decide.ts';
import { type RolloutJson, rolloutJson } from './json.ts';
import { lookAt } from './look.ts';
import { isLive, type Rollout } from './rollout.ts';

/** With how many devices are in which state, and, where it is live, what it does or waits for. */
export async function shownRollout(db: Db, of: Rollout, at: number): Promise<RolloutJson> {
  const rows = await db
    .selectFrom('rollout_target')
    .select(['state', (from) => from.fn.countAll<bigint>().as('n')])
    .where('rollout_id', '=', of.id)
    .where('arm', '<>', 'excluded')
    .groupBy('state')
    .execute();
  const counts = Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]));
  const shown = rolloutJson(of, counts);
  if (!isLive(of.state)) return shown;
  const { inputs } = await lookAt(db, of.id, at);
  const { action, rule } = decide(inputs);
  const until = untilOf(inputs, rule);
  const { eligible = 0 } = inputs.counts;
  return {
    ...shown,
    next: {
      action,
      rule,
      ...(until === undefined ? {} : { until: instantText(until) }),
      away: Math.max(0, eligible - inputs.reachable - inputs.withoutWayBack),
      withoutWayBack: inputs.withoutWayBack,
    },
  };
}

/** When the stage's bake is over, at the least or at the most. */
function untilOf({ bakeAt, stage }: Inputs, rule: string): number | undefined {
  if (bakeAt === null || stage === null) return undefined;
  if (rule === 'it_bakes') return bakeAt + stage.bakeMs;
  const isUnclear = rule === 'not_clear_yet' || rule === 'too_few_frames';
  return isUnclear ? bakeAt + stage.maxBakeMs : undefined;
}
