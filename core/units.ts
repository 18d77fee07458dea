import { Fault } from './fault.ts';

const durationUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Nanoseconds of `150ms`, `1.5s`, `45m`; `0` needs no unit. Fault `invalid` for anything else. */
export function parseDurationNs(text: string): bigint {
  if (text === '0') return 0n;
  const match = /^(\d{1,19})(?:\.(\d{1,9}))?(ns|us|ms|s|m|h|d)$/.exec(text);
  const unit = durationUnits[match?.[3] ?? ''];
  if (match === null || unit === undefined) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a duration`, {
      remedy: 'Write a number with ns, us, ms, s, m, h or d, for example 150ms or 1.5s.',
    });
  }
  const fraction = match[2] ?? '';
  const whole = BigInt(match[1] ?? '0') * unit;
  return whole + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length);
}

/** Shortest exact text of a duration, such as `1500ms` for 1,500,000,000 ns. */
export function formatDurationNs(ns: bigint): string {
  if (ns === 0n) return '0s';
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us'] as const) {
    const size = durationUnits[unit] ?? 1n;
    if (ns % size === 0n) return `${ns / size}${unit}`;
  }
  return `${ns}ns`;
}

/** A duration for people, to about three digits: `211ms` for 211,261,112 ns. */
export function formatAboutNs(ns: number): string {
  const digits = Math.floor(Math.log10(Math.max(1, ns))) - 2;
  // Days, hours and minutes come out of whole seconds.
  const step = 10 ** Math.min(Math.max(0, digits), 9);
  return formatDurationNs(BigInt(Math.max(0, Math.round(ns / step))) * BigInt(step));
}

/** Bytes of `64MiB`, `20GB`, `512B` or a bare whole number. */
export function parseSize(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text);
  const unit = sizeUnits[match?.[2] ?? 'B'];
  if (match === null || unit === undefined) {
    throw new Fault('invalid', `"${text.slice(0, 40)}" is not a size`, {
      remedy: 'Write a number with B, kB, MB, GB, KiB, MiB or GiB, for example 64MiB.',
    });
  }
  const bytes = Math.floor(Number(match[1]) * unit);
  if (bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new Fault('invalid', `${text} is more than any disk holds`, {
    remedy: 'Write at most 8191 TiB.',
  });
}

/** `1.4 MiB`: for people, three significant digits. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  const digits = at === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[at]}`;
}
