/**
 * BADGE (Ash et al. 2020): k-means++ on the gradients that a label would cause in the last layer,
 * (p - e_top) ⊗ h. Unsure units have long gradients, alike ones short distances, so that the choice
 * is both unsure and diverse. The gradient is never formed: its inner products are those of p - e
 * times those of h.
 */
import type { Random } from '@fieldloop/core';
import { innerAt } from '../inner.ts';
import { countOf, type Rows } from '../novelty.ts';
import { topIndex } from '../scores.ts';
import { openSpread } from './spread.ts';

export interface BadgeUnits {
  readonly probabilities: Rows;
  readonly embeddings: Rows;
}

/** Indices of at most `wanted` units in the order of their choice. */
export function badge(units: BadgeUnits, wanted: number, random: Random): readonly number[] {
  const count = countOf(units.embeddings);
  const errors = errorsOf(units.probabilities);
  const length = new Float64Array(count);
  const reach = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const own = inner(units.embeddings, i, i);
    reach[i] = Math.sqrt(own);
    length[i] = inner(errors, i, i) * own;
  }
  const square = (a: number, b: number, bound: number): number => {
    const sum = (length[a] as number) + (length[b] as number);
    const alike = inner(errors, a, b);
    // By Cauchy & Schwarz the embeddings can bring the two no nearer than this.
    const least = sum - 2 * Math.abs(alike) * (reach[a] as number) * (reach[b] as number);
    if (least >= bound) return least;
    return Math.max(0, sum - 2 * alike * inner(units.embeddings, a, b));
  };
  const spread = openSpread({ count, norm: length.map(Math.sqrt), square });
  const chosen: number[] = [];
  const isChosen = new Uint8Array(count);
  const take = (i: number): void => {
    chosen.push(i);
    isChosen[i] = 1;
    spread.add(i);
  };
  if (count > 0 && wanted > 0) take(topIndex(length));
  while (chosen.length < Math.min(wanted, count)) {
    take(drawBy(spread.nearest, isChosen, random));
  }
  return chosen;
}

/** p - e_top of each row. */
function errorsOf({ width, values }: Rows): Rows {
  const errors = Float32Array.from(values);
  for (let at = 0; at < errors.length; at += width) {
    const top = at + topIndex(errors.subarray(at, at + width));
    errors[top] = (errors[top] as number) - 1;
  }
  return { width, values: errors };
}

const inner = ({ width, values }: Rows, a: number, b: number): number =>
  innerAt(values, a * width, b * width, width);

/** One row by chance, as likely as its weight; the first free one when all weigh nothing. */
function drawBy(weights: Float64Array, isChosen: Uint8Array, random: Random): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    if (isChosen[i] === 0) sum += weights[i] as number;
  }
  let left = random.next() * sum;
  let last = -1;
  for (let i = 0; i < weights.length; i += 1) {
    if (isChosen[i] === 1) continue;
    if (sum === 0) return i;
    const weight = weights[i] as number;
    if (weight === 0) continue;
    last = i;
    left -= weight;
    if (left < 0) return i;
  }
  return last;
}
