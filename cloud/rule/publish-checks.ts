/** What must hold before a version reaches robots. */
import { Fault } from '@fieldloop/core';
import { authorize, type Caller } from '../http/caller.ts';
import { forecastMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import type { CohortRef } from '../store/cohort-ref.ts';
import type { PublicationLimits } from './rule.ts';
import { forecastStore } from './store.ts';

export interface PublishWish {
  readonly ruleSet: string;
  readonly n: number;
  readonly digest: string;
  readonly limits: PublicationLimits;
  readonly force: boolean;
  readonly reason: string | undefined;
  readonly now: number;
}

/**
 * The forecast that the publication is held to. Without a young one, or with one that knows
 * nothing of a rule while nothing limits bytes, it takes `force` and a reason.
 */
export async function demandForecast(
  db: Db,
  wish: PublishWish,
): Promise<{ readonly forecastId: string | undefined; readonly forced: string | undefined }> {
  const { ruleSet, n, digest, limits, force, reason, now } = wish;
  const kept = await forecastStore(db).newest(digest, now - forecastMs);
  const blind = (kept?.forecast.rules ?? []).filter(({ basis }) => basis === 'blind');
  const isBound = blind.length === 0 || limits.maxMibPerRobotDay !== undefined;
  if (kept !== undefined && isBound) return { forecastId: kept.id, forced: undefined };
  if (force) return { forecastId: kept?.id, forced: demandReason(reason) };
  if (kept === undefined) throw noForecast(ruleSet, n, 'conflict');
  const names = blind.map(({ rule }) => rule).slice(0, 5);
  throw new Fault(
    'conflict',
    `the forecast tells nothing of ${names.join(', ')}: no recording has the topics`,
    {
      place: '/body/limits/maxMibPerRobotDay',
      remedy:
        'Set limits.maxMibPerRobotDay to bound what they may cost, backtest over recordings that ' +
        'have the topics, or send force with a reason.',
    },
  );
}

export const noForecast = (ruleSet: string, n: number, code: 'conflict' | 'not_found'): Fault =>
  new Fault(code, `version ${n} of "${ruleSet}" has no forecast of the last 7 days`, {
    place: '/body/force',
    remedy:
      `Make one: fieldloop rules backtest ${ruleSet} ${n} --q 'startNs > -30d'. Or send force with ` +
      'a reason, which the audit keeps.',
  });

function demandReason(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new Fault('invalid', 'force needs a reason', {
    place: '/body/reason',
    remedy: 'Say in a sentence why robots should get it without a forecast.',
  });
}

/** Fault `forbidden` unless the caller may publish in this mode to this cohort. */
export function demandPublisher(
  caller: Caller | undefined,
  wanted: { readonly mode: 'shadow' | 'active'; readonly cohort: Pick<CohortRef, 'id' | 'name'> },
): void {
  if (caller === undefined) return;
  if (wanted.mode === 'active') authorize(caller, 'ruleSets:approve');
  const { cohorts } = caller;
  const { id, name } = wanted.cohort;
  if (cohorts === undefined || cohorts.includes(id) || cohorts.includes(name)) return;
  throw new Fault('forbidden', `"${caller.name}" is restricted to other cohorts than "${name}"`, {
    remedy: `Ask an admin, or choose one of ${cohorts.join(', ')}.`,
  });
}
