/**
 * `limits.per`: at most so many clips of one key in a time that begins with the first of them. Keys
 * are bounded: at the limit the one that began first is forgotten, and begins anew when it returns.
 */
import type { Json } from '@fieldloop/core';
import * as limits from './limits.ts';

export interface KeyedLimit {
  readonly most: number;
  readonly everyNs: number;
  /** By key, in the order in which they began: begin in ns of the epoch, and clips since. */
  readonly keys: Map<string, { readonly sinceNs: number; used: number }>;
}

export function openKeyedLimit(most: number, everyNs: number): KeyedLimit {
  return { most, everyNs, keys: new Map() };
}

export function hasKeyRoom(
  { keys, most, everyNs }: KeyedLimit,
  key: string,
  nowNs: number,
): boolean {
  const known = keys.get(key);
  return known === undefined || nowNs - known.sinceNs >= everyNs || known.used < most;
}

export function countKey(limit: KeyedLimit, key: string, nowNs: number): void {
  const { keys, everyNs } = limit;
  const known = keys.get(key);
  if (known !== undefined && nowNs - known.sinceNs < everyNs) {
    known.used += 1;
    return;
  }
  // Taken out and put in again, so that the order stays that of the beginnings.
  keys.delete(key);
  const [oldest] = keys.keys();
  if (keys.size >= limits.limitKeys && oldest !== undefined) keys.delete(oldest);
  keys.set(key, { sinceNs: nowNs, used: 1 });
}

export const saveKeyedLimit = ({ keys }: KeyedLimit): Json =>
  [...keys].map(([key, { sinceNs, used }]) => [key, sinceNs, used]);

export function loadKeyedLimit({ keys }: KeyedLimit, saved: Json): void {
  keys.clear();
  for (const [key, sinceNs, used] of saved as [string, number, number][]) {
    keys.set(key, { sinceNs, used });
  }
}
