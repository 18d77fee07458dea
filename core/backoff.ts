import type { Random } from './random.ts';

/** Full jitter over an exponential ceiling (Brooker, AWS Architecture Blog 2015), in ms. */
export function backoffMs(
  attempt: number,
  range: { readonly firstMs: number; readonly mostMs: number },
  random: Pick<Random, 'next'>,
): number {
  const ceiling = Math.min(range.mostMs, range.firstMs * 2 ** Math.min(attempt, 30));
  return Math.max(1, Math.floor(random.next() * ceiling));
}
