/** Token buckets by key, such as an address; the number of keys is bounded. */
import type { Clock } from '@fieldloop/core';
import { maxRateKeys } from '../wire-limits.ts';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateLimit {
  /** False when the key has used up its rate and burst. */
  take(key: string): boolean;
  /** Whole tokens that the key has left. */
  left(key: string): number;
}

/** The key that was quiet longest is forgotten first, which can only let it try again. */
export function openRateLimit(clock: Clock, rate: Rate): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const tokensOf = (key: string, now: number): number => {
    const known = buckets.get(key) ?? { tokens: rate.burst, atMs: now };
    return Math.min(rate.burst, known.tokens + ((now - known.atMs) / 1000) * rate.perSecond);
  };
  return {
    left: (key) => Math.floor(tokensOf(key, clock.monotonicMs())),
    take(key) {
      const now = clock.monotonicMs();
      const tokens = tokensOf(key, now);
      buckets.delete(key);
      buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: now });
      const oldest = buckets.keys().next().value;
      if (buckets.size > maxRateKeys && oldest !== undefined) buckets.delete(oldest);
      return tokens >= 1;
    },
  };
}

/** Who an address stands for: itself, or its /64 where IPv6 gives one host as many as it likes. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4).join(':');
}
