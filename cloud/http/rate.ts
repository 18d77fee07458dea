/** How fast one caller may ask: a token bucket each, told in every answer. */
import { type Clock, Fault } from '@fieldloop/core';
import { networkOf, openRateLimit, type Rate } from '../broker/rate-limit.ts';
import { callerRate, strangerRate } from '../limits.ts';
import type { Caller } from './caller.ts';

export interface ApiRate {
  /** Takes one request. Fault `limited` when the bucket is empty. */
  take(caller: Caller | undefined, ip: string): void;
  /** The headers that tell the caller how much is left. */
  headers(caller: Caller | undefined, ip: string): Readonly<Record<string, string>>;
}

export interface ApiRates {
  /** Of one key or person. */
  readonly caller: Rate;
  /** Of one address, for requests that need no rights. */
  readonly stranger: Rate;
}

export const defaultRates: ApiRates = { caller: callerRate, stranger: strangerRate };

export function openApiRate(clock: Clock, rates: ApiRates): ApiRate {
  const callers = openRateLimit(clock, rates.caller);
  const strangers = openRateLimit(clock, rates.stranger);
  const of = (caller: Caller | undefined, ip: string) =>
    caller === undefined
      ? { bucket: strangers, key: networkOf(ip), rate: rates.stranger }
      : { bucket: callers, key: caller.id, rate: rates.caller };
  return {
    take(caller, ip) {
      const { bucket, key, rate } = of(caller, ip);
      if (bucket.take(key)) return;
      throw new Fault('limited', 'too many requests', {
        retryAfterMs: Math.ceil(1000 / rate.perSecond),
        remedy: `Ask at most ${rate.perSecond} times a second; RateLimit-Reset says how long to wait.`,
      });
    },
    headers(caller, ip) {
      const { bucket, key, rate } = of(caller, ip);
      const left = bucket.left(key);
      return {
        'ratelimit-limit': String(rate.burst),
        'ratelimit-remaining': String(left),
        'ratelimit-reset': String(Math.ceil((rate.burst - left) / rate.perSecond)),
      };
    },
  };
}
