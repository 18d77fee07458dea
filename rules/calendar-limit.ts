/**
 * `perMinute`, `perHour`, `perDay`: so many clips in a minute, hour or day of log time, UTC. The
 * counts outlive a clock that was set: the same hour is not given twice.
 */
import type { Json } from '@fieldloop/core';
import { numberOf } from './memory/state.ts';
import type { RateLimits } from './rule-set.ts';
import { type LastTwo, latestFirst, nothingSpent, periodAt, spendIn, spentIn } from './spent.ts';

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

/**
 * Numbers of the latest periods and clips in them, one of each limit, which is what earlier agents
 * read; then the same of the others.
 */
export function saveCalendarLimit(limit: CalendarLimit): Json {
  const latest = limit.map(({ last }) => latestFirst(last));
  return ([0, 1] as const).flatMap((k) => [
    latest.map((two) => two[k].period),
    latest.map((two) => two[k].clips),
  ]);
}

export function loadCalendarLimit(limit: CalendarLimit, saved: Json): void {
  const [periods = [], clips = [], others = [], theirs = []] = saved as Json[][];
  for (const [i, { last }] of limit.entries()) {
    const of = (all: Json[]): number => numberOf(all[i] ?? 0);
    Object.assign(last[0], { period: of(periods), clips: of(clips) });
    Object.assign(last[1], { period: of(others), clips: of(theirs) });
  }
}
