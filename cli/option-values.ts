/** What is typed behind an option, checked before anything is sent. Each Fault names the option. */
import { Fault, parseDurationNs } from '@fieldloop/core';

interface Range {
  readonly least?: number;
  readonly most?: number;
}

/** A whole number, such as of `--px`. */
export const wholeNumber =
  (place: string, range: Range = {}) =>
  (text: string): number =>
    within(place, range, { text, value: /^-?\d{1,15}$/.test(text) ? Number(text) : undefined });

/** A number, with or without a fraction. */
export const anyNumber =
  (place: string, range: Range = {}) =>
  (text: string): number => {
    const value = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
    return within(place, range, { text, value });
  };

function within(
  place: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: Range,
  { text, value }: { readonly text: string; readonly value: number | undefined },
): number {
  if (value !== undefined && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new Fault('invalid', `"${text}" is not a number ${range}`, {
    place,
    remedy: `Write a number ${range}.`,
  });
}

/** Seconds of a duration such as `90s`, `10m` or `2h`; bare digits are seconds. */
export const secondsOf =
  (place: string, { least = 1, most = 31_536_000 }: Range = {}) =>
  (text: string): number => {
    const seconds = durationS(text);
    if (seconds !== undefined && seconds >= least && seconds <= most) return seconds;
    const range = `from ${durationText(least)} to ${durationText(most)}`;
    throw new Fault('invalid', `"${text}" is not a duration ${range}`, {
      place,
      remedy: 'Write such as 90s, 10m, 2h or 7d.',
    });
  };

function durationS(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  try {
    return Number(parseDurationNs(text) / 1_000_000_000n);
  } catch {
    return undefined;
  }
}

function durationText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Wall time in ms: RFC 3339, a date, `now`, or an age such as `-90m`. */
export const wallTime =
  (place: string) =>
  (text: string): number => {
    if (text === 'now') return Date.now();
    const age = /^-\d/.test(text) ? durationS(text.slice(1)) : undefined;
    if (age !== undefined) return Date.now() - age * 1000;
    const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    throw new Fault('invalid', `"${text}" is not a time`, {
      place,
      remedy: 'Write RFC 3339 such as 2026-11-02T08:00:00Z, now, or an age such as -90m.',
    });
  };

/** A time to come as RFC 3339: as it is written, or a duration from now on such as `2h`. */
export const laterTime =
  (place: string) =>
  (text: string): string => {
    const wait = durationS(text.replace(/^\+/, ''));
    const ms = wait === undefined ? wallTime(place)(text) : Date.now() + wait * 1000;
    return new Date(ms).toISOString();
  };

/** The same as log time: decimal nanoseconds. */
export const logTime =
  (place: string) =>
  (text: string): string =>
    String(BigInt(wallTime(place)(text)) * 1_000_000n);

export type JsonObject = Readonly<Record<string, never>>;

/** A JSON object; the example stands in the remedy. */
export const jsonObject =
  (place: string, example: string) =>
  (text: string): JsonObject => {
    const value = parsed(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
    throw new Fault('invalid', 'the value is not a JSON object', {
      place,
      remedy: `Write such as ${place} '${example}'.`,
    });
  };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Numbers and yes or no as such, anything else as text. */
export function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

/** A JSON text, such as of `--input`. */
export function jsonValue(place: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is no JSON`, {
      place,
      remedy: 'Write it in single quotes for the shell, such as \'{"n": 1}\'.',
      cause: error,
    });
  }
}
