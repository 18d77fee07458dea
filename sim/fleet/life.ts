/**
 * The life of a simulated device: it makes trips, and fails as often as its program says. Devices
 * differ by nature, as real ones do. Pure; the seed is the caller's.
 */
import type { Random } from '@fieldloop/core';

export interface Life {
  /** Factor on the failures of its program, between .7 and 1.4. */
  readonly clumsiness: number;
  /** Hours lived, trips ended and failures, since it began. */
  readonly hours: number;
  readonly trips: number;
  readonly failures: number;
}

/** A trip takes so much of an hour. */
export const tripHours = 0.1;

export function begin(random: Random): Life {
  // The first trip ends at a moment of its own, so that not all devices end theirs at once.
  const hours = -tripHours * random.next();
  return { clumsiness: 2 ** (random.next() - 0.5), hours, trips: 0, failures: 0 };
}

/** So many hours further. */
export function live(
  before: Life,
  of: { readonly hours: number; readonly failuresPerHour: number },
  random: Random,
): Life {
  const { clumsiness } = before;
  const hours = before.hours + of.hours;
  return {
    clumsiness,
    hours,
    trips: Math.max(0, Math.floor(hours / tripHours)),
    failures: before.failures + poisson(of.failuresPerHour * of.hours * clumsiness, random),
  };
}

/** Knuth's products; means are small here, and large ones are sums of small ones. */
function poisson(mean: number, random: Random): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 16) {
    const limit = Math.exp(-Math.min(left, 16));
    for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  }
  return count;
}
