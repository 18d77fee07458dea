import { sha256Hex } from '@fieldloop/core';

/**
 * Where a unit stands between 0 and 1 under a salt: the first 8 bytes of SHA-256(salt, 0, id) over
 * 2^64. It is the same whoever asks, in whatever order, so that drawing takes no lock.
 */
export function hashShare(salt: string, id: string): number {
  const hex = sha256Hex(`${salt}\u0000${id}`);
  // 53 bits are what a double holds; the rest would round up to 1.
  return Number(BigInt(`0x${hex.slice(0, 16)}`) >> 11n) / 2 ** 53;
}

/** Whether a unit is drawn with probability `propensity`. */
export const isDrawn = (salt: string, id: string, propensity: number): boolean =>
  hashShare(salt, id) < propensity;
