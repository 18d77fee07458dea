/** How fast one caller may ask: a token bucket each, told in every answer. */
import { type Clock, Fault } from '@fieldloop/core';
import { networkOf, openRateLimit, type Rate } from '../broker/rate-limit.ts';
import { callerRate, strangerRate } from '../limits.ts';
import type { Caller } from './caller.ts';

/**
 * Whose bucket: one each for a key or person, for an address that asks for what needs no rights,
 * and for one that was not let in: a wrong key in a loop must not keep its neighbours from login.
 */
export type Asking =
  | Pick<Caller, 'kind' | 'id'>
  | { readonly kind: 'stranger' | 'refused'; readonly ip: string };

export interface ApiRate {
  /** Takes one request. Fault `limited` when the bucket is empty. */
  take(who: Asking): void;
  /** The headers that tell how much is left. */
  headers(who: Asking): Readonly<Record<string, string>>;
}

export interface ApiRates {
  /** Of one key or person. */
  readonly caller: Rate;
  /** Of one address, for requests that need no rights, and for those that were not let in. */
  readonly stranger: Rate;
}

export const defaultRates: ApiRates = { caller: callerRate, stranger: strangerRate };

export function openApiRate(clock: Clock, rates: ApiRates): ApiRate {
  const callers = openRateLimit(clock, rates.caller);
  const strangers = openRateLimit(clock, rates.stranger);
  const refused = openRateLimit(clock, rates.stranger);
  const of = (who: Asking) => {
    if ('id' in who) return { bucket: callers, key: who.id, rate: rates.caller };
    const bucket = who.kind === 'stranger' ? strangers : refused;
    return { bucket, key: networkOf(who.ip), rate: rates.stranger };
  };
  return {
    take(who) {
      const { bucket, key, rate } = of(who);
      if (bucket.take(key)) return;
      throw new Fault('limited', 'too many requests', {
        retryAfterMs: Math.ceil(1000 / rate.perSecond),
        remedy: `Ask at most ${rate.perSecond} times a second; RateLimit-Reset says how long to wait.`,
      });
    },
    headers(who) {
      const { bucket, key, rate } = of(who);
      const left = bucket.left(key);
      return {
        'ratelimit-limit': String(rate.burst),
        'ratelimit-remaining': String(left),
        'ratelimit-reset': String(Math.ceil((rate.burst - left) / rate.perSecond)),
      };
    },
  };
}
