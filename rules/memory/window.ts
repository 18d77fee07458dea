/**
 * `min`, `max`, `avg`, `p` and `drop` over the values of the last d: those whose log time is
 * later than now - d. NaN is left out; a window without values is unknown.
 */
import type { Json } from '@fieldloop/core';
import * as limits from '../limits.ts';
import { type CellInput, type MemoryCell, readNumber } from './cell.ts';
import { openSamples, type Samples } from './samples.ts';
import { openSorted } from './sorted.ts';
import { jsonNumber, numberOf } from './state.ts';

/** The known, real value of the argument at this moment; -0 counts as 0. */
function sampleOf(input: CellInput): number | undefined {
  const value = readNumber(input);
  return value === undefined || Number.isNaN(value) ? undefined : value + 0;
}

/** Keeps only values that can still become the extreme: each one beats all before it. */
export function pushExtreme(samples: Samples, nowNs: number, value: number, isMax: boolean): void {
  while (samples.size() > 0) {
    const newest = samples.valueAt(samples.size() - 1);
    if (isMax ? newest > value : newest < value) break;
    samples.pop();
  }
  if (samples.isFull()) samples.shift();
  samples.push(nowNs, value);
}

const forget = (samples: Samples, untilNs: number): void => {
  while (samples.size() > 0 && samples.timeAt(0) <= untilNs) samples.shift();
};

export function openExtreme(input: CellInput): MemoryCell {
  const samples = openSamples(limits.windowSamples, input.budget);
  const isMax = input.fn === 'max';
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forget(samples, nowNs - input.windowNs);
      cell.number = samples.valueAt(0);
      return samples.size() > 0;
    },
    fold(nowNs: number): void {
      const value = sampleOf(input);
      if (value === undefined) return;
      forget(samples, nowNs - input.windowNs);
      pushExtreme(samples, nowNs, value, isMax);
    },
    reset: () => samples.clear(),
    save: () => samples.save(),
    load: (state: Json) => samples.load(state),
  };
  return cell;
}

/** How far the latest value is below the largest of the window. */
export function openDrop(input: CellInput): MemoryCell {
  const samples = openSamples(limits.windowSamples, input.budget);
  let latest = Number.NaN;
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forget(samples, nowNs - input.windowNs);
      cell.number = samples.valueAt(0) - latest;
      return samples.size() > 0 && !Number.isNaN(latest);
    },
    fold(nowNs: number): void {
      const value = sampleOf(input);
      latest = value ?? Number.NaN;
      if (value === undefined) return;
      forget(samples, nowNs - input.windowNs);
      pushExtreme(samples, nowNs, value, true);
    },
    reset(): void {
      latest = Number.NaN;
      samples.clear();
    },
    save: (): Json => [jsonNumber(latest), samples.save()],
    load(state: Json): void {
      const [saved, rest] = state as Json[];
      latest = numberOf(saved);
      samples.load(rest ?? null);
    },
  };
  return cell;
}

/**
 * The mean by a running sum and what its roundings lost (TwoSum of Knuth, TAOCP 2, 4.2.2), so that
 * a huge value leaves no trace when it departs. Both are taken afresh after as many departures as
 * there are values, and whenever the sum is not finite, so that nothing piles up.
 */
export function openAverage(input: CellInput): MemoryCell {
  const samples = openSamples(limits.windowSamples, input.budget);
  // Sum and losses; the losses are NaN once the sum is not finite. A variable would be boxed.
  const sums = new Float64Array(2);
  let departures = 0;
  const add = (value: number): void => {
    const sum = sums[0] ?? 0;
    const next = sum + value;
    const added = next - sum;
    sums[0] = next;
    sums[1] = (sums[1] ?? 0) + (sum - (next - added) + (value - added));
  };
  const clear = (): void => {
    sums.fill(0);
    departures = 0;
  };
  const shift = (): void => {
    add(-samples.shift());
    departures += 1;
    if (departures <= samples.size() && Number.isFinite(sums[0])) return;
    clear();
    for (let i = 0; i < samples.size(); i += 1) add(samples.valueAt(i));
  };
  const forgetUntil = (untilNs: number): void => {
    while (samples.size() > 0 && samples.timeAt(0) <= untilNs) shift();
  };
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forgetUntil(nowNs - input.windowNs);
      const sum = sums[0] ?? 0;
      const lost = sums[1] ?? 0;
      cell.number = (Number.isNaN(lost) ? sum : sum + lost) / samples.size();
      return samples.size() > 0;
    },
    fold(nowNs: number): void {
      const value = sampleOf(input);
      if (value === undefined) return;
      forgetUntil(nowNs - input.windowNs);
      if (samples.isFull()) shift();
      samples.push(nowNs, value);
      add(value);
    },
    reset(): void {
      samples.clear();
      clear();
    },
    save: (): Json => [
      jsonNumber(sums[0] ?? 0),
      departures,
      samples.save(),
      jsonNumber(sums[1] ?? 0),
    ],
    load(state: Json): void {
      const [savedSum, savedDepartures, rest, savedLost = 0] = state as Json[];
      sums.set([numberOf(savedSum), numberOf(savedLost)]);
      departures = numberOf(savedDepartures);
      samples.load(rest ?? null);
    },
  };
  return cell;
}

/** The quantile of Hyndman & Fan 1996, type 7: linear between the two neighbours. */
export function openQuantile(input: CellInput): MemoryCell {
  const samples = openSamples(limits.sortedSamples, input.budget);
  const sorted = openSorted();
  const forgetUntil = (untilNs: number): void => {
    while (samples.size() > 0 && samples.timeAt(0) <= untilNs) sorted.remove(samples.shift());
  };
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forgetUntil(nowNs - input.windowNs);
      if (samples.size() === 0) return false;
      cell.number = sorted.quantile(input.quantile);
      return true;
    },
    fold(nowNs: number): void {
      const value = sampleOf(input);
      if (value === undefined) return;
      forgetUntil(nowNs - input.windowNs);
      if (samples.isFull()) sorted.remove(samples.shift());
      samples.push(nowNs, value);
      sorted.insert(value);
    },
    reset(): void {
      samples.clear();
      sorted.clear();
    },
    save: () => samples.save(),
    load(state: Json): void {
      samples.load(state);
      sorted.clear();
      for (let i = 0; i < samples.size(); i += 1) sorted.insert(samples.valueAt(i));
    },
  };
  return cell;
}
