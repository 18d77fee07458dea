/**
 * Whether the field has proven a fix: enough hours on the new model, at the rate at which the old
 * one failed, without one more failure. Pure.
 */

/** Hours of recording, and failures of one kind within them. */
export interface Exposure {
  readonly hours: number;
  readonly failures: number;
}

export type FieldVerdict =
  | { readonly state: 'proven'; readonly expected: number }
  | { readonly state: 'unproven'; readonly expected: number; readonly missingHours: number }
  | { readonly state: 'recurred'; readonly failures: number };

/**
 * None seen where three were to be expected: with 95 % the rate is below the old one (the rule of
 * three, Hanley and Lippman-Hand 1983).
 */
const expectedForProof = 3;

export function fieldVerdict(before: Exposure, after: Exposure): FieldVerdict {
  if (after.failures > 0) return { state: 'recurred', failures: after.failures };
  // Without hours before there is no rate; the failure itself is one in the least that was seen.
  const perHour = Math.max(1, before.failures) / Math.max(before.hours, leastHours);
  const expected = perHour * after.hours;
  if (expected >= expectedForProof) return { state: 'proven', expected };
  const missingHours = (expectedForProof - expected) / perHour;
  return { state: 'unproven', expected, missingHours };
}

const leastHours = 1 / 60;

/** A stretch of time in ns. */
export interface Stretch {
  readonly fromNs: bigint;
  /** Absent: it goes on. */
  readonly toNs?: bigint | undefined;
}

/** Hours of `recorded` that lie within `held`, and those that lie outside of it before `held`. */
export function exposedHours(
  recorded: readonly { readonly fromNs: bigint; readonly toNs: bigint }[],
  held: readonly Stretch[],
): { readonly within: number; readonly before: number } {
  const first = held.reduce<bigint | undefined>(
    (least, { fromNs }) => (least === undefined || fromNs < least ? fromNs : least),
    undefined,
  );
  let within = 0n;
  let before = 0n;
  for (const { fromNs, toNs } of recorded) {
    for (const stretch of held) within += overlap({ fromNs, toNs }, stretch);
    before += overlap({ fromNs, toNs }, { fromNs: 0n, toNs: first });
  }
  return { within: hoursOf(within), before: hoursOf(before) };
}

function overlap(a: { readonly fromNs: bigint; readonly toNs: bigint }, b: Stretch): bigint {
  const from = a.fromNs > b.fromNs ? a.fromNs : b.fromNs;
  const to = b.toNs === undefined || a.toNs < b.toNs ? a.toNs : b.toNs;
  return to > from ? to - from : 0n;
}

const hoursOf = (ns: bigint): number => Number(ns) / 3.6e12;
