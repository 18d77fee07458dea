/**
 * What was spent in the two latest periods of log time that were asked for. Two, so that a clock
 * that is set back over the turn of an hour does not give the hour twice, nor what begins ahead of
 * its time end the hour that runs.
 */
export interface Spent {
  /** Number of the period since 1970. */
  period: number;
  clips: number;
  /** Of clips that are over. */
  bytes: number;
}

export type LastTwo = readonly [Spent, Spent];

export const nothingSpent = (): LastTwo => [
  { period: 0, clips: 0, bytes: 0 },
  { period: 0, clips: 0, bytes: 0 },
];

/** As they are saved. */
export const latestFirst = ([a, b]: LastTwo): LastTwo => (a.period < b.period ? [b, a] : [a, b]);

/** Undefined when nothing was spent, or it is forgotten. */
export function spentIn(last: LastTwo, period: number): Spent | undefined {
  return last.find((one) => one.period === period);
}

/** To be added to; what is new takes the place of the earlier period. */
export function spendIn(last: LastTwo, period: number): Spent {
  const known = spentIn(last, period);
  if (known !== undefined) return known;
  const [a, b] = last;
  return Object.assign(a.period < b.period ? a : b, { period, clips: 0, bytes: 0 });
}

/** Number of the period since 1970 that holds a moment of log time. */
export function periodAt(atNs: bigint, periodNs: number): number {
  return Number(atNs / BigInt(periodNs));
}
