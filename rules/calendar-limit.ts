/**
 * `perMinute`, `perHour`, `perDay`: so many clips in a minute, hour or day of log time, UTC. The
 * counts outlive a clock that was set: the same hour is not given twice.
 */
import type { Json } from '@fieldloop/core';
import { numbersOf } from './memory/state.ts';
import type { RateLimits } from './rule-set.ts';

export interface CalendarLimit {
  readonly of: RateLimits['calendar'];
  /** Number of the running period since 1970, and clips in it, one each of `of`. */
  readonly periods: Float64Array;
  readonly used: Float64Array;
}

export function openCalendarLimit(of: RateLimits['calendar']): CalendarLimit {
  return { of, periods: new Float64Array(of.length), used: new Float64Array(of.length) };
}

/** Whether one more clip is within every limit. */
export function hasRoom({ of, periods, used }: CalendarLimit, atNs: bigint): boolean {
  return of.every(
    ({ periodNs, most }, i) => periodAt(atNs, periodNs) !== periods[i] || (used[i] ?? 0) < most,
  );
}

export function countClip({ of, periods, used }: CalendarLimit, atNs: bigint): void {
  for (const [i, { periodNs }] of of.entries()) {
    const period = periodAt(atNs, periodNs);
    if (periods[i] !== period) used[i] = 0;
    periods[i] = period;
    used[i] = (used[i] ?? 0) + 1;
  }
}

/** Number of the period since 1970 that holds a moment of log time. */
export function periodAt(atNs: bigint, periodNs: number): number {
  return Number(atNs / BigInt(periodNs));
}

export const saveCalendarLimit = ({ periods, used }: CalendarLimit): Json => [
  [...periods],
  [...used],
];

export function loadCalendarLimit(limit: CalendarLimit, saved: Json): void {
  const [periods = [], used = []] = saved as Json[][];
  limit.periods.set(numbersOf(periods));
  limit.used.set(numbersOf(used));
}
