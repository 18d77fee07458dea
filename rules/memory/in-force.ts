/**
 * The smallest or largest value that was in force in the last d, each value lasting until the
 * next one: what `held` and `once` are over margins. NaN (unknown) is left out.
 */
import type { Json } from '@fieldloop/core';
import * as limits from '../limits.ts';
import { type CellInput, type MemoryCell, readNumber } from './cell.ts';
import { openSamples } from './samples.ts';
import { jsonNumber, numberOf } from './state.ts';
import { pushExtreme } from './window.ts';

/** A sample stands at the end of its value's time, so that it goes when all of it is past. */
export function openInForce(input: CellInput): MemoryCell {
  const ended = openSamples(limits.windowSamples, input.budget);
  const isMax = input.fn === 'highest';
  const pick = isMax ? Math.max : Math.min;
  let latest = Number.NaN;
  const forget = (nowNs: number): void => {
    while (ended.size() > 0 && ended.timeAt(0) <= nowNs - input.windowNs) ended.shift();
  };
  const cell = {
    number: 0,
    text: undefined,
    known(nowNs: number): boolean {
      forget(nowNs);
      const isOver = Number.isNaN(latest);
      if (ended.size() === 0) cell.number = latest;
      else cell.number = isOver ? ended.valueAt(0) : pick(ended.valueAt(0), latest);
      return !isOver || ended.size() > 0;
    },
    fold(nowNs: number): void {
      const value = readNumber(input) ?? Number.NaN;
      forget(nowNs);
      if (!Number.isNaN(latest)) pushExtreme(ended, nowNs, latest, isMax);
      latest = value;
    },
    reset(): void {
      latest = Number.NaN;
      ended.clear();
    },
    save: (): Json => [jsonNumber(latest), ended.save()],
    load(state: Json): void {
      const [saved, rest] = state as Json[];
      latest = numberOf(saved);
      ended.load(rest ?? null);
    },
  };
  return cell;
}
