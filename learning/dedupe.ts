/**
 * Near-duplicates by the cosine of their embeddings: leader clustering (Hartigan 1975). Rows come
 * with the best one first, so the best of a cluster leads it and the others are told its name.
 */
import { countOf, type Rows } from './novelty.ts';

export interface DuplicateUnits {
  /** In the order of preference, best first. */
  readonly embeddings: Rows;
  /** Only units of one group are compared, such as those of one device. */
  readonly group: Int32Array;
  /** Milliseconds; units farther apart than `withinMs` are different moments. */
  readonly atMs: Float64Array;
  /** This many at the beginning lead whatever they are like: they were chosen before. */
  readonly leading?: number;
}

export interface DuplicateLimits {
  readonly cosine: number;
  readonly withinMs: number;
}

export interface Duplicates {
  /** The leader of each row, or -1 for a row that leads. */
  readonly leader: Int32Array;
  readonly cosine: Float32Array;
}

/** Where partial inner products are checked against what the rest could still add. */
const steps = [16, 48, 112];

/**
 * Compares each row with the leaders before it; the one that it is most alike, at or above the
 * limit, is its leader. A row without length (all zero) is like no other. By Cauchy & Schwarz a
 * pair is dropped as soon as the rest of its components cannot lift it to the limit.
 */
export function duplicatesOf(units: DuplicateUnits, limits: DuplicateLimits): Duplicates {
  const { embeddings, group, atMs, leading = 0 } = units;
  const count = countOf(embeddings);
  // Rows of one group beside each other: what is compared is near in memory.
  const order = Int32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (group[a] as number) - (group[b] as number) || a - b,
  );
  const unit = unitRows(embeddings, order);
  const leader = new Int32Array(count).fill(-1);
  const cosine = new Float32Array(count);
  let known: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const i = order[at] as number;
    if (at > 0 && group[order[at - 1] as number] !== group[i]) known = [];
    if (unit.rest[at * stride] === 0) continue;
    if (i < leading) {
      known.push(at);
      continue;
    }
    let best = -1;
    let most = limits.cosine;
    for (const other of known) {
      const apart = (atMs[i] as number) - (atMs[order[other] as number] as number);
      if (Math.abs(apart) > limits.withinMs) continue;
      const found = cosineAbove(unit, { a: at, b: other, least: most });
      if (found < most || (found === most && best >= 0)) continue;
      best = other;
      most = found;
    }
    if (best < 0) known.push(at);
    else {
      leader[i] = order[best] as number;
      cosine[i] = Math.min(1, most);
    }
  }
  return { leader, cosine };
}

interface UnitRows extends Rows {
  /** Length of what is left of a row from 0 and from each step on. */
  readonly rest: Float32Array;
}

const stride = steps.length + 1;
/** Singles round: what is a hair below the limit is at it. */
const rounding = 1e-6;

/** In this order. */
function unitRows({ width, values }: Rows, order: Int32Array): UnitRows {
  const count = countOf({ width, values });
  const unit = new Float32Array(values.length);
  const rest = new Float32Array(count * stride);
  for (let i = 0; i < count; i += 1) {
    const from = i * width;
    const old = (order[i] as number) * width;
    const length = lengthOf(values, old, old + width);
    if (length === 0) continue;
    for (let d = 0; d < width; d += 1) unit[from + d] = (values[old + d] as number) / length;
    rest[i * stride] = 1;
    steps.forEach((step, n) => {
      rest[i * stride + n + 1] = lengthOf(unit, from + Math.min(step, width), from + width);
    });
  }
  return { width, values: unit, rest };
}

function lengthOf(values: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let d = from; d < to; d += 1) sum += (values[d] as number) ** 2;
  return Math.sqrt(sum);
}

/** The cosine of two rows, or -1 as soon as it must be below `least`. */
function cosineAbove(
  { width, values, rest }: UnitRows,
  { a, b, least }: { readonly a: number; readonly b: number; readonly least: number },
): number {
  const left = a * width;
  const right = b * width;
  let sum = 0;
  let d = 0;
  for (let n = 0; n < steps.length; n += 1) {
    const to = Math.min(steps[n] as number, width);
    for (; d < to; d += 1) sum += (values[left + d] as number) * (values[right + d] as number);
    const most = sum + (rest[a * stride + n + 1] as number) * (rest[b * stride + n + 1] as number);
    if (most < least - rounding) return -1;
  }
  for (; d < width; d += 1) sum += (values[left + d] as number) * (values[right + d] as number);
  return sum >= least - rounding ? Math.max(sum, least) : -1;
}
