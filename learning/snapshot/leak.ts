/**
 * Moments that stand on both sides of a split: their embeddings point in nearly one direction. All
 * pairs are found, without comparing all: of unit vectors with cosine c, no coordinate differs by
 * more than the distance sqrt(2 - 2c), and a sum of squares that passes its square needs no rest.
 */
export interface Embeddings {
  readonly dimensions: number;
  /** Row by row. */
  readonly values: Float32Array;
}

export interface LeakingPair {
  /** Rows of the two sides. */
  readonly left: number;
  readonly right: number;
  readonly cosine: number;
}

/** Rows of the left side between two yields: the caller may let others work there. */
const rowsAtOnce = 64;

/**
 * The rows of the right side that have a near-equal one on the left, each once; yields what was
 * found since the last time, often nothing. Both arrays are used up. A vector of length 0 is like
 * nothing.
 */
export function* leakingPairs(
  left: Embeddings,
  right: Embeddings,
  cosine: number,
): Generator<readonly LeakingPair[], void> {
  if (left.dimensions !== right.dimensions) throw new TypeError('embeddings of two widths');
  const order = byVariance(right);
  toUnitRows(left, order);
  toUnitRows(right, order);
  const rows = sortedByFirst(right);
  const gone = new Uint8Array(rows.length);
  const within = Math.sqrt(Math.max(0, 2 - 2 * cosine)) + 1e-6;
  const { dimensions } = left;
  const count = left.values.length / dimensions;
  let found: LeakingPair[] = [];
  for (let row = 0; row < count; row += 1) {
    if (row > 0 && row % rowsAtOnce === 0) {
      yield found;
      found = [];
    }
    const first = left.values[row * dimensions] ?? Number.NaN;
    if (Number.isNaN(first)) continue;
    for (let at = lowerBound(right, rows, first - within); at < rows.length; at += 1) {
      const other = rows[at] ?? 0;
      if ((right.values[other * dimensions] ?? 0) > first + within) break;
      if (gone[at] === 1) continue;
      const distance = squaredWithin(left, right, { row, other, most: within * within });
      if (distance === undefined || 1 - distance / 2 < cosine - 1e-6) continue;
      gone[at] = 1;
      found.push({ left: row, right: other, cosine: 1 - distance / 2 });
    }
  }
  yield found;
}

/** Coordinates that vary most come first: they tell vectors apart soonest. */
function byVariance({ dimensions, values }: Embeddings): Int32Array {
  const sums = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  const count = values.length / dimensions;
  for (let row = 0; row < count; row += 1) {
    for (let i = 0; i < dimensions; i += 1) {
      const value = values[row * dimensions + i] ?? 0;
      sums[i] = (sums[i] ?? 0) + value;
      squares[i] = (squares[i] ?? 0) + value * value;
    }
  }
  const variance = (i: number): number => (squares[i] ?? 0) - (sums[i] ?? 0) ** 2 / (count || 1);
  return Int32Array.from({ length: dimensions }, (_, i) => i).sort(
    (a, b) => variance(b) - variance(a) || a - b,
  );
}

/** In place: unit length, coordinates in this order; a vector of length 0 becomes NaN. */
function toUnitRows({ dimensions, values }: Embeddings, order: Int32Array): void {
  const own = new Float32Array(dimensions);
  for (let at = 0; at < values.length; at += dimensions) {
    own.set(values.subarray(at, at + dimensions));
    let square = 0;
    for (let i = 0; i < dimensions; i += 1) square += (own[i] ?? 0) ** 2;
    const length = square > 0 ? Math.sqrt(square) : Number.NaN;
    for (let i = 0; i < dimensions; i += 1) values[at + i] = (own[order[i] ?? 0] ?? 0) / length;
  }
}

/** Rows in the order of their first coordinate. */
function sortedByFirst({ dimensions, values }: Embeddings): Int32Array {
  const first = (row: number): number => values[row * dimensions] ?? 0;
  return Int32Array.from({ length: values.length / dimensions }, (_, row) => row)
    .filter((row) => !Number.isNaN(first(row)))
    .sort((a, b) => first(a) - first(b) || a - b);
}

/** The first place whose row's first coordinate is not less. */
function lowerBound({ dimensions, values }: Embeddings, rows: Int32Array, least: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[(rows[middle] ?? 0) * dimensions] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The squared distance, or undefined as soon as it is more. */
function squaredWithin(
  left: Embeddings,
  right: Embeddings,
  of: { readonly row: number; readonly other: number; readonly most: number },
): number | undefined {
  const { dimensions } = left;
  const [a, b] = [of.row * dimensions, of.other * dimensions];
  let sum = 0;
  for (let i = 0; i < dimensions; i += 1) {
    const difference = (left.values[a + i] ?? 0) - (right.values[b + i] ?? 0);
    sum += difference * difference;
    if (sum > of.most) return undefined;
  }
  return sum;
}
