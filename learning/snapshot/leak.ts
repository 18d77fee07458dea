/**
 * Moments that stand on both sides of a split: their embeddings point in nearly one direction. All
 * are found, without comparing all with all: of rows that form clusters only those of near pivots
 * are compared, and most pairs part in their first coordinates. The work grows with rows x pivots,
 * about n^1.5; rows that form no clusters are compared all with all, for a few coordinates each.
 */
import { cosineRounding } from '../cosine.ts';
import { indexByPivots, openNearest, partsNear, type PivotIndex } from './pivots.ts';
import {
  latticeError,
  latticeSteps,
  type SquareWithin,
  squareWithin,
  type UnitRows,
} from './unit-rows.ts';

export interface LeakingPair {
  /** Rows. */
  readonly left: number;
  readonly right: number;
  /** False: the lattice is too coarse to tell, and the cosine of the vectors has the answer. */
  readonly isSure: boolean;
}

/** Distances that are measured before others may work in this thread. */
const turn = 20_000;

/**
 * Rows of the right side that have a near-equal one on the left. A row that surely has one comes
 * once; else every pair comes that may be one. Yields what was found since the last time, often
 * nothing.
 */
export function* leakingPairs(
  rows: UnitRows,
  sides: { readonly left: Int32Array; readonly right: Int32Array },
  cosine: number,
): Generator<readonly LeakingPair[], void> {
  if (sides.left.length === 0 || sides.right.length === 0) return;
  const measure = squareWithin(rows);
  let spent = 0;
  const square: SquareWithin = (a, b, most) => {
    spent += 1;
    return measure(a, b, most);
  };
  const limits = limitsOf(rows.width, cosine);
  const building = indexByPivots(square, sides.left, limits.reach);
  let built = building.next();
  for (; built.done !== true; built = building.next()) {
    if (spent < turn) continue;
    yield [];
    spent = 0;
  }
  const search = { index: built.value, nearest: openNearest(square, built.value) };
  let found: LeakingPair[] = [];
  for (const row of sides.right) {
    found.push(...likeOf(square, { ...search, ...limits }, row));
    if (spent < turn) continue;
    yield found;
    [found, spent] = [[], 0];
  }
  yield found;
}

/** In steps of the lattice: beyond `reach` no pair is near-equal, within `sure` every one is. */
function limitsOf(width: number, cosine: number) {
  const steps = (square: number): number => Math.sqrt(Math.max(0, square)) * latticeSteps;
  const error = latticeError(width);
  return {
    reach: steps(2 - 2 * (cosine - cosineRounding)) + error,
    sure: Math.max(0, steps(2 - 2 * cosine) - error),
  };
}

function likeOf(
  square: SquareWithin,
  of: {
    readonly index: PivotIndex;
    readonly nearest: ReturnType<typeof openNearest>;
    readonly reach: number;
    readonly sure: number;
  },
  row: number,
): readonly LeakingPair[] {
  const { index, reach, sure } = of;
  const maybe: LeakingPair[] = [];
  for (const { from, to } of partsNear(square, index, { row, nearest: of.nearest(row), reach })) {
    for (let at = from; at < to; at += 1) {
      const left = index.members[at] as number;
      const apart = square(left, row, reach * reach);
      if (apart < sure * sure) return [{ left, right: row, isSure: true }];
      if (apart <= reach * reach) maybe.push({ left, right: row, isSure: false });
    }
  }
  return maybe;
}
