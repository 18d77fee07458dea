import { innerAt } from '../inner.ts';
import { countOf, type Rows } from '../novelty.ts';
import { openSpread } from './spread.ts';

/**
 * Greedy k-center (Gonzalez 1985; core sets of Sener & Savarese 2018): always the row that is
 * farthest from all that were chosen, at most twice as far as the best k could leave any. The first
 * one is the row farthest from row 0. Indices in the order of their choice.
 */
export function kCenter(rows: Rows, wanted: number): readonly number[] {
  const count = countOf(rows);
  const spread = openSpread({ count, norm: normsOf(rows), square: (a, b) => square(rows, a, b) });
  const chosen: number[] = [];
  while (chosen.length < Math.min(wanted, count)) {
    const next = chosen.length === 0 ? farthestFrom(rows, 0) : largest(spread.nearest, chosen);
    chosen.push(next);
    spread.add(next);
  }
  return chosen;
}

function normsOf({ width, values }: Rows): Float64Array {
  const norms = new Float64Array(countOf({ width, values }));
  return norms.map((_, i) => Math.sqrt(innerAt(values, i * width, i * width, width)));
}

function farthestFrom(rows: Rows, from: number): number {
  let best = 0;
  let most = -1;
  for (let i = 0; i < countOf(rows); i += 1) {
    const apart = square(rows, from, i);
    if (apart <= most) continue;
    best = i;
    most = apart;
  }
  return best;
}

/** The first of the largest; rows equal to chosen ones come when nothing else is left. */
function largest(nearest: Float64Array, chosen: readonly number[]): number {
  let best = -1;
  for (let i = 0; i < nearest.length; i += 1) {
    if (best < 0 || (nearest[i] as number) > (nearest[best] as number)) best = i;
  }
  if ((nearest[best] as number) > 0) return best;
  const taken = new Set(chosen);
  return nearest.findIndex((_, i) => !taken.has(i));
}

function square({ width, values }: Rows, a: number, b: number): number {
  const left = a * width;
  const right = b * width;
  let sum = 0;
  for (let d = 0; d < width; d += 1) {
    const apart = (values[left + d] as number) - (values[right + d] as number);
    sum += apart * apart;
  }
  return sum;
}
