/**
 * Krippendorff's alpha for nominal values: how far people agree beyond chance, with any number of
 * annotators and any answers missing. Krippendorff, K. (2011), "Computing Krippendorff's
 * alpha-reliability": alpha = 1 - D_o / D_e over the coincidences of pairable values.
 */

export interface Agreement {
  /** Absent when chance alone could not disagree: one value everywhere, or nothing to compare. */
  readonly alpha?: number;
  /** Units with at least two values, and the values in them. */
  readonly units: number;
  readonly values: number;
}

/** `units`: for each unit the values that annotators gave it, in any order. */
export function krippendorffAlpha(units: readonly (readonly number[])[]): Agreement {
  const pairable = units.filter((of) => of.length >= 2);
  const totals = new Map<number, number>();
  let values = 0;
  let disagreed = 0;
  for (const of of pairable) {
    const counts = new Map<number, number>();
    for (const value of of) counts.set(value, (counts.get(value) ?? 0) + 1);
    let same = 0;
    for (const [value, n] of counts) {
      same += n * (n - 1);
      totals.set(value, (totals.get(value) ?? 0) + n);
    }
    // Ordered pairs of different values, each unit weighing as many as it has values.
    disagreed += (of.length * (of.length - 1) - same) / (of.length - 1);
    values += of.length;
  }
  let alike = 0;
  for (const n of totals.values()) alike += n * (n - 1);
  const observed = disagreed / values;
  const expected = (values * (values - 1) - alike) / (values * (values - 1));
  const known = { units: pairable.length, values };
  if (values === 0 || expected === 0) return known;
  return { ...known, alpha: 1 - observed / expected };
}
