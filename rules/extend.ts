/**
 * `extendWhile`: the clip of a trigger goes on while its rule holds, and ends `post` after that.
 * The end moves in steps: where the clip would end and the rule still holds, it goes on. Unknown
 * does not hold. Times are ns of the epoch.
 */
import type { Json } from '@fieldloop/core';
import * as limits from './limits.ts';
import { jsonNumber, numberOf } from './memory/state.ts';

export interface Extending {
  readonly postNs: number;
  /** The trigger whose clip goes on; NaN when none does. */
  atNs: number;
  /** Where its clip ends as far as it was said. */
  throughNs: number;
  isHolding: boolean;
}

export function openExtending(postNs: number): Extending {
  return { postNs, atNs: Number.NaN, throughNs: 0, isHolding: false };
}

export function beginExtending(state: Extending, atNs: number): void {
  state.atNs = atNs;
  state.throughNs = atNs + state.postNs;
  state.isHolding = true;
}

export function endExtending(state: Extending): void {
  state.atNs = Number.NaN;
  state.isHolding = false;
}

/** Where the clip goes on to from now on; undefined when nothing changes. */
export function stepExtending(
  state: Extending,
  look: { readonly isOver: boolean; readonly isHolding: boolean },
  nowNs: number,
): number | undefined {
  if (Number.isNaN(state.atNs)) return undefined;
  const wasHolding = state.isHolding;
  state.isHolding = look.isHolding;
  let throughNs = state.throughNs;
  if (look.isHolding) {
    // What begins to hold again behind the end of the clip is too late for it.
    if (!wasHolding && nowNs > throughNs) endExtending(state);
    else if (nowNs >= throughNs) throughNs = nowNs + Math.max(state.postNs, limits.extendStepNs);
  } else if (wasHolding) throughNs = Math.max(throughNs, nowNs + state.postNs);
  if (look.isOver) endExtending(state);
  if (throughNs === state.throughNs) return undefined;
  state.throughNs = throughNs;
  return throughNs;
}

/** When the clip would end although the rule still holds. */
export function extendDueNs(state: Extending): number {
  return state.isHolding ? state.throughNs : Number.POSITIVE_INFINITY;
}

export const saveExtending = ({ atNs, throughNs, isHolding }: Extending): Json => [
  jsonNumber(atNs),
  throughNs,
  isHolding,
];

export function loadExtending(state: Extending, saved: Json): void {
  const [at, through, isHolding] = saved as Json[];
  state.atNs = numberOf(at);
  state.throughNs = numberOf(through);
  state.isHolding = isHolding === true;
}
