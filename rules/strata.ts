/**
 * The time that recordings of some devices cover, each moment once, in two parts: what was kept
 * because something fired, and what was kept by sampling alone. Pure: log times in ns.
 */
export interface Span {
  readonly device: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sampled: boolean;
}

export interface Covered {
  readonly triggeredS: number;
  /** Outside the triggered part. */
  readonly sampledS: number;
}

interface Range {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export function coveredBy(spans: readonly Span[]): Covered {
  let triggeredNs = 0n;
  let allNs = 0n;
  for (const own of Map.groupBy(spans, (span) => span.device).values()) {
    triggeredNs += lengthOf(unionOf(own.filter(({ sampled }) => !sampled)));
    allNs += lengthOf(unionOf(own));
  }
  const seconds = (ns: bigint): number => Number(ns) / 1e9;
  return { triggeredS: seconds(triggeredNs), sampledS: seconds(allNs - triggeredNs) };
}

/** In order and without overlaps. */
export function unionOf(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.toSorted((a, b) =>
    a.startNs < b.startNs ? -1 : Number(a.startNs > b.startNs),
  );
  const union: { startNs: bigint; endNs: bigint }[] = [];
  for (const { startNs, endNs } of sorted) {
    const last = union.at(-1);
    if (last === undefined || startNs > last.endNs) union.push({ startNs, endNs });
    else if (endNs > last.endNs) last.endNs = endNs;
  }
  return union;
}

/** Whether one of the ranges, which do not overlap, holds the moment. */
export function holds(union: readonly Range[], atNs: bigint): boolean {
  return union.some(({ startNs, endNs }) => startNs <= atNs && atNs <= endNs);
}

export const lengthOf = (union: readonly Range[]): bigint =>
  union.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0n);
