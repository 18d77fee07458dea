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

/** Yields what was found since the last time, often nothing. Vectors of length 0 have no pair. */
export function* leakingPairs(
  left: Embeddings,
  right: Embeddings,
  cosine: number,
): Generator<readonly LeakingPair[], void> {
  if (left.dimensions !== right.dimensions) throw new TypeError('embeddings of two widths');
  const order = byVariance(right);
  const from = unitRows(left, order);
  const to = sortedByFirst(unitRows(right, order));
  const within = Math.sqrt(Math.max(0, 2 - 2 * cosine)) + 1e-6;
  const { dimensions } = left;
  const count = from.values.length / dimensions;
  let found: LeakingPair[] = [];
  for (let row = 0; row < count; row += 1) {
    if (row > 0 && row % rowsAtOnce === 0) {
      yield found;
      found = [];
    }
    const first = from.values[row * dimensions] ?? Number.NaN;
    if (Number.isNaN(first)) continue;
    for (let at = lowerBound(to, first - within); at < to.rows.length; at += 1) {
      if ((to.values[at * dimensions] ?? 0) > first + within) break;
      const distance = squaredWithin(from, row, { to, at, most: within * within });
      if (distance === undefined) continue;
      const found1 = { left: row, right: to.rows[at] ?? 0, cosine: 1 - distance / 2 };
      if (found1.cosine >= cosine - 1e-6) found.push(found1);
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

function unitRows({ dimensions, values }: Embeddings, order: Int32Array): Embeddings {
  const unit = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += dimensions) {
    let square = 0;
    for (let i = 0; i < dimensions; i += 1) square += (values[at + i] ?? 0) ** 2;
    const length = square > 0 ? Math.sqrt(square) : Number.NaN;
    for (let i = 0; i < dimensions; i += 1) {
      unit[at + i] = (values[at + (order[i] ?? 0)] ?? 0) / length;
    }
  }
  return { dimensions, values: unit };
}

interface Sorted extends Embeddings {
  /** The row that each was before. */
  readonly rows: Int32Array;
}

function sortedByFirst({ dimensions, values }: Embeddings): Sorted {
  const first = (row: number): number => values[row * dimensions] ?? 0;
  const count = values.length / dimensions;
  const rows = Int32Array.from({ length: count }, (_, row) => row)
    .filter((row) => !Number.isNaN(first(row)))
    .sort((a, b) => first(a) - first(b) || a - b);
  const sorted = new Float32Array(rows.length * dimensions);
  rows.forEach((row, at) => {
    sorted.set(values.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  });
  return { dimensions, values: sorted, rows };
}

function lowerBound({ dimensions, values, rows }: Sorted, least: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle * dimensions] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The squared distance, or undefined as soon as it is more. */
function squaredWithin(
  from: Embeddings,
  row: number,
  { to, at, most }: { readonly to: Embeddings; readonly at: number; readonly most: number },
): number | undefined {
  const { dimensions } = from;
  const [a, b] = [row * dimensions, at * dimensions];
  let sum = 0;
  for (let i = 0; i < dimensions; i += 1) {
    const difference = (from.values[a + i] ?? 0) - (to.values[b + i] ?? 0);
    sum += difference * difference;
    if (sum > most) return undefined;
  }
  return sum;
}
