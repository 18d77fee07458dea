/** Token buckets by key, such as an address; the number of keys is bounded. */
import type { Clock } from '@fieldloop/core';
import { maxRateKeys } from '../limits.ts';

export interface RateLimit {
  /** False when the key has used up its rate and burst. */
  take(key: string): boolean;
}

/** The key that was quiet longest is forgotten first, which can only let it try again. */
export function openRateLimit(
  clock: Clock,
  rate: { readonly perSecond: number; readonly burst: number },
): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take(key) {
      const now = clock.monotonicMs();
      const known = buckets.get(key) ?? { tokens: rate.burst, atMs: now };
      const gained = ((now - known.atMs) / 1000) * rate.perSecond;
      const tokens = Math.min(rate.burst, known.tokens + gained);
      buckets.delete(key);
      buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: now });
      const oldest = buckets.keys().next().value;
      if (buckets.size > maxRateKeys && oldest !== undefined) buckets.delete(oldest);
      return tokens >= 1;
    },
  };
}
