/**
 * Chooses rows far from each other, by distances that a caller computes from factors. A new centre
 * is compared only with rows that it may be nearer to than their own centre (by the triangle
 * inequality, after Raff, "Exact Acceleration of K-Means++", 2021), which changes nothing but time.
 */

/** Squared distances between rows of one table. */
export interface Metric {
  readonly count: number;
  /** Distance of each row to the origin: no two rows are nearer than these differ. */
  readonly norm: Float64Array;
  /** What cannot be below `bound` may be anything that is not. */
  square(a: number, b: number, bound: number): number;
}

export interface Spread {
  /** Squared distance of each row to its nearest centre; infinite before the first one. */
  readonly nearest: Float64Array;
  add(centre: number): void;
}

export function openSpread(metric: Metric): Spread {
  const { count, norm } = metric;
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const owner = new Int32Array(count).fill(-1);
  const centres: number[] = [];
  return {
    nearest,
    add: (centre) => {
      const apart = centres.map((other) => metric.square(centre, other, Infinity));
      centres.push(centre);
      const reach = norm[centre] as number;
      const mine = centres.length - 1;
      for (let i = 0; i < count; i += 1) {
        const now = nearest[i] as number;
        if (now === 0) continue;
        const own = owner[i] as number;
        // d(centre, own) >= 2 d(i, own) means that the new centre cannot be nearer.
        if (own >= 0 && (apart[own] as number) >= 4 * now) continue;
        const shorter = reach - (norm[i] as number);
        if (shorter * shorter >= now) continue;
        const square = metric.square(centre, i, now);
        if (square >= now) continue;
        nearest[i] = square;
        owner[i] = mine;
      }
    },
  };
}
