import type { FieldType, SignalSpec } from './types.ts';

export type Reduce = NonNullable<SignalSpec['reduce']>;

/** The running fold of one list into one number. */
export interface Fold {
  readonly fn: Reduce['fn'];
  readonly isBounded: boolean;
  readonly low: number;
  readonly high: number;
  /** Items are 64-bit integers, which a double may not hold. */
  readonly isWide: boolean;
  /** How many items went in, and the fold of their values. */
  readonly state: Float64Array;
  /** The result depends on an item that a double does not hold exactly: it is unknown. */
  isInexact: boolean;
}

/**
 * The type of a fold's result; undefined when texts have no such fold. Sum, mean and count are
 * doubles; min, max, first and last keep the type of the items, except that truths have a numeric
 * min and max.
 */
export function foldResult(reduce: Reduce, item: FieldType): FieldType | undefined {
  switch (reduce.fn) {
    case 'count':
      return item === 'text' && reduce.valid !== undefined ? undefined : 'number';
    case 'sum':
    case 'mean':
      return item === 'text' ? undefined : 'number';
    case 'min':
    case 'max':
      return item === 'text' ? undefined : item === 'bigint' ? 'bigint' : 'number';
    case 'first':
    case 'last':
      return item === 'text' && reduce.valid !== undefined ? undefined : item;
  }
}

export function openFold(reduce: Reduce, item: FieldType): Fold {
  const [low, high] = reduce.valid ?? [0, 0];
  return {
    fn: reduce.fn,
    isBounded: reduce.valid !== undefined,
    low,
    high,
    isWide: item === 'bigint',
    state: new Float64Array(2),
    isInexact: false,
  };
}

export function beginFold(fold: Fold): void {
  fold.state[0] = 0;
  fold.state[1] = fold.fn === 'min' ? Infinity : fold.fn === 'max' ? -Infinity : 0;
  fold.isInexact = false;
}

/**
 * Folds `values[0..count)` in, in their order; the array is scratch and may change. NaN is a
 * number like any other: outside every `valid` range, and making min, max, sum and mean NaN.
 */
export function foldValues(fold: Fold, values: Float64Array, count: number): void {
  const kept = fold.isBounded ? keepValid(fold, values, count) : count;
  if (kept === 0) return;
  if (fold.isWide) checkExact(fold, values, kept);
  const { state } = fold;
  const before = state[0] ?? 0;
  state[0] = before + kept;
  if (fold.fn === 'min') foldMin(state, values, kept);
  else if (fold.fn === 'max') foldMax(state, values, kept);
  else if (fold.fn === 'sum' || fold.fn === 'mean') foldSum(state, values, kept);
  else if (fold.fn === 'last') state[1] = values[kept - 1] ?? 0;
  else if (before === 0) state[1] = values[0] ?? 0;
}

function foldMin(state: Float64Array, values: Float64Array, count: number): void {
  let least = state[1] ?? 0;
  for (let k = 0; k < count; k += 1) least = Math.min(least, values[k] ?? 0);
  state[1] = least;
}

function foldMax(state: Float64Array, values: Float64Array, count: number): void {
  let most = state[1] ?? 0;
  for (let k = 0; k < count; k += 1) most = Math.max(most, values[k] ?? 0);
  state[1] = most;
}

function foldSum(state: Float64Array, values: Float64Array, count: number): void {
  let sum = state[1] ?? 0;
  for (let k = 0; k < count; k += 1) sum += values[k] ?? 0;
  state[1] = sum;
}

/** Items whose values do not matter, such as texts that are counted. */
export function foldCount(fold: Fold, count: number): void {
  fold.state[0] = (fold.state[0] ?? 0) + count;
}

function keepValid(fold: Fold, values: Float64Array, count: number): number {
  const { low, high } = fold;
  let kept = 0;
  for (let k = 0; k < count; k += 1) {
    const value = values[k] ?? 0;
    if (value >= low && value <= high) {
      values[kept] = value;
      kept += 1;
    }
  }
  return kept;
}

/** First and last depend on one item, the others on all; a count on none. */
function checkExact(fold: Fold, values: Float64Array, count: number): void {
  if (fold.fn === 'count' || (fold.fn === 'first' && (fold.state[0] ?? 0) > 0)) return;
  if (fold.fn === 'first' || fold.fn === 'last') {
    fold.isInexact = !Number.isSafeInteger(values[fold.fn === 'first' ? 0 : count - 1]);
    return;
  }
  for (let k = 0; k < count; k += 1) {
    if (!Number.isSafeInteger(values[k])) fold.isInexact = true;
  }
}

/** Whether there is a result: nothing has no smallest item, but it has a sum and a count of 0. */
export function foldHasResult(fold: Fold): boolean {
  if (fold.isInexact) return false;
  return fold.fn === 'count' || fold.fn === 'sum' || (fold.state[0] ?? 0) > 0;
}

export function foldNumber(fold: Fold): number {
  const count = fold.state[0] ?? 0;
  if (fold.fn === 'count') return count;
  return fold.fn === 'mean' ? (fold.state[1] ?? 0) / count : (fold.state[1] ?? 0);
}
