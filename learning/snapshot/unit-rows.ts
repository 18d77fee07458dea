/**
 * Many embeddings of one width as points of a lattice near the unit sphere: two bytes a number, and
 * squares of distances are whole numbers. What two points say of their vectors is known to
 * `latticeError`.
 */
export interface UnitRows {
  readonly width: number;
  readonly count: number;
  /** Row by row. */
  readonly values: Int16Array;
}

/** Steps of the lattice to 1; four squares of differences stay below 2^31. */
export const latticeSteps = 8192;

/** In steps: how far the distance of two points may be from that of their vectors. */
export const latticeError = (width: number): number => Math.sqrt(width);

export interface UnitRowsWriter extends Disposable {
  /** The number of the row, or undefined for a vector without length: it is like nothing. */
  add(vector: ArrayLike<number>): number | undefined;
  /** Coordinates that vary most come first: they tell rows apart soonest. */
  done(): UnitRows;
}

/**
 * Room for `most` rows, of which the system gives what is written. Disposing gives it back at once:
 * it is too much to wait until somebody collects it.
 */
export function openUnitRows(width: number, most: number): UnitRowsWriter {
  const values = new Int16Array(width * most);
  let count = 0;
  return {
    add(vector) {
      let square = 0;
      for (let d = 0; d < width; d += 1) square += (vector[d] as number) ** 2;
      if (!(square > 0)) return undefined;
      const scale = latticeSteps / Math.sqrt(square);
      const from = count * width;
      for (let d = 0; d < width; d += 1) {
        values[from + d] = Math.round((vector[d] as number) * scale);
      }
      count += 1;
      return count - 1;
    },
    done() {
      const rows = { width, count, values: values.subarray(0, count * width) };
      reorder(rows, byVariance(rows));
      return rows;
    },
    [Symbol.dispose]() {
      values.buffer.transfer(0);
    },
  };
}

function byVariance({ width, count, values }: UnitRows): Int32Array {
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let at = 0; at < values.length; at += width) {
    for (let d = 0; d < width; d += 1) {
      const value = values[at + d] as number;
      sums[d] = (sums[d] as number) + value;
      squares[d] = (squares[d] as number) + value * value;
    }
  }
  const variance = squares.map((square, d) => square - (sums[d] as number) ** 2 / (count || 1));
  return Int32Array.from({ length: width }, (_, d) => d).sort(
    (a, b) => (variance[b] as number) - (variance[a] as number) || a - b,
  );
}

function reorder({ width, values }: UnitRows, order: Int32Array): void {
  const own = new Int16Array(width);
  for (let at = 0; at < values.length; at += width) {
    own.set(values.subarray(at, at + width));
    for (let d = 0; d < width; d += 1) values[at + d] = own[order[d] as number] as number;
  }
}

/** The squared distance of two rows in steps, or something above `most` once it is over it. */
export type SquareWithin = (a: number, b: number, most: number) => number;

export function squareWithin({ width, values }: UnitRows): SquareWithin {
  const by4 = width - (width % 4);
  return (a, b, most) => {
    const left = a * width;
    const right = b * width;
    let sum = 0;
    let d = 0;
    for (; d < by4; d += 4) {
      const e0 = ((values[left + d] as number) - (values[right + d] as number)) | 0;
      const e1 = ((values[left + d + 1] as number) - (values[right + d + 1] as number)) | 0;
      const e2 = ((values[left + d + 2] as number) - (values[right + d + 2] as number)) | 0;
      const e3 = ((values[left + d + 3] as number) - (values[right + d + 3] as number)) | 0;
      sum =
        (sum + Math.imul(e0, e0) + Math.imul(e1, e1) + Math.imul(e2, e2) + Math.imul(e3, e3)) | 0;
      if (sum > most) return sum;
    }
    for (; d < width; d += 1) {
      const apart = ((values[left + d] as number) - (values[right + d] as number)) | 0;
      sum = (sum + Math.imul(apart, apart)) | 0;
    }
    return sum;
  };
}
