/** `rise`, `fall`, `held`, `once`, `count`: the past of a condition. */
import type { Json } from '@fieldloop/core';
import type { Truth } from '../cel/compare.ts';
import * as limits from '../limits.ts';
import type { CellInput, MemoryCell } from './cell.ts';
import { openSamples } from './samples.ts';
import { jsonNumber, numberOf } from './state.ts';

const read = (input: CellInput): Truth => input.truth?.() ?? 2;

/** `rise` and `fall`: true at the moment of the step; unknown in between changes nothing. */
export function openMoment(input: CellInput): MemoryCell {
  const wanted = input.fn === 'rise' ? 1 : 0;
  let latest: Truth = 2;
  let atNs = Number.NaN;
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      cell.number = atNs === nowNs ? 1 : 0;
      return latest !== 2;
    },
    fold(nowNs: number): void {
      const value = read(input);
      if (value === 2) return;
      if (latest !== 2 && latest !== value && value === wanted) atNs = nowNs;
      latest = value;
    },
    reset(): void {
      latest = 2;
      atNs = Number.NaN;
    },
    save: (): Json => [latest, jsonNumber(atNs)],
    load(state: Json): void {
      const [saved, at] = state as Json[];
      latest = numberOf(saved) as Truth;
      atNs = numberOf(at);
    },
  };
  return cell;
}

/** `held`: unknown breaks the hold, for what is not known does not hold. */
export function openHeld(input: CellInput): MemoryCell {
  let latest: Truth = 2;
  let sinceNs = Number.NaN;
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      cell.number = latest === 1 && nowNs - sinceNs >= input.windowNs ? 1 : 0;
      return latest !== 2;
    },
    fold(nowNs: number): void {
      const value = read(input);
      if (value === 1 && latest !== 1) sinceNs = nowNs;
      latest = value;
    },
    reset(): void {
      latest = 2;
      sinceNs = Number.NaN;
    },
    save: (): Json => [latest, jsonNumber(sinceNs)],
    load(state: Json): void {
      const [saved, since] = state as Json[];
      latest = numberOf(saved) as Truth;
      sinceNs = numberOf(since);
    },
  };
  return cell;
}

/** `once`: true while and for `windowNs` after the condition was true. */
export function openOnce(input: CellInput): MemoryCell {
  let latest: Truth = 2;
  let trueNs = Number.NaN;
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      const was = latest === 1 || nowNs - trueNs < input.windowNs;
      cell.number = was ? 1 : 0;
      return was || latest !== 2;
    },
    fold(nowNs: number): void {
      const value = read(input);
      // What was true until now was true at this moment.
      if (value === 1 || latest === 1) trueNs = nowNs;
      latest = value;
    },
    reset(): void {
      latest = 2;
      trueNs = Number.NaN;
    },
    save: (): Json => [latest, jsonNumber(trueNs)],
    load(state: Json): void {
      const [saved, at] = state as Json[];
      latest = numberOf(saved) as Truth;
      trueNs = numberOf(at);
    },
  };
  return cell;
}

/** `count`: how often the condition became true in the window. */
export function openCount(input: CellInput): MemoryCell {
  const rises = openSamples(limits.windowSamples, input.budget);
  let latest: Truth = 2;
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      while (rises.size() > 0 && rises.timeAt(0) <= nowNs - input.windowNs) rises.shift();
      cell.number = rises.size();
      return latest !== 2;
    },
    fold(nowNs: number): void {
      const value = read(input);
      if (value === 2) return;
      if (value === 1 && latest === 0) {
        cell.known(nowNs);
        if (rises.isFull()) rises.shift();
        rises.push(nowNs, 1);
      }
      latest = value;
    },
    reset(): void {
      latest = 2;
      rises.clear();
    },
    save: (): Json => [latest, rises.save()],
    load(state: Json): void {
      const [saved, samples] = state as Json[];
      latest = numberOf(saved) as Truth;
      rises.load(samples ?? null);
    },
  };
  return cell;
}
