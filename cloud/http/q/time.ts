/** Times of a query: RFC 3339, a day, `now`, `today`, `yesterday`, an age; in nanoseconds. */
import { type Exact, exactOf, times, whole } from './number.ts';

export interface TimeValue {
  /** Nanoseconds since 1970. */
  readonly ns: Exact;
  /** For a whole day in UTC: where it ends. */
  readonly endNs?: Exact;
}

const dayNs = 86_400_000_000_000n;

export const nsOfUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  min: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: dayNs,
  w: 7n * dayNs,
};

const ages: ReadonlySet<string> = new Set(['s', 'm', 'h', 'd', 'w']);

/** Undefined for text that is no time. `now` is in Unix milliseconds. */
export function timeOf(text: string, now: number): TimeValue | undefined {
  const nowNs = BigInt(Math.trunc(now)) * 1_000_000n;
  const word = text.toLowerCase();
  if (word === 'now') return { ns: whole(nowNs) };
  if (word === 'today') return day(nowNs - (nowNs % dayNs));
  if (word === 'yesterday') return day(nowNs - (nowNs % dayNs) - dayNs);
  if (text.startsWith('-')) {
    const age = exactOf(text);
    const unit = age !== undefined && ages.has(age.unit) ? nsOfUnit[age.unit] : undefined;
    if (age === undefined || unit === undefined) return undefined;
    const behind = times(age.value, unit);
    return { ns: { num: nowNs * behind.den + behind.num, den: behind.den } };
  }
  return calendarTime(text);
}

const day = (startNs: bigint): TimeValue => ({ ns: whole(startNs), endNs: whole(startNs + dayNs) });

const rfc3339 =
  /^(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d))?$/u;

function calendarTime(text: string): TimeValue | undefined {
  const match = rfc3339.exec(text);
  const [, date = '', minute, second = ':00', fraction = '', zone = 'Z'] = match ?? [];
  const midnight = Date.parse(`${date}T00:00:00Z`);
  // A day that no month has is moved into the next month by Date.parse.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) {
    return undefined;
  }
  if (minute === undefined) return day(BigInt(midnight) * 1_000_000n);
  const ms = Date.parse(`${date}T${minute}${second}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  return { ns: whole(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))) };
}
