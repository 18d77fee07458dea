/**
 * Golden inputs that a formula gives, so that `model.yaml` of an image model need not list a
 * hundred thousand numbers. In NumPy: `2 * (seed * np.arange(1, n + 1) * 0.618033988749895 % 1) - 1`.
 */

/** The golden ratio's fraction: its multiples spread evenly over 0 to 1 (Weyl 1916). */
const goldenFraction = 0.618_033_988_749_895;

/** `count` numbers in -1 to 1 that follow from `seed` alone. */
export const goldenInput = (seed: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 2 * ((seed * (i + 1) * goldenFraction) % 1) - 1);
