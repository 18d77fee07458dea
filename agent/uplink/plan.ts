/** Decisions of the uplink, free of side effects: whose turn it is, and how much at once. */
import { type ClipClass, wireLimits } from '@fieldloop/proto';

const classWeight: Readonly<Record<ClipClass, number>> = {
  critical: 8,
  warning: 4,
  info: 1,
  baseline: 1,
};

/** One transfer that has bytes to send; `deficit` is what it is owed. */
export interface Contender {
  readonly class: ClipClass;
  deficit: number;
}

/**
 * Deficit round robin with one chunk as quantum: over time each gets chunks in proportion to the
 * weight of its class, and none waits for ever.
 */
export function nextTurn<T extends Contender>(contenders: readonly T[]): T | undefined {
  let best: T | undefined;
  let total = 0;
  for (const one of contenders) {
    const weight = classWeight[one.class];
    one.deficit += weight;
    total += weight;
    if (best === undefined || one.deficit > best.deficit) best = one;
  }
  if (best !== undefined) best.deficit -= total;
  return best;
}

/** A chunk should pass the socket in about this time. */
const chunkMs = 10;

/**
 * The next chunk's size: a power of two between 4 KiB and 256 KiB, doubled while chunks pass in
 * less than half of `chunkMs`, halved when one takes longer than twice of it.
 */
export function chunkSizeAfter(size: number, tookMs: number): number {
  if (tookMs < chunkMs / 2) return Math.min(wireLimits.maxChunkBytes, size * 2);
  if (tookMs > chunkMs * 2) return Math.max(wireLimits.minChunkBytes, size / 2);
  return size;
}
