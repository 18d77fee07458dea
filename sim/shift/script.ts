/**
 * What happens in a shift: mishaps that a rule should find, and look-alikes that none should, in a
 * seeded order, each in its own stretch of ordinary driving.
 */
import { type Random, seededRandom } from '@fieldloop/core';

/** What truly happened; the truth says so by these names. */
export const mishapKinds = [
  'near_miss',
  'hard_brake',
  'obstacle',
  'disengagement',
  'doubt',
  'disagreement',
  'lidar_dropout',
  'stuck',
  'pose_jump',
  'low_battery',
  'overheating',
  'novelty',
] as const;
export type MishapKind = (typeof mishapKinds)[number];

/** Looks like one of them and is none. */
const lookAlikes = [
  'wrong_beam',
  'planned_stop',
  'blink',
  'lost_scan',
  'long_wait',
  'pose_gap',
  'pose_correction',
  'bump',
  'passer_by',
  'bad_reading',
] as const;
export type LookAlike = (typeof lookAlikes)[number];

export interface Happening {
  readonly kind: MishapKind | LookAlike;
  /** Seconds since the shift began. */
  readonly atS: number;
  readonly untilS: number;
}

/** How long each lasts, in seconds; what is not named lasts `usualS`. */
const lengths: Readonly<Partial<Record<Happening['kind'], number>>> = {
  near_miss: 4,
  hard_brake: 3,
  obstacle: 4,
  disengagement: 6,
  planned_stop: 6,
  blink: 0.4,
  wrong_beam: 0.1,
  lost_scan: 0.3,
  long_wait: 25,
  stuck: 30,
  low_battery: 20,
  overheating: 20,
  bad_reading: 1,
  pose_gap: 2,
  bump: 0.01,
};
const usualS = 4;
/** Ordinary driving before each. */
const leastGapS = 12;
const moreGapS = 10;

export const isMishap = (kind: Happening['kind']): kind is MishapKind =>
  (mishapKinds as readonly string[]).includes(kind);

/** Everything once in a new order, again and again, as long as the shift lasts. */
export function shiftScript(seed: string, seconds: number): Happening[] {
  const random = seededRandom(`${seed}/script`);
  const found: Happening[] = [];
  let atS = 0;
  while (atS < seconds) {
    for (const kind of shuffled([...mishapKinds, ...lookAlikes], random)) {
      atS += leastGapS + random.next() * moreGapS;
      const untilS = atS + (lengths[kind] ?? usualS);
      // A happening that the end would cut is left out.
      if (untilS + leastGapS > seconds) return found;
      found.push({ kind, atS, untilS });
      atS = untilS;
    }
  }
  return found;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.integer(left.length), 1));
}
