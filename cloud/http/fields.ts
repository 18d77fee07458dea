/** Fields that many operations share: their schema, their documentation and their meaning. */
import { Fault } from '@fieldloop/core';
import { deviceNamePattern } from '../device/device.ts';
import { maxCursorLength, maxPageRows, pageRows } from '../limits.ts';
import { z } from './openapi.ts';

/** Columns of log time have 63 bits. */
const mostNs = 2n ** 63n - 1n;

/** Nanoseconds of log time as a decimal string. */
export const nsField = z
  .string()
  .regex(/^\d{1,19}$/, { abort: true, error: 'is not a log time: write decimal nanoseconds' })
  .refine((text) => BigInt(text) <= mostNs, 'is past the last log time, 2^63 - 1')
  .openapi({ example: '1717171717000000000' });

export const instantField = z.iso
  .datetime({ precision: 3 })
  .openapi({ example: '2026-01-31T12:00:00.000Z' });

export const severityField = z
  .enum(['critical', 'warning', 'info'])
  .openapi({ description: 'How much it matters.' });

export const deviceRefField = z
  .string()
  .min(1)
  .max(64)
  .openapi({ description: 'Name or id of a device.', example: 'amr-01' });

export const deviceNameField = z
  .string()
  .regex(deviceNamePattern, 'is not a name: use 3 to 40 of a-z, 0-9 and -, a letter or digit first')
  .openapi({ example: 'amr-01' });

export const limitField = z
  .string()
  .regex(/^\d{1,3}$/, `is not a number from 1 to ${maxPageRows}`)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= maxPageRows, `is not from 1 to ${maxPageRows}`)
  .default(pageRows)
  .openapi({ type: 'integer', minimum: 1, maximum: maxPageRows, default: pageRows });

export const cursorField = z
  .string()
  .max(maxCursorLength)
  .optional()
  .openapi({ description: 'nextCursor of the page before; the other parameters must be equal.' });

export const pageFields = { limit: limitField, cursor: cursorField };

export const timeFields = {
  startNs: nsField.optional().openapi({ description: 'Log time at or after, in nanoseconds.' }),
  endNs: nsField.optional().openapi({ description: 'Log time before, in nanoseconds.' }),
  since: z
    .string()
    .max(40)
    .optional()
    .openapi({ description: 'Like startNs: RFC 3339, `now`, or an age such as `-90m`, `-7d`.' }),
  until: z
    .string()
    .max(40)
    .optional()
    .openapi({ description: 'Like endNs: RFC 3339, `now`, or an age such as `-90m`, `-7d`.' }),
};

export interface TimeRange {
  readonly startNs?: bigint;
  readonly endNs?: bigint;
}

/** The log time range that a query asks for. */
export function timeRange(
  query: {
    readonly startNs?: string | undefined;
    readonly endNs?: string | undefined;
    readonly since?: string | undefined;
    readonly until?: string | undefined;
  },
  now: number,
): TimeRange {
  const startNs = bound({ ns: query.startNs, wall: query.since, name: 'since' }, now);
  const endNs = bound({ ns: query.endNs, wall: query.until, name: 'until' }, now);
  return {
    ...(startNs === undefined ? {} : { startNs }),
    ...(endNs === undefined ? {} : { endNs }),
  };
}

function bound(
  of: {
    readonly ns: string | undefined;
    readonly wall: string | undefined;
    readonly name: 'since' | 'until';
  },
  now: number,
): bigint | undefined {
  const { ns, wall, name } = of;
  if (wall === undefined) return ns === undefined ? undefined : BigInt(ns);
  const place = `/query/${name}`;
  if (ns !== undefined) {
    throw new Fault('invalid', `${name} and its form in nanoseconds are both given`, {
      place,
      remedy: 'Keep one of them.',
    });
  }
  const ms = wallMs(wall, now);
  if (ms !== undefined) return BigInt(ms) * 1_000_000n;
  throw new Fault('invalid', `"${wall}" is not a time`, {
    place,
    remedy: 'Write RFC 3339 such as 2026-01-31T12:00:00Z, `now`, or an age such as -90m or -7d.',
  });
}

const mostMs = Number(mostNs / 1_000_000n);

const ageMs: Readonly<Record<string, number>> = {
  s: 1e3,
  m: 60e3,
  h: 3600e3,
  d: 86_400e3,
  w: 604_800e3,
};

function wallMs(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  const age = /^-(\d{1,6})([smhdw])$/.exec(text);
  if (age !== null) return Math.max(0, now - Number(age[1]) * (ageMs[age[2] ?? ''] ?? 0));
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = time ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) || ms < 0 || ms > mostMs ? undefined : ms;
}

/** RFC 3339 in UTC with milliseconds. */
export const instantText = (ms: number): string => new Date(ms).toISOString();

/** Log time as a wall time, for people; a log time need not be one. */
export const nsInstantText = (ns: bigint): string => instantText(Number(ns / 1_000_000n));
