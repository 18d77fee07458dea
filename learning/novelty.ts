/** Rows of one width, one after the other. */
export interface Rows {
  readonly width: number;
  readonly values: Float32Array;
}

export const countOf = ({ width, values }: Rows): number =>
  width === 0 ? 0 : values.length / width;

/**
 * Distance of each row to its k-th nearest among the known ones (Ramaswamy et al. 2000); with
 * fewer than k known the farthest of them, and 0 when nothing is known.
 */
export function novelty(rows: Rows, known: Rows, k: number): Float64Array {
  const count = countOf(rows);
  const others = countOf(known);
  const out = new Float64Array(count);
  const nearest = new Float64Array(Math.min(k, others));
  if (nearest.length === 0) return out;
  for (let i = 0; i < count; i += 1) {
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < others; j += 1) {
      const bound = nearest[nearest.length - 1] as number;
      const square = squareWithin(rows, i, { of: known, at: j, bound });
      if (square < bound) keep(nearest, square);
    }
    out[i] = Math.sqrt(nearest[nearest.length - 1] as number);
  }
  return out;
}

/** Squared distance, or something above `bound` as soon as it is over it. */
function squareWithin(
  rows: Rows,
  i: number,
  { of, at, bound }: { readonly of: Rows; readonly at: number; readonly bound: number },
): number {
  const a = i * rows.width;
  const b = at * of.width;
  let sum = 0;
  for (let d = 0; d < rows.width; d += 1) {
    const apart = (rows.values[a + d] as number) - (of.values[b + d] as number);
    sum += apart * apart;
    if (sum > bound) return sum;
  }
  return sum;
}

/** Puts a value into a short ascending list, whose last one falls out. */
function keep(sorted: Float64Array, value: number): void {
  let at = sorted.length - 1;
  while (at > 0 && (sorted[at - 1] as number) > value) {
    sorted[at] = sorted[at - 1] as number;
    at -= 1;
  }
  sorted[at] = value;
}
