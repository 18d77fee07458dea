/** Times and values of a window, oldest first, in arrays that grow up to a bound. */
import type { Json } from '@fieldloop/core';
import { jsonNumber, numbersOf } from './state.ts';

/** The bytes that all windows of one rule set share. */
export interface WindowBudget {
  leftBytes: number;
  /** Samples given up because a bound was reached. */
  overflows: number;
}

export interface Samples {
  size(): number;
  /** Times and values by place, 0 being the oldest. */
  timeAt(place: number): number;
  valueAt(place: number): number;
  /** Adds the newest; the caller has made room when `isFull`. */
  push(timeNs: number, value: number): void;
  /** Takes the oldest away and gives its value. */
  shift(): number;
  /** Takes the newest away. */
  pop(): void;
  /** At the bound: the oldest sample has to go before the next one comes. */
  isFull(): boolean;
  clear(): void;
  save(): Json;
  load(state: Json): void;
}

const firstCapacity = 16;
const sampleBytes = 16;

export function openSamples(most: number, budget: WindowBudget): Samples {
  let times = new Float64Array(firstCapacity);
  let values = new Float64Array(firstCapacity);
  let head = 0;
  let count = 0;
  budget.leftBytes -= firstCapacity * sampleBytes;

  /** The capacity is a power of two, so that places wrap by a mask. */
  const grow = (): boolean => {
    const capacity = times.length;
    if (capacity * 2 > most || budget.leftBytes < capacity * sampleBytes) return false;
    budget.leftBytes -= capacity * sampleBytes;
    resize(capacity * 2);
    return true;
  };
  const resize = (capacity: number): void => {
    const newTimes = new Float64Array(capacity);
    const newValues = new Float64Array(capacity);
    for (let i = 0; i < count; i += 1) {
      newTimes[i] = timeAt(i);
      newValues[i] = valueAt(i);
    }
    times = newTimes;
    values = newValues;
    head = 0;
  };
  const timeAt = (place: number): number => times[(head + place) & (times.length - 1)] ?? 0;
  const valueAt = (place: number): number => values[(head + place) & (times.length - 1)] ?? 0;

  return {
    size: () => count,
    timeAt,
    valueAt,
    push(timeNs, value) {
      const at = (head + count) & (times.length - 1);
      times[at] = timeNs;
      values[at] = value;
      count += 1;
    },
    shift() {
      const value = valueAt(0);
      head = (head + 1) & (times.length - 1);
      count -= 1;
      return value;
    },
    pop() {
      count -= 1;
    },
    isFull() {
      if (count < times.length || grow()) return false;
      budget.overflows += 1;
      return true;
    },
    clear() {
      head = 0;
      count = 0;
    },
    save: () => ({
      capacity: times.length,
      times: Array.from({ length: count }, (_, i) => jsonNumber(timeAt(i))),
      values: Array.from({ length: count }, (_, i) => jsonNumber(valueAt(i))),
    }),
    load(state) {
      const saved = state as { capacity: number; times: Json[]; values: Json[] };
      const capacity = Math.max(firstCapacity, saved.capacity);
      budget.leftBytes -= (capacity - times.length) * sampleBytes;
      count = 0;
      resize(capacity);
      times.set(numbersOf(saved.times));
      values.set(numbersOf(saved.values));
      count = saved.times.length;
    },
  };
}
