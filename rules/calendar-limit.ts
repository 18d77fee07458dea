/**
 * `perMinute`, `perHour`, `perDay`: so many clips in a minute, hour or day of log time, UTC. The
 * counts outlive a clock that was set: the same hour is not given twice.
 */
import type { Json } from '@fieldloop/core';
import { numberOf } from './memory/state.ts';
import type { RateLimits } from './rule-set.ts';
import { type LastTwo, nothingSpent, periodAt, spendIn, type Spent, spentIn } from './spent.ts';

export type CalendarLimit = readonly {
  readonly periodNs: number;
  readonly most: number;
  readonly last: LastTwo;
}[];

export function openCalendarLimit(of: RateLimits['calendar']): CalendarLimit {
  return of.map((one) => ({ ...one, last: nothingSpent() }));
}

/** Whether one more clip is within every limit. */
export function hasRoom(limit: CalendarLimit, atNs: bigint): boolean {
  return limit.every(
    ({ periodNs, most, last }) => (spentIn(last, periodAt(atNs, periodNs))?.clips ?? 0) < most,
  );
}

export function countClip(limit: CalendarLimit, atNs: bigint): void {
  for (const { periodNs, last } of limit) spendIn(last, periodAt(atNs, periodNs)).clips += 1;
}

/** Numbers of the periods and clips in them: one period of each limit, then the other of each. */
export function saveCalendarLimit(limit: CalendarLimit): Json {
  const all = periodsOf(limit);
  return [all.map(({ period }) => period), all.map(({ clips }) => clips)];
}

export function loadCalendarLimit(limit: CalendarLimit, saved: Json): void {
  const [periods = [], clips = []] = saved as Json[][];
  const all = periodsOf(limit);
  for (const [i, period] of periods.entries()) {
    Object.assign(all[i] ?? {}, { period: numberOf(period), clips: numberOf(clips[i]) });
  }
}

const periodsOf = (limit: CalendarLimit): Spent[] => [
  ...limit.map(({ last: [one] }) => one),
  ...limit.map(({ last: [, other] }) => other),
];
