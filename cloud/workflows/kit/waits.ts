/** How long things wait; pure. */
import { sha256Hex } from '@fieldloop/core';
import { gateSliceMs, retryMs, watchSliceMs } from '../limits.ts';

/** Doubles with each attempt; the first interval is spread by the key, the same on every worker. */
export function retryDelayMs(key: string, attempt: number): number {
  const spread = Number.parseInt(sha256Hex(key).slice(0, 8), 16) / 0x1_0000_0000;
  const factor = attempt === 1 ? 0.5 + spread : 1;
  return Math.min(Math.round(retryMs.initialMs * 2 ** (attempt - 1) * factor), retryMs.maxMs);
}

/** Of the n-th look at a gate, from 1. */
export const gateDelayMs = (look: number): number =>
  look > 9
    ? gateSliceMs.maxMs
    : Math.min(gateSliceMs.initialMs * 2 ** (look - 1), gateSliceMs.maxMs);

/** Behind the n-th look of a watch, from 1. */
export const watchDelayMs = (look: number, everyMs = watchSliceMs.maxMs): number =>
  Math.min(watchSliceMs.initialMs * 2 ** Math.min(look - 1, 30), everyMs);

/** Behind the n-th throw of a body, from 1. */
export const throwDelayMs = (throws: number): number =>
  Math.min(retryMs.initialMs * 2 ** (throws - 1), retryMs.maxMs);
