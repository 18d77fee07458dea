/** Whether anything can ever give the number that a policy watches. */
import type { Db } from '../store/db.ts';
import type { Condition } from './condition.ts';
import { demandSeriesName } from './signals.ts';

/** Fault `invalid` for a metric that is no signal, that no robot sent and no agent would send. */
export async function demandKnownMetric(db: Db, condition: Condition): Promise<void> {
  const metric = 'metric' in condition ? condition.metric : undefined;
  if (metric === undefined) return;
  const sent = await db
    .selectFrom('telemetry_latest')
    .select('series')
    .where('series', '=', metric)
    .limit(1)
    .executeTakeFirst();
  if (sent === undefined) demandSeriesName(metric);
}
