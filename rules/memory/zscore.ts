/**
 * How unusual a value is: its distance from an exponential mean in standard deviations. Mean and
 * variance are those before the value, so that an outlier does not hide itself.
 */
import type { Json } from '@fieldloop/core';
import { type CellInput, type MemoryCell, readNumber } from './cell.ts';
import { jsonNumber, numberOf } from './state.ts';

/** Values before the first answer. */
const leastValues = 10;

/**
 * Weights of Finch 2009 ("Incremental calculation of weighted mean and variance", section 9) for
 * uneven steps: 1 - exp(-dt / tau), and at least 1/n, by which it starts as the plain mean.
 */
export function openZscore(input: CellInput): MemoryCell {
  let count = 0;
  let mean = 0;
  let variance = 0;
  let lastNs = 0;
  const forget = (): void => {
    count = 0;
    mean = 0;
    variance = 0;
  };
  const cell = {
    number: Number.NaN,
    text: undefined,
    known: (): boolean => !Number.isNaN(cell.number),
    fold(nowNs: number): void {
      const value = readNumber(input);
      cell.number = Number.NaN;
      if (value === undefined || !Number.isFinite(value)) return;
      if (count >= leastValues && variance > 0) cell.number = (value - mean) / Math.sqrt(variance);
      const weight =
        count === 0
          ? 1
          : Math.max(1 / (count + 1), 1 - Math.exp((lastNs - nowNs) / input.windowNs));
      const distance = value - mean;
      const step = weight * distance;
      mean += step;
      variance = count === 0 ? 0 : (1 - weight) * (variance + distance * step);
      count += 1;
      lastNs = nowNs;
      // A value whose square is no double would hide all that come after it.
      if (!Number.isFinite(variance)) forget();
    },
    reset(): void {
      forget();
      cell.number = Number.NaN;
    },
    save: (): Json => [count, mean, variance, lastNs, cell.number].map(jsonNumber),
    load(state: Json): void {
      [count, mean, variance, lastNs, cell.number] = (state as Json[]).map(numberOf) as [
        number,
        number,
        number,
        number,
        number,
      ];
    },
  };
  return cell;
}
