/**
 * How far a lane has come, pure: rows may arrive twice, late or past a hole, and `through` passes
 * no hole. Numbers are sequence numbers of one (device, lane, origin); the first is 1.
 */
import { maxLaneRanges } from '../wire-limits.ts';

export interface LaneProgress {
  readonly through: bigint;
  /** What is here past a hole: sorted, apart from each other and from `through`. */
  readonly ranges: readonly LaneRange[];
}

export interface LaneRange {
  readonly from: bigint;
  readonly to: bigint;
}

export const newLane: LaneProgress = { through: 0n, ranges: [] };

/** True when this number is committed or refused already. */
export function holds(lane: LaneProgress, seq: bigint): boolean {
  return seq <= lane.through || lane.ranges.some(({ from, to }) => seq >= from && seq <= to);
}

/** The lane with `from` to `to` in it, or undefined when that would be one range too many. */
export function withRange(lane: LaneProgress, from: bigint, to: bigint): LaneProgress | undefined {
  let start = from;
  let end = to;
  const apart: LaneRange[] = [];
  for (const range of lane.ranges) {
    if (range.to + 1n < start || range.from > end + 1n) {
      apart.push(range);
      continue;
    }
    if (range.from < start) start = range.from;
    if (range.to > end) end = range.to;
  }
  if (start <= lane.through + 1n) {
    return { through: end > lane.through ? end : lane.through, ranges: apart };
  }
  if (apart.length >= maxLaneRanges) return undefined;
  const ranges = [...apart, { from: start, to: end }].toSorted((a, b) =>
    a.from < b.from ? -1 : 1,
  );
  return { through: lane.through, ranges };
}

/**
 * The numbers that a device says it no longer has, when its lowest row is past what is here: after
 * a restore of the cloud, or when the device lost its buffer. Undefined when there are none.
 */
export function missingBelow(lane: LaneProgress, lowest: bigint): LaneRange | undefined {
  const from = lane.through + 1n;
  return lowest > from ? { from, to: lowest - 1n } : undefined;
}

export function rangesText(ranges: readonly LaneRange[]): string {
  return JSON.stringify(ranges.map(({ from, to }) => [String(from), String(to)]));
}

export function rangesOf(text: string): readonly LaneRange[] {
  const pairs = JSON.parse(text) as readonly (readonly [string, string])[];
  return pairs.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) }));
}
