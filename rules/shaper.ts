/**
 * What a number goes through between its message and the rules: a range, and a first-order
 * low-pass over log time. The filter begins anew with each value that follows an unknown one, or
 * one that is not finite; that value passes as it is. Of two values at one time the first counts.
 */
import type { Shaping } from './signal.ts';

export interface Shaper {
  /** Time of the latest value, ns of the epoch. */
  lastNs: number;
  accepts(value: number): boolean;
  /** The filtered value; `before` is the one that rules see now, NaN while there is none. */
  step(value: number, before: number, nowNs: number): number;
}

const nsPerSecond = 1e9;

/** y += (1 - exp(-2 pi f dt)) (x - y): the exact response of an RC filter to a held input. */
export function openShaper({ valid, lowpassHz }: Shaping): Shaper {
  const [low, high] = valid ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const isRanged = valid !== undefined;
  const perNs = (2 * Math.PI * lowpassHz) / nsPerSecond;
  const shaper = {
    lastNs: Number.NaN,
    accepts: (value: number): boolean => !isRanged || (value >= low && value <= high),
    step(value: number, before: number, nowNs: number): number {
      const sinceNs = nowNs - shaper.lastNs;
      shaper.lastNs = nowNs;
      const passes = perNs === 0 || !Number.isFinite(before) || !Number.isFinite(value);
      if (passes) return value;
      return before + (1 - Math.exp(-perNs * sinceNs)) * (value - before);
    },
  };
  return shaper;
}
