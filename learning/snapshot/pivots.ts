/**
 * Rows that hang on the nearest of some hundred pivots, to find those near another row. Exact: what
 * is left out is surely farther away. A row at most `reach` from one that hangs on pivot k cannot
 * lie deeper than that on the far side of the plane between k and its own pivot (Connor et al.,
 * "Hilbert Exclusion", 2016), and its distance to k is that of the other but for `reach`.
 */
import type { SquareWithin } from './unit-rows.ts';

export interface PivotIndex {
  /** Rows. */
  readonly pivots: Int32Array;
  /** Distances between pivots, row by row. */
  readonly apart: Float64Array;
  /** For each pivot those whose members may be within reach of a row that is nearest to it. */
  readonly open: readonly Int32Array[];
  /** Rows by pivot, those of one by their distance to it. */
  readonly members: Int32Array;
  readonly radius: Float64Array;
  /** Where the members of each pivot begin; one more for the end. */
  readonly starts: Int32Array;
}

const mostPivots = 1024;
/** Rows for each pivot among which it is looked for. */
const sampled = 4;

/**
 * For searches within `reach`. Yields after each row, so that a caller can let others work; rows x
 * pivots distances.
 */
export function* indexByPivots(
  square: SquareWithin,
  rows: Int32Array,
  reach: number,
): Generator<void, PivotIndex, void> {
  const pivots = yield* farApart(square, rows);
  const count = pivots.length;
  const apart = new Float64Array(count * count);
  for (let a = 0; a < count; a += 1) {
    for (let b = 0; b < count; b += 1) {
      const between = square(pivots[a] as number, pivots[b] as number, Infinity);
      apart[a * count + b] = Math.sqrt(between);
    }
    yield;
  }
  const nearest = openNearest(square, { pivots, apart });
  const own = new Int32Array(rows.length);
  const away = new Float64Array(rows.length);
  const isOpen = new Uint8Array(count * count);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as number;
    const { pivot, distance } = nearest(row);
    own[i] = pivot;
    away[i] = distance;
    for (let k = 0; k < count; k += 1) {
      if (isOpen[k * count + pivot] === 1) continue;
      const most = distance * distance + 2 * reach * (apart[pivot * count + k] as number);
      if (square(row, pivots[k] as number, most) <= most) isOpen[k * count + pivot] = 1;
    }
    yield;
  }
  const order = Int32Array.from(rows, (_, i) => i).sort(
    (a, b) => (own[a] as number) - (own[b] as number) || (away[a] as number) - (away[b] as number),
  );
  const starts = new Int32Array(count + 1);
  for (const pivot of own) starts[pivot + 1] = (starts[pivot + 1] as number) + 1;
  for (let k = 0; k < count; k += 1)
    starts[k + 1] = (starts[k + 1] as number) + (starts[k] as number);
  return {
    pivots,
    apart,
    open: Array.from(pivots, (_, k) =>
      Int32Array.from(pivots.keys()).filter((other) => isOpen[k * count + other] === 1),
    ),
    members: order.map((i) => rows[i] as number),
    radius: Float64Array.from(order, (i) => away[i] as number),
    starts,
  };
}

/** Each the farthest from those before it (Gonzalez 1985), among every so many-th row. */
function* farApart(square: SquareWithin, rows: Int32Array): Generator<void, Int32Array, void> {
  const wanted = Math.min(mostPivots, rows.length, Math.ceil(4 * Math.sqrt(rows.length)));
  const step = Math.max(1, Math.floor(rows.length / (wanted * sampled)));
  const some = rows.filter((_, i) => i % step === 0);
  const least = new Float64Array(some.length).fill(Infinity);
  const chosen: number[] = [];
  for (let next = 0; chosen.length < wanted && (least[next] ?? 0) > 0; yield) {
    const pivot = some[next] as number;
    chosen.push(pivot);
    next = 0;
    for (let i = 0; i < some.length; i += 1) {
      const now = least[i] as number;
      least[i] = Math.min(now, square(pivot, some[i] as number, now));
      if ((least[i] as number) > (least[next] as number)) next = i;
    }
  }
  return Int32Array.from(chosen);
}

export interface Nearest {
  /** Number of the pivot. */
  readonly pivot: number;
  readonly distance: number;
}

/** Rows that come after each other are alike: the search begins where the last one ended. */
export function openNearest(
  square: SquareWithin,
  { pivots, apart }: Pick<PivotIndex, 'pivots' | 'apart'>,
): (row: number) => Nearest {
  const count = pivots.length;
  let pivot = 0;
  return (row) => {
    let least = square(row, pivots[pivot] as number, Infinity);
    let distance = Math.sqrt(least);
    for (let k = 0; k < count; k += 1) {
      // By the triangle inequality this one is no nearer.
      if ((apart[pivot * count + k] as number) >= 2 * distance) continue;
      const found = square(row, pivots[k] as number, least);
      if (found >= least) continue;
      [pivot, least, distance] = [k, found, Math.sqrt(found)];
    }
    return { pivot, distance };
  };
}

/** A part of `members`. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** The parts of the members that may be within `reach` of a row, that of its own pivot first. */
export function* partsNear(
  square: SquareWithin,
  index: PivotIndex,
  of: { readonly row: number; readonly nearest: Nearest; readonly reach: number },
): Generator<Part, void, void> {
  const { pivots, apart, open } = index;
  const { row, nearest, reach } = of;
  const { pivot, distance } = nearest;
  const count = pivots.length;
  const own = distance * distance;
  yield partAt(index, pivot, { distance, reach });
  for (const k of open[pivot] ?? []) {
    if (k === pivot) continue;
    const between = apart[pivot * count + k] as number;
    if (between > 2 * (distance + reach)) continue;
    const most = own + 2 * reach * between;
    const found = square(row, pivots[k] as number, most);
    if (found <= most) yield partAt(index, k, { distance: Math.sqrt(found), reach });
  }
}

function partAt(
  { radius, starts }: PivotIndex,
  k: number,
  { distance, reach }: { readonly distance: number; readonly reach: number },
): Part {
  const [begin, end] = [starts[k] as number, starts[k + 1] as number];
  const first = (least: number): number => {
    let [low, high] = [begin, end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((radius[middle] as number) < least) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  // Room for the rounding of roots.
  const slack = 1e-6 * (distance + reach);
  return { from: first(distance - reach - slack), to: first(distance + reach + slack) };
}
